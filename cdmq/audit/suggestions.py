"""The nearest allowed value of each wrong one, for `suggest: true`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp

from cdmq.audit.episode_tables import FLAG_SUGGESTIONS
from cdmq.audit.ledger import Ledger
from cdmq.outcomes import FOUND, Executed
from cdmq.sql import nodes
from cdmq.steps import Judgement
from cdmq.values import Project

#: More different wrong values than this have no suggestion: they are no slips of the pen.
MOST = 1000


class Suggestions:
    """Those for what a run found. They are found at once, and written in `write`."""

    def __init__(
        self, ledger: Ledger, project: Project, executed: Executed, numbered: Mapping[int, int]
    ) -> None:
        """`numbered`: code -> the number that the flags bear, of those that the run opens."""
        self.ledger = ledger
        self.found: list[tuple[int, str, str]] = []
        for judgement in (j for s in executed.steps.values() for j in s.judgements):
            if not _suggests(judgement, project):
                continue
            number = numbered.get(code := executed.numbers.code(*judgement.id))
            if number is not None:
                known = allowed(judgement.rule.spec, project)
                self.found += [(number, *pair) for pair in _near(ledger, code, known)]

    def write(self) -> None:
        """Those that are not there yet. Inside the transaction of the run."""
        if not self.found:
            return
        numbers = [nodes.number(n) for n in sorted({n for n, _, _ in self.found})]
        there = nodes.select(
            [nodes.column("judgement"), nodes.column("value")],
            self.ledger.of(FLAG_SUGGESTIONS),
            exp.In(this=nodes.column("judgement"), expressions=numbers),
        )
        known = set(self.ledger.fetch(there))
        rows = [[*s, self.ledger.run_id] for s in self.found if s[:2] not in known]
        self.ledger.add(FLAG_SUGGESTIONS, rows)


def _suggests(judgement: Judgement, project: Project) -> bool:
    """It has `suggest: true`, and its values are not hidden."""
    hidden = project.datasets[judgement.rule.dataset].spec.pii
    return bool(getattr(judgement.rule.spec, "suggest", False)) and all(
        hidden.get(c, "plain") == "plain" for c in judgement.shown
    )


def _near(ledger: Ledger, code: int, known: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(wrong value, nearest of the known ones) for what a run found."""
    value = nodes.column("value")
    mine = nodes.equal(nodes.column("code"), nodes.number(code))
    query = nodes.group_by(nodes.select([value], nodes.table(FOUND), mine), [value.copy()])
    by_text = nodes.by_code_point(value.copy(), ledger.warehouse.dialect)
    query = query.order_by(exp.Ordered(this=by_text))
    by_lower = {a.lower(): a for a in known}
    for (wrong,) in ledger.fetch(query.limit(MOST)):
        near = difflib.get_close_matches(str(wrong).strip().lower(), by_lower, 1, 0.6)
        if wrong is not None and near:
            yield wrong, by_lower[near[0]]


def allowed(check: object, project: Project) -> Sequence[str]:
    values = getattr(check, "values", None)
    if values is not None:
        return list(values)
    seed = project.seeds[str(getattr(check, "seed", ""))]
    column = getattr(check, "column", None) or seed.columns[0]
    at = seed.columns.index(column)
    return [str(r[at]) for r in seed.rows if r[at] is not None]
