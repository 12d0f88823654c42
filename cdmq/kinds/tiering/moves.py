"""Who moves from one level to another in a review: how many, from where to where, and whether that
is more than may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.kinds.tiering.tables import TIER_HISTORY
from cdmq.kinds.tiering.undoing import not_undone
from cdmq.kinds.words import percent
from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.sql.relation import Relation

#: The largest moves are named, so many of them.
_NAMED = 3


@dataclass(frozen=True)
class Moves:
    """From, to and how many, of those who had a level and have one now."""

    found: Sequence[tuple[str, str, int]]

    @property
    def had(self) -> int:
        return sum(n for _, _, n in self.found)

    @property
    def moved(self) -> int:
        return sum(n for a, b, n in self.found if a != b)

    def too_many(self, at_most: Decimal | None) -> bool:
        return at_most is not None and self.moved > at_most * self.had

    def told(self) -> str:
        """`45 of 100 move: 30 core to ordinary, 15 growing to core`."""
        largest = sorted((m for m in self.found if m[0] != m[1]), key=lambda m: (-m[2], *m[:2]))
        named = [f"{n:,} {a} to {b}" for a, b, n in largest[:_NAMED]]
        more = len(largest) - _NAMED
        rest = [f"{more} smaller moves" if more > 1 else "one smaller move"] if more > 0 else []
        return f"{self.moved:,} of {self.had:,} move: {', '.join([*named, *rest])}"

    def refused(self, at_most: Decimal, rule: str) -> str:
        """Why nothing is published, and what can be done."""
        share = percent(at_most)
        return (
            f"not published, the levels stay as they were: {self.told()}; moves_at_most is "
            f"{share}. Look at them, and let them through with --accept-moves {rule}"
        )


def moves_query(rule: str) -> exp.Select:
    """From, to and how many, between what a review found and what was before."""
    now, before = logical(f"made:{rule}__levels"), logical(f"before:{rule}")
    for table, alias in ((now, "n"), (before, "b")):
        table.set("alias", exp.TableAlias(this=nodes.name(alias)))
    levels = [nodes.column("level", "b"), nodes.column("level", "n")]
    query = nodes.select([*levels, exp.Count(this=exp.Star())], now)
    same = nodes.equal(nodes.column("key", "b"), nodes.column("key", "n"))
    query.append("joins", exp.Join(this=before, on=same))
    return nodes.group_by(query, [c.copy() for c in levels])


def moves_view(rule: str, schema: str, ids: Mapping[str, tuple[str, ...]]) -> exp.Select:
    """A row a review and move: `review`, `from_level`, `to_level`, `moved`."""
    columns = [nodes.column(c) for c in ("key", "level", "from_review")]
    before = exp.Window(
        this=nodes.call("lag", nodes.column("level")),
        partition_by=[nodes.column("key")],
        order=exp.Order(
            expressions=[exp.Ordered(this=nodes.column(c)) for c in ("from_review", "from_run")]
        ),
    )
    rows = nodes.select(
        [*columns, nodes.alias(before, "before")],
        nodes.table(Relation(TIER_HISTORY.name, schema)),
        nodes.every([of_rule(rule, ids), not_undone(schema)]),
    )
    shown = [
        nodes.alias(nodes.column(c, "m"), name)
        for c, name in (("from_review", "review"), ("before", "from_level"), ("level", "to_level"))
    ]
    query = nodes.select(
        [*shown, nodes.alias(exp.Count(this=exp.Star()), "moved")],
        nodes.subquery(rows, "m"),
        exp.NEQ(this=nodes.column("before", "m"), expression=nodes.column("level", "m")),
    )
    return nodes.group_by(query, [s.this.copy() for s in shown])
