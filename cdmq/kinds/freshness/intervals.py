"""compile: what a log tells of how long values stay right: times from a day on which a value was right
to the next on which it was tried."""

from __future__ import annotations

from sqlglot import exp

from cdmq.kinds.freshness.log import Log
from cdmq.kinds.freshness.names import SEEN, made
from cdmq.kinds.freshness.watched import Watched, cells_of
from cdmq.sql import nodes
from cdmq.sql.logical import logical

_VALUE = ("key", "column_name", "value")


def groups_query(watched: Watched) -> exp.Select:
    """The groups of records that may fade by rates of their own: `source` and `whom`."""
    shown = [nodes.column(c) for c in ("source", "whom")]
    return nodes.select(shown, logical(made(watched.rule.id, SEEN))).distinct()


def intervals_query(watched: Watched, log: Log) -> exp.Select:
    """A row a length of time: `column_name`, `source` and `whom` of the record (NULL where it is
    not there any more), `days`, whether the value was `bad` then, and `count`.

    A day with a good and a bad result is bad. From a bad day on nothing is known until a good one.
    What verified_at says of the value that stands there begins a time, and ends none: where a
    value is wrong it says nothing.
    """
    last = nodes.column("bad_before", "i")
    days = nodes.column("days", "i")
    shown = [
        nodes.column("column_name", "i"),
        nodes.column("source", "s"),
        nodes.column("whom", "s"),
        days,
        nodes.column("bad", "i"),
    ]
    known = nodes.every(
        [
            exp.GT(this=nodes.column("tried", "i"), expression=nodes.number(0)),
            nodes.equal(last, nodes.number(0)),
        ]
    )
    query = nodes.select(
        [*shown, nodes.alias(exp.Count(this=exp.Star()), "count")],
        nodes.subquery(_steps(watched, log), "i"),
        known,
    )
    seen = nodes.select(
        [nodes.column(c) for c in ("ckey", "source", "whom")], logical(made(watched.rule.id, SEEN))
    )
    same = nodes.equal(nodes.column("ckey", "s"), nodes.column("key", "i"))
    nodes.left_join(query, nodes.subquery(seen, "s"), same)
    return nodes.group_by(query, [c.copy() for c in shown])


def _steps(watched: Watched, log: Log) -> exp.Select:
    """Each day of a value with the one before: how long ago, and whether it was bad then."""
    value = [nodes.column(c, "d") for c in _VALUE]
    order = exp.Order(expressions=[exp.Ordered(this=nodes.column("day", "d"))])

    def before(column: str) -> exp.Expr:
        return exp.Window(
            this=nodes.call("lag", nodes.column(column, "d")),
            partition_by=[c.copy() for c in value],
            order=order.copy(),
        )

    days = exp.Sub(this=nodes.column("day", "d"), expression=nodes.paren(before("day")))
    return nodes.select(
        [
            *value,
            nodes.column("tried", "d"),
            nodes.column("bad", "d"),
            nodes.alias(days, "days"),
            nodes.alias(before("bad"), "bad_before"),
        ],
        nodes.subquery(_days(watched, log), "d"),
    )


def _days(watched: Watched, log: Log) -> exp.Select:
    """A row a value and day: whether it was tried with a result, and found bad."""
    named = [nodes.column(c, "e") for c in (*_VALUE, "day")]
    query = nodes.select(
        [
            *named,
            *(nodes.alias(exp.Max(this=nodes.column(c, "e")), c) for c in ("tried", "bad")),
        ],
        nodes.subquery(nodes.union_all([_tried(log), _verified(watched)]), "e"),
    )
    return nodes.group_by(query, [c.copy() for c in named])


def _tried(log: Log) -> exp.Select:
    result = nodes.column("result", "w")
    bad = nodes.when(nodes.equal(result, nodes.text("bad")), nodes.number(1), nodes.number(0))
    shown = [
        *(nodes.column(c, "w") for c in _VALUE),
        nodes.alias(nodes.cast(nodes.column("at", "w"), "date"), "day"),
        nodes.alias(nodes.number(1), "tried"),
        nodes.alias(bad, "bad"),
    ]
    said = [nodes.present(nodes.column(c, "w")) for c in ("column_name", "value")]
    told = exp.In(this=result.copy(), expressions=[nodes.text("good"), nodes.text("bad")])
    return nodes.select(shown, nodes.subquery(log.tries(), "w"), nodes.every([*said, told]))


def _verified(watched: Watched) -> exp.Select:
    cells = cells_of(made(watched.rule.id, SEEN), watched.columns)
    shown = [
        nodes.alias(nodes.column("ckey", "v"), "key"),
        nodes.column("column_name", "v"),
        nodes.column("value", "v"),
        nodes.alias(nodes.cast(nodes.column("verified", "v"), "date"), "day"),
        nodes.alias(nodes.number(0), "tried"),
        nodes.alias(nodes.number(0), "bad"),
    ]
    said = nodes.present(nodes.column("verified", "v"))
    return nodes.select(shown, nodes.subquery(cells, "v"), said)
