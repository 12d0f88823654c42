"""What a segment reads beside datasets: open questions, and who was in waves before. In a run they
are staged as it finds them; people read the same as views."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.audit.tables import QUEUE, audit_schema
from cdmq.kinds.running import Running
from cdmq.kinds.segments.tables import EXPORTS
from cdmq.sql import nodes
from cdmq.sql.relation import Relation

Ids = Mapping[str, tuple[str, ...]]
#: Where a matching rule keeps which id leads to which: `party_id`, `now_id`.
_LEADS = "leads"


def asked_now(party: str, at: Running) -> exp.Select:
    """The questions of a matching rule that this run asks, or that are open where it did not run."""
    pair = nodes.equal(nodes.column("about"), nodes.text("pair"))
    shown = [nodes.column(c) for c in ("key", "other")]
    for state in at.states:
        if (state.rule, state.table) == (party, QUEUE):
            return nodes.select(shown, nodes.table(state.staged), pair)
    return asked_before(party, audit_schema(at.warehouse), at.ids)


def asked_before(party: str, schema: str, ids: Ids) -> exp.Select:
    where = [
        of_rule(party, ids),
        nodes.equal(nodes.column("about"), nodes.text("pair")),
        nodes.is_null(nodes.column("to_run")),
    ]
    shown = [nodes.column(c) for c in ("key", "other")]
    return nodes.select(shown, nodes.table(Relation(QUEUE.name, schema)), nodes.every(where))


def name_living(rule: str, at: Running) -> None:
    """Which records stand together by a matching rule, where it did not run: of all that people
    read of it, what holds."""
    published = nodes.table(at.names.output(f"{rule}__xref")[1])
    shown = [nodes.column(c) for c in ("key", "party_id")]
    holds = nodes.is_null(nodes.column("to_run"))
    at.names.queries[f"xref:{rule}"] = nodes.select(shown, published, holds)


def exported_now(rule: str, party: str | None, at: Running) -> exp.Select:
    """Who was in waves, by the ids that parties have in this run."""
    for state in at.states:
        if (state.rule, state.table.name) == (party, _LEADS):
            return _exported(
                rule, audit_schema(at.warehouse), at.ids, nodes.table(state.staged, "l")
            )
    return exported_before(rule, party, audit_schema(at.warehouse), at.ids)


def exported_before(rule: str, party: str | None, schema: str, ids: Ids) -> exp.Select:
    leads = nodes.subquery(leads_before(party, schema, ids), "l") if party is not None else None
    return _exported(rule, schema, ids, leads)


def leads_before(party: str, schema: str, ids: Ids) -> exp.Select:
    """(party_id, now_id): which id of a party that ended leads to which."""
    open_ = [of_rule(party, ids), nodes.is_null(nodes.column("to_run"))]
    shown = [nodes.column(c) for c in ("party_id", "now_id")]
    return nodes.select(shown, nodes.table(Relation(_LEADS, schema)), nodes.every(open_))


def _exported(rule: str, schema: str, ids: Ids, leads: exp.Expr | None) -> exp.Select:
    key: exp.Expr = nodes.column("key", "e")
    if leads is not None:
        key = exp.Coalesce(this=nodes.column("now_id", "l"), expressions=[key])
    shown = [
        nodes.alias(key, "key"),
        nodes.alias(nodes.column("key", "e"), "member"),
        *(nodes.column(c, "e") for c in ("wave", "part", "exported_at", "until")),
        nodes.alias(of_rule(rule, ids, "e"), "mine"),
    ]
    query = nodes.select(shown, nodes.table(Relation(EXPORTS.name, schema), "e"))
    if leads is not None:
        same = nodes.equal(nodes.column("party_id", "l"), nodes.column("key", "e"))
        nodes.left_join(query, leads, same)
    return query
