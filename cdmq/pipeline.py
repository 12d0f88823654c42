"""The way of a run through the stages, from a project to what is published."""

from __future__ import annotations

import getpass
import platform
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from cdmq.audit.versions import version_of
from cdmq.profiles import Target
from cdmq.results import Compiled, Facts, RunResult
from cdmq.stages.catalog import live_catalog, merge_catalog
from cdmq.stages.compile import compile_rules
from cdmq.steps import DatasetSteps, Executed, RuleResult
from cdmq.stages.execute import Execution, sweep
from cdmq.stages.judge import RuleResult, exit_code, judge
from cdmq.stages.plan import plan, rule_queries
from cdmq.stages.published import name_published
from cdmq.stages.record import RunFacts, migrate, record
from cdmq.sql.logical import Names, renderer
from cdmq.stages.select import Selection, select
from cdmq.values import Catalog, Project

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

Listener = Callable[[str, object], None]


@dataclass(frozen=True)
class Wish:
    """What a run is asked for."""

    command: str = "run"
    as_of: datetime | None = None
    select: str | None = None
    exclude: str | None = None
    fail_on: frozenset[str] = frozenset({"error"})
    allow_empty: bool = False
    fail_fast: bool = False

    @property
    def build(self) -> bool:
        """Datasets are made; `cdmq test` judges what an earlier run made."""
        return self.command == "run"


@dataclass(frozen=True)
class Ready:
    """What is known before a statement is sent."""

    project: Project
    selection: Selection
    catalog: Catalog
    numbers: Mapping[str, int]
    plans: Mapping[str, DatasetPlan]


def selected(project: Project, wish: Wish) -> Selection:
    kinds = None if wish.build else frozenset({"validation"})
    return select(project, wish.select, wish.exclude, allow_empty=wish.allow_empty, kinds=kinds)


def prepare(
    project: Project, selection: Selection, warehouse: Warehouse, target_path: Path
) -> Ready:
    """Look at the warehouse, and compile the selected rules of the datasets that they need."""
    narrow = replace(project, datasets={n: project.datasets[n] for n in selection.datasets})
    catalog = live_catalog(narrow, warehouse)
    merge_catalog(catalog, project, target_path)
    steps = compile_rules(narrow, catalog, warehouse.dialect, selection.rules)
    numbers = rule_numbers(project)
    plans = {n: plan_dataset(s, numbers, warehouse.traits.fuse) for n, s in steps.items()}
    return Ready(project, selection, catalog, numbers, plans)


def compiled(
    project: Project, wish: Wish, warehouse: Warehouse, target_path: Path
) -> tuple[Ready, Compiled]:
    """The steps of the selected rules, and their SQL as written to `target/compiled`."""
    from cdmq.reports.artifacts import write_compiled

    ready = prepare(project, selected(project, wish), warehouse, target_path)
    names = Names(warehouse.schema, warehouse.traits.longest_name, "compile")
    files = write_compiled(ready.plans, warehouse.dialect, names, target_path / "compiled")
    return ready, Compiled(project, ready.catalog, ready.selection, files, project.warnings)


def run(
    project: Project, warehouse: Warehouse, target: Target, target_path: Path, wish: Wish,
    listen: Listener,
) -> RunResult:
    """Build, judge, publish and record. Raises CdmqError where nothing could run."""
    started = datetime.now(UTC)
    run_id = started.strftime("%Y%m%dT%H%M%S%f")[:-3] + "-" + secrets.token_hex(3)
    selection = selected(project, wish)
    cdmq_version = _cdmq_version()
    migrate(warehouse, cdmq_version, started)
    sweep(warehouse)
    ready = prepare(project, selection, warehouse, target_path)
    names = Names(warehouse.schema, warehouse.traits.longest_name, run_id[-6:])
    if not wish.build:
        name_published(names, project, selection.datasets, ready.plans, warehouse)
    facts = Facts(
        run_id, wish.command, started, wish.as_of or started, f"{target.profile}.{target.name}",
        target.type, str(getattr(warehouse, "path", None) or target.type), target_path,
        len(selection.rules),
    )
    listen("start", facts)
    executed = _execute(ready, warehouse, names, facts.as_of, wish, listen)
    results = tuple(judge(executed.outcomes[r]) for r in sorted(executed.outcomes))
    versions = {name: version_of(rule, project) for name, rule in project.rules.items()}
    code = exit_code(results, wish.fail_on)
    recorded = record(
        project, {n: p.steps for n, p in ready.plans.items()}, executed, results, versions,
        _run_facts(facts, warehouse, cdmq_version, code, results, selection.whole), warehouse,
        datetime.now(UTC),
    )
    counts = recorded.episodes
    result = RunResult(
        run_id, code, results, {k: v[0] for k, v in counts.items()},
        {k: v[1] for k, v in counts.items()}, recorded.new_versions, project.warnings,
        executed.failed, project, facts, datetime.now(UTC),
        {name: v.digest for name, v in versions.items()},
        *_statements(ready, executed, warehouse),
    )
    listen("end", result)
    return result


def _execute(
    ready: Ready, warehouse: Warehouse, names: Names, as_of: datetime, wish: Wish,
    listen: Listener,
) -> Executed:
    moment = as_of.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
    stop = (lambda o: judge(o).status in ("fail", "error")) if wish.fail_fast else None
    execution = Execution(
        ready.project, ready.catalog, ready.plans, warehouse, names, moment,
        numbers=ready.numbers, rules=ready.selection.rules, datasets=ready.selection.datasets, build=wish.build,
        stop=stop, listen=listen,
    )
    return execution.run()


def _statements(
    ready: Ready, executed: Executed, warehouse: Warehouse
) -> tuple[dict[str, str], dict[str, str]]:
    """Each rule's SQL alone, and the relation it reads, by their published names."""
    final = replace(executed.names, staged=executed.names.final)
    render = renderer(final, warehouse.dialect, executed.as_of)
    statements, relations = {}, {}
    for plan in ready.plans.values():
        if plan.steps.dataset.name in executed.failed:
            continue
        reads = {j.rule.id: j.relation for j in plan.steps.judgements}
        for branch in (*plan.row, *plan.sets, *plan.changes):
            for one in branch.alone or (branch,):
                rule = one.rules[0].id
                if rule in ready.selection.rules:
                    relation = reads.get(rule, plan.steps.relation)
                    statements[rule] = render(one.query)[0]
                    relations[rule] = str(executed.names.final[relation])
    return statements, relations


def _run_facts(
    facts: Facts, warehouse: Warehouse, cdmq_version: str, code: int,
    results: tuple[RuleResult, ...], whole: bool,
) -> RunFacts:
    statuses = {r.status for r in results}
    status = next((s for s in ("error", "fail", "warn") if s in statuses), "pass")
    return RunFacts(
        run_id=facts.run_id, started=facts.started, as_of=facts.as_of, command=facts.command,
        target=facts.target, run_by=_who(), cdmq_version=cdmq_version,
        versions=_versions(warehouse), exit_code=code, status=status, whole=whole,
    )


def _who() -> str:
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return socket.gethostname()


def _cdmq_version() -> str:
    from cdmq.api import __version__

    return __version__


def _versions(warehouse: Warehouse) -> dict[str, str]:
    found = {"python": platform.python_version(), warehouse.dialect: warehouse.version()}
    for name in ("sqlglot", "pydantic", "jinja2", "pyyaml"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found

