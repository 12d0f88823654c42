"""What a segment reads beside datasets: open questions, and who was in waves before. In a run they
are staged as it finds them; people read the same as views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.audit.tables import QUEUE, audit_schema
from cdmq.kinds.running import Running
from cdmq.kinds.segments.tables import EXPORTS
from cdmq.sql import nodes
from cdmq.sql.relation import Relation

Ids = Mapping[str, tuple[str, ...]]
#: Where a matching rule keeps which record is of which party: `key`, `party_id`.
_XREF = "xref"
_PAIR = (nodes.column("key"), nodes.column("party_id"))


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


def xref_now(party: str | None, at: Running) -> exp.Expr | None:
    """Which records stand together, as this run found; None where it did not look."""
    for state in at.states:
        if (state.rule, state.table.name) == (party, _XREF):
            return nodes.table(state.staged)
    return None


def _today(party: str, schema: str, ids: Ids, staged: exp.Expr | None) -> exp.Select:
    if staged is not None:
        return nodes.select(_PAIR, staged)
    holds = [of_rule(party, ids), nodes.is_null(nodes.column("to_run"))]
    return nodes.select(_PAIR, nodes.table(Relation(_XREF, schema)), nodes.every(holds))


def were(party: str, schema: str, ids: Ids, staged: exp.Expr | None = None) -> exp.Select:
    """(k, party): the ids that parties ever had, and the parties that have records of theirs."""
    shown = [
        nodes.alias(nodes.column("party_id", "h"), "k"),
        nodes.alias(nodes.column("party_id", "x"), "party"),
    ]
    history = nodes.table(Relation(_XREF, schema), "h")
    query = nodes.select(shown, history, of_rule(party, ids, "h"))
    same = nodes.equal(nodes.column("key", "x"), nodes.column("key", "h"))
    today = nodes.subquery(_today(party, schema, ids, staged), "x")
    query.append("joins", exp.Join(this=today, on=same))
    return query.distinct()


@dataclass(frozen=True)
class Sent:
    """Who was in waves of segments, and who that is today. `party`: the matching rule that says
    which records are one; `of_parties`: the segment is of parties, and not of their records;
    `datasets`: those whose segments reach the same people, by every name that they had."""

    rule: str
    party: str | None
    of_parties: bool
    datasets: tuple[str, ...]
    dialect: str

    def now(self, at: Running) -> exp.Select:
        """As records stand together in this run."""
        return self.query(audit_schema(at.warehouse), at.ids, xref_now(self.party, at))

    def query(self, schema: str, ids: Ids, staged: exp.Expr | None = None) -> exp.Select:
        """A row for each of those who were one with somebody in a wave when that was taken: `key`
        as it is today, `member`, as it was in the wave, and whether the wave is of this segment."""
        key: exp.Expr = nodes.column("key", "e")
        query = nodes.select([], nodes.table(Relation(EXPORTS.name, schema), "e"))
        query.set(
            "where", exp.Where(this=nodes.one_of(nodes.column("dataset", "e"), self.datasets))
        )
        if self.party is not None:
            today = _today(self.party, schema, ids, staged)
            nodes.left_join(query, nodes.table(Relation(_XREF, schema), "h"), self._then(ids))
            record = exp.Coalesce(this=nodes.column("key", "h"), expressions=[key.copy()])
            mine = nodes.equal(nodes.column("key", "x"), record)
            nodes.left_join(query, nodes.subquery(today, "x"), mine)
            now: exp.Expr = nodes.column("party_id", "x")
            if not self.of_parties:
                same = nodes.equal(nodes.column("party_id", "y"), now)
                nodes.left_join(query, nodes.subquery(today.copy(), "y"), same)
                now = nodes.column("key", "y")
            key = exp.Coalesce(this=now, expressions=[key])
        shown = [
            nodes.alias(key, "key"),
            nodes.alias(nodes.column("key", "e"), "member"),
            *(nodes.column(c, "e") for c in ("wave", "part", "exported_at", "until")),
            nodes.alias(of_rule(self.rule, ids, "e"), "mine"),
        ]
        query.set("expressions", shown)
        return query.distinct()

    def _then(self, ids: Ids) -> exp.Expr:
        """Records that were of the party when the wave was taken."""
        assert self.party is not None
        taken, begun, ended = (
            nodes.by_code_point(nodes.column(c, t), self.dialect)
            for c, t in (("run_id", "e"), ("from_run", "h"), ("to_run", "h"))
        )
        still = [nodes.is_null(nodes.column("to_run", "h")), exp.GT(this=ended, expression=taken)]
        return nodes.every(
            [
                nodes.equal(nodes.column("party_id", "h"), nodes.column("key", "e")),
                of_rule(self.party, ids, "h"),
                exp.LTE(this=begun, expression=taken.copy()),
                nodes.any_of(still),
            ]
        )
