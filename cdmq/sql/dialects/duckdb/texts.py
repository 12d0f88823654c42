"""Texts and regular expressions on DuckDB."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql.dialects.dialect import Anchors, Patterns, Texts
from cdmq.sql.functions.build import call, number, text


def _composed(value: exp.Expr) -> exp.Expr:
    return call("nfc_normalize", value)


def _cased(name: str, value: exp.Expr) -> exp.Expr:
    return call(name, value)


def _ends(value: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    """The whole stands for its first character; an index is quicker than a part."""
    return value.copy(), call("array_extract", value, exp.Literal.number(-1))


def _pieces(
    value: exp.Expr, separator: exp.Expr, changed: exp.Expr, names: tuple[str, str]
) -> exp.Expr:
    each = exp.Lambda(this=changed, expressions=[exp.to_identifier(n) for n in names])
    pieces = call("list_transform", call("string_split", value, separator), each)
    return call("array_to_string", pieces, text(""))


def _escaped(point: int) -> str:
    return f"\\x{{{point:04x}}}"


def _extract(value: exp.Expr, pattern: exp.Expr, group: int) -> exp.Expr:
    return call("regexp_extract", value, pattern, number(group))


TEXTS = Texts(
    collations=None,
    holds_nul=True,
    backslash_escapes=False,
    octets="strlen",
    nfc="nfc_normalize",
    composed=_composed,
    cased=_cased,
    not_raised=("", ""),
    ends=_ends,
    pieces=_pieces,
)
PATTERNS = Patterns(
    found="regexp_matches",
    anchors=Anchors("^", "$", r"\b"),
    escaped=_escaped,
    extract=_extract,
)
