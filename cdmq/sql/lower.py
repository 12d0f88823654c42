"""From a rule's tree to one engine's SQL, node by node, with nothing left to sqlglot's guesses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.sql import casts
from cdmq.sql.dialects import dialect_of
from cdmq.sql.equality import composed, decides, nfc
from cdmq.sql.fitting import strip, type_at
from cdmq.sql.functions import table
from cdmq.sql.functions.build import both, call, cast, number, op, text, when, wrap
from cdmq.sql.infer import Typer
from cdmq.sql.normal import ARITHMETIC, BEHIND, ORDERED
from cdmq.sql.types import MOMENTS, Type

if TYPE_CHECKING:
    from cdmq.sql.dialects.dialect import Dialect

_EQUAL = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ)


@dataclass(frozen=True)
class Lowering:
    """How the leaves of a tree are written for one engine."""

    dialect: str
    column: Callable[[str], exp.Expr]
    behind: Callable[[str, str], exp.Expr]
    as_of: exp.Expr

    def node(self, node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Paren):
            return self.node(node.this)
        handler = _HANDLERS.get(type(node))
        return handler(self, node) if handler else node.copy()

    @property
    def own(self) -> Dialect:
        """What the engine says."""
        return dialect_of(self.dialect)

    def leaf(self, node: exp.Expr) -> exp.Expr:
        return self.comparable(node, self.bare(node))

    def bare(self, node: exp.Expr) -> exp.Expr:
        """As `node`, with a column as it stands."""
        node = strip(node)
        if not isinstance(node, exp.Column):
            return self.node(node)
        name = str(node.name)
        return self.as_of.copy() if name.lower() == "as_of" else self.column(name)

    def comparable(self, node: exp.Expr, value: exp.Expr) -> exp.Expr:
        return composed(value, self.dialect) if type_at(node) == "text" else value

    def literal(self, node: exp.Expr) -> exp.Expr:
        return text(nfc(node.name)) if node.is_string else node.copy()

    def binary(self, node: exp.Expr) -> exp.Expr:
        return op(type(node), self.node(node.this), self.node(node.expression))

    def unary(self, node: exp.Expr) -> exp.Expr:
        return type(node)(this=wrap(self.node(node.this)))

    def compare(self, node: exp.Expr) -> exp.Expr:
        sides = node.this, node.expression
        write = self.bare if _settled(node, sides) else self.node
        left, right = map(write, sides)
        ordered = isinstance(node, ORDERED)
        if ordered and "text" in (type_at(node.this), type_at(node.expression)):
            left = self.own.texts.by_code_point(left)
        return op(type(node), left, right)

    def is_(self, node: exp.Expr) -> exp.Expr:
        return exp.Is(this=wrap(self.bare(node.this)), expression=node.expression.copy())

    def in_(self, node: exp.Expr) -> exp.Expr:
        write = self.bare if _settled(node, node.expressions) else self.node
        return exp.In(
            this=wrap(write(node.this)), expressions=[self.node(e) for e in node.expressions]
        )

    def between(self, node: exp.Expr) -> exp.Expr:
        value = self.node(node.this)
        if type_at(node.this) == "text":
            value = self.own.texts.by_code_point(value)
        return exp.Between(
            this=wrap(value),
            low=wrap(self.node(node.args["low"])),
            high=wrap(self.node(node.args["high"])),
        )

    def like(self, node: exp.Expr, escape: exp.Expr | None = None) -> exp.Expr:
        texts = self.own.texts
        value, pattern = self.node(node.this), self.node(node.expression)
        if isinstance(node, exp.ILike):
            value, pattern = (
                texts.by_code_point(texts.cased("lower", n)) for n in (value, pattern)
            )
            if escape is not None:
                escape = text(escape.name.lower())
        value = texts.by_code_point(value)
        if escape is None and texts.backslash_escapes:
            escape = text("")
        found = exp.Like(this=wrap(value), expression=wrap(pattern))
        return found if escape is None else exp.Escape(this=found, expression=escape.copy())

    def escape(self, node: exp.Expr) -> exp.Expr:
        return self.like(node.this, node.expression)

    def case(self, node: exp.Expr) -> exp.Expr:
        ifs = [
            exp.If(this=self.node(b.this), true=self.node(b.args["true"])) for b in node.args["ifs"]
        ]
        default = node.args.get("default")
        return exp.Case(ifs=ifs, default=None if default is None else self.node(default))

    def cast(self, node: exp.Expr) -> exp.Expr:
        return casts.render(self.node(node.this), type_at(node.this), node.args["to"], self.dialect)

    def call(self, node: exp.Expr) -> exp.Expr:
        name, args = str(node.name), node.expressions
        if name in BEHIND:
            return self.comparable(node, self.behind(name, str(args[0].name)))
        if name == "interval":
            return _interval(args[0].name, args[1].name)
        row = table()[name]
        render = row.render or self.own.functions[name]
        return render([self.node(a) for a in args], [type_at(a) for a in args])

    def divide(self, node: exp.Expr) -> exp.Expr:
        """Division by zero gives NULL; `/` is always real division."""
        left, right = self.node(node.this), self.node(node.expression)
        exact = type_at(node.this) == type_at(node.expression) == "integer"
        if isinstance(node, exp.Div):
            left, right = cast(left, "DOUBLE"), cast(right, "DOUBLE")
            value = op(exp.Div, left, right)
        elif isinstance(node, exp.Mod):
            if exact or self.own.numbers.hold_fractions:
                left, right = self.wide(node.this, left), self.wide(node.expression, right)
            value = op(exp.Mod, left, right)
        else:
            left, right = self.wide(node.this, left), self.wide(node.expression, right)
            value = self.own.numbers.quotient(left, right)
        if never_zero(node.expression):
            return value
        return when(op(exp.NEQ, right.copy(), number(0)), value)

    def arithmetic(self, node: exp.Expr) -> exp.Expr:
        left, right = self.node(node.this), self.node(node.expression)
        types = type_at(node.this), type_at(node.expression)
        if set(types) & (MOMENTS | {"interval"}):
            return self.moments(node, left, right, types)
        if set(types) == {"integer"}:
            left = self.wide(node.this, left, huge=True)
            right = self.wide(node.expression, right, huge=True)
        elif "double" in types and "unknown" not in types:
            left, right = cast(left, "DOUBLE"), cast(right, "DOUBLE")
        return op(type(node), left, right)

    def wide(self, node: exp.Expr, rendered: exp.Expr, huge: bool = False) -> exp.Expr:
        """Whole numbers are calculated wide enough not to overflow."""
        calculated = isinstance(strip(node), (*ARITHMETIC, exp.Neg, exp.Anonymous))
        numbers = self.own.numbers
        return cast(rendered, numbers.calculated if huge or calculated else numbers.whole)

    def negate(self, node: exp.Expr) -> exp.Expr:
        inner = self.node(node.this)
        if type_at(node.this) == "integer" and not isinstance(strip(node.this), exp.Literal):
            inner = self.wide(node.this, inner)
        return exp.Neg(this=wrap(inner))

    def moments(
        self, node: exp.Expr, left: exp.Expr, right: exp.Expr, types: tuple[Type, Type]
    ) -> exp.Expr:
        if types[1] == "interval":
            value = op(type(node), cast(left, "TIMESTAMP"), right)
            if self.own.numbers.infinity_moves:
                return value
            return when(call("isfinite", left.copy()), value, cast(left.copy(), "TIMESTAMP"))
        if types[1] == "integer":
            days = right.copy()
            near = both(
                op(exp.GTE, days, number(-3_000_000)),
                op(exp.LTE, days.copy(), number(3_000_000)),
                call("isfinite", left.copy()),
            )
            return when(near, op(type(node), left, cast(right, "INTEGER")))
        finite = both(call("isfinite", left.copy()), call("isfinite", right.copy()))
        return when(finite, cast(exp.Paren(this=op(exp.Sub, left, right)), "BIGINT"))


def _settled(node: exp.Expr, sides: Iterable[exp.Expr]) -> bool:
    """Whether texts are compared for equality with words of which none has another form."""
    words = [s for s in map(strip, sides) if isinstance(s, exp.Literal) and s.is_string]
    others = [s for s in map(strip, sides) if not isinstance(s, exp.Literal)]
    equality = isinstance(node, exp.In) and not others or isinstance(node, _EQUAL) and words
    return bool(equality) and all(decides(w.name) for w in words)


def never_zero(node: exp.Expr) -> bool:
    """A number that is written out and is not zero."""
    inner = strip(node)
    if isinstance(inner, exp.Neg):
        inner = strip(inner.this)
    return isinstance(inner, exp.Literal) and not inner.is_string and float(inner.name) != 0


def _interval(count: str, unit: str) -> exp.Expr:
    return exp.Interval(this=text(count), unit=exp.Var(this=unit.upper()))


_Handler = Callable[[Lowering, exp.Expr], exp.Expr]
_HANDLERS: dict[type[exp.Expr], _Handler] = {
    exp.Column: Lowering.leaf,
    exp.Literal: Lowering.literal,
    exp.And: Lowering.binary,
    exp.Or: Lowering.binary,
    exp.Not: Lowering.unary,
    exp.Neg: Lowering.negate,
    exp.Is: Lowering.is_,
    exp.In: Lowering.in_,
    exp.Between: Lowering.between,
    exp.Like: Lowering.like,
    exp.ILike: Lowering.like,
    exp.Escape: Lowering.escape,
    exp.Case: Lowering.case,
    exp.Cast: Lowering.cast,
    exp.TryCast: Lowering.cast,
    exp.Anonymous: Lowering.call,
    exp.DPipe: Lowering.binary,
    exp.Div: Lowering.divide,
    exp.IntDiv: Lowering.divide,
    exp.Mod: Lowering.divide,
    exp.Add: Lowering.arithmetic,
    exp.Sub: Lowering.arithmetic,
    exp.Mul: Lowering.arithmetic,
    **dict.fromkeys(
        (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ),
        Lowering.compare,
    ),
}


def typed(tree: exp.Expr) -> exp.Expr:
    """The tree with a type at every node: as `bind` left it, or with columns unknown."""
    if "cdmq_type" in tree.meta:
        return tree
    tree = tree.copy()
    Typer(None).type(tree)
    return tree
