"""Who has ended is in no segment: where every record that knows says so."""

from __future__ import annotations

from typing import Any

import pytest
from runner import World

import cdmq
from cdmq.problems import CdmqError

MODELS = """
version: 1
datasets:
  - name: people
    table: people_src
    key: id
    ended: {when: "status in ('deceased', 'closed')", on: ended_on}
  - {name: people_golden}
"""
RULES = """
version: 1
dataset: people
matching:
  - {id: same, same_if: [[code]]}
golden:
  - {id: best, from: same, into: people_golden, pick: [most_complete]}
"""
SEGMENT = """
version: 1
dataset: DATASET
segments:
  - {id: letter, members: "true", permission: consent}
"""
ROWS = [
    ["1", "living", "active", None],
    ["2", "dead", "deceased", None],
    ["3", "one_source", "deceased", "2026-01-01"],
    ["4", "one_source", "active", None],
    ["5", "all", "deceased", "2026-01-01"],
    ["6", "all", "closed", "2026-11-01"],
    ["7", "who_knows", "deceased", None],
    ["8", "who_knows", None, None],
    ["9", "silent", None, None],
    ["10", "later", "closed", "2026-11-02"],
]
COLUMNS = {"id": "text", "code": "text", "status": "text", "ended_on": "date", "consent": "text"}


def letter(world: World, dataset: str) -> dict[str, Any]:
    world.write(
        {
            "models/m.yml": MODELS,
            "rules/p.yml": RULES,
            "rules/s.yml": SEGMENT.replace("DATASET", dataset),
        }
    )
    world.table("people_src", COLUMNS, [[*row, "yes"] for row in ROWS])
    world.run()
    key = "party_id" if dataset == "people_golden" else "id"
    code = {row[key]: row["code"] for row in world.view(f"{dataset}__clean")}
    rows = world.audit_rows("segment_members", ["key", "part", "because"], "to_run IS NULL")
    return {code[k]: because or part for k, part, because in rows}


@pytest.mark.parametrize("dataset", ["people", "people_golden"])
def test_who_has_ended_is_left_out(world: World, dataset: str) -> None:
    gone = {"dead", "all", "who_knows"}
    assert letter(world, dataset) == {r[1]: "ended" if r[1] in gone else "contact" for r in ROWS}
    figures = dict(world.audit_rows("rule_figures", ["figure", "value"], "rule_id = 'letter'"))
    assert figures["ended"] == (5 if dataset == "people" else 3)


def test_another_meaning_is_another_version(world: World) -> None:
    letter(world, "people_golden")
    before = world.versions()["letter"]
    world.write({"models/m.yml": MODELS.replace("'closed'", "'gone'")})
    world.run()
    assert world.versions()["letter"][0] != before[0]


@pytest.mark.parametrize(
    ("was", "is_", "code"),
    [
        ("status in ('deceased', 'closed')", "status", "CDMQ315"),
        ("status in ('deceased', 'closed')", "state = 'closed'", "CDMQ312"),
        ("status in ('deceased', 'closed')", "status ==", "CDMQ30"),
        ("status in ('deceased', 'closed')", "raw(status) = 'closed'", "CDMQ251"),
        ("on: ended_on", "on: consent", "CDMQ217"),
        ("on: ended_on", "on: endet_on", "CDMQ203"),
    ],
)
def test_what_does_not_fit(world: World, was: str, is_: str, code: str) -> None:
    letter(world, "people_golden")
    world.write({"models/m.yml": MODELS.replace(was, is_)})
    with pytest.raises(CdmqError, match=code):
        cdmq.compile(world.root)
