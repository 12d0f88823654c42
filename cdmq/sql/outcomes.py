"""What a condition can come out as, whatever a row holds: true, false, NULL.

Each column (or other value) takes, in turn, every constant that it is compared with, what lies
between two of them, what lies beyond, and NULL: to comparisons with constants nothing else can
make a difference. What is not understood may come out as anything, so an outcome that is missing
here can't happen. An outcome that is here may still be one that no row has.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial, reduce
from itertools import product
from math import floor, prod
from typing import Any

from sqlglot import exp

from cdmq.sql.constants import NULL, constant
from cdmq.sql.fitting import strip, type_at

Outcome = bool | None
World = Mapping[str, Any]
Condition = Callable[[World], Outcome]
#: More combinations than this are not looked at.
MOST = 20_000
_SIGNS: dict[type[exp.Expr], Callable[[Any, Any], bool]] = {
    exp.EQ: lambda a, b: a == b,
    exp.NEQ: lambda a, b: a != b,
    exp.LT: lambda a, b: a < b,
    exp.LTE: lambda a, b: a <= b,
    exp.GT: lambda a, b: a > b,
    exp.GTE: lambda a, b: a >= b,
}
_TRUTH = (True, False, None)


class _NotComparable(Exception):
    """One value is compared with constants of two types."""


@dataclass
class _Variable:
    """A value, by its text, and the constants that it is compared with."""

    type_: str
    constants: set[Any] = field(default_factory=set)
    domain: tuple[Any, ...] | None = None
    floor: Decimal | None = None

    def places(self) -> tuple[Any, ...]:
        """Where the value may lie: constants have odd places, what is between them even ones."""
        if self.domain is not None:
            return self.domain
        if len({type(c) for c in self.constants}) > 1:
            raise _NotComparable
        known = sorted(self.constants)
        ends = [None, *known, None]
        found: list[Any] = []
        for i in range(len(known) + 1):
            if self._between(ends[i], ends[i + 1]):
                found.append(2 * i)
            if i < len(known) and self._at(known[i]):
                found.append(2 * i + 1)
        return (*found, None)

    def place(self, value: Any) -> int:
        return 2 * sorted(self.constants).index(value) + 1

    def _at(self, value: Any) -> bool:
        if self.floor is not None and value < self.floor:
            return False
        return not (self.type_ == "integer" and value != int(value))

    def _between(self, low: Any, high: Any) -> bool:
        """Whether a value can lie between two constants; None is no end."""
        if self.floor is not None and high is not None and high <= self.floor:
            return False
        whole = self.type_ == "integer" and low is not None and high is not None
        return not whole or floor(low) + 1 < high


class Plan:
    """Conditions over one set of values. `floors`: the least that a column can be."""

    def __init__(self, floors: Mapping[str, Decimal] | None = None) -> None:
        self.variables: dict[str, _Variable] = {}
        self.floors = floors or {}
        self._seen: set[str] = set()

    def add(self, tree: exp.Expr) -> tuple[Condition, frozenset[str]]:
        """The condition to be asked in each world, and the values that it reads."""
        self._seen = set()
        found = self._condition(tree)
        return found, frozenset(self._seen)

    def worlds(self, of: frozenset[str]) -> Iterator[World] | None:
        """Every combination of some values; None where there are too many."""
        names = sorted(of)
        try:
            domains = [self.variables[n].places() for n in names]
        except _NotComparable:
            return None
        if prod(len(d) for d in domains) > MOST:
            return None
        return (dict(zip(names, values, strict=True)) for values in product(*domains))

    # conditions -------------------------------------------------------------------------------

    def _condition(self, node: exp.Expr) -> Condition:
        node = strip(node)
        if isinstance(node, exp.Not):
            inner = self._condition(node.this)
            return lambda w: None if (v := inner(w)) is None else not v
        if isinstance(node, exp.And | exp.Or):
            return _joined(
                [self._condition(node.left), self._condition(node.right)], isinstance(node, exp.Or)
            )
        if isinstance(node, exp.Is):
            return self._is(node)
        if type(node) in _SIGNS:
            return self._compared(node.this, _SIGNS[type(node)], node.expression)
        if isinstance(node, exp.Between):
            low = self._compared(node.this, _SIGNS[exp.GTE], node.args["low"])
            return _joined(
                [low, self._compared(node.this, _SIGNS[exp.LTE], node.args["high"])], False
            )
        if isinstance(node, exp.In):
            same = [self._compared(node.this, _SIGNS[exp.EQ], e) for e in node.expressions]
            return _joined(same, True)
        if isinstance(node, exp.Case):
            return self._case(node)
        value = constant(node)
        if value is NULL or isinstance(value, bool):
            return lambda _: None if value is NULL else bool(value)
        return self._free(node)

    def _is(self, node: exp.Expr) -> Condition:
        wanted = None if isinstance(node.expression, exp.Null) else constant(node.expression)
        inner, value = strip(node.this), constant(node.this)
        if isinstance(inner, (exp.Not, exp.And, exp.Or, exp.Is, exp.Between, exp.In, *_SIGNS)):
            held = self._condition(inner)
            return lambda w: held(w) is wanted
        if value is not None:
            return lambda _: (None if value is NULL else value) is wanted
        name = self._variable(inner)
        return lambda w: w[name] is wanted if wanted is not None else w[name] is None

    def _compared(
        self, left: exp.Expr, sign: Callable[[Any, Any], bool], right: exp.Expr
    ) -> Condition:
        a, b = constant(left), constant(right)
        if a is NULL or b is NULL:
            return lambda _: None
        if a is not None and b is not None:
            return lambda _: sign(a, b) if type(a) is type(b) else None
        if a is None and b is None:
            return self._of_two(strip(left), sign, strip(right))
        value, other = (left, b) if a is None else (right, a)
        name = self._variable(strip(value))
        variable = self.variables[name]
        if variable.domain is None:
            variable.constants.add(other)

        def held(world: World) -> Outcome:
            mine = world[name]
            its = other if variable.domain is not None else variable.place(other)
            if mine is None:
                return None
            return sign(mine, its) if a is None else sign(its, mine)

        return held

    def _of_two(
        self, left: exp.Expr, sign: Callable[[Any, Any], bool], right: exp.Expr
    ) -> Condition:
        """Two values: which is larger is one value more, whichever way round it is asked."""
        names = self._variable(left), self._variable(right)
        if names[0] == names[1]:
            return lambda w: None if w[names[0]] is None else sign(0, 0)
        first, second = sorted(names)
        both = f"{first} <> {second}"
        self.variables.setdefault(both, _Variable("order", domain=(-1, 0, 1)))
        self._seen.add(both)
        turned = names[0] != first

        def held(world: World) -> Outcome:
            if world[first] is None or world[second] is None:
                return None
            return sign(0, world[both]) if turned else sign(world[both], 0)

        return held

    def _case(self, node: exp.Expr) -> Condition:
        tests = [self._condition(b.this) for b in node.args["ifs"]]
        thens = [self._condition(b.args["true"]) for b in node.args["ifs"]]
        default = node.args.get("default")
        last: Condition = self._condition(default) if default is not None else lambda _: None

        def held(world: World) -> Outcome:
            taken = next((t for c, t in zip(tests, thens, strict=True) if c(world)), last)
            return taken(world)

        return held

    # values -----------------------------------------------------------------------------------

    def _free(self, node: exp.Expr) -> Condition:
        name = self._variable(node, "boolean")
        return lambda w: w[name]

    def _variable(self, node: exp.Expr, type_: str | None = None) -> str:
        bare = isinstance(node, exp.Column)
        name = str(node.name) if bare else node.sql(dialect="duckdb")
        if name not in self.variables:
            made = _Variable(type_ or type_at(node))
            if made.type_ == "boolean":
                made.domain = _TRUTH
            if isinstance(node, exp.Anonymous) and node.name in ("length", "abs"):
                made.floor = Decimal(0)
            made.floor = self.floors.get(name, made.floor) if bare else made.floor
            self.variables[name] = made
        self._seen.add(name)
        return name


def _joined(parts: Sequence[Condition], any_of: bool) -> Condition:
    return lambda world: _of({p(world) for p in parts}, any_of)


def _of(found: Collection[Outcome], any_of: bool) -> Outcome:
    """What operands of OR (`any_of`) or AND that come out so come out as."""
    if any_of in found:
        return any_of
    return None if None in found else not any_of


def outcomes(tree: exp.Expr) -> frozenset[Outcome]:
    """What a condition can come out as. Where that is too much to look at, its parts are looked at
    as if they came out independently, and of what has no parts it is all three."""
    plan = Plan()
    held, values = plan.add(tree)
    worlds = plan.worlds(values)
    return _by_parts(strip(tree)) if worlds is None else frozenset(held(w) for w in worlds)


def _by_parts(node: exp.Expr) -> frozenset[Outcome]:
    found: frozenset[Outcome] = frozenset(_TRUTH)
    if isinstance(node, exp.Not):
        return frozenset(None if o is None else not o for o in outcomes(node.this))
    if not isinstance(node, exp.And | exp.Or):
        return found
    any_of, parts = isinstance(node, exp.Or), list(node.flatten())
    read = [Plan().add(p)[1] for p in parts]
    alone = [outcomes(p) for p in parts]
    for values in dict.fromkeys(read):
        plan = Plan()  # those that read no more than these values are looked at together
        held = _joined(
            [plan.add(p)[0] for p, r in zip(parts, read, strict=True) if r <= values], any_of
        )
        worlds = plan.worlds(values)
        if worlds is not None:
            others = {o for o, r in zip(alone, read, strict=True) if not r <= values}  # a OR a is a
            found &= reduce(partial(_each, any_of), others, frozenset(held(w) for w in worlds))
    return found


def _each(any_of: bool, a: frozenset[Outcome], b: frozenset[Outcome]) -> frozenset[Outcome]:
    return frozenset(_of((x, y), any_of) for x in a for y in b)
