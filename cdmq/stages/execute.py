"""execute: the stage that sends SQL. Relations are made under staged names, flags are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.finding import Finder
from cdmq.audit.found import Findings
from cdmq.datasets.bad_lines import lost_values
from cdmq.datasets.build import Builder
from cdmq.graph.order import graph_of
from cdmq.kinds.given import joined, read_by
from cdmq.kinds.running import Running
from cdmq.kinds.waived import waivers
from cdmq.kinds.working import Work
from cdmq.outcomes import Executed, Outcome
from cdmq.problems import CdmqError
from cdmq.project.zones import local
from cdmq.sql import nodes
from cdmq.sql.logical import Names, Renderer, logical
from cdmq.stages.guards import Guards
from cdmq.stages.making import Making
from cdmq.stages.told import Asked, Told
from cdmq.steps import DatasetPlan, DatasetSteps, Plan
from cdmq.values import Catalog, Dataset, Given, Project
from cdmq.warehouses.base import StatementError

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


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
        asked: Asked,
    ) -> None:
        self.project, self.warehouse, self.catalog = project, warehouse, catalog
        self.plan, self.plans = plan, plan.datasets
        self.names, self.asked, self.rules = names, asked, asked.rules
        #: Of rules that judge what they made, what they told when they made it.
        self.worked: dict[str, Outcome] = {}
        self.graph = graph_of(project)
        wanted = set(asked.datasets)
        self.datasets = [n for n in project.datasets if n in wanted]
        now = datetime.fromisoformat(as_of)
        clocks = local(now, project.config.time_zone).isoformat(sep=" ")
        self.render = Renderer(names, warehouse.dialect, clocks, self._asked_for_time)
        self.finder = Finder(warehouse, self.render)
        self.builder = Builder(project, catalog, warehouse, names, self.render, asked.register)
        self.result = Executed(
            {}, self.builder.built, names, plan.numbers, clocks, statements=self.finder.statements
        )
        self.told = Told(project, asked, self.result)
        self.running = self._running(now)
        self.findings = Findings(
            project,
            warehouse,
            self.render,
            plan.numbers,
            self.finder.send,
            self.builder.lines,
            waivers(asked.decisions, asked.ids, warehouse.dialect),
        )
        guards = Guards(
            project, warehouse, self.findings, asked.ids, asked.holds_back, self.finder.find
        )
        self.making = Making(
            self.told, plan, catalog, self.graph, self.running, self.builder, guards
        )

    def _running(self, now: datetime) -> Running:
        return Running(
            self.project,
            self.warehouse,
            self.names,
            self.render,
            self.finder.send,
            now,
            self.rules,
            self.graph.needed_by(self.datasets),
            self.asked.ids,
            self.plan.numbers,
            self.result.outcomes,
            self.asked.train,
            self.asked.said,
            self.result.states,
            self.result.repeated,
            decisions=self.asked.decisions,
        )

    def run(self) -> Executed:
        """Step by step: first what a step makes, then what it judges, as a rule may refer to any
        dataset. A rule that reads what another gives is of a later step."""
        self.finder.temporary()
        for name, why in self.asked.broken.items():
            self.told.give_up(self.project.datasets[name], why)
        for rule in sorted(self.rules & set(self.asked.unfit)):
            if rule not in self.result.outcomes:
                self.told.tell(Outcome(self.project.rules[rule], error=self.asked.unfit[rule]))
        levels = self.graph.levels
        for level in range(max(levels.values(), default=0) + 1):
            for name in self.datasets:
                if levels[f"dataset:{name}"] == level and name not in self.result.failed:
                    self._guarded(self.making.make, self.project.datasets[name])
            for name, rules in self._of_level(level).items():
                if not self.told.stopped and name not in self.result.failed:
                    judge = partial(self._judge, rules=rules)
                    self._guarded(judge, self.project.datasets[name])
        self.told.skip_the_rest()
        self.result.lost = lost_values(self.project, self.builder.lines)
        return self.result

    def _of_level(self, level: int) -> dict[str, frozenset[str]]:
        """The rules of a step by their datasets, in the order of these."""
        found: dict[str, set[str]] = {name: set() for name in self.datasets}
        for rule in self.project.rules.values():
            if rule.dataset in found and self.graph.levels[f"rule:{rule.id}"] == level:
                found[rule.dataset].add(rule.id)
        return {name: frozenset(rules) for name, rules in found.items() if rules}

    def _asked_for_time(self) -> None:
        self.result.timed = True

    def _guarded(self, step: Callable[[Dataset], None], dataset: Dataset) -> None:
        broken = [n for n in dataset.depends_on if n in self.result.failed]
        if broken:
            for known in (self.result.off, self.result.held):
                if set(broken) <= known:
                    known.add(dataset.name)
            self.told.give_up(dataset, self.told.lost(broken[0]), skipped=True)
            return
        try:
            step(dataset)
        except StatementError as error:
            self.told.give_up(dataset, str(error))
        except CdmqError as error:
            self.told.give_up(dataset, "; ".join(str(p) for p in error.problems))

    def _judge(self, dataset: Dataset, rules: frozenset[str]) -> None:
        """Run those of some rules of a dataset that make something, then judge."""
        plan = self.plans.get(dataset.name)
        if plan is None:
            return
        self._join(plan.steps)
        for work in plan.steps.works if self.asked.build else ():
            if work.rule.id in rules & (self.rules | self.running.needed):
                self._work(work, plan.steps)
        self._rules(plan, rules)
        for rule in sorted(rules & self.worked.keys()):
            self.told.tell(self.worked.pop(rule))

    def _join(self, steps: DatasetSteps) -> None:
        """How the rows are read that have columns of rules: of what was made in this run, else of
        what the audit tables hold."""
        for relation, columns in steps.joined.items():
            sources = {
                given.rule: self.running.given(given, made=given.rule in self.running.ran)
                for given in columns
                if given.rule in self.running.ran or self.running.has_kept(given)
            }
            if len(sources) == len(columns):
                self.names.queries[relation] = joined(steps, sources)

    def _work(self, work: Work, steps: DatasetSteps) -> None:
        outcome = self._unless_lost(Outcome(work.rule))
        if not outcome.skipped:
            try:
                own = self.running.named(steps) if work.names_records else steps
                assert work.run is not None
                outcome = work.run(self.running, own)
            except StatementError as error:
                outcome = Outcome(work.rule, error=str(error))
        if outcome.evaluated:
            self.running.ran.add(work.rule.id)
        if self.running.train and work.rule.id not in self.rules:
            return  # what is to be learnt from stands on it
        if outcome.evaluated and work.judgements:
            self.worked[work.rule.id] = outcome
        else:
            self.told.tell(outcome)

    def _rules(self, plan: DatasetPlan, rules: frozenset[str]) -> None:
        """Judge what was not judged yet."""
        name = plan.steps.dataset.name
        null_keys = self._has_null_keys(plan.steps)
        unmade = {w.rule.id for w in plan.steps.works if w.judgements} - self.running.ran
        lost = unmade | {
            r for r in rules if self._unless_lost(Outcome(self.project.rules[r])).skipped
        }
        for rule in sorted(lost & rules & self.rules - self.result.outcomes.keys()):
            self.told.tell(self._unless_lost(Outcome(self.project.rules[rule])))
        plan = self.plan.part(name, rules - lost, null_keys)
        done = [self.finder.changes(b) for b in plan.changes if b.rules[0].id in self.rules]
        done += self.finder.find(plan.row) if plan.row else []
        done += [
            Outcome(j.rule)
            for j in plan.steps.judgements
            if j.scope == "dataset" and j.rule.id in self.rules
        ]
        done += [
            o
            for b in plan.sets
            if b.rules[0].id not in self.result.outcomes
            and not self._unless_lost(Outcome(b.rules[0])).skipped
            for o in self.finder.find([b])
        ]
        done = [self._unless_lost(o) for o in done if o.rule.id not in self.result.outcomes]
        done = _merged(done)
        own = self.plans[name].steps
        self.result.steps[name] = own.with_digests() if null_keys else own
        if done:
            for outcome in self.findings.of(plan.steps, self.findings.counted(plan, done)):
                self.told.tell(self._with_work(outcome))

    def _with_work(self, outcome: Outcome) -> Outcome:
        """What was found wrong in what a rule made, with what it told when it made it."""
        made = self.worked.pop(outcome.rule.id, None)
        if made is None or not outcome.evaluated:
            return outcome
        return replace(
            made,
            failing=outcome.failing,
            waived=outcome.waived,
            could_not_judge=made.could_not_judge + outcome.could_not_judge,
            samples=outcome.samples,
            fingerprint=outcome.fingerprint,
            note="; ".join(filter(None, [made.note, outcome.note])),
        )

    def _unless_lost(self, outcome: Outcome) -> Outcome:
        """The outcome, or that a dataset which the rule reads besides its own is not there."""
        rule = outcome.rule
        if not self.asked.build and rule.id in self.project.datasets[rule.dataset].guards:
            return Outcome(rule, skipped="a delivery is judged when it is read: cdmq run")
        lost = sorted(self.project.read_by(rule.id) & set(self.result.failed))
        if lost:
            return Outcome(rule, skipped=self.told.lost(lost[0]))
        plan = self.plans.get(rule.dataset)
        known = {g.rule: g for gs in plan.steps.joined.values() for g in gs} if plan else {}
        read = read_by(rule, self.project, known.values())
        why = next((w for g in read if (w := self._not_given(g))), None)
        return Outcome(rule, skipped=why) if why else outcome

    def _not_given(self, given: Given) -> str | None:
        """Why the column of a rule cannot be read: no value is worse than an old one, for a rule
        that judges by it would pass."""
        if given.rule in self.running.ran:
            return None
        if not self.project.rules[given.rule].enabled:
            return f"it reads {given.rule}, a rule that is disabled"
        if self.asked.build:
            how = "did not run" if given.rule in self.rules else "this run leaves out"
            return f"it reads {given.rule}, which {how}"
        return None if self.running.has_kept(given) else f"it reads {given.rule}, which never ran"

    def _has_null_keys(self, steps: DatasetSteps) -> bool:
        parts = {c.name: c for c in steps.key.find_all(exp.Column)}
        if not parts:
            return False
        null = nodes.any_of([nodes.is_null(p.copy()) for p in parts.values()])
        none = nodes.select([nodes.number(1)], logical(steps.relation), null).limit(1)
        return bool(self.warehouse.fetch(self.render.sent(none)))


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
