"""The way of a run through the stages, from a project to what is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cdmq.audit.claims import claim
from cdmq.audit.ensure import ensure
from cdmq.audit.older import adopt_older
from cdmq.audit.pii_key import unlock
from cdmq.audit.register import Register
from cdmq.audit.renames import check_reused, ids_of, renames
from cdmq.audit.sweeping import sweep
from cdmq.audit.tables import audit_schema
from cdmq.audit.versions import version_of
from cdmq.kinds.stated import keeping, stated
from cdmq.outcomes import Executed, Outcome
from cdmq.publishing.freeze import freeze
from cdmq.publishing.leading import settle
from cdmq.publishing.outputs import by_relation, check_outputs, check_places, check_sources, outputs
from cdmq.publishing.published import name_published
from cdmq.results import Facts, RunResult, Selection
from cdmq.runs.facts import facts_of, run_facts, said, who
from cdmq.runs.interrupts import Fate, follows_interrupt
from cdmq.runs.past import Past
from cdmq.runs.ready import Ready, Wish, prepare, rule_statements, selected
from cdmq.sql.logical import STAGED, Names
from cdmq.stages.execute import Execution
from cdmq.stages.judge import exit_code, judge
from cdmq.stages.record import is_recorded, record, record_only
from cdmq.stages.told import Asked
from cdmq.values import Project
from cdmq.warehouses.base import Lost, StatementError
from cdmq.warehouses.profiles import Target

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

T = TypeVar("T")
Listener = Callable[[str, object], None]


def run(
    project: Project,
    warehouse: Warehouse,
    target: Target,
    target_path: Path,
    wish: Wish,
    listen: Listener,
    cdmq_version: str,
    fate: Fate,
) -> RunResult:
    """Build, judge, publish and record. Raises CdmqError where nothing could run.

    What was refused, and what broke off, leaves its row among the runs.
    """
    started = datetime.now(UTC)
    past = Past(project, who())  # before anything is done: files and commits move on
    selection = selected(project, wish)
    facts = facts_of(
        target,
        warehouse,
        wish.command,
        wish.as_of,
        started,
        target_path,
        len(selection.rules),
        project.config.time_zone,
    )
    register = registered(project, warehouse, cdmq_version, facts)
    try:
        return _run(
            project,
            register,
            target,
            target_path,
            wish,
            listen,
            cdmq_version,
            fate,
            selection,
            facts,
            past,
        )
    except BaseException as error:
        for _ in range(2):  # what ends an interrupted statement may end the next one too
            with suppress(StatementError, Lost):  # no row: what was wrong is told anyway
                fate.published = is_recorded(warehouse, facts.run_id)
                if not fate.published:
                    _settle(register)
                    status = _broken(error, fate)
                    broke = replace(
                        run_facts(
                            facts, warehouse, cdmq_version, 2, [], False, said(project, target)
                        ),
                        status=status,
                        exit_code=130 if status == "interrupted" else 2,
                    )
                    record_only(
                        warehouse,
                        project,
                        broke,
                        datetime.now(UTC),
                        past.state,
                        target.scrub(str(error)) or status,
                    )
                break
        raise


def _broken(error: BaseException, fate: Fate) -> str:
    """The status of a run that did not come to its end."""
    if follows_interrupt(error) or "interrupted" in str(error).lower():
        return "interrupted"
    return "error" if fate.began else "refused"


def _run(
    project: Project,
    register: Register,
    target: Target,
    target_path: Path,
    wish: Wish,
    listen: Listener,
    cdmq_version: str,
    fate: Fate,
    selection: Selection,
    facts: Facts,
    past: Past,
) -> RunResult:
    warehouse = register.warehouse
    check_reused(warehouse, audit_schema(warehouse), project.rules, keeping())
    sweep(register)
    secret, tables = target.options.pii_secret, stated().tables
    unlock(project, warehouse, secret, target.span, facts.started, tables)
    ready = prepare(project, selection, warehouse, target_path, local=True)
    made = outputs(project, ready.catalog, ready.plan, selection.datasets, warehouse)
    check_sources(project, selection.datasets, made, warehouse)
    if wish.command != "train":  # what a test reads is what a run makes
        adopt_older(register, {o.relation: (o.of, o.columns) for o in made})
        check_outputs(register, made)
    if wish.command == "run":
        check_places(register, made)
    names = Names(warehouse.schema, warehouse.traits.longest_name, facts.run_id[-6:])
    if not wish.build:
        there = [n for n in selection.datasets if n in ready.catalog]
        name_published(names, project, there, ready.plan, warehouse)
    register.stage(f"{STAGED}{names.token}_")
    fate.began = True
    listen("start", facts)
    for problem in ready.misdeclared:
        listen("problem", problem)
    ids = ids_of(renames(warehouse, audit_schema(warehouse), project.rules))
    executed = _execute(ready, register, names, facts.as_of, wish, target, listen, ids)
    if wish.command == "train":
        executed.built.clear()  # it was made to be learned from
    elif wish.build:
        freeze(register, project, executed, names)
    results = tuple(judge(executed.outcomes[r]) for r in sorted(executed.outcomes))
    versions = {name: version_of(rule, project) for name, rule in project.rules.items()}
    failed = {n: why for n, why in executed.failed.items() if n not in executed.off | executed.held}
    code = 2 if failed or ready.misdeclared else exit_code(results, wish.fail_on)
    fate.published = None
    recorded = record(
        project,
        {n: p.steps for n, p in ready.plan.datasets.items()},
        executed,
        results,
        versions,
        run_facts(
            facts, warehouse, cdmq_version, code, results, selection.whole, said(project, target)
        ),
        register,
        by_relation(made),
        datetime.now(UTC),
        past,
    )
    fate.published = True
    with suppress(StatementError):  # the next run does it
        _settle(register)
        sweep(register)
    statements, relations = rule_statements(ready, executed, warehouse.dialect)
    counts = recorded.episodes
    return RunResult(
        run_id=facts.run_id,
        exit_code=code,
        results=results,
        opened={k: v[0] for k, v in counts.items()},
        closed={k: v[1] for k, v in counts.items()},
        new_versions=recorded.new_versions,
        new_words=recorded.new_words,
        rekeyed=recorded.rekeyed,
        warnings=project.warnings,
        failed=failed,
        problems=ready.misdeclared,
        project=project,
        facts=facts,
        finished=datetime.now(UTC),
        versions={name: v.digest for name, v in versions.items()},
        statements=statements,
        relations=relations,
    )


def registered(project: Project, warehouse: Warehouse, cdmq_version: str, facts: Facts) -> Register:
    """The register, with the audit tables as they are to be.

    Raises CdmqError, before anything is made, where they are not this project's.
    """
    audit = stated()
    register = claim(warehouse, audit, project.config.name, facts.run_id)
    ensure(register, audit, cdmq_version, facts.started)
    _settle(register)
    return register


def _settle(register: Register) -> None:
    """Of a run that broke off nothing counts; without transactions, that is seen to."""
    if not register.warehouse.traits.transactions:
        settle(register, stated().tables)


def _execute(
    ready: Ready,
    register: Register,
    names: Names,
    as_of: datetime,
    wish: Wish,
    target: Target,
    listen: Listener,
    ids: Mapping[str, tuple[str, ...]],
) -> Executed:
    moment = as_of.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
    stop = (lambda o: judge(o).status in ("fail", "error")) if wish.fail_fast else None
    asked = Asked(
        ready.selection.rules,
        ready.selection.datasets,
        build=wish.build,
        train=wish.command == "train",
        stop=stop,
        holds_back=_holds_back,
        listen=lambda event, value: listen(event, _scrubbed(value, target)),
        broken=ready.broken,
        unfit=ready.unfit,
        ids=ids,
        register=register,
    )
    done = Execution(
        ready.project, ready.catalog, ready.plan, register.warehouse, names, moment, asked
    ).run()
    return replace(
        done,
        outcomes={name: _scrubbed(o, target) for name, o in done.outcomes.items()},
        failed={name: target.scrub(why) for name, why in done.failed.items()},
    )


def _holds_back(outcome: Outcome) -> bool:
    """A guard that does not pass; nothing to judge, where nothing was before, is no reason."""
    return judge(outcome).status not in ("pass", "no_data")


def _scrubbed(value: T, target: Target) -> T:
    """What an engine said may hold what it was told: a password in an address, a path."""
    if isinstance(value, Outcome) and value.error:
        return replace(value, error=target.scrub(value.error))
    return value
