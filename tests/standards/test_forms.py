"""Every form: its cases on both engines, and the laws that hold for any text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from depth import depth
from form_engines import Engines
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdmq.standards import FORMS, column_options, reference_table, table_names

HERE = Path(__file__).parent
#: The settings each form's laws are tried with.
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "casing": [{"to": to} for to in ("upper", "lower", "title", "sentence")],
    "date": [{}, {"order": "DMY"}, {"order": "MDY", "pivot": 30}, {"order": "YMD", "pivot": 99}],
    "email": [{}],
    "name": [{}],
    "number": [{}, {"decimal": "."}, {"decimal": ","}],
    "phone": [{"region": "extra"}],
    "postcode": [{"region": "extra"}],
    "whitespace": [{}],
}
PLACES = [None, "DE", "US", "GB", "FR", "CA", "NL", "AR", "BR", "IT", "XX", "de", ""]
#: Letters and signs that forms treat in a way of their own, more often than chance would.
SPICE = st.text(
    st.sampled_from("aAzZßẞİıſςΣéǆǅ'’-./ \t\u00a0\u200b\u200d@<>+0123456789()x#,;:_%\\&")
)
WORDS = st.sampled_from(
    ["1,234", "1.234,5", "€", "%", "(", ")", "'"]
    + ["2024", "mär", "Dec", "31", "12", "mailto:", "a@b.de", "van", "MC", "+49", "0", "(0)"]
    + [" ext ", "89", "1234567", "SW1A", "D-", "80331", "\x01", "o'", " ", "-", "."]
)  # fmt: skip
TEXTS = st.one_of(st.text(), SPICE, st.lists(WORDS, max_size=7).map("".join)).map(
    lambda t: t.replace("\x00", "")
)


def _groups() -> list[Any]:
    groups = []
    for form in FORMS:
        for group in yaml.safe_load((HERE / f"{form}.yml").read_text("utf-8")):
            words = ",".join(f"{k}={v}" for k, v in group["options"].items())
            groups.append(pytest.param(form, group, id=f"{form}({words})"))
    return groups


@pytest.mark.parametrize(("form", "group"), _groups())
def test_cases(engines: Engines, form: str, group: dict[str, Any]) -> None:
    cases = group["cases"]
    extra = [case[1] for case in cases] if column_options(FORMS[form]) else None
    found = engines.tidied(form, group["options"], [case[0] for case in cases], extra)
    for engine, values in found.items():
        wrong = [(case, v) for case, v in zip(cases, values, strict=True) if case[-1] != v]
        assert not wrong, engine


@pytest.mark.parametrize("form", list(FORMS))
@settings(max_examples=depth(10), deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(st.tuples(TEXTS, st.sampled_from(PLACES)), min_size=40, max_size=150))
def test_engines_agree_and_twice_is_once(
    engines: Engines, form: str, rows: list[tuple[str, str | None]]
) -> None:
    values, extra = [r[0] for r in rows], [r[1] for r in rows]
    for options in SETTINGS[form]:
        found = engines.tidied(form, options, values, extra)
        assert found["duckdb"] == found["postgres"]
        layers = engines.tidied(form, options, values, extra, in_layers=True)
        assert layers == found
        again = engines.tidied(form, options, found["duckdb"], extra, only="duckdb")
        assert again["duckdb"] == found["duckdb"]


def test_nul_reaches_duckdb_only(engines: Engines) -> None:
    """PostgreSQL has no U+0000; DuckDB has, and no form fails on it."""
    for form, kinds in SETTINGS.items():
        for options in kinds:
            engines.tidied(form, options, ["a\x00b", "\x00", "+49\x0089"], only="duckdb")
    assert engines.tidied("whitespace", {}, ["a\x00b"], only="duckdb")["duckdb"] == ["ab"]


def test_long_text(engines: Engines) -> None:
    """A megabyte in a cell is tidied or refused, not an error."""
    long = ["x" * 1_000_000, "1" * 1_000_000, "a@" + "b." * 400_000 + "de", " " * 1_000_000]
    for form, kinds in SETTINGS.items():
        for options in kinds[:1]:
            found = engines.tidied(form, options, long, ["DE"] * len(long))
            assert found["duckdb"] == found["postgres"], form


@pytest.mark.parametrize("form", list(FORMS))
def test_manual_page(form: str) -> None:
    page = FORMS[form].__doc__ or ""
    assert form == FORMS[form].NAME
    for part in ("**When to use.**", "**Example.**", "**Passes.**", "**Fails.**"):
        assert part in page
    assert f"standardise: {form}" in page


def test_tables_are_keyed_and_digested() -> None:
    """A join finds at most one row: the key columns are unique."""
    keys = {"postcodes": 2}
    for name in table_names():
        table = reference_table(name)
        rows = [row[: keys.get(name, 1)] for row in table.rows()]
        assert len(rows) == len(set(rows)), name
        assert len(table.digest) == 64


def test_columns_are_known() -> None:
    assert column_options(FORMS["phone"]) == {"region"}
    assert column_options(FORMS["postcode"]) == {"region"}
    assert column_options(FORMS["date"]) == frozenset()
