"""The one text form of a value of each type, the same on every engine."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.types import Type


def text_of(value: exp.Expr, type_: Type) -> exp.Expr:
    """`value` as text. Numbers have no zeros behind the last digit: `1.5`, `100`, `1e-07`."""
    if type_ == "text":
        return value
    as_text = nodes.cast(value, "text")
    if type_ == "decimal":
        bare = nodes.call("rtrim", as_text.copy(), nodes.text("0"))
        bare = nodes.call("rtrim", bare, nodes.text("."))
        return nodes.when(
            exp.Like(this=as_text, expression=nodes.text("%.%")), bare, as_text.copy()
        )
    return _double(value, as_text) if type_ == "double" else as_text


def _double(value: exp.Expr, as_text: exp.Expr) -> exp.Expr:
    """Engines differ in `.0`, in NaN and infinity, and in where the exponent begins."""
    size, floor = exp.Abs(this=value.copy()), exp.Floor(this=exp.Abs(this=value.copy()))
    odd = [
        (nodes.equal(value.copy(), nodes.cast(nodes.text(word), "double")), nodes.text(word))
        for word in ("NaN", "Infinity", "-Infinity")
    ]
    whole = nodes.all_of(
        [
            nodes.equal(size.copy(), floor.copy()),
            exp.LT(this=size.copy(), expression=nodes.number(10**18)),
        ]
    )
    large = nodes.all_of(
        [
            exp.GTE(this=size.copy(), expression=nodes.number(10**15)),
            exp.LT(this=size.copy(), expression=nodes.number(10**16)),
        ]
    )
    assert whole is not None
    assert large is not None
    part = nodes.cast(nodes.paren(exp.Sub(this=size, expression=floor.copy())), "text")
    sign = nodes.when(
        exp.LT(this=value.copy(), expression=nodes.number(0)), nodes.text("-"), nodes.text("")
    )
    digits = nodes.concat(
        [
            sign,
            nodes.cast(nodes.cast(floor, "bigint"), "text"),
            nodes.call("substr", part, nodes.number(2)),
        ]
    )
    bigint = nodes.cast(nodes.cast(value.copy(), "bigint"), "text")
    return nodes.cases([*odd, (whole, bigint), (large, digits)], as_text)


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


def identity_of(key: exp.Expr, digest: exp.Expr) -> exp.Expr:
    """What names each record where a key stands twice: the first by its digest has the key alone,
    the others the digest beside it; of those that are equal in all, their number. Where the key is
    NULL, the digest stands in its place.

    The digest is long and stands here often: as seldom as can be, for a plan is made of each. Its
    nodes are one and the same in all places: whoever sends a statement copies it whole.
    """
    key, digest = key.copy(), digest.copy()

    def over(name: str) -> exp.Window:
        order = exp.Order(expressions=[exp.Ordered(this=digest)])
        return exp.Window(this=nodes.call(name), partition_by=[key], order=order)

    mark = nodes.call("substr", digest, nodes.number(len(NO_KEY) + 1), nodes.number(10))
    # Which of equal records comes first is chance, and another one in each window: so one place
    # says all, and how many have a smaller digest is the same for all that are equal.
    begins = nodes.when(nodes.is_null(key), over("rank"), nodes.number(1))
    number = exp.Add(
        this=exp.Sub(this=over("row_number"), expression=over("rank")), expression=nodes.number(1)
    )
    equal = nodes.concat(
        [nodes.text(" ("), nodes.cast(nodes.paren(number), "text"), nodes.text(")")]
    )
    more = nodes.concat(
        [nodes.text(" #"), mark, nodes.call("replace", equal, nodes.text(" (1)"), nodes.text(""))]
    )
    return nodes.concat(
        [
            exp.Coalesce(this=key, expressions=[digest]),
            nodes.when(nodes.equal(over("row_number"), begins), nodes.text(""), more),
        ]
    )


#: How the name of a record begins that has no key.
#: What the name of a record without a key begins with.
NO_KEY = "no key: "


def record_digest(parts: Sequence[tuple[exp.Expr, Type]]) -> exp.Expr:
    """The digest of a whole record: names a record whose key is NULL."""
    texts: list[exp.Expr] = []
    for node, type_ in parts:
        value = exp.Coalesce(this=text_of(node, type_), expressions=[nodes.text("\x01")])
        texts += [value, nodes.text("\x02")]
    return nodes.concat([nodes.text(NO_KEY), nodes.call("md5", nodes.concat(texts))])
