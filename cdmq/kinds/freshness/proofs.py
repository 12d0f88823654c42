"""What proved a value that stands in a cell: the latest of what verified_at says, of what people
answered and of what a log tells. Of one day a bad result counts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cdmq.kinds.freshness.log import Log
from cdmq.kinds.freshness.names import BESIDE, CELL_STATE, SAID, made
from cdmq.kinds.freshness.watched import Watched
from cdmq.sql import nodes
from cdmq.sql.logical import logical

_PROOF = ("proof", "proved_by", "result")
#: How a proof is named that is an answer.
ANSWERED, VERIFIED = "decisions", "verified_at"


def heard(query: exp.Select, rule: str, log: Log | None) -> None:
    """Joins to cells, the rows of `u`, what was said of the value that stands there: by the log,
    and by people, who named it or did not."""
    on = [_same(c, "l", "u") for c in ("column_name", "value")]
    if log is not None:
        on.append(nodes.equal(nodes.column("key", "l"), nodes.column("ckey", "u")))
        nodes.left_join(query, nodes.subquery(log.told(), "l"), nodes.every(on))
    for alias, named in (("a", True), ("x", False)):
        about = ("key", "column_name", "value") if named else ("key", "column_name")
        same = [_same(c, alias, "u") for c in about]
        said = nodes.subquery(_said(rule, named), alias)
        nodes.left_join(query, said, nodes.every(same))
    for alias, name in (("l", "log"), ("a", "named"), ("x", "other")):
        for result in ("good", "bad"):
            told: exp.Expr = nodes.cast(nodes.null(), "timestamp")
            if alias != "l" or log is not None:
                told = nodes.column(f"{result}_at", alias)
            if alias == "x" and result == "bad":
                told = nodes.when(_is_meant(), told)
            query.append("expressions", nodes.alias(told, f"{name}_{result}"))


def _is_meant() -> exp.Expr:
    """Whoever said what is right instead did not mean that value."""
    other = nodes.equal(nodes.column("but", "x"), nodes.column("value", "u"))
    return exp.Not(this=exp.Coalesce(this=nodes.paren(other), expressions=[exp.false()]))


def _said(rule: str, named: bool) -> exp.Select:
    """A row a cell, and a value where it is named."""
    value = nodes.column("value")
    by = [nodes.column(c) for c in ("key", "column_name", *(("value",) if named else ()))]
    last = [
        nodes.alias(exp.Max(this=nodes.column(c)), c)
        for c in ("good_at", "bad_at", *(() if named else ("but",)))
    ]
    where = nodes.present(value) if named else nodes.is_null(value)
    query = nodes.select([*by, *last], logical(made(rule, SAID)), where)
    return nodes.group_by(query, [c.copy() for c in by])


def proved(watched: Watched, standing: exp.Select, log: Log | None) -> exp.Select:
    """Cells with their proof. `standing`: cells with what `heard` joined."""
    since = nodes.column("since", "s")
    first = nodes.equal(nodes.column("seen", "s"), nodes.text("first"))
    back = nodes.equal(nodes.column("seen", "s"), nodes.text("returned"))

    def of_this(name: str) -> exp.Expr:
        """What does not name the value speaks of the one that stood there then."""
        at = nodes.column(name, "s")
        return nodes.when(nodes.any_of([first.copy(), _not_before(at, since)]), at.copy())

    def since_back(name: str) -> exp.Expr:
        """What names a value speaks of it, unless another has stood there since."""
        at = nodes.column(name, "s")
        still = exp.Not(this=back.copy())
        return nodes.when(nodes.any_of([still, _not_before(at, since)]), at.copy())

    kept = [c for c in (*CELL_STATE, *BESIDE) if c not in _PROOF]
    told = {
        **{c: nodes.column(c, "s") for c in kept},
        "v": of_this("verified"),
        "g": since_back("log_good"),
        "b": nodes.column("log_bad", "s"),
        "y": _greatest([since_back("named_good"), of_this("other_good")]),
        "n": _greatest([nodes.column("named_bad", "s"), of_this("other_bad")]),
    }
    query = nodes.select(
        [nodes.alias(n, c) for c, n in told.items()],
        nodes.beneath(standing, "s", watched.dialect),
    )
    shown = _latest(log)
    every = [nodes.alias(shown.get(c, nodes.column(c, "q")), c) for c in (*CELL_STATE, *BESIDE)]
    return nodes.select(every, nodes.beneath(query, "q", watched.dialect))


def _latest(log: Log | None) -> dict[str, exp.Expr]:
    """Over `v`, `g` and `y`, when verified_at, the log and people said that it was right, and `b`
    and `n`, when the log and people said that it was wrong."""
    v, g, y, b, n = (nodes.column(c, "q") for c in "vgybn")
    good, bad = _greatest([v, g, y]), _greatest([b, n])
    is_bad = nodes.every([nodes.present(nodes.paren(bad)), _not_before(bad, good, True)])
    by_log = nodes.text(log.spec.dataset if log else "")
    by_bad = nodes.when(_is_last(n, [b]), nodes.text(ANSWERED), by_log)
    by_good = nodes.cases(
        [
            (_is_last(y, [v, g]), nodes.text(ANSWERED)),
            (_is_last(g, [v]), by_log.copy()),
            (nodes.present(v.copy()), nodes.text(VERIFIED)),
        ],
        _no_text(),
    )
    found = nodes.present(nodes.paren(good.copy()))
    return {
        "proof": nodes.when(is_bad, bad.copy(), good.copy()),
        "proved_by": nodes.when(is_bad.copy(), by_bad, by_good),
        "result": nodes.cases(
            [(is_bad.copy(), nodes.text("bad")), (found, nodes.text("good"))], _no_text()
        ),
    }


def _is_last(moment: exp.Expr, others: Sequence[exp.Expr]) -> exp.Expr:
    """Whether a moment is there, and none of the others is later."""
    earlier = [
        nodes.any_of([nodes.is_null(o.copy()), exp.GTE(this=moment.copy(), expression=o.copy())])
        for o in others
    ]
    return nodes.every([nodes.present(moment.copy()), *earlier])


def _greatest(moments: Sequence[exp.Expr]) -> exp.Expr:
    """The latest of those that are there."""
    return nodes.call("greatest", *(m.copy() for m in moments))


def _same(column: str, one: str, other: str) -> exp.Expr:
    return nodes.equal(nodes.column(column, one), nodes.column(column, other))


def _not_before(moment: exp.Expr, other: exp.Expr, or_none: bool = False) -> exp.Expr:
    """Not on a day before another; `or_none`: so too where there is no other."""
    late = exp.GTE(
        this=nodes.cast(moment.copy(), "date"), expression=nodes.cast(other.copy(), "date")
    )
    return exp.Coalesce(
        this=nodes.paren(late), expressions=[exp.true() if or_none else exp.false()]
    )


def _no_text() -> exp.Expr:
    return nodes.cast(nodes.null(), "text")
