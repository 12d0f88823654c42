"""Overrides: what people set in a golden cell, how long it lasts, and where it goes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from runner import Twin, World

sys.path.append(str(Path(__file__).parents[1] / "parties"))

from people import CRM, GOLDEN, MATCHING, MODELS, SHOP, fill, people

from cdmq.commands.decide import listed
from cdmq.runs.projects import Way

PEOPLE = "- {login: ann, standing: 2}\n- {login: bob}\n"
PII = MODELS.replace("    key: [source, id]\n", "    key: [source, id]\n    pii: {mail: mask}\n")


def begin(world: World) -> None:
    people(world, MATCHING + GOLDEN)
    world.write({"people.yml": PEOPLE})
    world.run()


@pytest.fixture
def made(twin: Twin) -> World:
    return twin(begin)


def override(key: str, column: str, new: str, dataset: str = "persons", **words: str) -> str:
    said = {"by": "ann", "at": "2026-10-01", **words}
    told = ", ".join(f"{k}: '{v}'" for k, v in said.items())
    return (
        f"- {{type: override, dataset: {dataset}, keys: '{key}', column: {column}, new: '{new}', "
        f"reason: she rang, {told}}}\n"
    )


def decide(world: World, *lines: str) -> None:
    world.write({"decisions/cells.yml": "".join(lines) or "[]\n"})
    assert world.run().exit_code == 0


def cell(world: World, party: str, column: str) -> object:
    ((value,),) = world.sql(
        f"SELECT {column} FROM {world.schema}.persons WHERE party_id = '{party}'"
    )
    return None if value is None else str(value)


def party_of(world: World, key: str) -> str:
    ((party,),) = world.audit_rows("xref", ("party_id",), f"key = '{key}' AND to_run IS NULL")
    return str(party)


def told(world: World, party: str, column: str) -> tuple[object, ...]:
    (row,) = world.audit_rows(
        "golden_cells",
        ("value", "because", "losers"),
        f"party_id = '{party}' AND column_name = '{column}' AND to_run IS NULL",
    )
    return row


def test_it_stands_in_place_of_what_was_picked_and_is_told(made: World) -> None:
    anna = party_of(made, "crm/1")
    decide(made, override(anna, "phone", "+1555"), override(anna, "birth", "1981-02-03"))
    assert cell(made, anna, "phone") == "+1555"
    assert cell(made, anna, "birth") == "1981-02-03"
    assert told(made, anna, "phone") == ("+1555", "override", "crm/1: +491701")
    again = made.run()
    assert {k: v for k, v in {**again.opened, **again.closed}.items() if v} == {}


def test_it_ends_when_the_source_changes_unless_it_lasts_always(made: World) -> None:
    anna = party_of(made, "crm/1")
    decide(
        made,
        override(anna, "phone", "+1555"),
        override(anna, "last", "Smith", lasts="always"),
    )
    changed = [[*r[:2], "Maier", *r[3:5], "+4900", *r[6:]] if r[0] == 1 else r for r in CRM]
    fill(made, changed, SHOP)
    made.run()
    assert cell(made, anna, "phone") == "+4900"
    assert cell(made, anna, "last") == "Smith"
    assert ("phone", "true") in made.audit_rows(
        "overrides", ("column_name", "ended"), "to_run IS NULL"
    )
    made.run()
    assert cell(made, anna, "phone") == "+4900"


def test_it_lasts_until_its_last_day(made: World) -> None:
    anna = party_of(made, "crm/1")
    decide(made, override(anna, "phone", "+1555", lasts="2026-11-01"))
    assert cell(made, anna, "phone") == "+1555"
    import datetime as dt

    made.run(as_of=dt.datetime(2026, 11, 2, 12))
    assert cell(made, anna, "phone") == "+491701"
    assert made.audit_rows("overrides", ("decision",), "to_run IS NULL") == []


def test_it_goes_with_the_party_and_may_be_given_by_a_record(made: World) -> None:
    bert = party_of(made, "crm/2")
    decide(made, override(bert, "phone", "+1555", lasts="always"))
    merged = [[*r[:4], "anna@x.com", *r[5:]] if r[0] == 2 else r for r in CRM]
    fill(made, merged, SHOP)
    made.run()
    anna = party_of(made, "crm/2")
    assert anna != bert
    assert cell(made, anna, "phone") == "+1555"
    assert list(listed(Way(made.root), stale=True)) == ["all decisions count"]
    made.run()
    assert cell(made, anna, "phone") == "+1555"
    decide(made, override("shop/7", "first", "Dora", dataset="people", by="bob"))
    assert cell(made, party_of(made, "shop/7"), "first") == "Dora"


def test_what_does_not_fit_changes_nothing(made: World) -> None:
    anna = party_of(made, "crm/1")
    decide(
        made,
        override(anna, "birth", "no date"),
        override(anna, "no_such", "x"),
        override("nobody", "phone", "x"),
        override(anna, "phone", "'; DROP TABLE persons; --".replace("'", "''")),
    )
    assert cell(made, anna, "birth") == "1980-02-03"
    said = made.run().results
    (note,) = [r.message for r in said if r.rule.kind == "golden"]
    assert "1 set by people" in note
    assert "sets nothing: there is no cell no_such" in note
    assert "sets nothing: its record is gone" in note
    assert anna not in note
    assert "1 override whose value is none of the column's type" in note
    assert cell(made, anna, "phone") == "'; DROP TABLE persons; --"


def test_hidden_values_stay_hidden(world: World) -> None:
    people(world, MATCHING + GOLDEN)
    world.write({"people.yml": PEOPLE, "models/m.yml": PII[: PII.index("  - name: orders")]})
    world.run()
    anna = party_of(world, "crm/1")
    decide(world, override(anna, "mail", "secret@new.example"))
    assert cell(world, anna, "mail") == "secret@new.example"
    assert "secret" not in str(told(world, anna, "mail")[:2])
