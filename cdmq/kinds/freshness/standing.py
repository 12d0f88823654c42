"""Since when a value or a record stands as it is, by what the rule kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from cdmq.audit.latest import latest, open_first
from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node, logical
from cdmq.sql.shape import Table

#: What is kept of how something stands.
STANDING = ("digest", "since", "seen", "first_seen")


def kept_before(table: exp.Table, mine: exp.Expr, of: Table) -> exp.Select:
    """What stood last in each cell or record, though it be gone since."""
    entity = list(of.entity)
    shown = [nodes.column(c) for c in (*entity, *STANDING, "from_run", "to_run")]
    every = nodes.select(shown, table, mine)
    last = latest(every, "row_number", entity, open_first())
    return nodes.select([nodes.column(c) for c in (*entity, *STANDING)], nodes.subquery(last, "b"))


def digests_before(table: exp.Table, mine: exp.Expr, of: Table) -> exp.Select:
    """Every digest that a cell or record had."""
    shown = [nodes.column(c) for c in (*of.entity, "digest")]
    return nodes.select(shown, table, mine).distinct()


def standing(
    query: exp.Select, entity: Sequence[str], before: str, digests: str, digest: str
) -> Mapping[str, exp.Expr]:
    """Joins what was kept (`b`) and the digests of before (`e`) to a query over `u`, and gives the
    nodes of `since`, `seen` and `first_seen`. `digest`: the column of `u` with that of now."""
    own = [nodes.equal(nodes.column(c, "b"), nodes.column(c, "u")) for c in entity]
    nodes.left_join(query, _named(before, "b"), nodes.every(own))
    had = [nodes.equal(nodes.column(c, "e"), nodes.column(c, "u")) for c in entity]
    had.append(nodes.equal(nodes.column("digest", "e"), nodes.column(digest, "u")))
    nodes.left_join(query, _named(digests, "e"), nodes.every(had))
    same = nodes.same(nodes.column("digest", "b"), nodes.column(digest, "u"))
    if digest == "digest" and "column_name" in entity:
        hidden = nodes.same(nodes.column("digest", "b"), nodes.column("before", "u"))
        same = nodes.any_of([same, hidden])
    first = nodes.is_null(nodes.column(entity[0], "b"))
    same = nodes.every([exp.Not(this=first), nodes.paren(same)])
    changed, was = nodes.column("changed", "u"), nodes.column("since", "b")
    late = exp.Coalesce(
        this=nodes.paren(exp.GTE(this=changed, expression=was)), expressions=[exp.true()]
    )
    now = nodes.when(late, exp.Coalesce(this=changed.copy(), expressions=[as_of_node()]))
    now.set("default", as_of_node())
    returned = nodes.present(nodes.column(entity[0], "e"))
    return {
        "since": nodes.when(same, was.copy(), now),
        "seen": nodes.cases(
            [
                (same.copy(), nodes.column("seen", "b")),
                (first.copy(), nodes.text("first")),
                (returned, nodes.text("returned")),
            ],
            nodes.text("changed"),
        ),
        "first_seen": exp.Coalesce(
            this=nodes.column("first_seen", "b"), expressions=[as_of_node()]
        ),
    }


def _named(relation: str, as_: str) -> exp.Table:
    table = logical(relation)
    table.set("alias", exp.TableAlias(this=nodes.name(as_)))
    return table
