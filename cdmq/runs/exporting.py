"""Waves of segments that are handed out: each a run of its own, that makes nothing anew and judges
by what the last run left."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.runs.projects import Way, connected

if TYPE_CHECKING:
    from cdmq.audit.register import Register
    from cdmq.kinds.exporting import Exported
    from cdmq.kinds.running import Running
    from cdmq.kinds.working import Work
    from cdmq.results import Facts
    from cdmq.steps import Plan
    from cdmq.values import Project, Rule
    from cdmq.warehouses.base import Warehouse
    from cdmq.warehouses.profiles import Target


@dataclass(frozen=True)
class Asked:
    """A wave of a rule. `recall`: it is asked who of it must not be written to any more."""

    rule: str
    wave: str
    recall: bool = False
    as_of: datetime | None = None


def export(
    asked: Asked,
    root: str | Path = ".",
    *,
    target: str | None = None,
    profile: str | None = None,
    profiles_dir: str | Path | None = None,
    variables: Mapping[str, Any] | None = None,
    wait: float = 0.0,
) -> Exported:
    """Hand out a wave, or what of it is to be taken back. Raises CdmqError where it may not be."""
    from cdmq.version import __version__
    from cdmq.warehouses.connecting import waited

    way = Way(root, variables, None, profiles_dir, profile, target, wait=wait)
    with connected(way) as (project, warehouse, to), waited(warehouse.lock, wait):
        return _Export(project, warehouse, to, __version__, asked).run()


@dataclass(frozen=True)
class _Export:
    project: Project
    warehouse: Warehouse
    target: Target
    cdmq_version: str
    asked: Asked

    def run(self) -> Exported:
        from cdmq.runs.facts import facts_of
        from cdmq.runs.registering import registered

        rule, zone = self._rule(), self.project.config.time_zone
        facts = facts_of(
            self.target, self.warehouse, "export", self.asked.as_of, _now(), Path(), 1, zone
        )
        register = registered(self.project, self.warehouse, self.cdmq_version, facts)
        try:
            return self._exported(rule, register, facts)
        except CdmqError as error:
            with suppress(Exception):  # no row: what was wrong is told anyway
                self._record(facts, "refused", self.target.scrub(str(error)), 2)
            raise

    def _rule(self) -> Rule:
        """Raises CdmqError where no rule bears the name."""
        rules = self.project.rules
        if self.asked.rule not in rules:
            cause = f"no segment is named '{self.asked.rule}'"
            remedy = did_you_mean(self.asked.rule, rules)
            raise CdmqError(Problem(Span("export"), "CDMQ450", cause, remedy))
        return rules[self.asked.rule]

    def _exported(self, rule: Rule, register: Register, facts: Facts) -> Exported:
        from cdmq.audit.ledger import Ledger
        from cdmq.audit.tables import audit_schema
        from cdmq.audit.versions import version_of
        from cdmq.kinds.exporting import Exporting
        from cdmq.runs.facts import who

        work, running = self._ready(rule, facts)
        if work is None or work.wave is None:
            cause = f"{rule.id} is a rule of {rule.kind}: it has no waves"
            raise CdmqError(Problem(rule.span, "CDMQ450", cause, "name a segment"))
        asked, ledger = (
            self.asked,
            Ledger(self.warehouse, audit_schema(self.warehouse), facts.run_id),
        )
        version = version_of(rule, self.project).digest
        at = Exporting(running, ledger, register, asked.wave, who(), version, asked.recall)
        with self.warehouse.transaction():
            found = work.wave(at)
            self._record(facts, "pass", f"wave {asked.wave} of {rule.id}: {found.note}", 0)
        return found

    def _ready(self, rule: Rule, facts: Facts) -> tuple[Work | None, Running]:
        """The rule as it is compiled, over the names under which the last run left everything."""
        from cdmq.audit.pii_key import unlock
        from cdmq.graph.select import select
        from cdmq.kinds.stated import stated
        from cdmq.runs.ready import prepare

        secret, span = self.target.options.pii_secret, self.target.span
        tables = stated().tables
        unlock(self.project, self.warehouse, secret, span, facts.started, tables)
        selection = replace(
            select(self.project, f"rule:{rule.id}", None, disabled=True),
            rules=frozenset({rule.id}),
        )
        folder = self.project.root / self.project.config.target_path
        ready = prepare(self.project, selection, self.warehouse, folder)
        plan = ready.plan.datasets.get(rule.dataset)
        works = plan.steps.works if plan else ()
        work = next((w for w in works if w.rule.id == rule.id), None)
        return work, self._running(rule, ready.plan, selection.datasets, facts)

    def _running(self, rule: Rule, plan: Plan, datasets: tuple[str, ...], facts: Facts) -> Running:
        from cdmq.audit.renames import ids_of, renames
        from cdmq.audit.tables import audit_schema
        from cdmq.decisions.book import read_book
        from cdmq.kinds import kinds
        from cdmq.kinds.given import name_published as name_given
        from cdmq.kinds.running import Running
        from cdmq.project.zones import local
        from cdmq.publishing.published import name_published
        from cdmq.sql.logical import Names, Renderer

        project, warehouse = self.project, self.warehouse
        names = Names(warehouse.schema, warehouse.traits.longest_name, facts.run_id[-6:])
        self._made(rule, names)
        name_published(names, project, datasets, plan, warehouse)
        for other in project.rules.values():
            for logical, published in kinds()[other.kind].leaves(other).items():
                names.put(logical, names.output(published)[1])
        for own in plan.datasets.values():
            name_given(names, own.steps)
        now = facts.as_of.astimezone(UTC).replace(tzinfo=None)
        clocks = local(now, project.config.time_zone).isoformat(sep=" ")
        render = Renderer(names, warehouse.dialect, clocks)
        ids = ids_of(renames(warehouse, audit_schema(warehouse), project.rules))
        none: frozenset[str] = frozenset()
        running = Running(
            project, warehouse, names, render, _never, now, none, none, ids, plan.numbers, {}
        )
        schema = audit_schema(warehouse)
        running.decisions = read_book(project, warehouse, schema, facts.as_of).standing
        for name in {rule.dataset, project.datasets[rule.dataset].made_of} & set(plan.datasets):
            running.named(plan.datasets[str(name)].steps)
        return running

    def _made(self, rule: Rule, names: Any) -> None:
        """Raises CdmqError where no run has left what people read of the rule."""
        from cdmq.kinds import kinds

        for published in kinds()[rule.kind].leaves(rule).values():
            relation = names.output(published)[1]
            if published.endswith("__members") and self.warehouse.columns(relation) is None:
                cause = f"{relation} is not in the warehouse"
                raise CdmqError(Problem(rule.span, "CDMQ430", cause, "make it first: cdmq run"))

    def _record(self, facts: Facts, status: str, message: str, code: int) -> None:
        from cdmq.runs.facts import run_facts, said
        from cdmq.runs.past import Past
        from cdmq.stages.record import record_only

        spoken = said(self.project, self.target)
        done = run_facts(facts, self.warehouse, self.cdmq_version, code, [], False, spoken)
        record_only(
            self.warehouse,
            self.project,
            replace(done, status=status),
            _now(),
            Past(self.project, done.run_by).state,
            message,
        )


def _never(node: object) -> tuple[str, float]:
    raise AssertionError("an export makes nothing that is recorded as a statement")


def _now() -> datetime:
    return datetime.now(UTC)
