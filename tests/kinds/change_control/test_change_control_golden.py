"""Golden records show the approved value, whatever their sources say."""

from __future__ import annotations

from typing import Any

import pytest
from control import PEOPLE, day
from runner import Twin, World

MODELS = """
version: 1
datasets:
  - {name: customers, table: customers_src, key: [source, nr]}
"""
RULES = """
version: 1
dataset: customers
matching:
  - {id: same, same_if: [[email]]}
golden:
  - {id: golden_customer, from: same, into: parties, pick: most_common}
"""
CONTROL = """
version: 1
dataset: parties
change_control:
  - id: protected
    protect: [iban, credit, since, vip]
    approved_by: {people: 1, roles: [steward]}
"""
COLUMNS = {
    "source": "text",
    "nr": "text",
    "email": "text",
    "iban": "text",
    "credit": "decimal",
    "since": "date",
    "vip": "boolean",
}
ANN = ["crm", "1", "a@x.org", "DE1", 100.5, "2020-01-01", False]
BEN = ["crm", "2", "b@x.org", "DE2", 200, "2021-01-01", True]


def deliver(world: World, *rows: list[Any]) -> None:
    world.table("customers_src", COLUMNS, rows)


def begin(world: World) -> None:
    files = {"models/m.yml": MODELS, "rules/c.yml": RULES, "rules/p.yml": CONTROL}
    world.write({**files, "people.yml": PEOPLE})
    deliver(world, ANN, BEN)
    world.run(as_of=day(0))


@pytest.fixture
def golden(twin: Twin) -> World:
    return twin(begin)


def shown(world: World, relation: str = "parties") -> list[tuple[Any, ...]]:
    rows = world.view(relation)
    return sorted((r["email"], r["iban"], str(r["credit"]), r["since"], r["vip"]) for r in rows)


WAS = [
    ("a@x.org", "DE1", "100.5", "2020-01-01", "false"),
    ("b@x.org", "DE2", "200", "2021-01-01", "true"),
]


def test_golden_holds_what_is_not_approved(golden: World) -> None:
    deliver(golden, ["crm", "1", "a@x.org", "EVIL", 9999, None, True], BEN)
    golden.run(as_of=day(1))
    for relation in ("parties", "parties__clean", "parties__defaulted"):
        assert shown(golden, relation) == WAS
    held = golden.audit_rows("held_changes", ["column_name", "new_value"], "to_run IS NULL")
    assert held == [("credit", "9999"), ("iban", "EVIL"), ("since", None), ("vip", "true")]
    golden.run(as_of=day(2), select="parties.key")
    assert shown(golden) == WAS
    assert golden.run(as_of=day(3)).opened == dict.fromkeys(golden.run(as_of=day(3)).opened, 0)
    assert shown(golden) == WAS
    deliver(golden, ANN, BEN)
    golden.run(as_of=day(4))
    assert shown(golden) == WAS
    assert golden.audit_rows("held_changes", ["key"], "to_run IS NULL") == []


def test_golden_shows_what_was_approved(golden: World) -> None:
    deliver(golden, ["crm", "1", "a@x.org", "DE9", 100.5, "2020-01-01", False], BEN)
    golden.run(as_of=day(1))
    ((party,),) = golden.audit_rows("held_changes", ["key"], "to_run IS NULL")
    golden.write(
        {
            "decisions/d.yml": f"- {{type: approve, rule: protected, keys: {party}, column: iban, "
            f"old: DE1, new: DE9, by: ann, role: steward, at: '{day(1)}', reason: seen}}\n"
        }
    )
    golden.run(as_of=day(2), select="parties.key")
    assert shown(golden) == WAS
    golden.run(as_of=day(3))
    assert shown(golden)[0][1] == "DE9"
    assert golden.run(as_of=day(4)).exit_code == 0
    assert shown(golden)[0][1] == "DE9"


def test_a_rule_that_is_switched_off_holds_nothing(golden: World) -> None:
    deliver(golden, ["crm", "1", "a@x.org", "EVIL", 100.5, "2020-01-01", False], BEN)
    golden.write({"rules/p.yml": CONTROL + "    enabled: false\n"})
    golden.run(as_of=day(1))
    assert shown(golden)[0][1] == "EVIL"


def test_no_golden_value_differs_from_the_approved_one(golden: World) -> None:
    """The proof of the manual: one query, no row."""
    deliver(golden, ["crm", "1", "a@x.org", "EVIL", 1, None, None], BEN)
    golden.run(as_of=day(1))
    proof = (
        "SELECT g.party_id FROM parties AS g JOIN protected__approved AS a ON a.key = g.party_id "
        "AND a.column_name = 'iban' WHERE g.iban IS DISTINCT FROM a.value"
    )
    assert golden.sql(proof) == []
    assert len(golden.sql(proof.replace("IS DISTINCT FROM", "="))) == 2


def test_a_part_that_splits_off_begins_with_what_was_approved(golden: World) -> None:
    """To be parted from its party is no way around an approval, nor to be joined to another."""
    twin = ["shop", "9", "a@x.org", "DE1", 100.5, "2020-01-01", False]
    deliver(golden, ANN, twin, BEN)
    golden.run(as_of=day(1))
    assert shown(golden) == WAS
    for n, select in ((2, "parties.key"), (3, None)):
        moved = ["shop", "9", "new@x.org", "EVIL", 100.5, "2020-01-01", False]
        deliver(golden, ANN, moved, BEN)
        golden.run(as_of=day(n), **({"select": select} if select else {}))
        split = ("new@x.org", "DE1", "100.5", "2020-01-01", "false")
        assert shown(golden) == [*WAS, split]
    held = golden.audit_rows("held_changes", ["old_value", "new_value"], "to_run IS NULL")
    assert held == [("DE1", "EVIL")]
    deliver(golden, ANN, ["shop", "9", "b@x.org", "EVIL", 200, "2021-01-01", True])
    golden.run(as_of=day(4))
    deliver(golden, ANN, ["shop", "9", "b@x.org", "EVIL", 200, "2021-01-01", True], BEN)
    golden.run(as_of=day(5))
    assert "EVIL" not in {row[1] for row in shown(golden)}


def test_a_party_that_comes_later_begins_with_what_it_shows(golden: World) -> None:
    deliver(golden, ANN, BEN, ["crm", "3", "c@x.org", "DE3", 1, "2024-01-01", False])
    assert golden.run(as_of=day(1)).exit_code == 0
    assert shown(golden)[2][1] == "DE3"
    where = "to_run IS NULL AND how = 'new'"
    assert len(golden.audit_rows("approved_cells", ["key"], where)) == 4
