"""Febrl 1, 1,000 records of 500 people, with nothing but the names of its columns."""

from __future__ import annotations

import csv
import re
from datetime import datetime
from pathlib import Path

import pytest
from matching_data import scratch

from cdmq.kinds.matching.engine.candidates import candidate_count
from cdmq.kinds.matching.engine.score import score
from cdmq.kinds.matching.engine.train import train
from cdmq.kinds.matching.words import MatchingRule

DATA = Path(__file__).parents[2] / "examples/febrl/data/dataset1.csv"
COMPARE = {
    "given_name": "name",
    "surname": "name",
    "date_of_birth": "date",
    "street_number": "exact",
    "address_1": "address",
    "address_2": "address",
    "suburb": "name",
    "postcode": "postcode",
    "state": "exact",
    "soc_sec_id": "exact",
}
TYPES = dict.fromkeys(COMPARE, "VARCHAR") | {"date_of_birth": "DATE"}


def born(text: str | None) -> str | None:
    try:
        return str(datetime.strptime(text or "", "%Y%m%d").date())
    except ValueError:
        return None


def records():
    with DATA.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, skipinitialspace=True):
            cells = {name.strip(): value.strip() or None for name, value in row.items()}
            cells["date_of_birth"] = born(cells["date_of_birth"])
            yield (cells["rec_id"], *(cells[name] for name in COMPARE))


@pytest.fixture(scope="module")
def febrl():
    connection = scratch(TYPES, list(records()))
    rule = MatchingRule(id="r", compare=COMPARE)
    model = train(connection, rule, TYPES)
    score(connection, rule, TYPES, model, prepared=True)
    return connection, rule, model


def truth(connection) -> set[tuple[int, int]]:
    person: dict[str, list[int]] = {}
    for rid, key in connection.execute("SELECT rid, key FROM records ORDER BY rid").fetchall():
        person.setdefault(re.match(r"rec-(\d+)", key)[1], []).append(rid)
    return {(some[0], some[1]) for some in person.values() if len(some) == 2}


def test_pairs_are_those_of_the_same_person(febrl):
    connection, _, _ = febrl
    found = set(connection.execute("SELECT a, b FROM pairs").fetchall())
    true = truth(connection)
    assert len(true) == 500
    assert 2 * len(found & true) / (len(found) + len(true)) >= 0.997


def test_a_frozen_model_finds_the_same(febrl):
    connection, rule, model = febrl
    before = connection.execute("FROM pairs").fetchall()
    score(connection, rule, TYPES, model)
    assert connection.execute("FROM pairs").fetchall() == before
    assert candidate_count(connection) > 0
