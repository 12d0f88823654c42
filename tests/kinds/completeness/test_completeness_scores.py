"""The score of each record: as plain Python says it, and the same on both engines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from depth import depth
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kinds.completeness.oracle import Record, Spec, Told, counts, figures, scores
from kinds.completeness.scoring import ENGINES, Scoring

from cdmq.sql.types import Type

COLUMNS: dict[str, Type] = {
    "name": "text",
    "full name": "text",
    'said "yes"': "text",
    "it's": "text",
    "Größe": "integer",
    "born": "date",
    "member": "boolean",
    "limit": "decimal",
}
CONDITIONS: dict[str, Any] = {
    "name = 'company'": lambda v: v.get("name") == "company",
    '"Größe" > 3 or member': lambda v: (
        (v.get("Größe") is not None and v["Größe"] > 3) or v.get("member") is True
    ),
    "born is null": lambda v: v.get("born") is None,
    "\"it's\" is not null and born < '2000-01-01'": lambda v: (
        v.get("it's") is not None and v.get("born") is not None and v["born"] < dt.date(2000, 1, 1)
    ),
}
REASONS = (
    "unknown",
    "asked_unknown",
    "not_asked",
    "declined",
    "not_applicable",
    "masked",
    "invalid",
)
TEXTS = (
    "company",
    "x",
    "-",
    "",
    " ",
    "\t\n",
    "\u00a0",
    "\u200b",
    " x ",
    "\u00e9",
    "\u65e5",
    "'",
    '"',
)
VALUES: dict[Type, st.SearchStrategy[Any]] = {
    "text": st.sampled_from(TEXTS),
    "integer": st.sampled_from([0, 3, 4, -1]),
    "date": st.sampled_from([dt.date(1970, 1, 1), dt.date(2001, 2, 3)]),
    "boolean": st.booleans(),
    "decimal": st.sampled_from([Decimal(0), Decimal("1.5")]),
}
WEIGHTS = ("1", "1", "2", "3", "0.5", "2.25", "0.0001", "1000000", "7")
KEYS = ("1", "2", "3", "a/b", "ß", None)
PLACED = ("name", "it's", "born", "Größe")
FLAGGED = ("name", "full name", "Größe")


@st.composite
def specs(draw: Any) -> tuple[dict[str, Any], Spec]:
    some = st.lists(st.sampled_from(list(COLUMNS)), min_size=1, max_size=3, unique=True)
    named = draw(st.lists(some, min_size=1, max_size=7, unique_by=frozenset))
    points = {"|".join(columns): draw(st.sampled_from(WEIGHTS)) for columns in named}
    out = {
        p: draw(st.sampled_from(list(CONDITIONS))) for p in points if draw(st.integers(0, 3)) == 0
    }
    invalid = draw(st.sampled_from(["missing", "counts"]))
    written: dict[str, Any] = {"points": points, "not_applicable": out, "invalid": invalid}
    about = {}
    if draw(st.booleans()):
        written["where"] = draw(st.sampled_from(list(CONDITIONS)))
        about = {"where": CONDITIONS[written["where"]]}
    weights = {p: Decimal(w) for p, w in points.items()}
    return written, Spec(weights, {p: CONDITIONS[c] for p, c in out.items()}, invalid, **about)


@st.composite
def records(draw: Any) -> Record:
    values, reasons = {}, {}
    for column, type_ in COLUMNS.items():
        if column in PLACED and draw(st.integers(0, 2)) == 0:
            reasons[column] = draw(st.sampled_from(REASONS))
        elif draw(st.integers(0, 3)):
            values[column] = draw(VALUES[type_])
    flagged = draw(st.frozensets(st.sampled_from(FLAGGED)))
    return Record(draw(st.sampled_from(KEYS)), values, reasons, flagged)


def on_both(written: Mapping[str, Any], uri: str, rows: Sequence[Record]) -> tuple[Any, ...]:
    flagged = FLAGGED if written.get("invalid", "missing") == "missing" else ()
    both = [Scoring(e, written, COLUMNS, uri, PLACED, flagged) for e in ENGINES]
    found = [(one.scores(rows), one.figures(), one.counts()) for one in both]
    assert found[0] == found[1]
    return found[0]


@settings(max_examples=depth(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(spec=specs(), rows=st.lists(records(), max_size=12))
def test_scores(spec: tuple[dict[str, Any], Spec], rows: list[Record], postgres_uri: str) -> None:
    """A flag about a key that stands twice is about neither of its records: they have no row."""
    once = {r.key: r for r in rows}
    flags = {k: r.flagged for k, r in once.items()}
    rows = [Record(r.key, r.values, r.reasons, flags[r.key]) for r in rows]
    told = (scores(spec[1], rows), figures(spec[1], rows), counts(spec[1], rows))
    assert on_both(spec[0], postgres_uri, rows) == told


@pytest.fixture(params=ENGINES)
def score(request: pytest.FixtureRequest) -> Any:
    uri = request.getfixturevalue("postgres_uri") if request.param == "postgres" else None

    def one(spec: Mapping[str, Any], rows: Sequence[Record], **words: Any) -> dict[str, Told]:
        return Scoring(request.param, spec, COLUMNS, uri, **words).scores(rows)

    return one


def told(score: str | None, missing: str | None = None, ask: str | None = None) -> Told:
    return (None if score is None else Decimal(score)), missing, ask


def test_weights_make_the_score(score: Any) -> None:
    spec = {"points": {"name": 3, "full name": 3, "it's|limit": 2, "born": 1, "member": 1}}
    rows = [
        Record("all", {"name": "x", "full name": "x", "limit": 0, "born": "1999-01-01", "member": False}),
        Record("some", {"name": "x", "it's": "x"}),
        Record("none", {}),
    ]  # fmt: skip
    assert score(spec, rows) == {
        "all": told("100.00"),
        "some": told("50.00", "full name, born, member", "full name"),
        "none": told("0.00", "name, full name, it's|limit, born, member", "name"),
    }


def test_thirds_are_rounded_half_up(score: Any) -> None:
    """1 of 3 is 33.33, 2 of 3 is 66.67, 1 of 16 is 6.25, and 1 of 32 is 3.125: 3.13."""
    thirds = {"points": {"name": 1, "full name": 2}}
    rows = [Record("1", {"name": "x"}), Record("2", {"full name": "x"})]
    assert score(thirds, rows) == {
        "1": told("33.33", "full name", "full name"),
        "2": told("66.67", "name", "name"),
    }
    tie = {"points": {"name": 1, "full name": 31}}
    assert score(tie, rows[:1])["1"][0] == Decimal("3.13")


def test_what_does_not_apply_leaves_the_sum(score: Any) -> None:
    spec = {"points": {"name": 1, "born": 3}, "not_applicable": {"born": "name = 'company'"}}
    rows = [
        Record("company", {"name": "company"}),
        Record("company with a birthday", {"name": "company", "born": "1999-01-01"}),
        Record("person", {"name": "x"}),
        Record("who knows", {}),
    ]
    assert score(spec, rows) == {
        "company": told("100.00"),
        "company with a birthday": told("100.00"),
        "person": told("25.00", "born", "born"),
        "who knows": told("0.00", "name, born", "born"),
    }


def test_nothing_applies_is_no_score(score: Any) -> None:
    spec = {"points": {"name": 1}, "not_applicable": {"name": "born is null"}}
    assert score(spec, [Record("1", {"name": "x"})]) == {"1": told(None)}


@pytest.mark.parametrize("reason", REASONS)
def test_a_placeholder_is_missing_whatever_its_reason(score: Any, reason: str) -> None:
    spec = {"points": {"name": 1, "member": 1}}
    rows = [Record("1", {"member": True}, {"name": reason})]
    expected = {
        "declined": told("50.00", "name", None),
        "not_applicable": told("100.00"),
    }.get(reason, told("50.00", "name", "name"))
    assert score(spec, rows, reasons=["name"]) == {"1": expected}


def test_reasons_of_alternatives(score: Any) -> None:
    """A point leaves the sum where none of its columns applies; who declined one of them is not
    asked for the other."""
    spec = {"points": {"name|full name": 3, "born": 1}}
    both = {"name": "not_applicable", "full name": "not_applicable"}
    rows = [
        Record("both", {}, both),
        Record("one", {}, {"name": "not_applicable"}),
        Record("one and the other stands", {"full name": "x"}, {"name": "not_applicable"}),
        Record("declined", {}, {"name": "declined"}),
        Record("declined, and the other stands", {"full name": "x"}, {"name": "declined"}),
    ]
    assert score(spec, rows, reasons=["name", "full name"]) == {
        "both": told("0.00", "born", "born"),
        "one": told("0.00", "name|full name, born", "name|full name"),
        "one and the other stands": told("75.00", "born", "born"),
        "declined": told("0.00", "name|full name, born", "born"),
        "declined, and the other stands": told("75.00", "born", "born"),
    }


def test_a_value_with_an_error_flag_is_missing(score: Any) -> None:
    rows = [Record("1", {"name": "x", "full name": "y"}, flagged=frozenset(["name"]))]
    spec = {"points": {"name": 1, "name|full name": 1}}
    assert score(spec, rows, flagged=["name"]) == {"1": told("50.00", "name", "name")}
    assert score({**spec, "invalid": "counts"}, rows) == {"1": told("100.00")}


def test_of_equal_points_the_first_written_is_asked(score: Any) -> None:
    spec = {"points": {"member": 1, "born": 2.5, "name": 2.50, "full name": 2}}
    assert score(spec, [Record("1", {})])["1"][2] == "born"


def test_keys_that_name_no_record_have_no_score(score: Any) -> None:
    """Neither is the other: they are never merged, and never chosen from. Who is outside of where
    has the key too."""
    spec = {"points": {"name": 1}, "where": "born is null"}
    rows = [
        Record("1", {"name": "x"}),
        Record("2", {"name": "x"}),
        Record("2", {}),
        Record("3", {"name": "x"}),
        Record("3", {"born": "1999-01-01"}),
        Record(None, {"name": "x"}),
        Record(None, {}),
        Record("4", {"born": "1999-01-01"}),
    ]
    assert score(spec, rows) == {"1": told("100.00")}


def test_an_empty_table(score: Any) -> None:
    assert score({"points": {"name": 1}}, []) == {}


@pytest.mark.parametrize(
    "text", ["", " ", "\t\n", "\u00a0", "\u200b", "\ufeff", "\u00ad", "\u3000 "]
)
def test_blanks_are_no_value(score: Any, text: str) -> None:
    assert score({"points": {"name": 1}}, [Record("1", {"name": text})])["1"][0] == 0


@pytest.mark.parametrize("text", ["x", "-", "0", "~", "\u00e9", "\u65e5", "\u00a0x", "\u200bx"])
def test_anything_that_is_seen_is_a_value(score: Any, text: str) -> None:
    assert score({"points": {"name": 1}}, [Record("1", {"name": text})])["1"][0] == 100


def test_many_points() -> None:
    columns: dict[str, Type] = {f"c{i}": "text" for i in range(120)}
    one = Scoring("duckdb", {"points": {c: i + 1 for i, c in enumerate(columns)}}, columns)
    assert one.scores([Record("1", {"c119": "x"})])["1"][::2] == (Decimal("1.65"), "c118")


def problems(spec: Mapping[str, Any]) -> list[str]:
    return [
        f"{p.span.column} {p.code} {p.cause}" for p in Scoring("duckdb", spec, COLUMNS).problems()
    ]


def test_unknown_columns_are_told_at_their_point() -> None:
    assert problems({"points": {"name": 1, "nmae|full name|fax": 2}}) == [
        "1 CDMQ203 customers has no column 'nmae' (rule profile)",
        "1 CDMQ203 customers has no column 'fax' (rule profile)",
    ]


def test_names_differ_by_case_alone() -> None:
    assert problems({"points": {"name": 1, "NAME": 2, "born|Born": 1}}) == [
        "1 CDMQ253 'name' and 'NAME' are one point (rule profile)",
        "2 CDMQ253 'born|Born' names one column twice (rule profile)",
    ]


def test_conditions_are_true_or_false_and_about_known_columns() -> None:
    out = {"name": '"Größe" + 1', "born": "fax is null"}
    spec = {"points": {"name": 1, "born": 1}, "not_applicable": out}
    found = problems({**spec, "where": '"full name"'})
    assert found[0] == "0 CDMQ315 'name' must be true or false, this is integer (rule profile)"
    assert "fax" in found[1]
    assert found[2] == "2 CDMQ315 'where' must be true or false, this is text (rule profile)"
