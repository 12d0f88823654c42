"""A model serves the records that it was trained for: outgrown, it is trained anew, and it is said.

The ids of parties carry over.
"""

from __future__ import annotations

import random
from typing import Any

from runner import World

from cdmq.reports.style import Style
from cdmq.reports.text import TextReport

COLUMNS = {"id": "text", "first": "text", "last": "text", "email": "text"}
RULES = """
version: 1
dataset: people
matching:
  - id: same
    same_if: [[email]]
    compare: {first: name, last: name, email: email}
    merge_above: 99%
    review_above: 80%
"""
FIRST = 40


def _load(world: World, records: int) -> None:
    """The first so many of people of whom every second is there twice, by one address."""
    rnd = random.Random(11)

    def word(letters: int) -> str:
        return "".join(rnd.choice("abdeginorstu") for _ in range(letters)).capitalize()

    rows: list[list[Any]] = []
    while len(rows) < records:
        i = len(rows)
        first, last = word(6), word(8)
        mail = f"{last}{i}@x.example".lower()
        rows.append([f"a{i}", first, last, mail])
        if i % 3 == 0:
            rows.append([f"b{i}", first[:2] + first[3:], last, mail])
    world.table("people_source", COLUMNS, rows[:records])


def _models(world: World) -> list[tuple[int, int, int | None]]:
    """Of every model: how many records it was trained on, its first run and the run that ended
    it, counted from 1."""
    runs = [r for (r,) in world.audit_rows("runs", ("run_id",))]
    number = {run: i for i, run in enumerate(sorted(runs), start=1)}
    rows = world.audit_rows(
        "match_models", ("trained_on", "from_run", "to_run"), "rule_id = 'same'"
    )
    return sorted((on, number[began], number.get(ended)) for on, began, ended in rows)


def _parties(world: World) -> dict[str, str]:
    return dict(world.audit_rows("xref", ("key", "party_id"), "to_run IS NULL"))


def _said(world: World) -> tuple[str, str]:
    """What a run says of the rule: in its result, and in what it prints."""
    printed: list[str] = []
    result = world.run(listen=TextReport(printed.append, Style(False)))
    (note,) = (r.outcome.note for r in result.results if r.rule.id == "same")
    return note, "\n".join(printed)


def test_an_outgrown_model_is_trained_anew_and_says_so(world: World) -> None:
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n"
            "  - {name: people, table: people_source, key: id}\n",
            "rules/people.yml": RULES,
        }
    )
    _load(world, FIRST)
    note, _ = _said(world)
    assert "anew" not in note
    first = _parties(world)
    assert 1 < len(set(first.values())) < FIRST

    _load(world, 2 * FIRST)  # it serves twice as many
    note, _ = _said(world)
    assert "anew" not in note
    assert _models(world) == [(FIRST, 1, None)]
    second = _parties(world)

    _load(world, 2 * FIRST + 1)
    note, printed = _said(world)
    anew = "trained anew, as the model before was trained on 40 of now 81 records"
    assert anew in note
    assert anew in printed
    assert _models(world) == [(FIRST, 1, 3), (2 * FIRST + 1, 3, None)]
    third = _parties(world)
    assert {k: third[k] for k in second} == second
    assert {k: second[k] for k in first} == first
    assert world.audit_rows("party_events", ("event",), "event <> 'mint'") == []
