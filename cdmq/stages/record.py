"""record: what a run found -> audit rows and published relations, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from cdmq.audit import git
from cdmq.audit.episodes import CHANGE_SHAPE, FLAG_SHAPE, Episodes
from cdmq.audit.renames import ids_of, renames
from cdmq.audit.shape import Table
from cdmq.audit.states import States
from cdmq.audit.tables import (
    RULE_RESULTS,
    RULE_VERSIONS,
    RUNS,
    STATEMENTS,
    audit_schema,
)
from cdmq.audit.versions import Version, rules_digest
from cdmq.sql import nodes
from cdmq.stages.publish import publish
from cdmq.steps import DatasetSteps, Executed, RuleResult
from cdmq.values import Project, Relation, Rule

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
    exit_code: int
    status: str
    #: Every rule of the project was asked for: only then a rule that is gone is closed.
    whole: bool


def record(
    project: Project, steps: Mapping[str, DatasetSteps], executed: Executed,
    results: Sequence[RuleResult], versions: Mapping[str, Version], facts: RunFacts,
    register: Register, made: Mapping[Relation, str], finished: datetime,
) -> Recorded:
    """Publish a run: all of it, or nothing. `made`: what it may publish, and of what that is."""
    warehouse = register.warehouse
    schema = audit_schema(warehouse)
    open_versions = _open_versions(warehouse, schema)
    changed = changed_versions(open_versions, versions, results, facts.whole)
    renamed = renames(warehouse, schema, project.rules)
    authors = _authors(project, [versions[r].rule for r in changed.new])
    rules = [r for r in results if r.outcome.evaluated]
    flags, changes = (
        Episodes(shape, warehouse, schema, executed, rules, steps, project, versions, facts.run_id,
                 renamed)
        for shape in (FLAG_SHAPE, CHANGE_SHAPE)
    )
    for episodes in (flags, changes):
        episodes.compare(changed.meaning, changed.removed)
    state = git.state(project.root)
    with warehouse.transaction():
        if executed.built:  # `cdmq test` makes nothing
            published = publish(register, executed, steps, schema, renamed)
            register.enter({r: made.get(r) for r in published})
        _close_versions(warehouse, schema, changed, facts.run_id)
        _add(warehouse, RULE_VERSIONS, schema,
             [_version_row(versions[r], authors, facts.run_id) for r in changed.new])
        _add_statements(warehouse, schema, executed, facts.run_id)
        _add(warehouse, RULE_RESULTS, schema, [_result_row(r, versions, facts) for r in results])
        counts = {"flags": flags.publish(), "changes": changes.publish()}
        digests = {name: version.digest for name, version in versions.items()}
        states = States(warehouse, schema, facts.run_id, facts.as_of, digests, executed.reviews,
                        ids_of(renamed))
        counts |= states.write(executed.states, executed.models)
        states.remove(changed.removed)
        _add(warehouse, RUNS, schema, [[
            facts.run_id, facts.started, finished, facts.status, facts.exit_code, facts.command,
            facts.as_of, facts.target, project.config.name, state.commit, state.dirty,
            facts.run_by, facts.cdmq_version, json.dumps(dict(facts.versions)),
            rules_digest(versions),
        ]])
    return Recorded(counts, tuple(n for n in changed.new if n not in changed.words),
                    tuple(sorted(changed.words)), tuple(changed.removed))


@dataclass(frozen=True)
class Recorded:
    """What a run changed: per table (opened, closed), and rules: new versions, new words, gone."""

    episodes: Mapping[str, tuple[int, int]]
    new_versions: tuple[str, ...]
    new_words: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class ChangedVersions:
    """`new`: a row is added; of these `words`: only what is said of the rule differs.

    `meaning`: the verdicts may differ. `removed`: no longer there.
    """

    new: list[str]
    words: frozenset[str]
    meaning: frozenset[str]
    removed: frozenset[str]
    closed: list[tuple[str, str, str]]


def changed_versions(
    open_: Mapping[str, tuple[str, str]], versions: Mapping[str, Version],
    results: Sequence[RuleResult], whole: bool,
) -> ChangedVersions:
    """Compare the rules of a run with the versions that are open."""
    used = {r.rule.id for r in results if r.status != "skipped" or not r.rule.enabled}
    new, closed, meaning, words = [], [], set(), set()
    for name, version in versions.items():
        if name not in used:
            continue
        before = open_.get(name) or open_.get(version.rule.formerly or "")
        if before != (version.digest, version.meta_digest) or name not in open_:
            new.append(name)
            if name in open_:
                closed.append((name, *open_[name]))
        if before and before[0] != version.digest:
            meaning.add(name)
        elif before and name in new:
            words.add(name)
    former = {v.rule.formerly: name for name, v in versions.items() if v.rule.formerly}
    # A rule that this run leaves out keeps its former id until a run uses it by the new one.
    gone = [n for n in open_ if n not in versions
            and (former[n] in used if n in former else whole)]
    closed += [(n, *open_[n]) for n in gone]
    return ChangedVersions(sorted(new), frozenset(words), frozenset(meaning),
                           frozenset(set(gone) - set(former)), closed)


def _open_versions(warehouse: Warehouse, schema: str) -> dict[str, tuple[str, str]]:
    query = nodes.select(
        [nodes.column(c) for c in ("rule_id", "version", "meta_version")],
        nodes.table(Relation(RULE_VERSIONS.name, schema)), nodes.is_null(nodes.column("to_run")),
    )
    return {r: (v, m) for r, v, m in warehouse.fetch(query.sql(warehouse.dialect))}


def _close_versions(
    warehouse: Warehouse, schema: str, changed: ChangedVersions, run_id: str
) -> None:
    if not changed.closed:
        return
    where = nodes.all_of([
        nodes.is_null(nodes.column("to_run")),
        exp.In(this=nodes.column("rule_id"),
               expressions=[nodes.text(n) for n, _, _ in changed.closed]),
    ])
    update = exp.Update(
        this=nodes.table(Relation(RULE_VERSIONS.name, schema)),
        expressions=[exp.EQ(this=nodes.column("to_run"), expression=nodes.text(run_id))],
        where=exp.Where(this=where),
    )
    warehouse.run(update.sql(warehouse.dialect))


def _authors(project: Project, rules: Iterable[Rule]) -> dict[str, git.Authorship]:
    places = {r.id: (r.span.file, r.span.line, max(r.last_line, r.span.line)) for r in rules}
    found = git.authorship(project.root, places.values())
    return {name: found[place] for name, place in places.items()}


def _version_row(
    version: Version, authors: Mapping[str, git.Authorship], run_id: str
) -> list[Any]:
    rule, author = version.rule, authors[version.rule.id]
    return [
        rule.id, version.digest, version.meta_digest, rule.kind, rule.check, rule.dataset,
        rule.severity, version.text, rule.span.file, rule.span.line, author.author, author.commit,
        author.committed, rule.why, rule.owner, ", ".join(rule.tags), rule.formerly, run_id, None,
    ]


def _result_row(
    result: RuleResult, versions: Mapping[str, Version], facts: RunFacts
) -> list[Any]:
    o = result.outcome
    return [
        facts.run_id, o.rule.id, versions[o.rule.id].digest, result.status, o.tested, o.judged,
        o.failing, 0, o.could_not_judge, o.changed, result.percent, round(o.seconds, 4),
        result.message or None, o.statement, o.fingerprint,
    ]


def _add_statements(
    warehouse: Warehouse, schema: str, executed: Executed, run_id: str
) -> None:
    table = Relation(STATEMENTS.name, schema)
    known = {
        r[0] for r in warehouse.fetch(
            nodes.select([nodes.column("digest")], nodes.table(table)).sql(warehouse.dialect))
    }
    _add(warehouse, STATEMENTS, schema, [
        [digest, sql, warehouse.dialect, run_id]
        for digest, sql in sorted(executed.statements.items()) if digest not in known
    ])


def _add(warehouse: Warehouse, table: Table, schema: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        types = {c.name: c.type for c in table.columns}
        warehouse.insert(Relation(table.name, schema), types, rows)

