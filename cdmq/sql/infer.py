"""The type of every part of an expression, and what does not fit together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from cdmq.project.column_names import folded
from cdmq.sql.arguments import argument
from cdmq.sql.arithmetic import arithmetic
from cdmq.sql.cast_types import type_of
from cdmq.sql.fitting import (
    CAST_REMEDIES,
    CASTS,
    TYPE,
    as_moment,
    as_quoted,
    differ,
    item,
    resolve,
    type_at,
    wider,
    word,
)
from cdmq.sql.functions import table
from cdmq.sql.normal import ARITHMETIC, BEHIND, COMPARE, ORDERED
from cdmq.sql.problem import OF_TYPE, TYPES, SqlProblem, say, spot, start
from cdmq.sql.text_order import check_order
from cdmq.sql.types import MOMENTS, NUMBERS, OPAQUE, Type


class Typer:
    """One pass that resolves names, turns ISO texts into dates, and types every node."""

    def __init__(self, columns: Mapping[str, Type] | None) -> None:
        self.columns = columns
        self.used: dict[str, None] = {}
        self.behind: dict[tuple[str, str], None] = {}
        self.lower: dict[str, list[str]] = {}
        for name in columns or ():
            self.lower.setdefault(folded(name), []).append(name)

    def type(self, node: exp.Expr) -> Type:
        type_ = _RULES.get(type(node), Typer.unknown)(self, node)
        node.meta[TYPE] = type_
        return type_

    def unknown(self, node: exp.Expr) -> Type:
        return "unknown"

    def column(self, node: exp.Expr) -> Type:
        if str(node.name).lower() == "as_of":
            return "timestamp"
        type_ = self.named(node)
        self.used.setdefault(str(node.name))
        self.opaque(node, type_)
        return type_

    def opaque(self, node: exp.Expr, type_: Type) -> None:
        """Of what engines do not compare alike it is asked only whether it is there."""
        around = node.parent
        while isinstance(around, exp.Paren):
            around = around.parent
        asked = isinstance(around, exp.Is) and isinstance(around.expression, exp.Null)
        if type_ in OPAQUE and not asked:
            raise SqlProblem(
                OF_TYPE,
                f"{say(node)} is {word(type_)}: a rule asks of it only whether it is there",
                f"write {say(node)} is not null, or take what you need out of it in a SQL model",
                start(node),
            )

    def named(self, node: exp.Expr) -> Type:
        """The type of a column, whose name becomes the dataset's."""
        name = str(node.name)
        if self.columns is None:
            return "unknown"
        real = resolve(
            name,
            self.columns,
            self.lower,
            spot(node.this),
            quoted=bool(node.this.args.get("quoted")),
        )
        if real != name:
            new = exp.Identifier(this=real, quoted=True)
            new.meta.update(node.this.meta)
            node.set("this", new)
        return self.columns[real]

    def literal(self, node: exp.Expr) -> Type:
        if node.is_string:
            return "text"
        written = str(node.name).lower()
        if "e" in written:
            return "double"
        return "decimal" if "." in written else "integer"

    def boolean(self, node: exp.Expr) -> Type:
        return "boolean"

    def paren(self, node: exp.Expr) -> Type:
        return self.type(node.this)

    def logic(self, node: exp.Expr) -> Type:
        for key in ("this", "expression"):
            side = node.args.get(key)
            if side is not None:
                self.want(side, self.type(side), "boolean")
        return "boolean"

    def is_(self, node: exp.Expr) -> Type:
        type_ = self.type(node.this)
        if isinstance(node.expression, exp.Boolean):
            self.want(node.this, type_, "boolean")
        return "boolean"

    def want(self, node: exp.Expr, type_: Type, wanted: Type) -> None:
        if type_ not in (wanted, "unknown"):
            remedy = "write a comparison, for example: x = 'yes'" if wanted == "boolean" else ""
            raise SqlProblem(
                TYPES, f"{say(node)} is {word(type_)}, not {word(wanted)}", remedy, start(node)
            )

    def compare(self, node: exp.Expr) -> Type:
        self.type(node.this)
        self.type(node.expression)
        common = self.agree([(node, "this"), (node, "expression")])
        if common == "text" and isinstance(node, ORDERED):
            check_order([node.this, node.expression], node)
        if common == "uuid" and isinstance(node, ORDERED):
            raise _no_order(node.this)
        return "boolean"

    def between(self, node: exp.Expr) -> Type:
        for key in ("this", "low", "high"):
            self.type(node.args[key])
        self.agree([(node, "this"), (node, "low")])
        common = self.agree([(node, "this"), (node, "high")])
        if common == "uuid":
            raise _no_order(node.this)
        if common == "text":
            for end in ("low", "high"):
                check_order([node.this, node.args[end]], node)
        return "boolean"

    def in_(self, node: exp.Expr) -> Type:
        self.type(node.this)
        for i, choice in enumerate(node.expressions):
            self.type(choice)
            self.agree([(node, "this"), (node, i)])
        return "boolean"

    def agree(self, places: list[tuple[exp.Expr, str | int]]) -> Type:
        """The common type of several values; texts that are ISO dates become dates."""
        nodes = [item(*p) for p in places]
        types = {type_at(n) for n in nodes}
        if types & MOMENTS and "text" in types:
            wanted: Type = "timestamp" if "timestamp" in types else "date"
            nodes = [as_moment(n, p, wanted) for n, p in zip(nodes, places, strict=True)]
        for quoted in ("uuid", "time"):
            if quoted in types and "text" in types:
                nodes = [as_quoted(n, p, quoted) for n, p in zip(nodes, places, strict=True)]
        common, first = type_at(nodes[0]), nodes[0]
        for node in nodes[1:]:
            both = wider(common, type_at(node))
            if both is None:
                raise differ(first, node)
            if common == "unknown":
                first = node
            common = both
        return common

    def like(self, node: exp.Expr) -> Type:
        for side in (node.this, node.expression):
            self.want(side, self.type(side), "text")
        return "boolean"

    def escape(self, node: exp.Expr) -> Type:
        return self.type(node.this)

    def pipe(self, node: exp.Expr) -> Type:
        for side in (node.this, node.expression):
            type_ = self.type(side)
            if type_ not in ("text", "unknown"):
                raise SqlProblem(
                    TYPES,
                    f"{say(side)} is {word(type_)}, and || joins texts",
                    f"write: {say(side)}::text, or concat(...)",
                    start(side),
                )
        return "text"

    def negate(self, node: exp.Expr) -> Type:
        type_ = self.type(node.this)
        if type_ not in NUMBERS and type_ != "unknown":
            raise SqlProblem(
                TYPES, f"{say(node.this)} is {word(type_)}, not a number", "", start(node)
            )
        return type_

    def arithmetic(self, node: exp.Expr) -> Type:
        return arithmetic(node, self.type(node.this), self.type(node.expression))

    def case(self, node: exp.Expr) -> Type:
        places: list[tuple[exp.Expr, str | int]] = []
        for branch in node.args["ifs"]:
            self.want(branch.this, self.type(branch.this), "boolean")
            self.type(branch.args["true"])
            places.append((branch, "true"))
        if node.args.get("default") is not None:
            self.type(node.args["default"])
            places.append((node, "default"))
        return self.agree(places)

    def cast_(self, node: exp.Expr) -> Type:
        type_, to = self.type(node.this), type_of(node.args["to"])
        if type_ != "unknown" and to not in CASTS.get(type_, ()):
            remedy = CAST_REMEDIES.get((type_, to), "")
            is_ = "a double" if type_ == "double" else word(type_)
            raise SqlProblem(
                TYPES,
                f"{say(node.this)} is {is_} and cannot be cast to {to}",
                remedy,
                start(node.this),
            )
        return to

    def call(self, node: exp.Expr) -> Type:
        if node.name == "interval":
            return "interval"
        if node.name in BEHIND:
            type_ = self.named(node.expressions[0])
            self.behind.setdefault((str(node.name), str(node.expressions[0].name)))
            if node.name != "reason":
                self.opaque(node, type_)
            return "text" if node.name == "reason" else type_
        row = table()[node.name]
        types = [self.type(a) for a in node.expressions]
        for i, (arg, type_) in enumerate(zip(node.expressions, types, strict=True)):
            types[i] = argument(node, i, arg, type_)
        if row.result == "first":
            return types[0]
        if row.result != "same":
            result: Type = row.result  # type: ignore[assignment]
            return result
        common = self.agree([(node, i) for i in range(len(types))])
        if common == "text" and node.name in ("greatest", "least"):
            check_order(node.expressions, node)
        return common


def _no_order(node: exp.Expr) -> SqlProblem:
    return SqlProblem(
        OF_TYPE,
        f"{say(node)} is a uuid, which has no larger and no smaller",
        "compare it with = or <>",
        start(node),
    )


_RULES: dict[type[exp.Expr], Callable[[Typer, exp.Expr], Type]] = {
    exp.Column: Typer.column,
    exp.Literal: Typer.literal,
    exp.Boolean: Typer.boolean,
    exp.Paren: Typer.paren,
    exp.And: Typer.logic,
    exp.Or: Typer.logic,
    exp.Not: Typer.logic,
    exp.Is: Typer.is_,
    exp.Between: Typer.between,
    exp.In: Typer.in_,
    exp.Like: Typer.like,
    exp.ILike: Typer.like,
    exp.Escape: Typer.escape,
    exp.DPipe: Typer.pipe,
    exp.Neg: Typer.negate,
    exp.Case: Typer.case,
    exp.Cast: Typer.cast_,
    exp.TryCast: Typer.cast_,
    exp.Anonymous: Typer.call,
    **dict.fromkeys(COMPARE, Typer.compare),
    **dict.fromkeys(ARITHMETIC, Typer.arithmetic),
}
