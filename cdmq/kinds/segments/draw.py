"""Who of a group is written to, and who of all that remain is held out: by chance, and each time the
same.

Parts of the query of a segment: `groups` (key, grp), `places` (key, place), `rests` and `held`
(key), and `drawn`, its rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cdmq.kinds.facts.numbers import before
from cdmq.kinds.segments.scope import Scope, join, named, part
from cdmq.kinds.words import Duration
from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node

RESTS, HELD_OUT = "rest", "holdout elsewhere"


def one_per(scope: Scope) -> str:
    return f"one per {scope.spec.one_per}"


def groups(scope: Scope, rule: str) -> exp.Select:
    """The groups of everybody: of a party those of all of its records."""
    group = nodes.alias(nodes.column("party_id", "x"), "grp")
    key = nodes.column("key", "x")
    query = nodes.select([nodes.column("key", "j"), group], named(f"xref:{rule}", "x"))
    if scope.project.rules[rule].dataset != scope.records:
        return join(
            query, part("judged", "j"), nodes.equal(nodes.column("key", "j"), key)
        ).distinct()
    join(query, part("whose", "w"), nodes.equal(nodes.column("rid", "w"), key))
    whose = nodes.equal(nodes.column("party", "j"), nodes.column("party", "w"))
    return join(query, part("judged", "j"), whose).distinct()


def places(scope: Scope) -> exp.Select:
    """The worst place that somebody has among those of a group who could be written to."""
    key = nodes.column("key", "g")
    fitting = nodes.when(nodes.column("fits", "j"), nodes.number(0), nodes.number(1))
    chance = nodes.by_code_point(scope.drawn("group", key), scope.dialect)
    order = [fitting, chance, nodes.by_code_point(key.copy(), scope.dialect)]
    place = exp.Window(
        this=nodes.call("row_number"),
        partition_by=[nodes.column("grp", "g")],
        order=exp.Order(expressions=[exp.Ordered(this=n) for n in order]),
    )
    placed = nodes.select(
        [nodes.column("key", "g"), nodes.alias(place, "place")], part("groups", "g")
    )
    join(placed, part("judged", "j"), nodes.equal(nodes.column("key", "j"), key.copy()))
    placed.set("where", exp.Where(this=nodes.is_null(nodes.column("because", "j"))))
    worst = nodes.alias(exp.Max(this=nodes.column("place", "w")), "place")
    query = nodes.select([nodes.column("key", "w"), worst], nodes.subquery(placed, "w"))
    return nodes.group_by(query, [nodes.column("key", "w")])


def rests(scope: Scope, time: Duration) -> exp.Select:
    """Who was written to less than so long ago, in a wave of any segment."""
    since = nodes.paren(before(as_of_node(), time))
    wanted = [
        exp.NEQ(this=nodes.column("part", "e"), expression=nodes.text("holdout")),
        exp.GT(this=nodes.column("exported_at", "e"), expression=since),
    ]
    return _sent(scope, wanted)


def held(scope: Scope) -> exp.Select:
    """Who is held out of another segment, while its responses count."""
    wanted = [
        nodes.equal(nodes.column("part", "e"), nodes.text("holdout")),
        exp.Not(this=nodes.column("mine", "e")),
        exp.GT(this=nodes.column("until", "e"), expression=as_of_node()),
    ]
    return _sent(scope, wanted)


def _sent(scope: Scope, wanted: Sequence[exp.Expr]) -> exp.Select:
    sent = named(f"exported:{scope.rule.id}", "e")
    return nodes.select([nodes.column("key", "e")], sent, nodes.every(wanted)).distinct()


def drawn(scope: Scope) -> exp.Select:
    """Who remains is written to, held out, or compared."""
    ways: list[tuple[exp.Expr, exp.Expr]] = []
    joined: list[tuple[str, str]] = []
    if scope.spec.one_per is not None:
        beaten = exp.GT(this=nodes.column("place", "l"), expression=nodes.number(1))
        ways.append((beaten, nodes.text(one_per(scope))))
        joined.append(("places", "l"))
    if scope.spec.rest is not None:
        ways.append((nodes.present(nodes.column("key", "r")), nodes.text(RESTS)))
        joined.append(("rests", "r"))
    ways.append((nodes.present(nodes.column("key", "h")), nodes.text(HELD_OUT)))
    joined.append(("held", "h"))
    because = exp.Coalesce(this=nodes.column("because", "j"), expressions=[nodes.cases(ways)])
    inner = nodes.select(
        [*(nodes.column(c, "j") for c in ("key", "fits", "more")), nodes.alias(because, "because")],
        part("judged", "j"),
    )
    for name, alias in joined:
        same = nodes.equal(nodes.column("key", alias), nodes.column("key", "j"))
        nodes.left_join(inner, part(name, alias), same)
    key, out = nodes.column("key", "d"), nodes.present(nodes.column("because", "d"))
    fits = nodes.column("fits", "d")
    pairs = [
        (out, nodes.text("out")),
        (exp.Not(this=fits), nodes.text("comparison")),
        (scope.below("holdout", key, scope.spec.holdout), nodes.text("holdout")),
    ]
    shown = {
        "key": key.copy(),
        "part": nodes.cases(pairs, nodes.text("contact")),
        "because": nodes.column("because", "d"),
        "more": nodes.column("more", "d"),
    }
    return nodes.select(
        [nodes.alias(v, n) for n, v in shown.items()],
        nodes.subquery(inner, "d"),
        nodes.any_of([fits.copy(), nodes.is_null(nodes.column("because", "d"))]),
    )
