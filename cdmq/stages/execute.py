"""execute: the stage that sends SQL. Relations are made under staged names, flags are found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.finding import Finder
from cdmq.audit.found import Findings
from cdmq.datasets.bad_lines import lost_values
from cdmq.datasets.build import Builder
from cdmq.datasets.inputs import content_of, look_at
from cdmq.graph.order import graph_of
from cdmq.kinds.given import joined
from cdmq.kinds.running import Running
from cdmq.kinds.working import Work
from cdmq.problems import CdmqError
from cdmq.project.zones import local
from cdmq.sql import nodes
from cdmq.sql.logical import Names, Renderer, logical
from cdmq.stages.guards import Guards
from cdmq.steps import (
    DatasetPlan,
    DatasetSteps,
    Executed,
    Outcome,
    Plan,
)
from cdmq.values import Catalog, Dataset, Given, Project, Rule
from cdmq.warehouses.base import StatementError

if TYPE_CHECKING:
    from cdmq.audit.register import Register
    from cdmq.warehouses.base import Warehouse

Listener = Callable[[str, object], None]


@dataclass(frozen=True)
class Asked:
    """What is asked of a run: the rules and datasets, and how it is done.

    `build`: relations are made anew, or else what stands is judged. `train`: no more than models
    are trained. `stop`: after such an outcome nothing is judged. `broken` and `unfit`: datasets
    and rules that cannot be, each with the reason. `ids`: rule -> every id that it ever had.
    """

    rules: frozenset[str]
    datasets: Iterable[str]
    build: bool = True
    train: bool = False
    stop: Callable[[Outcome], bool] | None = None
    holds_back: Callable[[Outcome], bool] = lambda outcome: bool(outcome.failing)
    listen: Listener = lambda event, value: None
    broken: Mapping[str, str] = field(default_factory=dict)
    unfit: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    register: Register | None = None


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
        self.stopped = False
        #: Rules that made what they make; of those that then judge it, what they told.
        self.ran: set[str] = set()
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
        self.running = self._running(now)
        self.findings = Findings(
            project,
            warehouse,
            self.render,
            plan.numbers,
            self.finder.send,
            self.builder.lines,
        )
        self.guards = Guards(project, warehouse, self.findings, asked.ids, asked.holds_back)

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
            self.result.states,
            self.result.repeated,
        )

    def run(self) -> Executed:
        """Step by step: first what a step makes, then what it judges, as a rule may refer to any
        dataset. A rule that reads what another gives is of a later step."""
        self.finder.temporary()
        for name, why in self.asked.broken.items():
            self._give_up(self.project.datasets[name], why)
        for rule in sorted(self.rules & set(self.asked.unfit)):
            if rule not in self.result.outcomes:
                self._tell(Outcome(self.project.rules[rule], error=self.asked.unfit[rule]))
        levels = self.graph.levels
        for level in range(max(levels.values(), default=0) + 1):
            for name in self.datasets:
                if levels[f"dataset:{name}"] == level and name not in self.result.failed:
                    self._guarded(self._build, self.project.datasets[name])
            for name, rules in self._of_level(level).items():
                if not self.stopped and name not in self.result.failed:
                    judge = partial(self._judge, rules=rules)
                    self._guarded(judge, self.project.datasets[name])
        self._skip_the_rest()
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

    def _build(self, dataset: Dataset) -> None:
        if not self.asked.build:
            self._look_at(dataset, None)
            return
        self.asked.listen("dataset", dataset)
        steps = self.plans[dataset.name].steps if dataset.name in self.plans else None
        maker = steps.maker if steps else None
        if maker:
            if not self._may_be_made(dataset, maker):
                return
            if dataset.made_of in self.result.repeated and maker.repeated:
                maker = maker.repeated()
            maker.before(self.running)
            assert maker.rows is not None
            self.builder.made[dataset.name] = maker.rows
        digest = content_of(dataset, self.project)
        self.builder.source(dataset)
        self._look_at(dataset, digest)
        if steps is None:
            return
        self.builder.clean(steps)
        if dataset.guards and self._held(self.plan.guards(dataset.name)):
            return
        if maker and not self.running.train:
            assert maker.run is not None
            self._tell(maker.run(self.running, steps))

    def _may_be_made(self, dataset: Dataset, maker: Work) -> bool:
        """Whether the rules that a dataset needs are there, and have run."""
        own = maker.rule.id
        needed = [
            n.removeprefix("rule:")
            for n in sorted(self.graph.needs[f"rule:{own}"])
            if n.startswith("rule:")
        ]
        for rule in (own, *needed):
            if not self.project.rules[rule].enabled:
                self.result.off.add(dataset.name)
                self._give_up(dataset, f"the rule {rule} is disabled", skipped=True)
                return False
        for rule in needed:
            if rule not in self.ran:
                self._give_up(dataset, f"it reads what {rule} makes, which failed", skipped=True)
                return False
        return True

    def _look_at(self, dataset: Dataset, digest: str | None) -> None:
        """`cdmq test` reads tables anew, and nothing else."""
        if dataset.source == "table" or digest:
            relation = self.names.staged.get(f"source:{dataset.name}")
            if relation is not None:
                self.result.inputs[dataset.name] = look_at(
                    dataset, relation, digest, self.catalog, self.warehouse
                )

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
            self._tell(self.worked.pop(rule))

    def _join(self, steps: DatasetSteps) -> None:
        """How the rows are read that have columns of rules: of what was made in this run, else of
        what the audit tables hold."""
        for relation, columns in steps.joined.items():
            sources = {
                given.rule: self.running.given(given, made=given.rule in self.ran)
                for given in columns
                if given.rule in self.ran or self.running.has_kept(given)
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
            self.ran.add(work.rule.id)
        if self.running.train and work.rule.id not in self.rules:
            return  # what is to be learnt from stands on it
        if outcome.evaluated and work.judgements:
            self.worked[work.rule.id] = outcome
        else:
            self._tell(outcome)

    def _rules(self, plan: DatasetPlan, rules: frozenset[str]) -> None:
        """Judge what was not judged yet."""
        name = plan.steps.dataset.name
        null_keys = self._has_null_keys(plan.steps)
        lost = {r for r in rules if self._unless_lost(Outcome(self.project.rules[r])).skipped}
        for rule in sorted(lost & self.rules - self.result.outcomes.keys()):
            self._tell(self._unless_lost(Outcome(self.project.rules[rule])))
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
                self._tell(self._with_work(outcome))

    def _with_work(self, outcome: Outcome) -> Outcome:
        """What was found wrong in what a rule made, with what it told when it made it."""
        made = self.worked.pop(outcome.rule.id, None)
        if made is None or not outcome.evaluated:
            return outcome
        return replace(
            made,
            failing=outcome.failing,
            could_not_judge=outcome.could_not_judge,
            samples=outcome.samples,
            fingerprint=outcome.fingerprint,
        )

    def _unless_lost(self, outcome: Outcome) -> Outcome:
        """The outcome, or that a dataset which the rule reads besides its own is not there."""
        rule = outcome.rule
        if not self.asked.build and rule.id in self.project.datasets[rule.dataset].guards:
            return Outcome(rule, skipped="a delivery is judged when it is read: cdmq run")
        lost = sorted(self.project.read_by(rule.id) & set(self.result.failed))
        if lost:
            return Outcome(rule, skipped=self._lost(lost[0]))
        why = next((w for g in self._columns_of(rule) if (w := self._not_given(g))), None)
        return Outcome(rule, skipped=why) if why else outcome

    def _columns_of(self, rule: Rule) -> Iterable[Given]:
        """The columns of other rules that a rule reads."""
        plan = self.plans.get(rule.dataset)
        known = {g.rule: g for gs in plan.steps.joined.values() for g in gs} if plan else {}
        read = {c.lower() for c in self.project.uses[rule.id].columns(rule.dataset)}
        return [g for name, g in sorted(known.items()) if name.lower() in read and name != rule.id]

    def _not_given(self, given: Given) -> str | None:
        """Why the column of a rule cannot be read: no value is worse than an old one, for a rule
        that judges by it would pass."""
        if given.rule in self.ran:
            return None
        if not self.project.rules[given.rule].enabled:
            return f"it reads {given.rule}, a rule that is disabled"
        if self.asked.build and given.rule in self.rules:
            return f"it reads {given.rule}, which did not run"
        return None if self.running.has_kept(given) else f"it reads {given.rule}, which never ran"

    def _has_null_keys(self, steps: DatasetSteps) -> bool:
        parts = {c.name: c for c in steps.key.find_all(exp.Column)}
        if not parts:
            return False
        null = nodes.any_of([nodes.is_null(p.copy()) for p in parts.values()])
        none = nodes.select([nodes.number(1)], logical(steps.relation), null).limit(1)
        return bool(self.warehouse.fetch(self.render.sent(none)))

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
            self.asked.listen(
                "rule", outcome
            )  # others ran because what was asked for stands on them
        self.stopped = self.stopped or bool(self.asked.stop and self.asked.stop(outcome))

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
