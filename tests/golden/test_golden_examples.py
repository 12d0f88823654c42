"""Golden records, one meaning at a time: read these to know what the words do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from golden_engines import Case, Engine, make_dataset, make_rule

from cdmq.sql.types import Type

COLUMNS: dict[str, Type] = {
    "source": "text",
    "id": "text",
    "email": "text",
    "street": "text",
    "city": "text",
    "country": "text",
    "changed": "timestamp",
    "email_v": "date",
}
DATASET = make_dataset(
    stack={"crm": "c", "shop": "s"},
    key=["source", "id"],
    changed_at="changed",
    verified_at={"email": "email_v"},
)
ADDRESS = ["street", "city", "country"]


@pytest.fixture(params=["duckdb", "postgres"])
def engine(request: pytest.FixtureRequest, engines: dict[str, Engine]) -> Engine:
    return engines[request.param]


def case(**fields: Any) -> Case:
    return Case(make_rule(**fields), DATASET, COLUMNS)


def row(key: str, **cells: Any) -> dict[str, Any]:
    source, id_ = key.split("/") if "/" in key else (None, None)
    day = cells.pop("day", None)
    return {"source": source, "id": id_, "changed": day and datetime(2024, 1, day), **cells}


def made(
    engine: Engine, of: Case, rows: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The golden record and its cells, of rows that are one party."""
    engine.load(of, rows, {})
    engine.load(of, rows, dict.fromkeys(engine.keys(of), "p"))
    cells = engine.cells(of)
    return engine.golden(of)["p"], {column: cell for (_, column), cell in cells.items()}


def test_each_word_breaks_the_tie_of_the_one_before(engine: Engine) -> None:
    rows = [
        row("crm/1", email="a@x", day=1),
        row("shop/1", email="b@x", day=3),
        row("crm/2", email="c@x", day=2),
    ]
    best, cells = made(engine, case(pick=["trusted", "newest"], trust=["crm"]), rows)
    assert best["email"] == "c@x"
    assert cells["email"] == {
        "value": "c@x",
        "digest": None,
        "winner": "crm/2",
        "because": "newest",
        "losers": "crm/1: a@x; shop/1: b@x",
    }


def test_a_missing_value_never_wins(engine: Engine) -> None:
    rows = [row("crm/1", day=5), row("shop/1", email="b@x")]
    best, cells = made(engine, case(pick=["trusted", "newest"], trust=["crm"]), rows)
    assert (best["email"], cells["email"]["because"]) == ("b@x", "only value")
    assert best["changed"] == datetime(2024, 1, 5)
    assert set(cells) == {"email"}


def test_an_address_is_of_one_record(engine: Engine) -> None:
    rows = [
        row("crm/1", street="Elm 1", city="Ulm"),
        row("shop/1", street="Oak 2", city="Bonn", country="DE"),
    ]
    best, cells = made(engine, case(pick="trusted", trust=["crm"], together={"a": ADDRESS}), rows)
    assert [best[c] for c in ADDRESS] == ["Elm 1", "Ulm", None]
    assert cells["city"] == {
        "value": "Ulm",
        "digest": None,
        "winner": "crm/1",
        "because": "trusted",
        "losers": "shop/1: Bonn",
    }


def test_what_is_hardly_an_address_loses_to_one(engine: Engine) -> None:
    rows = [row("crm/1", country="DE"), row("shop/1", street="Oak 2", city="Bonn", country="AT")]
    best, cells = made(engine, case(pick="trusted", trust=["crm"], together={"a": ADDRESS}), rows)
    assert [best[c] for c in ADDRESS] == ["Oak 2", "Bonn", "AT"]
    assert cells["country"]["because"] == "fuller"
    assert cells["street"]["because"] == "only value"


def test_the_most_complete_of_a_group_counts_the_group(engine: Engine) -> None:
    rows = [
        row("crm/1", email="a@x", street="Elm 1", city="Ulm", day=1, email_v=date(2024, 1, 1)),
        row("shop/1", street="Oak 2", city="Bonn", country="AT"),
    ]
    best, _ = made(engine, case(pick="most_complete", together={"a": ADDRESS}), rows)
    assert best["street"] == "Oak 2"


def test_a_proof_is_of_the_value_whoever_won(engine: Engine) -> None:
    rows = [
        row("crm/1", email="a@x"),
        row("shop/1", email="a@x", email_v=date(2024, 3, 1)),
        row("shop/2", email="b@x", email_v=date(2024, 4, 1)),
    ]
    trusted, cells = made(engine, case(pick="trusted", trust=["crm"]), rows)
    assert (trusted["email"], trusted["email__verified_at"]) == ("a@x", date(2024, 3, 1))
    assert (cells["email"]["winner"], cells["email"]["losers"]) == ("crm/1", "shop/2: b@x")
    proven, _ = made(engine, case(pick="longest", columns={"email": "verified"}), rows)
    assert (proven["email"], proven["email__verified_at"]) == ("b@x", date(2024, 4, 1))


def test_a_borrowed_value_loses_against_an_own(engine: Engine) -> None:
    of = replace(case(pick="newest"), borrowable=("email",))
    rows = [
        row("crm/1", email="borrowed@x", day=9, __borrowed=1),
        row("crm/2", email="own@x", day=1, __borrowed=0),
    ]
    best, cells = made(engine, of, rows)
    assert (best["email"], cells["email"]["because"]) == ("own@x", "own value")
    assert made(engine, of, rows[:1])[0]["email"] == "borrowed@x"


def test_a_key_that_stands_twice_is_one_record(engine: Engine) -> None:
    rows = [
        row("crm/1", email="a@x"),
        row("crm/1", email="a@x"),
        row("crm/2", email="b@x"),
        row("shop/1", email="b@x"),
    ]
    best, cells = made(engine, case(pick="most_common"), rows)
    assert (best["email"], best["records"]) == ("b@x", 3)
    assert cells["email"]["because"] == "most_common"


def test_records_without_a_key_are_told_by_their_digest(engine: Engine) -> None:
    rows = [row("", email="a@x"), row("", email="longer@x"), row("", email="a@x")]
    best, cells = made(engine, case(), rows)
    assert (best["email"], best["records"]) == ("longer@x", 2)
    assert cells["email"]["winner"].startswith("no key: ")


def test_the_order_of_rows_never_matters(engine: Engine) -> None:
    rows = [
        row("crm/1", email="a@x"),
        row("crm/1", email="b@x"),
        row("crm/10", email="c@x"),
        row("crm/2", email="d@x"),
    ]
    found = [made(engine, case(pick="shortest"), order) for order in (rows, rows[::-1])]
    assert found[0] == found[1]
    assert found[0][1]["email"]["because"] == "key"


def test_nothing_makes_nothing(engine: Engine) -> None:
    of = case(pick=["most_common", "newest"], together={"a": ADDRESS})
    engine.load(of, [], {})
    assert engine.golden(of) == {}
    assert engine.cells(of) == {}


def test_an_empty_record_is_a_party(engine: Engine) -> None:
    best, cells = made(engine, case(), [row("crm/1")])
    assert (best["email"], best["records"], cells) == (None, 1, {})


def test_a_dataset_of_nothing_but_keys(engine: Engine) -> None:
    of = Case(make_rule(), make_dataset(table="d", key=["id"]), {"id": "integer"})
    best, cells = made(engine, of, [{"id": 1}, {"id": 2}])
    assert best == {"party_id": "p", "records": 2}
    assert cells == {}


def test_a_source_may_be_a_number(engine: Engine) -> None:
    columns: dict[str, Type] = {"id": "text", "source": "integer", "email": "text"}
    of = Case(
        make_rule(pick="trusted", trust=["2", "1"]), make_dataset(table="d", key=["id"]), columns
    )
    best, cells = made(
        engine,
        of,
        [{"id": "a", "source": 1, "email": "a@x"}, {"id": "b", "source": 2, "email": "b@x"}],
    )
    assert (best["email"], best["source"], cells["email"]["because"]) == ("b@x", 2, "trusted")


def test_types_are_kept(engine: Engine) -> None:
    columns: dict[str, Type] = {
        "id": "text",
        "n": "decimal",
        "x": "double",
        "d": "date",
        "ok": "boolean",
        "changed": "text",
    }
    of = Case(
        make_rule(),
        make_dataset(table="d", key=["id"], changed_at="changed", verified_at={"n": "d"}),
        columns,
    )
    rows = [
        {
            "id": "1",
            "n": Decimal("1.50"),
            "x": 2.5,
            "d": date(2024, 1, 1),
            "ok": True,
            "changed": "B",
        },
        {"id": "2", "changed": "a"},
    ]
    best, cells = made(engine, of, rows)
    assert best == {
        "party_id": "p",
        "n": Decimal("1.50"),
        "x": 2.5,
        "ok": True,
        "changed": "a",
        "records": 2,
        "n__verified_at": date(2024, 1, 1),
    }
    assert {c: cell["value"] for c, cell in cells.items()} == {"n": "1.5", "x": "2.5", "ok": "true"}


def test_personal_values_are_hidden(engine: Engine) -> None:
    pii = {"email": "mask", "street": "hash", "city": "omit", "source": "plain"}
    dataset = make_dataset(**{**DATASET.spec.model_dump(exclude={"pii"}), "pii": pii})
    rows = [
        row("crm/1", email="anna@x", street="Elm 1", city="Ulm", day=2),
        row("shop/1", email="bert@x", street="Oak 2", city="Bonn", day=1),
    ]
    best, cells = made(engine, replace(case(pick="newest"), dataset=dataset), rows)
    assert best["email"] == "anna@x"
    assert (cells["email"]["value"], cells["email"]["losers"]) == ("a***", "shop/1: b***")
    assert cells["street"]["value"] == _keyed("Elm 1")
    assert cells["street"]["losers"] == f"shop/1: {_keyed('Oak 2')}"
    assert (cells["city"]["value"], cells["city"]["losers"]) == (None, "shop/1: ***")
    assert cells["city"]["digest"] == _keyed("Ulm")
    assert cells["email"]["winner"] == "crm/1"


def test_a_hidden_key_stands_here_as_in_flags_and_parties(engine: Engine) -> None:
    dataset = make_dataset(**{**DATASET.spec.model_dump(exclude={"pii"}), "pii": {"id": "mask"}})
    rows = [row("crm/1", email="a@x", day=2), row("shop/1", email="b@x", day=1)]
    _, cells = made(engine, replace(case(pick="newest"), dataset=dataset), rows)
    assert (cells["email"]["winner"], cells["email"]["losers"]) == ("crm/1", "shop/1: b@x")


def _keyed(text: str) -> str:
    import hashlib
    import hmac

    md5 = hashlib.md5(text.encode()).hexdigest()
    return hmac.new(b"secret", md5.encode(), "sha256").hexdigest()
