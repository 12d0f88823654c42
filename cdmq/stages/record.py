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
from cdmq.kinds import kinds
from cdmq.outcomes import Executed, RuleResult
from cdmq.publishing.publish import publish, renew
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.shape import Table
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


def record(
    project: Project,
    steps: Mapping[str, DatasetSteps],
    executed: Executed,
    results: Sequence[RuleResult],
    versions: Mapping[str, Version],
    facts: RunFacts,
    register: Register,
    made: Mapping[Relation, str],
    finished: datetime,
    authors: Authors,
) -> Recorded:
    """Publish a run: all of it, or nothing. `made`: what it may publish, and of what that is."""
    warehouse = register.warehouse
    schema = audit_schema(warehouse)
    ledger = Ledger(warehouse, schema, facts.run_id)
    opened = VersionRows(
        project, versions, warehouse, schema, facts.run_id, {b.dataset for b in executed.built}
    )
    changed = changed_versions(
        opened.open, versions, results, facts.whole, opened.datasets, opened.verdicts
    )
    renamed = renames(warehouse, schema, project.rules)
    opened.ask(changed, authors)
    rules = [r for r in results if r.outcome.evaluated]
    flags, changes = (
        Episodes(shape, ledger, executed, rules, project, versions, renamed)
        for shape in (FLAG_SHAPE, CHANGE_SHAPE)
    )
    rekeyed = opened.rekeyed()
    for episodes in (flags, changes):
        episodes.compare(changed.meaning, changed.removed, rekeyed)
    suggestions = Suggestions(ledger, project, executed, flags.numbered)
    with warehouse.transaction():
        opened.write(changed)
        _add(warehouse, RUN_INPUTS, schema, opened.inputs(executed))
        key_inputs(project, warehouse, schema)
        _add_statements(warehouse, schema, executed, facts.run_id)
        _add_results(warehouse, schema, results, versions, facts)
        counts = {"flags": flags.publish(), "changes": changes.publish()}
        suggestions.write()
        digests = {name: version.digest for name, version in versions.items()}
        states = States(warehouse, schema, facts.run_id, digests, ids_of(renamed))
        counts |= states.write(executed.states)
        _end(states, changed.removed)
        if executed.built or facts.command == "test":  # training makes no relation
            place = publish if executed.built else renew
            published = place(register, executed, steps, schema, renamed)
            register.enter({r: made.get(r) for r in published})
        _add(
            warehouse,
            RUNS,
            schema,
            [_run_row(project, facts, finished, authors.state, rules_digest(versions))],
        )
    return Recorded(
        counts,
        tuple(n for n in changed.new if n not in changed.words),
        tuple(sorted(changed.words)),
        tuple(changed.removed),
        rekeyed,
    )


def _add_results(
    warehouse: Warehouse,
    schema: str,
    results: Sequence[RuleResult],
    versions: Mapping[str, Version],
    facts: RunFacts,
) -> None:
    _add(warehouse, RULE_RESULTS, schema, [_result_row(r, versions, facts) for r in results])
    figures = [row for r in results for row in _figures(r, facts.run_id)]
    _add(warehouse, RULE_FIGURES, schema, figures)


def _end(states: States, removed: frozenset[str]) -> None:
    """What rules keep that are no longer there."""
    if removed:
        states.close(QUEUE, removed)
        for kind in kinds().values():
            kind.removed(removed, states)


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
    _add(warehouse, RUNS, audit_schema(warehouse), [row])


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


@dataclass(frozen=True)
class Recorded:
    """What a run changed: per table (opened, closed), and rules: new versions, new words, gone; and
    the datasets whose key was declared anew."""

    episodes: Mapping[str, tuple[int, int]]
    new_versions: tuple[str, ...]
    new_words: tuple[str, ...]
    removed: tuple[str, ...]
    rekeyed: tuple[str, ...]


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
        0,
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


def _add_statements(warehouse: Warehouse, schema: str, executed: Executed, run_id: str) -> None:
    table = Relation(STATEMENTS.name, schema)
    known = {
        r[0]
        for r in warehouse.fetch(
            nodes.select([nodes.column("digest")], nodes.table(table)).sql(warehouse.dialect)
        )
    }
    _add(
        warehouse,
        STATEMENTS,
        schema,
        [
            [digest, sql, warehouse.dialect, run_id]
            for digest, sql in sorted(executed.statements.items())
            if digest not in known
        ],
    )


def _add(warehouse: Warehouse, table: Table, schema: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        types = {c.name: c.type for c in table.columns}
        warehouse.insert(Relation(table.name, schema), types, rows)
