"""A golden rule at work: it makes a dataset, and tells where each of its cells comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from sqlglot import exp

from cdmq.kinds.compiling import Compiling
from cdmq.kinds.flagged import Flagging, find_flags, flags_query
from cdmq.kinds.golden.flagged import flagging
from cdmq.kinds.golden.members import Flagged
from cdmq.kinds.golden.overridden import with_set
from cdmq.kinds.golden.overriding import Overriding
from cdmq.kinds.golden.records import cells_query, golden_problems, golden_query
from cdmq.kinds.golden.tables import GOLDEN_CELLS
from cdmq.kinds.running import Publishing, Running
from cdmq.kinds.working import Work
from cdmq.outcomes import Outcome, State
from cdmq.project.spec import Pii
from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.steps import DatasetSteps
from cdmq.values import Rule


@dataclass(frozen=True)
class _Golden:
    rule: Rule
    into: str
    cells: exp.Select
    #: Column -> the rules whose flags make a value in it lose: they are judged before.
    flagging: Flagging
    overriding: Overriding
    pii: Mapping[str, Pii]


def work(rule: Rule, at: Compiling) -> Work | None:
    """How the dataset `at` is made."""
    of = rule.dataset
    source = at.project.datasets[of]
    found = golden_problems(rule, source, at.catalog[of])
    at.problems.extend(found)
    if found or at.check_only:
        return None
    wrong = flagging(rule, source, at.catalog[of], at.project)
    flagged = Flagged(f"flagged:{at.dataset.name}", tuple(wrong))
    where = f"{rule.id} ({rule.span})"

    def made(steps: DatasetSteps) -> Work:
        read = (at.catalog[of], steps, at.dialect)
        rows = golden_query(rule, source, *read, flagged)
        cells = cells_query(rule, source, *read, at.dataset.spec.pii, flagged)
        pii = at.dataset.spec.pii
        golden = _Golden(
            rule, at.dataset.name, cells, wrong, Overriding(rule, source, at.catalog[of]), pii
        )
        return Work(
            rule,
            run=partial(_run, golden),
            shown=(
                (f"golden records by {where}", rows),
                (f"where each cell comes from, by {where}", cells),
            ),
            query=rows,
            reads=f"source:{at.dataset.name}",
            publishes=(f"{rule.id}__flags",),
            views=partial(_views, golden),
            rows=rows,
            before=partial(_before, golden),
            after=golden.overriding.set_cells,
        )

    return replace(made(at.before[of]), repeated=lambda: made(at.before[of].with_identities()))


def _before(golden: _Golden, at: Running) -> None:
    """Which cells of the records carry a flag: found in this run, or open where it judged not."""
    if golden.flagging:
        flags = f"{golden.rule.id}__flags"
        find_flags(at, f"flagged:{golden.into}", flags, golden.flagging)


def _run(golden: _Golden, at: Running, steps: DatasetSteps) -> Outcome:
    rule, cells = golden.rule, golden.cells
    if golden.overriding.name in at.names.staged:
        cells = with_set(cells, golden.overriding.name, golden.pii)
    staged, digest, seconds = at.make(f"{rule.id}__cells", cells)
    if golden.overriding.name in at.names.staged:
        at.drop(at.names.staged[golden.overriding.name])
    at.states.append(State(rule.id, GOLDEN_CELLS, staged, GOLDEN_CELLS.identity))
    if golden.flagging:
        at.drop(at.names.staged[f"flagged:{golden.into}"])
    count = exp.Count(this=exp.Star())
    counted = (logical(f"source:{golden.into}"), nodes.table(staged))
    ((parties, count_of),) = at.fetch(
        nodes.select([exp.Subquery(this=nodes.select([count.copy()], t)) for t in counted])
    )
    return Outcome(
        rule,
        tested=parties,
        judged=parties,
        statement=digest,
        seconds=seconds,
        note=", ".join(
            [f"{parties:,} golden records, {count_of:,} cells", *golden.overriding.told]
        ),
        figures={"records": parties, "cells": count_of},
    )


def _views(
    golden: _Golden, at: Publishing, steps: DatasetSteps
) -> Iterator[tuple[str, exp.Select]]:
    """`<rule>__flags`: what carries a flag that the rule minds."""
    if golden.flagging:
        yield f"{golden.rule.id}__flags", flags_query(golden.flagging, at.schema, at.ids)
