"""Since when somebody has a level: a review that changes nothing but figures begins no new time."""

from __future__ import annotations

from sqlglot import exp

from cdmq.kinds.tiering.history import STATE, Review
from cdmq.kinds.tiering.reasons import AT
from cdmq.kinds.tiering.tables import TIER_HISTORY
from cdmq.kinds.tiering.words import TieringRule
from cdmq.sql import nodes
from cdmq.sql.logical import LOGICAL
from cdmq.sql.relation import Relation


def since(spec: TieringRule, query: exp.Query, before: str, review: Review) -> exp.Select:
    """With the review that gave each level: who returns to a level has it since then. Where only
    what ranks come to moved, the cut-offs are those of when the level began."""
    same = nodes.every([_same(spec, c) for c in TIER_HISTORY.identity])
    shown = [nodes.alias(_shown(c), c) for c in STATE]
    from_review = exp.Coalesce(
        this=nodes.column("from_review", "b"), expressions=[nodes.text(review.label)]
    )
    shown.append(nodes.alias(from_review, "from_review"))
    joined = nodes.select(shown, nodes.subquery(query, "n"))
    nodes.left_join(joined, nodes.table(Relation(before, LOGICAL), "b"), same)
    return joined


def _shown(column: str) -> exp.Expr:
    now = nodes.column(column, "n")
    if column != "cut_offs":
        return now
    return exp.Coalesce(this=nodes.column(column, "b"), expressions=[now])


def _same(spec: TieringRule, column: str) -> exp.Expr:
    as_before, as_now = (
        exp.Coalesce(
            this=nodes.cast(nodes.column(column, side), "text"), expressions=[nodes.text("\x01")]
        )
        for side in ("b", "n")
    )
    same = nodes.equal(as_before, as_now)
    if column != "cut_offs" or not spec.ranked:
        return same
    return nodes.any_of([same, *_moved(spec)])


def _moved(spec: TieringRule) -> list[exp.Expr]:
    """Whether the cut-offs before were of the same condition, with ends in figures."""
    found = []
    for level in spec.levels:
        ((name, text),) = level.items()
        written = f"{text.strip()}{AT}"
        begins = nodes.call("left", nodes.column("cut_offs", "b"), nodes.number(len(written)))
        of = nodes.equal(nodes.column("level", "n"), nodes.text(name))
        ends = nodes.call("left", nodes.column("cut_offs", "n"), nodes.number(len(written)))
        both = [nodes.equal(n, nodes.text(written)) for n in (begins, ends)]
        found.append(nodes.every([of, *both]))
    return found
