"""Tests of row rules over one dataset, run together: a row tells nothing about another.

Their rows stand in one table, told apart by the number of the test as the first part of the key.
Tests that this does not fit (rules over several rows, several datasets) are run alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cdmq.kinds.expected import Row
from cdmq.kinds.expecting import expects
from cdmq.problems import Span
from cdmq.project.unit_test import UnitTest
from cdmq.unit_tests.check import one_at_a_time
from cdmq.unit_tests.needed import needed
from cdmq.values import Project

if TYPE_CHECKING:
    from cdmq.unit_tests.runner import Found, Runner

NUMBER = "__unit_test"


def batches(project: Project, tests: Sequence[UnitTest]) -> list[list[UnitTest]]:
    """The tests that may run together: one dataset, one time."""
    found: dict[tuple[str, str | None], list[UnitTest]] = {}
    for test in tests:
        dataset = _dataset(project, test)
        if dataset is not None:
            found.setdefault((dataset, test.as_of), []).append(test)
    return [batch for batch in found.values() if len(batch) > 1]


def _dataset(project: Project, test: UnitTest) -> str | None:
    """The one dataset that a test is about, where its rows can stand among others."""
    rules = [project.rules[name] for name in test.tested]
    names = {r.dataset for r in rules}
    name = rules[0].dataset
    dataset = project.datasets[name]
    alone = (
        len(names) > 1
        or set(test.given) != names
        or dataset.source == "seed"
        or not test.enabled
        or not all(r.enabled for r in rules)
        or any(one_at_a_time(r.kind) for r in rules)
        or not all(expects()[w].by_rule for w in test.expect)
        or any(getattr(r.spec, "SCOPE", "row") != "row" for r in rules)
        or any(row.get(k) is None for row in test.given[name] for k in dataset.key)
        or needed(project, rules, test.given).datasets != (name,)
    )
    return None if alone else name


def find_together(project: Project, runner: Runner, batch: Sequence[UnitTest]) -> dict[str, Found]:
    """Test by name -> what its rules found. Raises CdmqError where one spoils it for all."""
    name = project.rules[batch[0].tested[0]].dataset
    dataset = project.datasets[name]
    spec = dataset.spec.model_copy(update={"key": [NUMBER, *dataset.key]})
    own = replace(project, datasets={**project.datasets, name: replace(dataset, spec=spec)})
    catalog = {**runner.catalog, name: {NUMBER: "text", **runner.catalog[name]}}
    together = UnitTest(
        name="together",
        as_of=batch[0].as_of,
        expect={w: [] for t in batch for w in t.expect},
        rules=list(dict.fromkeys(r for t in batch for r in t.tested)),
        given={
            name: [{NUMBER: str(i), **row} for i, t in enumerate(batch) for row in t.given[name]]
        },
    )
    found = runner.find(own, catalog, together, Span(""))
    single = len(dataset.key) == 1
    parted = {word: _by_test(rows, single) for word, rows in found.items()}
    return {
        t.name: {
            word: [r for r in rows.get(i, ()) if r["rule"] in t.tested]
            for word, rows in parted.items()
        }
        for i, t in enumerate(batch)
    }


def _by_test(rows: Sequence[Row], single: bool) -> Mapping[int, list[Row]]:
    """The rows by the number of their test, with the key that they have without it."""
    found: dict[int, list[Row]] = {}
    for number, key, row in _parted(rows):
        plain = re.sub(r"\\(.)", r"\1", key) if single else key
        found.setdefault(number, []).append({**row, "key": plain})
    return found


def _parted(rows: Sequence[Row]) -> Iterator[tuple[int, str, Row]]:
    for row in rows:
        number, _, key = (row["key"] or "").partition("/")
        yield int(number), key, row
