"""A rule of relationships at work: links judged, flagged and kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.kinds.compiling import Compiling
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.relationships.faults import COLUMNS, judgements
from cdmq.kinds.relationships.joined import Joined, joined
from cdmq.kinds.relationships.problems import link_problems
from cdmq.kinds.relationships.query import (
    DELIVERED,
    NAMES,
    SORTS,
    former_query,
    links_query,
    names_query,
    sorts_query,
)
from cdmq.kinds.relationships.roll_words import RollUpRule
from cdmq.kinds.relationships.rolling import rolled
from cdmq.kinds.relationships.tables import LINKS
from cdmq.kinds.relationships.words import RelationshipsRule
from cdmq.kinds.running import Publishing, Running
from cdmq.kinds.working import Work
from cdmq.outcomes import Outcome, State
from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.sql.types import Type
from cdmq.steps import DatasetSteps
from cdmq.values import Catalog, Rule
from cdmq.warehouses.base import StatementError

#: What stands in `kept`, with its types.
_KEPT: dict[str, Type] = {
    "from_party": "text",
    "to_party": "text",
    "type": "text",
    "starts": "timestamp",
    "ends": "timestamp",
    "depth": "integer",
    "root": "text",
}


@dataclass(frozen=True)
class _Linking:
    """How a rule finds its links. `links`: those that it is about."""

    rule: Rule
    spec: RelationshipsRule
    of: Joined
    catalog: Catalog
    links: exp.Select
    #: What the links are read from.
    relation: str


def work(rule: Rule, at: Compiling) -> Work | None:
    spec = rule.spec
    if isinstance(spec, RollUpRule):
        return rolled(rule, spec, at)
    assert isinstance(spec, RelationshipsRule)
    of = joined(str(spec.parties), at.project, at.project.uses)
    at.problems.extend(wrong := link_problems(rule, at.rows, at.binder, of, at.catalog))
    known = {of.parties, of.records} <= set(at.catalog)
    if wrong or at.check_only or not known:
        return None
    conditions = Conditions(rule, at.binder, at.rows.behind)
    query = links_query(rule, at.rows, conditions, _told_unread(at))
    linking = _Linking(rule, spec, of, at.catalog, query, at.rows.relation)
    return Work(
        rule,
        run=partial(_run, linking),
        shown=((f"links judged by {rule.id} ({rule.span})", query),),
        query=query,
        reads=at.rows.relation,
        publishes=(f"{rule.id}__links",),
        views=partial(_views, rule),
        judgements=tuple(judgements(rule, spec, at.rows, conditions, at.project, of)),
    )


def _told_unread(at: Compiling) -> frozenset[str]:
    """The columns of which the rows tell what stands in a cell that could not be read."""
    if not at.rows.relation.startswith("source:"):
        return frozenset()
    rules = (r for r in at.project.rules.values() if r.dataset == at.dataset.name)
    return frozenset(c for r in rules if r.check == "readable" for c in r.columns)


def _run(linking: _Linking, at: Running, steps: DatasetSteps) -> Outcome:
    # Only here, so that a parse loads no engine.
    import duckdb

    started = time.perf_counter()
    try:
        outcome = _judged(linking, at, steps)
    except (StatementError, duckdb.Error) as error:
        return Outcome(linking.rule, error=str(error).splitlines()[0])
    return replace(outcome, seconds=time.perf_counter() - started)


def _judged(linking: _Linking, at: Running, steps: DatasetSteps) -> Outcome:
    from cdmq.kinds.relationships.judging import judge

    rule, spec, of = linking.rule, linking.spec, linking.of
    types = linking.catalog[of.records]
    xref = _xref(of, at)
    links = linking.links.copy()
    links.expressions[0].set("this", steps.with_digests().key_for(linking.relation))
    with at.warehouse.scratch() as scratch:
        names = names_query(of, at.project.datasets[of.records], types, xref)
        scratch.bring("links", DELIVERED, at.render.sent(links))
        if (former := _leads(of, at)) is not None:
            names = nodes.union_all([names, former_query(former)])
        scratch.bring("names", NAMES, at.render.sent(names))
        if spec.sorts:
            of_parties = linking.catalog[of.parties]
            sorts = sorts_query(of, spec.sort, at.project.datasets, of_parties, xref)
            scratch.bring("sorts", SORTS, at.render.sent(sorts))
        counts = judge(scratch.connection, spec, _microseconds(at.as_of))
        kept, made = at.names.output(f"{rule.id}__links")
        scratch.send("kept", kept, _KEPT)
        faults, final = at.names.output(f"{rule.id}__faults")
        scratch.send("faults", faults, dict.fromkeys(COLUMNS, "text"))
    at.names.put(f"made:{rule.id}__faults", faults, final)
    at.names.put(f"made:{rule.id}__links", kept, made)
    at.states.append(State(rule.id, LINKS, kept, tuple(_KEPT)))
    return Outcome(
        rule,
        tested=counts.links,
        judged=counts.links - counts.unjudged,
        note=counts.note,
        figures=counts.figures,
    )


def _microseconds(moment: datetime) -> int:
    since = moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _xref(of: Joined, at: Running) -> exp.Expr | None:
    """Who is whose party, `x`: as found in this run, or as it was left."""
    if of.through is None:
        return None
    if of.through in at.ran:
        found = logical(f"xref:{of.through}")
        found.set("alias", exp.TableAlias(this=nodes.name("x")))
        return found
    mine = [of_rule(of.through, at.ids), nodes.is_null(nodes.column("to_run"))]
    shown = [nodes.column(c) for c in ("key", "party_id")]
    return nodes.subquery(nodes.select(shown, at.audit("xref"), nodes.every(mine)), "x")


def _leads(of: Joined, at: Running) -> exp.Expr | None:
    """To which party the id of one that ended leads, `l`: as found in this run, or as it was left."""
    if of.through is None:
        return None
    for state in at.states:
        if state.rule == of.through and state.table.name == "leads":
            return nodes.table(state.staged, "l")
    mine = [of_rule(of.through, at.ids), nodes.is_null(nodes.column("to_run"))]
    shown = [nodes.column(c) for c in ("party_id", "now_id")]
    return nodes.subquery(nodes.select(shown, at.audit("leads"), nodes.every(mine)), "l")


def _views(rule: Rule, at: Publishing, steps: DatasetSteps) -> Iterator[tuple[str, exp.Select]]:
    """`<rule>__links`: the links that are followed now."""
    query = at.kept(LINKS.name, tuple(_KEPT), of_rule(rule.id, at.ids), True)
    shown = [nodes.alias(c.copy(), c.name.removesuffix("_party")) for c in query.expressions]
    query.set("expressions", shown)
    yield f"{rule.id}__links", query
