"""Upper and lower case that is the same on every engine.

DuckDB and PostgreSQL's pg_c_utf8 (17 and later; simple case mapping) agree on all but 55 of the
1,112,063 code points (compared one by one, see tests/standards/test_letters.py): the sharp s,
whose capital only DuckDB knows, and the 27 pairs that Unicode 16 added. Both are mended here in
texts that are not plain ASCII.
"""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql.dialects import dialect_of
from cdmq.standards._values import call, case, equal, joined, matches, number, octets, text

#: Capital and small letters of the pairs new in Unicode 16 (UnicodeData.txt).
_NEW_CAPITAL = "\ua7dc\ua7cb\u1c89\ua7cc\ua7da" + "".join(map(chr, range(0x10D50, 0x10D66)))
_NEW_SMALL = "\u019b\u0264\u1c8a\ua7cd\ua7db" + "".join(map(chr, range(0x10D70, 0x10D86)))

#: A piece of a text, and its place, as names.
_PIECE, _PLACE = "cdmq_piece", "cdmq_place"

#: Words inside a person's name that are written small (the Dutch, German, French, Italian,
#: Spanish, Portuguese ones). At the start they get a capital, as in Dutch without a first name.
PARTICLES = (
    "af", "av", "da", "das", "de", "degli", "dei", "del", "della", "den", "der", "des", "di", "do",
    "dos", "du", "e", "la", "le", "op", "'t", "ten", "ter", "und", "van", "vom", "von", "y", "zu",
    "zum", "zur",
)  # fmt: skip


def _native(name: str, value: exp.Expr, dialect: str) -> exp.Expr:
    return dialect_of(dialect).texts.cased(name, value.copy())


def _mended(node: exp.Expr, value: exp.Expr, wrong: str, right: str, dialect: str) -> exp.Expr:
    """`node`, with translate (slow on DuckDB) only where the value holds such a letter."""
    plain = equal(octets(value, dialect), call("length", value))
    usual = exp.Or(this=plain, expression=exp.Not(this=matches(value, f"[{wrong}]", dialect)))
    mended = call("translate", node, text(wrong), text(right))
    return case((usual, node), otherwise=mended)


def upper(value: exp.Expr, dialect: str) -> exp.Expr:
    """Capital letters; the capital of sharp s is U+1E9E."""
    node = _native("upper", value, dialect)
    small, capital = dialect_of(dialect).texts.not_raised
    return _mended(node, value, small + _NEW_SMALL, capital + _NEW_CAPITAL, dialect)


def lower(value: exp.Expr, dialect: str) -> exp.Expr:
    """Small letters."""
    node = _native("lower", value, dialect)
    return _mended(node, value, _NEW_CAPITAL, _NEW_SMALL, dialect)


def capitalised(small: exp.Expr, after: str, dialect: str, person: bool = False) -> exp.Expr:
    """A capital at the start of cleaned small letters and behind each match of the class `after`.

    Engines share no capital-maker, so the text is cut into pieces at a
    control character, U+0001, which `whitespace.clean` has removed before.
    `person`: particles inside stay small, Mc is followed by a capital.
    """
    cut = call("chr", number(1))
    mark = exp.DPipe(this=text("\\1"), expression=cut.copy(), safe=False)
    marked = call("regexp_replace", small, text(f"({after})"), mark, text("g"))
    piece = _person(dialect) if person else _capital(exp.column(_PIECE), dialect)
    return dialect_of(dialect).texts.pieces(marked, cut, piece, (_PIECE, _PLACE))


def _capital(piece: exp.Expr, dialect: str) -> exp.Expr:
    first = upper(call("left", piece, number(1)), dialect)
    return joined(first, call("substr", piece, number(2)))


def _person(dialect: str) -> exp.Expr:
    piece, place = exp.column(_PIECE), exp.column(_PLACE)
    inside = exp.And(
        this=exp.GT(this=place, expression=number(1)),
        expression=exp.In(this=piece.copy(), expressions=[text(f"{p} ") for p in PARTICLES]),
    )
    mac = exp.And(
        this=equal(call("left", piece, number(2)), text("mc")),
        expression=exp.GTE(this=call("length", piece), expression=number(5)),
    )
    mac_name = joined(text("Mc"), _capital(call("substr", piece, number(3)), dialect))
    return case((inside, piece), (mac, mac_name), otherwise=_capital(piece, dialect))
