"""The meaning of an expression as canonical text, for digests.

White space, letter case of keywords and functions, quoting and redundant brackets do not show.
The text is made here from the tree, so a new sqlglot does not change it.
"""

from __future__ import annotations

import json

from sqlglot import exp

from cdmq.sql.kinds import decimal_size, kind_of

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


def _chain(node: exp.Expr, kind: type[exp.Expr]) -> list[str]:
    if type(node) is exp.Paren:
        return _chain(node.this, kind)
    if type(node) is kind:
        return _chain(node.this, kind) + _chain(node.expression, kind)
    return [tokens(node)]


def _number(written: str) -> str:
    written = written.lower().replace("_", "")
    return "0" + written if written.startswith(".") else written


def _to(to: exp.Expr) -> str:
    kind = kind_of(to)
    return "decimal {} {}".format(*decimal_size(to)) if kind == "decimal" else kind


def _case(node: exp.Expr) -> str:
    parts = [f"({tokens(b.this)} {tokens(b.args['true'])})" for b in node.args["ifs"]]
    default = node.args.get("default")
    return f"(case {' '.join(parts)} {'null' if default is None else tokens(default)})"


def tokens(tree: exp.Expr) -> str:
    """The tree as an s-expression."""
    kind = type(tree)
    if kind is exp.Paren:
        return tokens(tree.this)
    if kind is exp.Column:
        name = str(tree.name)
        return "as_of" if name.lower() == "as_of" else f"(column {json.dumps(name)})"
    if kind is exp.Literal:
        return json.dumps(tree.this) if tree.is_string else _number(str(tree.this))
    if kind is exp.Null:
        return "null"
    if kind is exp.Boolean:
        return "true" if tree.this else "false"
    if kind in _CHAINS:
        return f"({_CHAINS[kind]} {' '.join(_chain(tree, kind))})"
    if kind in _WORDS:
        return f"({_WORDS[kind]} {tokens(tree.this)} {tokens(tree.expression)})"
    if kind is exp.Not or kind is exp.Neg:
        return f"({'not' if kind is exp.Not else 'minus'} {tokens(tree.this)})"
    if kind is exp.Case:
        return _case(tree)
    if kind is exp.Cast or kind is exp.TryCast:
        verb = "cast" if kind is exp.Cast else "try_cast"
        return f"({verb} {tokens(tree.this)} {_to(tree.args['to'])})"
    if kind is exp.Between:
        ends = f"{tokens(tree.args['low'])} {tokens(tree.args['high'])}"
        return f"(between {tokens(tree.this)} {ends})"
    inner = " ".join(tokens(e) for e in tree.expressions)
    if kind is exp.In:
        return f"(in {tokens(tree.this)} {inner})"
    return f"({tree.name} {inner})"
