"""guards: whether what was delivered of a dataset may take the place of what there was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.found import Findings
from cdmq.audit.renames import of_rule
from cdmq.audit.tables import RULE_RESULTS, audit_schema
from cdmq.outcomes import Outcome
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.steps import Branch, DatasetPlan
from cdmq.values import Dataset, Project

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

#: Statuses of a delivery that was taken, and of a rule that judged one.
_TAKEN = ("pass", "no_data")
_JUDGED = (*_TAKEN, "warn", "fail")


@dataclass(frozen=True)
class Guards:
    """Judges the guards of a dataset over what this run made of it, not yet published."""

    project: Project
    warehouse: Warehouse
    findings: Findings
    #: Rule -> every id that it ever had.
    ids: Mapping[str, tuple[str, ...]]
    #: Whether the outcome of a rule is not what it should be.
    fails: Callable[[Outcome], bool]
    #: Finds the rows that guards could not read.
    find: Callable[[Sequence[Branch]], Sequence[Outcome]]

    def holds_back(self, outcome: Outcome) -> bool:
        """Whether a guard does not pass; of lines some may be bad, as many as the file says."""
        return outcome.refused if outcome.rule.check == "lines" else self.fails(outcome)

    def of(self, plan: DatasetPlan) -> list[Outcome]:
        """The outcome of each guard of a plan; where it holds back, with a note that says so."""
        steps = plan.steps
        found = {o.rule.id: o for o in (self.find(plan.row) if plan.row else ())}
        rules = {j.rule.id: j.rule for j in steps.judgements}.values()
        counted = self.findings.counted(plan, [found.get(r.id, Outcome(r)) for r in rules])
        notes = {
            o.rule.id: self._short(steps.dataset)
            for o in counted
            if o.rule.check == "delivered" and o.evaluated and not o.tested
        }
        known = replace(
            steps,
            judgements=tuple(
                replace(j, failing=exp.false()) if notes.get(j.rule.id, "-") is None else j
                for j in steps.judgements
            ),
        )
        return [
            self._told(o, steps.dataset, notes.get(o.rule.id))
            for o in self.findings.of(known, counted)
        ]

    def _told(self, outcome: Outcome, dataset: Dataset, why: str | None) -> Outcome:
        if not self.holds_back(outcome):
            return outcome
        unread = f", {outcome.unjudged:,} could not be judged" if outcome.unjudged else ""
        told = why or outcome.note or f"{outcome.tested:,} rows{unread}"
        return replace(
            outcome, note=f"{told}: {dataset.name} and all that stands on it stay as they were"
        )

    def _short(self, dataset: Dataset) -> str | None:
        """Why it is wrong that a delivery holds no record; None where it is not."""
        if dataset.spec.may_be_empty:
            return None
        if dataset.source == "file" and (line := _unread(dataset, self.project)):
            return f"no row could be read, though {line} holds text"
        before = self._held_before(dataset)
        return f"no rows, {before} before" if before else None

    def _held_before(self, dataset: Dataset) -> str | None:
        """How many rows the last delivery that was taken held; None where it held none."""
        own = next(r for r in dataset.guards if self.project.rules[r].check == "delivered")
        taken = self._last(own, _TAKEN, dataset.guards)
        if taken is not None:
            return f"{taken:,}" if taken else None
        others = [
            self._last(r.id, _JUDGED)
            for r in self.project.rules.values()
            if r.dataset == dataset.name and r.id != own
        ]  # an older cdmq had no such rule
        most = max((n for n in others if n), default=0)
        return f"{most:,}" if most else None

    def _last(self, rule: str, statuses: Sequence[str], guards: Sequence[str] = ()) -> int | None:
        """How many rows a rule tested when it last had one of these statuses, in a run in which
        none of the guards held the delivery back."""
        at = nodes.table(Relation(RULE_RESULTS.name, audit_schema(self.warehouse)))
        held = nodes.select(
            [nodes.column("run_id")],
            at.copy(),
            nodes.every(
                [
                    nodes.any_of([of_rule(guard, self.ids) for guard in (rule, *guards)]),
                    _is_one_of(("warn", "fail", "error")),
                    nodes.present(nodes.column("message")),
                ]
            ),
        )  # by which it says so: see _told
        query = (
            nodes.select(
                [nodes.column("tested")],
                at,
                nodes.every(
                    [
                        of_rule(rule, self.ids),
                        _is_one_of(statuses),
                        *(
                            [exp.Not(this=nodes.among(nodes.column("run_id"), held))]
                            if guards
                            else []
                        ),
                    ]
                ),
            )
            .order_by(exp.Ordered(this=nodes.column("run_id"), desc=True))
            .limit(1)
        )
        rows = self.warehouse.fetch(query.sql(self.warehouse.dialect))
        return int(rows[0][0]) if rows else None


def _is_one_of(statuses: Sequence[str]) -> exp.Expr:
    return exp.In(this=nodes.column("status"), expressions=[nodes.text(s) for s in statuses])


def _unread(dataset: Dataset, project: Project) -> str | None:
    """The first line of text below the header of a csv file; None where there is none."""
    from cdmq.files import headers
    from cdmq.files.reading import is_of, paths_of

    source = dataset.spec.file
    if source is None or not is_of(dataset, "csv"):
        return None
    for path in paths_of(dataset, project.root):
        if line := headers.text_below(path, headers.declared(source)):
            return f"line {line} of {path.name}"
    return None
