"""A rule with several judgements: each has its flags, its columns and its reasons to close."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from runner import World
from sqlglot import exp

import cdmq.runs.ready
from cdmq.sql import nodes
from cdmq.steps import DatasetSteps, Judgement

MODELS = """
version: 1
datasets: [{name: people, table: people, key: id}]
"""
RULES = """
version: 1
dataset: people
validation: [{column: mail, checks: [not_null]}, {column: id, checks: [not_null]}]
"""
COLUMNS = {"id": "integer", "mail": "text", "phone": "text", "score": "integer"}
ROWS = [[1, None, "1", 9], [2, None, None, 1], [3, "c", None, 2], [4, "d", "4", 3]]
ODD = "people.mail.not_null"
#: The judgements that the rule has, by the column that each is about.
NAMES = ["mail", "phone", "score"]


def _judgements(base: Judgement, names: list[str]) -> Iterator[Judgement]:
    """Two that say a cell is missing; one of records with a score, over rows of its own, whose
    value is none."""
    for name in names:
        column = nodes.column(name)
        own = replace(
            base,
            name=name,
            shown=(name,),
            failing=nodes.is_null(column),
            value=nodes.cast(column.copy(), "text"),
        )
        if name == "score":
            own = replace(
                own,
                failing=exp.LT(this=column.copy(), expression=nodes.number(5)),
                tested=nodes.present(column.copy()),
                key=nodes.cast(nodes.column("id"), "text"),
                same_value=False,
            )
        yield own


@pytest.fixture
def judged(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    names, compile_rules = list(NAMES), cdmq.runs.ready.compile_rules

    def compiled(*args: Any, **words: Any) -> Mapping[str, DatasetSteps]:
        found: dict[str, DatasetSteps] = {}
        for dataset, steps in compile_rules(*args, **words).items():
            many = [
                own
                for j in steps.judgements
                for own in (_judgements(j, names) if j.rule.id == ODD else [j])
            ]
            found[dataset] = replace(steps, judgements=tuple(many))
        return found

    monkeypatch.setattr(cdmq.runs.ready, "compile_rules", compiled)
    world.names = names  # type: ignore[attr-defined]
    world.write({"models/m.yml": MODELS, "rules/r.yml": RULES})
    _deliver(world, ROWS)
    world.run()
    return world


def _deliver(world: World, rows: list[list[Any]]) -> None:
    world.sql("DROP TABLE IF EXISTS people")
    world.table("people", COLUMNS, rows)


def _open(world: World) -> list[tuple[Any, ...]]:
    return world.audit_rows("flags", ("column_name", "key", "value"), "to_run IS NULL")


def _closed(world: World) -> list[tuple[Any, ...]]:
    return world.audit_rows("flags", ("column_name", "key", "closed_because"), "to_run IS NOT NULL")


def test_each_judgement_has_flags_of_its_own(judged: World) -> None:
    assert _open(judged) == [
        ("mail", "1", None),
        ("mail", "2", None),
        ("phone", "2", None),
        ("phone", "3", None),
        ("score", "2", "1"),
        ("score", "3", "2"),
        ("score", "4", "3"),
    ]
    found = judged.results()[ODD]
    assert (found["failing"], found["tested"], found["judged"]) == (7, 12, 12)
    again = judged.run()
    assert (again.opened["flags"], again.closed["flags"]) == (0, 0)


def test_each_closes_for_its_own_reason(judged: World) -> None:
    """1 got a mail; 2 is gone; 3 got a phone, and no score any more; 4 has another low score."""
    _deliver(judged, [[1, "a", "1", 9], [3, "c", "3", None], [4, "d", "4", 4]])
    result = judged.run()
    assert _closed(judged) == [
        ("mail", "1", "fixed"),
        ("mail", "2", "gone"),
        ("phone", "2", "gone"),
        ("phone", "3", "fixed"),
        ("score", "2", "gone"),
        ("score", "3", "out_of_scope"),
    ]
    assert _open(judged) == [("score", "4", "3")]
    assert (result.opened["flags"], result.closed["flags"]) == (0, 6)


def test_a_judgement_that_a_rule_has_no_more_closes_its_flags(judged: World) -> None:
    judged.names.remove("phone")  # type: ignore[attr-defined]
    judged.run()
    assert {(c, why) for c, _, why in _closed(judged)} == {("phone", "fixed")}
    assert {c for c, _, _ in _open(judged)} == {"mail", "score"}


def test_a_statement_that_fails_ends_only_the_rule_whose_judgement_it_is(
    judged: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _open(judged)
    divided = exp.EQ(
        this=exp.Div(this=nodes.number(1), expression=nodes.cast(nodes.column("mail"), "integer")),
        expression=nodes.number(0),
    )
    _deliver(judged, [*ROWS, [5, "0", None, None], [None, "1", "5", None]])
    compile_rules = cdmq.runs.ready.compile_rules

    def broken(*args: Any, **words: Any) -> Mapping[str, DatasetSteps]:
        return {
            dataset: replace(
                steps,
                judgements=tuple(
                    replace(j, failing=divided) if j.name == "mail" else j for j in steps.judgements
                ),
            )
            for dataset, steps in compile_rules(*args, **words).items()
        }

    monkeypatch.setattr(cdmq.runs.ready, "compile_rules", broken)
    judged.run()
    results = judged.results()
    assert results[ODD]["status"] == "error"
    assert results["people.id.not_null"]["failing"] == 1
    assert [f for f in _open(judged) if f[0] != "id"] == before
