"""The one text form of a value of each type, the same on every engine."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.types import Type


def text_of(value: exp.Expr, type_: Type) -> exp.Expr:
    """`value` as text. A double that is whole has no `.0`: engines differ there."""
    if type_ == "text":
        return value
    as_text = nodes.cast(value, "text")
    if type_ != "double":
        return as_text
    whole = nodes.all_of([
        nodes.equal(value.copy(), exp.Floor(this=value.copy())),
        exp.LT(this=exp.Abs(this=value.copy()), expression=nodes.number(10**15)),
    ])
    assert whole is not None
    return nodes.when(whole, nodes.cast(nodes.cast(value.copy(), "bigint"), "text"), as_text)


def key_of(parts: Sequence[tuple[exp.Expr, Type]]) -> exp.Expr:
    r"""The text of a key. Parts of a composite key are joined by `/`; a `/` inside is `\/`."""
    texts = [text_of(node, type_) for node, type_ in parts]
    if len(texts) == 1:
        return texts[0]
    joined: list[exp.Expr] = []
    for i, (node, (_, type_)) in enumerate(zip(texts, parts, strict=True)):
        if i:
            joined.append(nodes.text("/"))
        joined.append(_escaped(node) if type_ == "text" else node)
    return nodes.concat(joined)


def _escaped(node: exp.Expr) -> exp.Expr:
    plain = nodes.call("replace", node, nodes.text("\\"), nodes.text("\\\\"))
    return nodes.call("replace", plain, nodes.text("/"), nodes.text("\\/"))


def values_of(parts: Sequence[tuple[str, exp.Expr]]) -> exp.Expr:
    """Several columns as one text for a reader: `signup=2024-01-02, last_order=NULL`."""
    texts: list[exp.Expr] = []
    for i, (name, node) in enumerate(parts):
        texts.append(nodes.text(f"{', ' if i else ''}{name}="))
        texts.append(exp.Coalesce(this=node, expressions=[nodes.text("NULL")]))
    return nodes.concat(texts)


def record_digest(parts: Sequence[tuple[exp.Expr, Type]]) -> exp.Expr:
    """The digest of a whole record: names a record whose key is NULL."""
    texts: list[exp.Expr] = []
    for node, type_ in parts:
        value = exp.Coalesce(this=text_of(node, type_), expressions=[nodes.text("\x01")])
        texts += [value, nodes.text("\x02")]
    return nodes.concat([nodes.text("no key: "), nodes.call("md5", nodes.concat(texts))])
