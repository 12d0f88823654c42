"""The meaning of an expression as canonical text, for digests.

White space, letter case of keywords and functions, quoting and redundant brackets do not show.
The text is made here from the tree, so a new sqlglot does not change it.
"""

from __future__ import annotations

import json

from sqlglot import exp

from cdmq.sql.cast_types import decimal_size, type_of

_WORDS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "same",
    exp.NullSafeNEQ: "other",
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.IntDiv: "//",
    exp.Mod: "%",
    exp.Like: "like",
    exp.ILike: "ilike",
    exp.Is: "is",
    exp.Escape: "escape",
}
_CHAINS: dict[type[exp.Expr], str] = {exp.And: "and", exp.Or: "or", exp.DPipe: "||"}


def _chain(node: exp.Expr, cls: type[exp.Expr]) -> list[str]:
    if type(node) is exp.Paren:
        return _chain(node.this, cls)
    if type(node) is cls:
        return _chain(node.this, cls) + _chain(node.expression, cls)
    return [tokens(node)]


def _number(written: str) -> str:
    written = written.lower().replace("_", "")
    return "0" + written if written.startswith(".") else written


def _to(to: exp.Expr) -> str:
    type_ = type_of(to)
    return "decimal {} {}".format(*decimal_size(to)) if type_ == "decimal" else type_


def _case(node: exp.Expr) -> str:
    parts = [f"({tokens(b.this)} {tokens(b.args['true'])})" for b in node.args["ifs"]]
    default = node.args.get("default")
    return f"(case {' '.join(parts)} {'null' if default is None else tokens(default)})"


def tokens(tree: exp.Expr) -> str:
    """The tree as an s-expression."""
    cls = type(tree)
    if cls is exp.Paren:
        return tokens(tree.this)
    if cls is exp.Column:
        name = str(tree.name)
        return "as_of" if name.lower() == "as_of" else f"(column {json.dumps(name)})"
    if cls is exp.Literal:
        return json.dumps(tree.this) if tree.is_string else _number(str(tree.this))
    if cls is exp.Null:
        return "null"
    if cls is exp.Boolean:
        return "true" if tree.this else "false"
    if cls in _CHAINS:
        return f"({_CHAINS[cls]} {' '.join(_chain(tree, cls))})"
    if cls in _WORDS:
        return f"({_WORDS[cls]} {tokens(tree.this)} {tokens(tree.expression)})"
    if cls is exp.Not or cls is exp.Neg:
        return f"({'not' if cls is exp.Not else 'minus'} {tokens(tree.this)})"
    if cls is exp.Case:
        return _case(tree)
    if cls is exp.Cast or cls is exp.TryCast:
        verb = "cast" if cls is exp.Cast else "try_cast"
        return f"({verb} {tokens(tree.this)} {_to(tree.args['to'])})"
    if cls is exp.Between:
        ends = f"{tokens(tree.args['low'])} {tokens(tree.args['high'])}"
        return f"(between {tokens(tree.this)} {ends})"
    inner = " ".join(tokens(e) for e in tree.expressions)
    if cls is exp.In:
        return f"(in {tokens(tree.this)} {inner})"
    return f"({tree.name} {inner})"
