"""record: what a run found -> audit rows and published relations, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cdmq.audit.authors import Authors, State
from cdmq.audit.changed_versions import changed_versions
from cdmq.audit.episodes import Episodes
from cdmq.audit.found_parts import CHANGE_SHAPE, FLAG_SHAPE
from cdmq.audit.last_judged import LastJudged
from cdmq.audit.ledger import Ledger
from cdmq.audit.pii_key import key_inputs
from cdmq.audit.renames import ids_of, renames
from cdmq.audit.states import States
from cdmq.audit.suggestions import Suggestions
from cdmq.audit.tables import (
    QUEUE,
    RULE_FIGURES,
    RULE_RESULTS,
    RUN_INPUTS,
    RUNS,
    STATEMENTS,
    audit_schema,
)
from cdmq.audit.version_rows import VersionRows
from cdmq.audit.versions import Version, rules_digest
from cdmq.decisions.book import Book
from cdmq.graph.names import former_names
from cdmq.kinds import kinds
from cdmq.outcomes import Executed, RuleResult
from cdmq.publishing.publish import publish, renew
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.steps import DatasetSteps
from cdmq.values import Project

if TYPE_CHECKING:
    from cdmq.audit.register import Register
    from cdmq.warehouses.base import Warehouse


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run besides its rules."""

    run_id: str
    started: datetime
    as_of: datetime
    command: str
    target: str
    run_by: str
    cdmq_version: str
    versions: Mapping[str, str]
    #: The --vars as JSON, without secrets.
    variables: str
    exit_code: int
    status: str
    #: Every rule of the project was asked for: only then a rule that is gone is closed.
    whole: bool


@dataclass(frozen=True)
class Ended:
    """A run that was judged, before it is recorded."""

    project: Project
    steps: Mapping[str, DatasetSteps]
    executed: Executed
    results: Sequence[RuleResult]
    versions: Mapping[str, Version]
    facts: RunFacts
    finished: datetime
    authors: Authors
    book: Book


@dataclass(frozen=True)
class Recorded:
    """What a run changed: per table (opened, closed), and rules: new versions, new words, gone; and
    the datasets whose key was declared anew."""

    episodes: Mapping[str, tuple[int, int]]
    new_versions: tuple[str, ...]
    new_words: tuple[str, ...]
    removed: tuple[str, ...]
    rekeyed: tuple[str, ...]


def record(ran: Ended, register: Register, made: Mapping[Relation, str]) -> Recorded:
    """Publish a run: all of it, or nothing. `made`: what it may publish, and of what that is."""
    project, executed, warehouse = ran.project, ran.executed, register.warehouse
    ledger = Ledger(warehouse, audit_schema(warehouse), ran.facts.run_id)
    rows = VersionRows(project, ran.versions, ledger, {b.dataset for b in executed.built})
    changed = changed_versions(rows.open, ran.versions, ran.results, ran.facts.whole, rows.datasets)
    renamed, rekeyed = renames(warehouse, ledger.schema, project.rules), rows.rekeyed()
    rows.ask(changed, ran.authors)
    last = LastJudged(ledger)
    evaluated, off = [r for r in ran.results if r.outcome.evaluated], _off(ran)
    flags, changes = (
        Episodes(shape, ledger, executed, results, project, ran.versions, renamed, last)
        for shape, results in ((FLAG_SHAPE, evaluated), (CHANGE_SHAPE, [*evaluated, *off]))
    )
    meaning = last.changed([ran.versions[r.rule.id] for r in (*evaluated, *off)], ids_of(renamed))
    for episodes in (flags, changes):
        episodes.compare(meaning, changed.removed, rekeyed)
    suggestions = Suggestions(ledger, project, executed, flags.numbered)
    with warehouse.transaction():
        rows.write(changed)
        ran.book.write(ledger)
        ledger.add(RUN_INPUTS, rows.inputs(executed))
        key_inputs(project, warehouse, ledger.schema)
        _add_statements(ledger, executed)
        _add_results(ledger, ran)
        counts = {"flags": flags.publish(), "changes": changes.publish()}
        suggestions.write()
        counts |= _write_states(ran, ledger, renamed, changed.removed)
        _publish(ran, register, renamed, made)
        digest = rules_digest(ran.versions)
        ledger.add(RUNS, [_run_row(project, ran.facts, ran.finished, ran.authors.state, digest)])
    return Recorded(
        counts,
        tuple(n for n in changed.new if n not in changed.words),
        tuple(sorted(changed.words)),
        tuple(changed.removed),
        rekeyed,
    )


def _off(ran: Ended) -> list[RuleResult]:
    """The rules that are switched off, of datasets that the run made without them: they change no
    cell any more."""
    executed = ran.executed
    made = executed.steps.keys() - executed.failed.keys() if executed.built else ()
    return [r for r in ran.results if not r.rule.enabled and r.rule.dataset in made]


def _write_states(
    ran: Ended, ledger: Ledger, renamed: Mapping[str, str], removed: frozenset[str]
) -> Mapping[str, tuple[int, int]]:
    """What rules hold true now; what those keep that are no longer there ends."""
    digests = {name: version.digest for name, version in ran.versions.items()}
    states = States(ledger, digests, ids_of(renamed), ran.project.rules, ran.executed)
    counts = states.write(ran.executed.states)
    if removed:
        states.close(QUEUE, removed)
        for kind in kinds().values():
            kind.removed(removed, states)
    return counts


def _publish(
    ran: Ended, register: Register, renamed: Mapping[str, str], made: Mapping[Relation, str]
) -> None:
    if not ran.executed.built and ran.facts.command != "test":
        return  # training makes no relation
    schema, executed = audit_schema(register.warehouse), ran.executed
    if not executed.built:
        published = renew(register, executed, ran.steps, schema, renamed)
        register.enter({r: made.get(r) for r in published})
        return
    former = former_names(ran.project, ids_of(renamed))
    published = publish(register, executed, ran.steps, schema, renamed, former)
    register.enter({r: made.get(r) for r in published})


def _add_results(ledger: Ledger, ran: Ended) -> None:
    ledger.add(RULE_RESULTS, [_result_row(r, ran.versions, ran.facts) for r in ran.results])
    figures = [row for r in ran.results for row in _figures(r, ledger.run_id)]
    ledger.add(RULE_FIGURES, figures)


def record_only(
    warehouse: Warehouse,
    project: Project,
    facts: RunFacts,
    finished: datetime,
    state: State,
    message: str,
) -> None:
    """The row of what published nothing: a run that was refused or broke off, another command."""
    row = _run_row(project, facts, finished, state, None, message)
    Ledger(warehouse, audit_schema(warehouse), facts.run_id).add(RUNS, [row])


def is_recorded(warehouse: Warehouse, run_id: str) -> bool:
    query = nodes.select(
        [nodes.number(1)],
        nodes.table(Relation(RUNS.name, audit_schema(warehouse))),
        nodes.equal(nodes.column("run_id"), nodes.text(run_id)),
    )
    return bool(warehouse.fetch(query.sql(warehouse.dialect)))


def _run_row(
    project: Project,
    facts: RunFacts,
    finished: datetime,
    state: State,
    digest: str | None,
    message: str | None = None,
) -> list[Any]:
    return [
        facts.run_id,
        facts.started,
        finished,
        facts.status,
        facts.exit_code,
        facts.command,
        facts.as_of,
        facts.target,
        project.config.name,
        state.commit,
        state.dirty,
        state.note,
        facts.variables,
        facts.run_by,
        facts.cdmq_version,
        json.dumps(dict(facts.versions)),
        digest,
        message,
    ]


def _result_row(result: RuleResult, versions: Mapping[str, Version], facts: RunFacts) -> list[Any]:
    o = result.outcome
    return [
        facts.run_id,
        o.rule.id,
        versions[o.rule.id].digest,
        result.status,
        o.tested,
        o.judged,
        o.failing,
        o.waived,
        o.could_not_judge,
        o.changed,
        result.percent,
        round(o.seconds, 4),
        result.message or None,
        o.statement,
        o.fingerprint,
    ]


def _figures(result: RuleResult, run_id: str) -> Iterator[list[Any]]:
    o = result.outcome
    for name, value in o.figures.items() if o.evaluated else ():
        yield [run_id, o.rule.id, name, None if value is None else float(value)]


def _add_statements(ledger: Ledger, executed: Executed) -> None:
    query = nodes.select([nodes.column("digest")], ledger.of(STATEMENTS))
    known, dialect = {r[0] for r in ledger.fetch(query)}, ledger.warehouse.dialect
    sent = sorted(executed.statements.items())
    new = [[digest, sql, dialect, ledger.run_id] for digest, sql in sent if digest not in known]
    ledger.add(STATEMENTS, new)
