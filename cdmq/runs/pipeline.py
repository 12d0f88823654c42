"""The way of a run through the stages, from a project to what is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cdmq.audit.older import adopt_older
from cdmq.audit.pii_key import unlock
from cdmq.audit.register import Register
from cdmq.audit.renames import check_reused, ids_of, renames
from cdmq.audit.sweeping import sweep
from cdmq.audit.tables import audit_schema
from cdmq.audit.versions import Version, version_of
from cdmq.decisions.book import Book, read_book
from cdmq.kinds.running import Said
from cdmq.kinds.stated import keeping, stated
from cdmq.outcomes import Executed, Outcome, RuleResult
from cdmq.publishing.freeze import freeze
from cdmq.publishing.outputs import (
    Output,
    by_relation,
    check_outputs,
    check_places,
    check_sources,
    outputs,
)
from cdmq.publishing.published import name_published
from cdmq.results import Facts, RunResult, Selection
from cdmq.runs.ending import scrubbed
from cdmq.runs.facts import facts_of, run_facts, said, who
from cdmq.runs.interrupts import Fate, follows_interrupt
from cdmq.runs.past import Past
from cdmq.runs.ready import Ready, Wish, prepare, rule_statements, selected
from cdmq.runs.registering import registered, settle_broken
from cdmq.runs.removed import drop_removed
from cdmq.sql.logical import STAGED, Names
from cdmq.stages.execute import Execution
from cdmq.stages.judge import exit_code, judge
from cdmq.stages.record import Ended, Recorded, RunFacts, is_recorded, record, record_only
from cdmq.stages.told import Asked
from cdmq.values import Project
from cdmq.warehouses.base import Lost, StatementError
from cdmq.warehouses.profiles import Target

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

Listener = Callable[[str, object], None]


@dataclass(frozen=True)
class Call:
    """What a run is called with. `fate` is told how far it came."""

    project: Project
    warehouse: Warehouse
    target: Target
    target_path: Path
    wish: Wish
    listen: Listener
    cdmq_version: str
    fate: Fate


@dataclass(frozen=True)
class _Begun:
    """A run whose audit tables stand."""

    call: Call
    selection: Selection
    facts: Facts
    past: Past
    register: Register
    book: Book

    def run_facts(self, code: int, results: Sequence[RuleResult], whole: bool) -> RunFacts:
        call = self.call
        spoken = said(call.project, call.target)
        return run_facts(
            self.facts, call.warehouse, call.cdmq_version, code, results, whole, spoken
        )


@dataclass(frozen=True)
class _Judged:
    """What a run found, before it is recorded. `failed`: datasets that could not be made."""

    ready: Ready
    executed: Executed
    results: tuple[RuleResult, ...]
    versions: Mapping[str, Version]
    failed: Mapping[str, str]
    code: int


def run(call: Call) -> RunResult:
    """Build, judge, publish and record. Raises CdmqError where nothing could run.

    What was refused, and what broke off, leaves its row among the runs.
    """
    started = datetime.now(UTC)
    project, warehouse, wish = call.project, call.warehouse, call.wish
    past = Past(project, who())  # before anything is done: files and commits move on
    selection = selected(project, wish)
    facts = facts_of(
        call.target,
        warehouse,
        wish.command,
        wish.as_of,
        started,
        call.target_path,
        len(selection.rules),
        project.config.time_zone,
    )
    register = registered(project, warehouse, call.cdmq_version, facts)
    book = read_book(project, warehouse, audit_schema(warehouse), facts.as_of)
    at = _Begun(call, selection, facts, past, register, book)
    try:
        return _run(at)
    except BaseException as error:
        for _ in range(2):  # what ends an interrupted statement may end the next one too
            with suppress(StatementError, Lost):  # no row: what was wrong is told anyway
                _leave_row(at, error)
                break
        raise


def _leave_row(at: _Begun, error: BaseException) -> None:
    """The row of a run that did not come to its end, unless it was published before."""
    call = at.call
    call.fate.published = is_recorded(call.warehouse, at.facts.run_id)
    if call.fate.published:
        return
    settle_broken(at.register)
    status = _broken(error, call.fate)
    code = 130 if status == "interrupted" else 2
    record_only(
        call.warehouse,
        call.project,
        replace(at.run_facts(2, [], False), status=status, exit_code=code),
        datetime.now(UTC),
        at.past.state,
        call.target.scrub(str(error)) or status,
    )


def _broken(error: BaseException, fate: Fate) -> str:
    """The status of a run that did not come to its end."""
    if follows_interrupt(error) or "interrupted" in str(error).lower():
        return "interrupted"
    return "error" if fate.began else "refused"


def _run(at: _Begun) -> RunResult:
    ready, made = _prepared(at)
    judged = _judged(at, ready)
    at.call.fate.published = None
    recorded = _recorded(at, judged, made)
    at.call.fate.published = True
    dropped: list[str] = []
    with suppress(StatementError):  # the next run does it
        settle_broken(at.register)
        sweep(at.register)
        if at.selection.whole and at.call.wish.command == "run":
            dropped = drop_removed(at.register, at.call.project, _renamed(at))
    return replace(_result(at, judged, recorded), dropped=tuple(dropped))


def _prepared(at: _Begun) -> tuple[Ready, Sequence[Output]]:
    """What is to be made, once it is clear that it may be."""
    call, register, datasets = at.call, at.register, at.selection.datasets
    project, warehouse, command = call.project, call.warehouse, call.wish.command
    check_reused(warehouse, audit_schema(warehouse), project.rules, keeping())
    sweep(register)
    secret, tables = call.target.options.pii_secret, stated().tables
    unlock(project, warehouse, secret, call.target.span, at.facts.started, tables)
    ready = prepare(project, at.selection, warehouse, call.target_path, local=True)
    made = outputs(project, ready.catalog, ready.plan, datasets, warehouse)
    check_sources(project, datasets, made, warehouse)
    if command != "train":  # what a test reads is what a run makes
        adopt_older(register, {o.relation: (o.of, o.columns) for o in made})
        check_outputs(register, made)
    if command == "run":
        check_places(register, made)
    return ready, made


def _judged(at: _Begun, ready: Ready) -> _Judged:
    """Make and judge: nothing of it is published yet."""
    call, project, warehouse = at.call, at.call.project, at.call.warehouse
    names = Names(warehouse.schema, warehouse.traits.longest_name, at.facts.run_id[-6:])
    if not call.wish.build:
        there = [n for n in at.selection.datasets if n in ready.catalog]
        name_published(names, project, there, ready.plan, warehouse)
    at.register.stage(f"{STAGED}{names.token}_")
    call.fate.began = True
    call.listen("start", at.facts)
    for problem in (*at.book.warnings(), *ready.misdeclared):
        call.listen("problem", problem)
    executed = _execute(at, ready, names)
    if call.wish.command == "train":
        executed.built.clear()  # it was made to be learned from
    elif call.wish.build:
        freeze(at.register, project, executed, names)
    results = tuple(judge(executed.outcomes[r]) for r in sorted(executed.outcomes))
    versions = {name: version_of(rule, project) for name, rule in project.rules.items()}
    failed = {n: why for n, why in executed.failed.items() if n not in executed.off | executed.held}
    code = 2 if failed or ready.misdeclared else exit_code(results, call.wish.fail_on)
    return _Judged(ready, executed, results, versions, failed, code)


def _recorded(at: _Begun, judged: _Judged, made: Sequence[Output]) -> Recorded:
    ended = Ended(
        at.call.project,
        {n: p.steps for n, p in judged.ready.plan.datasets.items()},
        judged.executed,
        judged.results,
        judged.versions,
        at.run_facts(judged.code, judged.results, at.selection.whole),
        datetime.now(UTC),
        at.past,
        at.book,
    )
    return record(ended, at.register, by_relation(made))


def _result(at: _Begun, judged: _Judged, recorded: Recorded) -> RunResult:
    dialect = at.call.warehouse.dialect
    statements, relations = rule_statements(judged.ready, judged.executed, dialect)
    counts = recorded.episodes
    return RunResult(
        run_id=at.facts.run_id,
        exit_code=judged.code,
        results=judged.results,
        opened={k: v[0] for k, v in counts.items()},
        closed={k: v[1] for k, v in counts.items()},
        new_versions=recorded.new_versions,
        new_words=recorded.new_words,
        rekeyed=recorded.rekeyed,
        warnings=at.call.project.warnings,
        idle=tuple(at.book.warnings()),
        failed=judged.failed,
        problems=judged.ready.misdeclared,
        project=at.call.project,
        facts=at.facts,
        finished=datetime.now(UTC),
        versions={name: v.digest for name, v in judged.versions.items()},
        statements=statements,
        relations=relations,
    )


def _execute(at: _Begun, ready: Ready, names: Names) -> Executed:
    wish, target, listen = at.call.wish, at.call.target, at.call.listen
    warehouse = at.call.warehouse
    moment = at.facts.as_of.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
    stop = (lambda o: judge(o).status in ("fail", "error")) if wish.fail_fast else None
    asked = Asked(
        ready.selection.rules,
        ready.selection.datasets,
        build=wish.build,
        train=wish.command == "train",
        said=Said(wish.accept_moves, wish.review_from, who()),
        stop=stop,
        holds_back=_holds_back,
        listen=lambda event, value: listen(event, scrubbed(value, target)),
        broken=ready.broken,
        unfit=ready.unfit,
        ids=ids_of(_renamed(at)),
        register=at.register,
        decisions=at.book.standing,
    )
    done = Execution(
        ready.project, ready.catalog, ready.plan, warehouse, names, moment, asked
    ).run()
    return replace(
        done,
        outcomes={name: scrubbed(o, target) for name, o in done.outcomes.items()},
        failed={name: target.scrub(why) for name, why in done.failed.items()},
    )


def _renamed(at: _Begun) -> dict[str, str]:
    warehouse = at.call.warehouse
    return renames(warehouse, audit_schema(warehouse), at.call.project.rules)


def _holds_back(outcome: Outcome) -> bool:
    """A guard that does not pass; nothing to judge, where nothing was before, is no reason."""
    return judge(outcome).status not in ("pass", "no_data")
