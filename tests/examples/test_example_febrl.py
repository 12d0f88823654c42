"""examples/febrl against the truth: a record's number says whose duplicate it is."""

from __future__ import annotations

import re

import pytest
from febrl_figures import SETS, f1, pairs, person, read_rows
from ran import Ran

MATCHED = {
    "set_1": (1000, 500),
    "set_2": (5000, 4000),
    "set_3": (5000, 2000),
    "set_4": (10000, 5000),
}


def test_what_was_mended_is_what_the_original_has(febrl: Ran) -> None:
    rows = read_rows(febrl.root)

    def original(key: str) -> str:
        source, number = key.replace("set_4b", "set_4a").split("/")
        return rows[f"{source}/rec-{number.split('-')[1]}-org"]["state"].upper()

    mended = febrl.changes()["state_slip"]
    assert len(mended) > 50
    assert {k: new for k, (_, new) in mended.items()} == {k: original(k) for k in mended}
    suggested = febrl.rows(
        "SELECT key, suggestion FROM cdmq.flags WHERE suggestion IS NOT NULL "
        "AND rule_id = 'persons.state.accepted_values'"
    )
    assert len(suggested) > 50
    assert sum(s == original(k) for k, s in suggested) >= 0.95 * len(suggested)


def test_what_only_a_slip_can_make_stands_on_no_original(febrl: Ran) -> None:
    flags = febrl.flags()
    slips = [
        "persons.state.accepted_values",
        "persons.soc_sec_id.regex",
        "postcode_in_use",
        *(f"set_{n}.date_of_birth.readable" for n in SETS),
    ]
    assert [(r, k) for r in slips for k in flags.get(r, {}) if k.endswith("-org")] == []


@pytest.mark.parametrize("name", MATCHED)
def test_parties_are_the_persons(febrl: Ran, name: str) -> None:
    records, persons = MATCHED[name]
    party_of = febrl.parties(f"{name}_persons")
    assert (len(party_of), len(set(map(person, party_of)))) == (records, persons)
    assert f1(party_of) >= 0.997


@pytest.mark.parametrize("name", MATCHED)
def test_nobody_was_joined_to_somebody_else_or_asked_about(febrl: Ran, name: str) -> None:
    party_of = febrl.parties(f"{name}_persons")
    together = {(person(key), party) for key, party in party_of.items()}
    assert len(together) == len(set(party_of.values()))
    assert febrl.rows("SELECT * FROM cdmq.queue") == []


def test_the_parties_of_the_readme(febrl: Ran) -> None:
    """A processor that sums otherwise may move a pair: the last digit is not compared."""
    told = re.findall(
        r"^\| (set_\d) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) "
        r"\| ([\d.]+) \|",
        febrl.readme(),
        re.MULTILINE,
    )
    assert [row[0] for row in told] == [*MATCHED]
    for name, *numbers, quality in told:
        party_of = febrl.parties(f"{name}_persons")
        records, persons, parties, together = (int(n.replace(",", "")) for n in numbers)
        assert (records, persons) == MATCHED[name]
        assert abs(parties - len(set(party_of.values()))) <= 2
        assert abs(together - pairs(party_of.values())) <= 5
        assert abs(float(quality) - f1(party_of)) < 0.0005
