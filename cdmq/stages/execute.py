"""execute: the stage that sends SQL. Relations are made under staged names, flags are found."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.found import Findings
from cdmq.datasets.bad_lines import lost_values
from cdmq.datasets.build import Builder
from cdmq.datasets.inputs import content_of, look_at
from cdmq.problems import CdmqError
from cdmq.project.zones import local
from cdmq.sql import nodes
from cdmq.sql.logical import Names, Renderer, logical
from cdmq.stages.derive import Derived
from cdmq.stages.guards import Guards
from cdmq.steps import (
    CHANGED,
    CHANGED_COLUMNS,
    FOUND,
    FOUND_COLUMNS,
    Branch,
    DatasetPlan,
    DatasetSteps,
    Executed,
    GoldenStep,
    Outcome,
    Plan,
    TierStep,
)
from cdmq.values import Catalog, Dataset, Project
from cdmq.warehouses.base import StatementError

if TYPE_CHECKING:
    from cdmq.audit.register import Register
    from cdmq.warehouses.base import Warehouse

Listener = Callable[[str, object], None]


class Execution:
    """One run's way through the datasets, in order."""

    def __init__(
        self,
        project: Project,
        catalog: Catalog,
        plan: Plan,
        warehouse: Warehouse,
        names: Names,
        as_of: str,
        *,
        rules: frozenset[str],
        datasets: Iterable[str],
        build: bool,
        broken: Mapping[str, str] | None = None,
        stop: Callable[[Outcome], bool] | None = None,
        listen: Listener = lambda event, value: None,
        train: bool = False,
        ids: Mapping[str, tuple[str, ...]] | None = None,
        register: Register | None = None,
        holds_back: Callable[[Outcome], bool] = lambda outcome: bool(outcome.failing),
        unfit: Mapping[str, str] | None = None,
    ) -> None:
        self.project, self.warehouse, self.catalog = project, warehouse, catalog
        self.plan, self.plans = plan, plan.datasets
        self.names, self.build, self.listen = names, build, listen
        self.stop, self.stopped = stop, False
        self.broken, self.unfit = broken or {}, unfit or {}
        self.rules, self.datasets = rules, _golden_last(project, set(datasets))
        self.as_of = datetime.fromisoformat(as_of)
        clocks = local(self.as_of, project.config.time_zone).isoformat(sep=" ")
        self.render = Renderer(names, warehouse.dialect, clocks, self._asked_for_time)
        self.numbers = plan.numbers
        golden = {n: g for n, p in self.plans.items() if (g := p.steps.golden)}
        self.builder = Builder(project, catalog, warehouse, names, self.render, golden, register)
        self.derived = Derived(
            project,
            warehouse,
            names,
            self.render,
            self._send,
            rules,
            self.datasets,
            ids or {},
            train,
        )
        self.findings = Findings(
            project, warehouse, self.render, plan.numbers, self._send, self.builder.lines
        )
        self.guards = Guards(project, warehouse, self.findings, ids or {}, holds_back)
        self.result = Executed(
            {},
            self.builder.built,
            names,
            self.numbers,
            clocks,
            states=self.derived.states,
        )

    def run(self) -> Executed:
        """Make every relation first, then judge: a rule may refer to any dataset."""
        self._temporary()
        for name, why in self.broken.items():
            self._give_up(self.project.datasets[name], why)
        for rule in sorted(self.rules & set(self.unfit)):
            if rule not in self.result.outcomes:
                self._tell(Outcome(self.project.rules[rule], error=self.unfit[rule]))
        for step in (self._build, self._judge):
            for name in self.datasets:
                if self.stopped and step == self._judge:
                    break
                if name not in self.result.failed:
                    self._guarded(step, self.project.datasets[name])
        self._skip_the_rest()
        self.result.lost = lost_values(self.project, self.builder.lines)
        return self.result

    def _guarded(self, step: Callable[[Dataset], None], dataset: Dataset) -> None:
        broken = [n for n in dataset.depends_on if n in self.result.failed]
        if broken:
            for known in (self.result.off, self.result.held):
                if set(broken) <= known:
                    known.add(dataset.name)
            self._give_up(dataset, self._lost(broken[0]), skipped=True)
            return
        try:
            step(dataset)
        except StatementError as error:
            self._give_up(dataset, str(error))
        except CdmqError as error:
            self._give_up(dataset, "; ".join(str(p) for p in error.problems))

    def _lost(self, name: str) -> str:
        how = (
            "is not made"
            if name in self.result.off
            else "is held back"
            if name in self.result.held
            else "failed"
        )
        return f"it reads {name}, which {how}"

    def _asked_for_time(self) -> None:
        self.result.timed = True

    def _temporary(self) -> None:
        """Fresh temporary tables for what is found: they vanish with the connection."""
        for relation, columns in ((FOUND, FOUND_COLUMNS), (CHANGED, CHANGED_COLUMNS)):
            shown = [
                nodes.alias(nodes.cast(nodes.null(), "integer" if c == "code" else "text"), c)
                for c in columns
            ]
            empty = nodes.select(shown, where=exp.false())
            drop = nodes.drop(relation)
            self.warehouse.run(drop.sql(self.warehouse.dialect))
            made = nodes.create(relation, empty, temporary=True)
            self.warehouse.run(made.sql(self.warehouse.dialect))

    def _build(self, dataset: Dataset) -> None:
        if not self.build:
            self._look_at(dataset, None)
            return
        self.listen("dataset", dataset)
        steps = self.plans[dataset.name].steps if dataset.name in self.plans else None
        if steps and steps.golden and (off := self.derived.switched_off(steps.golden)):
            self.result.off.add(dataset.name)
            self._give_up(dataset, off, skipped=True)
            return
        if steps and steps.golden and (why := self.derived.unmatched(steps.golden)):
            self._give_up(dataset, why, skipped=True)
            return
        if steps and steps.golden and dataset.made_of in self.result.repeated:
            assert steps.golden.repeated is not None
            self.builder.golden[dataset.name] = golden = steps.golden.repeated()
            steps = replace(steps, golden=golden)
        if steps and steps.golden and not self._flagged(dataset, steps.golden):
            return
        digest = content_of(dataset, self.project)
        self.builder.source(dataset)
        self._look_at(dataset, digest)
        if steps is None:
            return
        self.builder.clean(steps)
        if dataset.guards and self._held(self.plan.guards(dataset.name)):
            return
        if steps.matches and self._repeats(steps.with_digests()):
            self.result.repeated.add(dataset.name)
            steps = steps.with_identities()
        for outcome in (*self.derived.match(steps), self.derived.golden(steps)):
            if outcome:
                self._tell(outcome)

    def _look_at(self, dataset: Dataset, digest: str | None) -> None:
        """`cdmq test` reads tables anew, and nothing else."""
        if dataset.source == "table" or digest:
            relation = self.names.staged.get(f"source:{dataset.name}")
            if relation is not None:
                self.result.inputs[dataset.name] = look_at(
                    dataset, relation, digest, self.catalog, self.warehouse
                )

    def _flagged(self, dataset: Dataset, golden: GoldenStep) -> bool:
        """Judge the records that a golden dataset is made of: what is wrong in them loses there.
        Whether it can be made then."""
        of = str(dataset.made_of)
        if golden.flagging and not self.derived.train:
            self._guarded(lambda d: self._rules(d, early=True), self.project.datasets[of])
        if of in self.result.failed:
            self._give_up(dataset, self._lost(of), skipped=True)
            return False
        self.derived.flagged(
            golden,
            dataset,
            {
                name: self.numbers.code(name)
                for name, o in self.result.outcomes.items()
                if o.evaluated and name in self.numbers
            },
        )
        return True

    def _held(self, plan: DatasetPlan) -> bool:
        """Judge the guards of what was just made; where one does not pass, it is not published."""
        dataset = plan.steps.dataset
        outcomes = self.guards.of(plan)
        failed = [o.rule.id for o in outcomes if self.guards.holds_back(o)]
        for outcome in outcomes:
            if not outcome.failing or outcome.rule.id in self.rules or outcome.rule.id in failed:
                self._tell(outcome)  # not: some lines are bad, as may be, and nobody asked
        if failed:
            self.result.steps[dataset.name] = plan.steps
            self.result.held.add(dataset.name)
            self._give_up(dataset, f"held back: {failed[0]} does not pass", skipped=True)
        return bool(failed)

    def _judge(self, dataset: Dataset) -> None:
        plan = self.plans.get(dataset.name)
        if plan is None:
            return
        self._rules(dataset)
        for tier in plan.steps.tiers if self.build else ():
            if tier.rule.id in self.rules:
                self._tell(self._tier(tier))

    def _rules(self, dataset: Dataset, early: bool = False) -> None:
        """Judge what was not judged yet; `early`: what needs nothing that is still to be made."""
        plan = self.plans.get(dataset.name)
        if plan is None:
            return
        if self._has_null_keys(plan.steps):
            plan = self.plan.with_null_keys(dataset.name)
        done: list[Outcome] = []
        if dataset.name not in self.result.steps:
            done += [self._changes(b) for b in plan.changes if b.rules[0].id in self.rules]
            done += self._find(plan.row) if plan.row else []
            done += [
                Outcome(j.rule)
                for j in plan.steps.judgements
                if j.scope == "dataset" and j.rule.id in self.rules
            ]
        done += [
            o
            for b in plan.sets
            if b.rules[0].id not in self.result.outcomes
            and not (early and self._to_come(b))
            and not self._unless_lost(Outcome(b.rules[0])).skipped
            for o in self._find([b])
        ]
        done = [self._unless_lost(o) for o in done if o.rule.id not in self.result.outcomes]
        done = _merged(done)
        self.result.steps[dataset.name] = plan.steps
        if done:
            for outcome in self.findings.of(plan.steps, self.findings.counted(plan, done)):
                self._tell(outcome)

    def _to_come(self, branch: Branch) -> bool:
        """Whether a rule refers to a dataset that is not there yet."""
        other = getattr(branch.rules[0].spec, "to", None)
        return (
            other in self.project.datasets
            and other not in self.result.failed
            and f"clean:{other}" not in self.names.staged
        )

    def _unless_lost(self, outcome: Outcome) -> Outcome:
        """The outcome, or that a dataset which the rule reads besides its own is not there."""
        rule = outcome.rule
        if not self.build and rule.id in self.project.datasets[rule.dataset].guards:
            return Outcome(rule, skipped="a delivery is judged when it is read: cdmq run")
        lost = sorted(self.project.read_by(rule.id) & set(self.result.failed))
        return Outcome(rule, skipped=self._lost(lost[0])) if lost else outcome

    def _tier(self, step: TierStep) -> Outcome:
        self._asked_for_time()
        asked = self._unless_lost(Outcome(step.rule))
        if asked.skipped:
            return asked
        try:
            return self.derived.tier(step, self.as_of)
        except StatementError as error:
            return Outcome(step.rule, error=str(error))

    def _repeats(self, steps: DatasetSteps) -> bool:
        """Whether a key, or a record without one, stands twice."""
        twice = nodes.group_by(
            nodes.select([nodes.number(1)], logical(steps.relation)), [steps.key.copy()]
        )
        twice.set(
            "having",
            exp.Having(this=exp.GT(this=exp.Count(this=exp.Star()), expression=nodes.number(1))),
        )
        return bool(self.warehouse.fetch(self.render.sent(twice.limit(1))))

    def _has_null_keys(self, steps: DatasetSteps) -> bool:
        parts = {c.name: c for c in steps.key.find_all(exp.Column)}
        if not parts:
            return False
        null = nodes.any_of([nodes.is_null(p.copy()) for p in parts.values()])
        none = nodes.select([nodes.number(1)], logical(steps.relation), null).limit(1)
        return bool(self.warehouse.fetch(self.render.sent(none)))

    def _find(self, branches: Sequence[Branch]) -> list[Outcome]:
        """Run branches as one statement; where that fails, each; where that fails, each rule."""
        rules = list({r.id: r for b in branches for r in b.rules}.values())
        insert = nodes.insert(FOUND, FOUND_COLUMNS, nodes.union_all([b.query for b in branches]))
        try:
            digest, seconds = self._send(insert)
        except StatementError as error:
            if len(branches) > 1:
                return [o for b in branches for o in self._find([b])]
            if branches[0].alone:
                return [o for b in branches[0].alone for o in self._find([b])]
            return [Outcome(rules[0], error=str(error))]
        return [Outcome(r, seconds=seconds, statement=digest) for r in rules]

    def _changes(self, branch: Branch) -> Outcome:
        insert = nodes.insert(CHANGED, CHANGED_COLUMNS, branch.query)
        try:
            digest, seconds = self._send(insert)
        except StatementError as error:
            return Outcome(branch.rules[0], error=str(error))
        return Outcome(branch.rules[0], seconds=seconds, statement=digest)

    def _send(self, node: exp.Expr) -> tuple[str, float]:
        sent, kept = self.render.sent(node), self.render.kept(node)
        digest = hashlib.sha256(kept.encode()).hexdigest()
        self.result.statements[digest] = kept
        started = time.perf_counter()
        self.warehouse.run(sent)
        return digest, time.perf_counter() - started

    def _give_up(self, dataset: Dataset, why: str, skipped: bool = False) -> None:
        self.result.failed[dataset.name] = why
        for rule in self.project.rules.values():
            if rule.id not in self.rules or (
                rule.dataset != dataset.name and rule.id != dataset.made_by
            ):
                continue
            if skipped and rule.id in self.result.outcomes:
                continue  # a guard: it says why
            outcome = Outcome(rule, skipped=why) if skipped else Outcome(rule, error=why)
            self._tell(outcome)

    def _tell(self, outcome: Outcome) -> None:
        outcome = replace(outcome, ended=datetime.now(UTC))
        self.result.outcomes[outcome.rule.id] = outcome
        if outcome.rule.id in self.rules or outcome.error or outcome.failing:
            self.listen("rule", outcome)  # others ran because what was asked for stands on them
        self.stopped = self.stopped or bool(self.stop and self.stop(outcome))

    def _skip_the_rest(self) -> None:
        for rule in self.project.rules.values():
            if rule.id in self.result.outcomes:
                continue
            why = "not selected"
            if not rule.enabled:
                why = "disabled"
            elif rule.id in self.rules:
                lost = sorted(self.project.read_by(rule.id) & set(self.result.failed))
                why = self._lost(lost[0]) if lost else "not run: --fail-fast"
            self.result.outcomes[rule.id] = Outcome(rule, skipped=why)


def _golden_last(project: Project, wanted: set[str]) -> list[str]:
    """The datasets in an order in which all that needs no golden record stands before the first:
    a rule on the records that it is made of may refer to any of them."""
    after: set[str] = set()
    for name, dataset in project.datasets.items():
        if dataset.made_by or after & set(dataset.depends_on):
            after.add(name)
    first, last = (
        [n for n in project.datasets if n in wanted and (n in after) == late]
        for late in (False, True)
    )
    return first + last


def _merged(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """One outcome a rule; of one whose judgements are of several statements, what went wrong with
    the first of them."""
    found: dict[str, Outcome] = {}
    for o in outcomes:
        known = found.get(o.rule.id)
        if known is None or (known.evaluated and not o.evaluated):
            found[o.rule.id] = o
        elif known.evaluated:
            found[o.rule.id] = replace(known, seconds=known.seconds + o.seconds)
    return list(found.values())
