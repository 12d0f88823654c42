"""What overrides are about: parties by their ids and records, cells by their values; and how the
cells that people set are told beside those that were picked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlglot import exp

from cdmq.audit.tables import audit_schema
from cdmq.kinds.golden.words import PARTY
from cdmq.kinds.running import Running
from cdmq.project.spec import Pii
from cdmq.sql import nodes
from cdmq.sql.keyed import keyed
from cdmq.sql.logical import LOGICAL, logical
from cdmq.sql.pii import stored
from cdmq.sql.relation import Relation
from cdmq.sql.text_form import text_of
from cdmq.sql.types import Type

#: The word of `because` for a cell that people set.
OVERRIDE = "override"


def records_of(at: Running, xref: str, keys: Collection[str]) -> dict[str, str]:
    """The party of each record that was named, where it has one."""
    if not keys:
        return {}
    shown: list[exp.Expr] = [nodes.column(c) for c in ("key", "party_id")]
    mine = nodes.one_of(nodes.column("key"), sorted(keys))
    return {str(k): str(p) for k, p in at.fetch(nodes.select(shown, logical(xref), mine))}


def parties_of(at: Running, xref: str, ids: Collection[str]) -> dict[str, str]:
    """The present id of each party that was named: of one that ended, that which most of the
    records have now that it had last."""
    if not ids:
        return {}
    there = _present(at, xref, ids)
    gone = sorted(set(ids) - there)
    if not gone:
        return {i: i for i in there}
    leads = nodes.select(
        [nodes.column("party_id"), nodes.column("now_id")],
        at.audit("party_ids"),
        nodes.one_of(nodes.column("party_id"), gone),
    )
    last = {i: i for i in gone} | {str(a): str(b) for a, b in at.fetch(leads) if b is not None}
    moved: dict[str, tuple[int, str]] = {}
    for was, now, count in at.fetch(_moved(at, xref, set(last.values()))):
        moved[str(was)] = max(moved.get(str(was), (0, "")), (int(count), str(now)))
    return {i: i for i in there} | {i: moved[to][1] for i, to in last.items() if to in moved}


def _present(at: Running, xref: str, ids: Collection[str]) -> set[str]:
    id_ = nodes.column("party_id")
    query = nodes.select([id_], logical(xref), nodes.one_of(id_.copy(), sorted(ids)))
    return {str(i) for (i,) in at.fetch(query.distinct())}


def _moved(at: Running, xref: str, ids: Collection[str]) -> exp.Select:
    """(party before, party now, records) of the records that parties had when the last run ended."""
    was, now = nodes.column("party_id", "w"), nodes.column("party_id", "n")
    open_ = nodes.is_null(nodes.column("to_run", "w"))
    query = nodes.select(
        [was, now, exp.Count(this=exp.Star())],
        nodes.table(Relation("xref", audit_schema(at.warehouse)), "w"),
        nodes.every([open_, nodes.one_of(was.copy(), sorted(ids))]),
    )
    same = nodes.equal(nodes.column("key", "n"), nodes.column("key", "w"))
    query.append("joins", exp.Join(this=nodes.table(Relation(xref, LOGICAL), "n"), on=same))
    return nodes.group_by(query, [was.copy(), now.copy()])


def now_of(
    at: Running, golden: str, cells: Iterable[tuple[str, str]], columns: Mapping[str, Type]
) -> dict[tuple[str, str], str | None]:
    """The values that stand in cells of golden records, as texts."""
    of: dict[str, list[str]] = {}
    for party, column in cells:
        of.setdefault(column, []).append(party)
    found: dict[tuple[str, str], str | None] = {}
    for column, parties in of.items():
        value = text_of(nodes.column(column), columns[column])
        mine = nodes.one_of(nodes.column(PARTY), parties)
        rows = at.fetch(nodes.select([nodes.column(PARTY), value], logical(golden), mine))
        found.update({(str(p), column): v for p, v in rows})
    return found


def with_set(cells: exp.Select, name: str, pii: Mapping[str, Pii]) -> exp.Select:
    """The cells of golden records, those that people set in place of what was picked, with the
    decision as their winner, and what was picked as the loser."""
    there = nodes.table(Relation(name, LOGICAL), "o")
    same = [
        nodes.equal(nodes.column("party_id", "o"), nodes.column(PARTY, "c")),
        nodes.equal(nodes.column("column_name", "o"), nodes.column("column_name", "c")),
    ]
    none = exp.Not(this=exp.Exists(this=nodes.select([nodes.number(1)], there, nodes.every(same))))
    named = [e.alias_or_name for e in cells.expressions]
    picked = nodes.select([nodes.column(n, "c") for n in named], nodes.subquery(cells, "c"), none)
    value = nodes.column("value", "o")
    hidden = [c for c, how in pii.items() if how != "plain"]
    digest: exp.Expr = nodes.cast(nodes.null(), "text")
    kept: exp.Expr = value
    if hidden:
        is_hidden = nodes.one_of(nodes.column("column_name", "o"), hidden)
        digest = nodes.when(is_hidden, keyed(value.copy()))
        ways = [
            (
                nodes.equal(nodes.column("column_name", "o"), nodes.text(c)),
                stored(value.copy(), how),
            )
            for c, how in pii.items()
            if how != "plain"
        ]
        kept = nodes.cases(ways, value.copy())
    lost = nodes.concat([nodes.column("winner", "c"), nodes.text(": "), nodes.column("value", "c")])
    shown = {
        PARTY: nodes.column("party_id", "o"),
        "column_name": nodes.column("column_name", "o"),
        "value": kept,
        "digest": digest,
        "winner": nodes.column("decision", "o"),
        "because": nodes.text(OVERRIDE),
        "losers": nodes.when(nodes.present(nodes.column("winner", "c")), lost),
    }
    set_ = nodes.select(
        [nodes.alias(shown[n], n) for n in named], there.copy(), nodes.present(value.copy())
    )
    nodes.left_join(set_, nodes.subquery(cells.copy(), "c"), nodes.every([s.copy() for s in same]))
    both = nodes.union_all([picked, set_])
    return nodes.select([nodes.column(n) for n in named], nodes.subquery(both, "b"))
