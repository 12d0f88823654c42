"""The levels of a tiering rule: their conditions, and the conditions by which they are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlglot import exp

from cdmq.kinds.tiering.measure_words import OTHERWISE
from cdmq.kinds.tiering.words import TieringRule
from cdmq.sql.expressions import Expression, parse
from cdmq.sql.fitting import clone, strip
from cdmq.sql.thousands import ambiguous
from cdmq.values import Rule

_UPPER, _LOWER = (exp.GT, exp.GTE), (exp.LT, exp.LTE)
_LONG = 10**30
_FLIPPED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
}


@dataclass(frozen=True)
class Level:
    """One level. `field` names its condition in the rule's expressions, `kept` the one by which
    it is kept: None where nothing keeps it, as no limit of its condition can be moved."""

    name: str
    text: str
    field: str | None = None
    kept: str | None = None


def with_kept(rule: Rule) -> tuple[Rule, tuple[Level, ...]]:
    """The levels, and the rule with the kept conditions among its expressions."""
    spec = rule.spec
    assert isinstance(spec, TieringRule)
    expressions, spans = dict(rule.expressions), dict(rule.spans)
    levels = []
    for item in spec.levels:
        ((name, text),) = item.items()
        if text.strip() == OTHERWISE:
            levels.append(Level(name, OTHERWISE))
            continue
        field, kept = f"levels.{name}", None
        loose = spec.keep_unless and relaxed(rule.expressions[field], spec.keep_unless.below_by)
        if loose:
            kept = f"{field}.kept"
            expressions[kept] = loose
            spans[kept] = rule.spans.get(field, rule.span)
        levels.append(Level(name, text.strip(), field, kept))
    return replace(rule, expressions=expressions, spans=spans), tuple(levels)


def relaxed(condition: Expression, share: Decimal) -> Expression | None:
    """The condition with each limit moved outwards by a share of itself; None without a limit.

    A limit is a written number that something is compared with by >=, >, <=, < or between: 50000
    becomes 45000 for 10%. Below NOT it moves the other way, which also lets more in.
    """
    moved = _Relaxing(share)
    tree = moved.node(clone(condition.tree), True)
    return (
        Expression(condition.text, tree, condition.columns, condition.behind)
        if (moved.limits)
        else None
    )


class _Relaxing:
    def __init__(self, share: Decimal) -> None:
        self.share, self.limits = share, 0

    def node(self, node: exp.Expr, outwards: bool) -> exp.Expr:
        if isinstance(node, exp.Not):
            node.set("this", self.node(node.this, not outwards))
        elif isinstance(node, exp.And | exp.Or):
            for side in ("this", "expression"):
                node.set(side, self.node(node.args[side], outwards))
        elif isinstance(node, exp.Paren):
            node.set("this", self.node(node.this, outwards))
        elif isinstance(node, exp.Between):
            node.set("low", self._moved(node.args["low"], down=outwards))
            node.set("high", self._moved(node.args["high"], down=not outwards))
        elif isinstance(node, (*_UPPER, *_LOWER)):
            for side, cls in (("expression", type(node)), ("this", _FLIPPED[type(node)])):
                other = node.this if side == "expression" else node.expression
                if other.find(exp.Column):
                    node.set(side, self._moved(node.args[side], (cls in _UPPER) == outwards))
        return node

    def _moved(self, node: exp.Expr, down: bool) -> exp.Expr:
        number = _number(node)
        if number is None:
            return node
        self.limits += 1
        by = abs(number) * self.share
        limit = number - by if down else number + by
        written = f"{limit.normalize():f}" if abs(limit) < _LONG else f"{limit:E}"
        if ambiguous(written):
            written += "0"  # three decimals alone may be of thousands
        return parse(written).tree


def _number(node: exp.Expr) -> Decimal | None:
    """A number that is written out."""
    inner = strip(node)
    if isinstance(inner, exp.Neg):
        below = _number(inner.this)
        return None if below is None else -below
    if isinstance(inner, exp.Literal) and not inner.is_string:
        return Decimal(inner.name)
    return None


def pieces(condition: Expression, measures: Iterable[str]) -> list[tuple[str, str | None]]:
    """A bound condition as written, cut behind the first mention of each measure.

    `annual_volume >= 50000` gives [("annual_volume", "annual_volume"), (" >= 50000", None)]: a
    text, and the measure whose figure is shown behind it.
    """
    found: list[tuple[str, str | None]] = []
    done, left = 0, set(measures)
    spots = [n.this for n in condition.tree.find_all(exp.Column) if "end" in n.this.meta]
    for spot in sorted(spots, key=lambda s: int(s.meta["start"])):
        name = str(spot.this)
        if name in left:
            left.remove(name)
            end = int(spot.meta["end"]) + 1
            found.append((condition.text[done:end], name))
            done = end
    return [*found, (condition.text[done:], None)]
