"""From sqlglot's tree to ours: only what is allowed, and one form for what means the same.

sqlglot has a class of its own for most functions and changes those between versions. Here every
call becomes `Anonymous(name of its row, arguments in the row's order)`, so that typing, rendering
and digests know one shape only. Positions in the text are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from sqlglot import exp

from cdmq.problems import did_you_mean
from cdmq.sql import refusals
from cdmq.sql.calls import checked, special
from cdmq.sql.cast_types import cast_target
from cdmq.sql.functions import Function, spellings, table
from cdmq.sql.problem import CONSTRUCT, SYNTAX, TYPES, SqlProblem, say, spot, start

BEHIND = ("raw", "filled", "reason")
COMPARE = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
ORDERED = (exp.LT, exp.LTE, exp.GT, exp.GTE)
ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod)
MOST_DEPTH = 100


def _keep(new: exp.Expr, old: exp.Expr) -> exp.Expr:
    if "start" in old.meta:
        new.meta["start"] = old.meta["start"]
        new.meta["end"] = old.meta["end"]
    return new


@cache
def _by_node() -> dict[str, Function]:
    return {row.node: row for row in table().values() if row.node}


class Normaliser:
    """One pass over one expression's tree."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.depth = 0
        self.columns: dict[str, None] = {}
        self.behind: dict[tuple[str, str], None] = {}

    def node(self, node: exp.Expr) -> exp.Expr:
        handler = _HANDLERS.get(type(node))
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise SqlProblem(
                CONSTRUCT,
                "the expression is nested too deep",
                "split it into two rules, or use IN (...)",
                start(node),
            )
        new = handler(self, node) if handler else self.call(node)
        self.depth -= 1
        return new

    def only(self, node: exp.Expr, *keys: str) -> None:
        """Refuse a node that carries more than is understood here."""
        for key, value in node.args.items():
            if key not in keys and (isinstance(value, (exp.Expr, list)) and value):
                inner = value[0] if isinstance(value, list) else value
                raise refusals.refused(inner if isinstance(inner, exp.Expr) else node, self.text)

    def leaf(self, node: exp.Expr) -> exp.Expr:
        return node

    def column(self, node: exp.Expr) -> exp.Expr:
        if node.args.get("table") is not None or not isinstance(node.this, exp.Identifier):
            raise refusals.qualified(node, self.text)
        name = str(node.name)
        if name.lower() != "as_of":
            self.columns.setdefault(name)
        return node

    def unary(self, node: exp.Expr) -> exp.Expr:
        self.only(node, "this")
        return _keep(type(node)(this=self.node(node.this)), node)

    def binary(self, node: exp.Expr) -> exp.Expr:
        self.only(node, "this", "expression")
        return type(node)(this=self.node(node.this), expression=self.node(node.expression))

    def chain(self, node: exp.Expr) -> exp.Expr:
        """AND and OR: a long chain becomes a balanced tree, which recursion can bear."""
        cls, parts, rest = type(node), [], [node]
        while rest:
            here = rest.pop()
            if type(here) is cls:
                self.only(here, "this", "expression")
                rest += [here.expression, here.this]
            else:
                parts.append(self.node(here))
        while len(parts) > 1:
            pairs = [parts[i : i + 2] for i in range(0, len(parts), 2)]
            parts = [cls(this=p[0], expression=p[1]) if len(p) == 2 else p[0] for p in pairs]
        return parts[0]

    def is_(self, node: exp.Expr) -> exp.Expr:
        if not isinstance(node.expression, (exp.Null, exp.Boolean)):
            raise SqlProblem(
                SYNTAX,
                f"'is {say(node.expression)}' is not known",
                "write is null, is true or is false; = compares",
                start(node),
            )
        return exp.Is(this=self.node(node.this), expression=node.expression)

    def in_(self, node: exp.Expr) -> exp.Expr:
        self.only(node, "this", "expressions", "field")
        if not node.expressions:
            raise SqlProblem(
                SYNTAX,
                "IN needs a list in round brackets",
                "write: status in ('new', 'open')",
                start(node),
            )
        return exp.In(
            this=self.node(node.this), expressions=[self.node(e) for e in node.expressions]
        )

    def between(self, node: exp.Expr) -> exp.Expr:
        self.only(node, "this", "low", "high")
        return exp.Between(
            this=self.node(node.this),
            low=self.node(node.args["low"]),
            high=self.node(node.args["high"]),
        )

    def like(self, node: exp.Expr, escape: exp.Expr | None = None) -> exp.Expr:
        self.only(node, "this", "expression")
        new: exp.Expr = type(node)(this=self.node(node.this), expression=self.node(node.expression))
        if escape is not None:
            new = exp.Escape(this=new, expression=escape)
        return exp.Not(this=new) if node.args.get("negate") else new

    def escape(self, node: exp.Expr) -> exp.Expr:
        sign, pattern = node.expression, node.this.expression
        if not isinstance(node.this, (exp.Like, exp.ILike)):
            raise refusals.refused(node, self.text)
        good = isinstance(sign, exp.Literal) and sign.is_string and len(sign.name) == 1
        if not good or not (isinstance(pattern, exp.Literal) and pattern.is_string):
            raise SqlProblem(
                SYNTAX,
                "ESCAPE needs one character, and a pattern that is written out",
                "write: like '10!%' escape '!'",
                start(node),
            )
        if len(pattern.name.replace(sign.name * 2, "")) != len(
            pattern.name.replace(sign.name * 2, "").rstrip(sign.name)
        ):
            raise SqlProblem(
                SYNTAX,
                "the pattern ends with its escape character",
                "write it twice for the character itself",
                start(pattern),
            )
        return self.like(node.this, sign)

    def case(self, node: exp.Expr) -> exp.Expr:
        self.only(node, "this", "ifs", "default")
        ifs = []
        for branch in node.args["ifs"]:
            test = self.node(branch.this)
            if node.this is not None:
                test = exp.EQ(this=self.node(node.this), expression=test)
            ifs.append(exp.If(this=test, true=self.node(branch.args["true"])))
        default = node.args.get("default")
        return exp.Case(ifs=ifs, default=self.node(default) if default is not None else None)

    def if_(self, node: exp.Expr) -> exp.Expr:
        other = node.args.get("false")
        branch = exp.If(this=self.node(node.this), true=self.node(node.args["true"]))
        return exp.Case(ifs=[branch], default=self.node(other) if other is not None else None)

    def cast(self, node: exp.Expr) -> exp.Expr:
        self.only(node, "this", "to")
        type_, to = cast_target(node.args["to"], start(node))
        new = type(node)(this=self.node(node.this), to=to)
        refusals.moment_literal(new, type_)
        return new

    def interval(self, node: exp.Expr) -> exp.Expr:
        return _keep(refusals.interval(node, self.text), node)

    def date_add(self, node: exp.Expr) -> exp.Expr:
        if not isinstance(node.expression, exp.Interval):
            raise SqlProblem(
                TYPES,
                "date_add adds an interval",
                "write: date_add(day, interval '3 months')",
                spot(node),
            )
        return exp.Add(this=self.node(node.this), expression=self.node(node.expression))

    def call(self, node: exp.Expr) -> exp.Expr:
        """A function: found in the table by sqlglot's class or by its name, or refused."""
        found = special(node)
        if found is None:
            row = _by_node().get(type(node).__name__)
            if row is not None:
                self.only(node, *row.keys)
                found = row.name, _gather(node, row.keys)
            elif isinstance(node, exp.Anonymous):
                found = self.named(node)
            else:
                raise refusals.refused(node, self.text)
        name, args = found
        if name in BEHIND:
            self.behind.setdefault((name, str(args[0].name)))
            return _keep(exp.Anonymous(this=name, expressions=args), node)
        written = [self.node(a) for a in args]
        new = _keep(exp.Anonymous(this=name, expressions=written), node)
        return checked(new, table()[name], self.text)

    def named(self, node: exp.Expr) -> tuple[str, list[exp.Expr]]:
        name = str(node.name).lower()
        if name in BEHIND:
            args = node.expressions
            if len(args) != 1 or not isinstance(args[0], exp.Column) or args[0].args.get("table"):
                raise SqlProblem(
                    SYNTAX,
                    f"{name}() takes the name of one column",
                    f"write: {name}(email)",
                    spot(node),
                )
            return name, node.expressions
        if name in spellings():
            return spellings()[name], node.expressions
        refusals.known_bad(name, spot(node))
        raise refusals.unknown_function(
            name, did_you_mean(name, [*spellings(), *BEHIND]), spot(node)
        )


def _gather(node: exp.Expr, keys: tuple[str, ...]) -> list[exp.Expr]:
    args: list[exp.Expr] = []
    for key in keys:
        value = node.args.get(key)
        if isinstance(value, list):
            args.extend(value)
        elif value is not None:
            args.append(value)
    return args


_Handler = Callable[[Normaliser, exp.Expr], exp.Expr]
_HANDLERS: dict[type[exp.Expr], _Handler] = {
    exp.Column: Normaliser.column,
    exp.Literal: Normaliser.leaf,
    exp.Null: Normaliser.leaf,
    exp.Boolean: Normaliser.leaf,
    exp.Paren: Normaliser.unary,
    exp.Not: Normaliser.unary,
    exp.Neg: Normaliser.unary,
    exp.And: Normaliser.chain,
    exp.Or: Normaliser.chain,
    exp.DPipe: Normaliser.binary,
    exp.Is: Normaliser.is_,
    exp.In: Normaliser.in_,
    exp.Between: Normaliser.between,
    exp.Like: Normaliser.like,
    exp.ILike: Normaliser.like,
    exp.Escape: Normaliser.escape,
    exp.Case: Normaliser.case,
    exp.If: Normaliser.if_,
    exp.Cast: Normaliser.cast,
    exp.TryCast: Normaliser.cast,
    exp.Interval: Normaliser.interval,
    exp.DateAdd: Normaliser.date_add,
    **dict.fromkeys(COMPARE, Normaliser.binary),
    **dict.fromkeys(ARITHMETIC, Normaliser.binary),
}
