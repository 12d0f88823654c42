"""Texts and regular expressions on PostgreSQL."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql.dialects.dialect import Anchors, Collations, Patterns, Texts
from cdmq.sql.functions.build import call, collated, number, text

_COLLATIONS = Collations(code_points="C", usual="default")


def by_code_point(value: exp.Expr) -> exp.Expr:
    """A text that is compared by code point, whatever the collation of its column."""
    return collated(value, _COLLATIONS.code_points)


def _composed(value: exp.Expr) -> exp.Expr:
    """`normalize` is slow for plain ASCII, and is there for a database in UTF-8 only."""
    octets, length = call("octet_length", value), call("char_length", value.copy())
    other = exp.NEQ(this=call("getdatabaseencoding"), expression=text("UTF8"))
    plain = exp.Or(this=exp.EQ(this=octets, expression=length), expression=other)
    whole = call("normalize", value.copy())
    return exp.Paren(this=exp.Case(ifs=[exp.If(this=plain, true=value.copy())], default=whole))


def cased(name: str, value: exp.Expr) -> exp.Expr:
    """A collation that is written out spreads to what is around it, and two of them clash.

    So the outer one is always "C".
    """
    unicode = exp.to_identifier("pg_c_utf8", quoted=True)
    return call(name, exp.Collate(this=exp.Paren(this=value), expression=unicode))


def _ends(value: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    first, last = (call(side, value.copy(), number(1)) for side in ("left", "right"))
    code_points = exp.to_identifier(_COLLATIONS.code_points, quoted=True)
    return (
        exp.Collate(this=first, expression=code_points),
        exp.Collate(this=last, expression=code_points.copy()),
    )


def _pieces(
    value: exp.Expr, separator: exp.Expr, changed: exp.Expr, names: tuple[str, str]
) -> exp.Expr:
    piece, place = map(exp.to_identifier, names)
    alias = exp.TableAlias(this=exp.to_identifier("cdmq_pieces"), columns=[piece])
    pieces = call("string_to_array", value, separator)
    source = exp.Unnest(expressions=[pieces], alias=alias, offset=place)
    order = exp.Ordered(this=exp.column(names[1]), nulls_first=False)
    whole = exp.GroupConcat(this=exp.Order(this=changed, expressions=[order]), separator=text(""))
    return exp.Subquery(this=exp.Select(expressions=[whole], from_=exp.From(this=source)))


def _escaped(point: int) -> str:
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def _extract(value: exp.Expr, pattern: exp.Expr, group: int) -> exp.Expr:
    """`substring` gives the first group where the pattern has one."""
    return call("substring", value, pattern)


TEXTS = Texts(
    collations=_COLLATIONS,
    holds_nul=False,
    backslash_escapes=True,
    octets="octet_length",
    nfc="normalize",
    composed=_composed,
    cased=cased,
    not_raised=("ß", "ẞ"),
    ends=_ends,
    pieces=_pieces,
)
PATTERNS = Patterns(
    found="regexp_like",
    anchors=Anchors("^", "$", r"\y"),
    escaped=_escaped,
    extract=_extract,
)
