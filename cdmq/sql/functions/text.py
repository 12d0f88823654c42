"""Functions on text. Characters are code points; positions count from 1."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql.functions import ANY, INTEGER, TEXT, Arg, Function
from cdmq.sql.functions.build import by_code_point, call, cast, number, op, text
from cdmq.sql.types import Type

#: What DuckDB's trim takes for a space: the Unicode class Zs. Tabs and line ends stay.
SPACES = (
    "\u0020\u00a0\u1680\u2000\u2001\u2002\u2003\u2004"
    "\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)


def _pg_cased(name: str, node: exp.Expr) -> exp.Expr:
    """A collation that is written out spreads to what is around it, and two of them clash.

    So the outer one is always "C".
    """
    unicode = exp.to_identifier("pg_c_utf8", quoted=True)
    return call(name, exp.Collate(this=exp.Paren(this=node), expression=unicode))


def pg_lower(node: exp.Expr) -> exp.Expr:
    """Lower case by Unicode's simple mapping, as DuckDB's, whatever the database's locale."""
    return by_code_point(_pg_cased("lower", node))


def _pg_lower(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return pg_lower(args[0])


def _pg_upper(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    upper = by_code_point(_pg_cased("upper", args[0]))
    return call("replace", upper, text("ß"), text("ẞ"))


def _pg_length(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call("char_length", args[0])


def _pg_trim(name: str, args: list[exp.Expr]) -> exp.Expr:
    return call(name, args[0], args[1] if len(args) > 1 else text(SPACES))


def _pg_both(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return _pg_trim("btrim", args)


def _pg_left_trim(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return _pg_trim("ltrim", args)


def _pg_right_trim(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return _pg_trim("rtrim", args)


def _pg_substring(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call("substr", args[0], *[cast(a, "INTEGER") for a in args[1:]])


def _pg_sized(name: str, args: list[exp.Expr]) -> exp.Expr:
    return call(name, args[0], cast(args[1], "INTEGER"), *args[2:])


def _pg_left(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return _pg_sized("left", args)


def _pg_right(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return _pg_sized("right", args)


def _pg_contains(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return op(exp.GT, call("strpos", args[0], args[1]), number(0))


def _pg_ends_with(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    tail = call("right", args[0], call("char_length", args[1]))
    return op(exp.EQ, tail, args[1])


def _position(value: str) -> str | None:
    return None if int(value) >= 1 else "positions count from 1"


def _size(value: str) -> str | None:
    return None if 0 <= int(value) <= 1_000_000 else "a length is 0 to 1000000"


def _width(value: str) -> str | None:
    return None if 0 <= int(value) <= 10_000 else "a width is 0 to 10000"


def _part(value: str) -> str | None:
    number_ = int(value)
    return (
        None if number_ and abs(number_) <= 100_000 else "parts count from 1, or from -1 backwards"
    )


def _some(value: str) -> str | None:
    return None if value else "it must not be empty"


_TEXT = Arg("text", TEXT)
_CHARACTERS = Arg("characters", TEXT, optional=True)
_PIECE = Arg("piece", TEXT)
_COUNT = Arg("count", INTEGER, constant=True, check=_size)
_WIDTH = Arg("width", INTEGER, constant=True, check=_width)
_FILL = Arg("fill", TEXT, constant=True, check=_some)


def _pg_concat(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call(
        "concat", *[cast(a, "TEXT") if t != "text" else a for a, t in zip(args, types, strict=True)]
    )


FUNCTIONS = (
    Function(
        "lower",
        (_TEXT,),
        "text",
        "The text in lower case (Unicode's simple mapping).",
        also=("lcase",),
        node="Lower",
        keys=("this",),
        postgres=_pg_lower,
    ),
    Function(
        "upper",
        (_TEXT,),
        "text",
        "The text in upper case; ß becomes ẞ.",
        also=("ucase",),
        node="Upper",
        keys=("this",),
        postgres=_pg_upper,
    ),
    Function(
        "length",
        (_TEXT,),
        "integer",
        "The number of characters (code points).",
        also=("len", "char_length", "character_length"),
        node="Length",
        keys=("this",),
        postgres=_pg_length,
    ),
    Function(
        "trim",
        (_TEXT, _CHARACTERS),
        "text",
        "The text without spaces, or the given characters, at both ends.",
        postgres=_pg_both,
    ),
    Function(
        "ltrim",
        (_TEXT, _CHARACTERS),
        "text",
        "The text without spaces, or the given characters, at its start.",
        postgres=_pg_left_trim,
    ),
    Function(
        "rtrim",
        (_TEXT, _CHARACTERS),
        "text",
        "The text without spaces, or the given characters, at its end.",
        postgres=_pg_right_trim,
    ),
    Function(
        "replace",
        (_TEXT, Arg("from", TEXT), Arg("to", TEXT)),
        "text",
        "The text with every `from` replaced by `to`.",
        node="Replace",
        keys=("this", "expression", "replacement"),
    ),
    Function(
        "substring",
        (
            _TEXT,
            Arg("start", INTEGER, constant=True, check=_position),
            Arg("count", INTEGER, constant=True, optional=True, check=_size),
        ),
        "text",
        "`count` characters from `start`; to the end without `count`.",
        also=("substr",),
        node="Substring",
        keys=("this", "start", "length"),
        postgres=_pg_substring,
    ),
    Function(
        "left",
        (_TEXT, _COUNT),
        "text",
        "The first `count` characters.",
        node="Left",
        keys=("this", "expression"),
        postgres=_pg_left,
    ),
    Function(
        "right",
        (_TEXT, _COUNT),
        "text",
        "The last `count` characters.",
        node="Right",
        keys=("this", "expression"),
        postgres=_pg_right,
    ),
    Function(
        "concat",
        (Arg("value", ANY - {"double"}), Arg("value", ANY - {"double"})),
        "text",
        "All arguments as text, one after the other.",
        "NULL arguments are passed over; the result is never NULL",
        repeats=True,
        node="Concat",
        keys=("expressions",),
        postgres=_pg_concat,
    ),
    Function(
        "starts_with",
        (_TEXT, _PIECE),
        "boolean",
        "True when the text begins with `piece`.",
        also=("prefix",),
        node="StartsWith",
        keys=("this", "expression"),
    ),
    Function(
        "ends_with",
        (_TEXT, _PIECE),
        "boolean",
        "True when the text ends with `piece`.",
        also=("suffix",),
        node="EndsWith",
        keys=("this", "expression"),
        postgres=_pg_ends_with,
    ),
    Function(
        "contains",
        (_TEXT, _PIECE),
        "boolean",
        "True when `piece` is in the text.",
        node="Contains",
        keys=("this", "expression"),
        postgres=_pg_contains,
    ),
    Function(
        "split_part",
        (
            _TEXT,
            Arg("separator", TEXT, constant=True, check=_some),
            Arg("part", INTEGER, constant=True, check=_part),
        ),
        "text",
        "The given part between separators; empty text when there is none.",
        node="SplitPart",
        keys=("this", "delimiter", "part_index"),
    ),
    Function(
        "strpos",
        (_TEXT, _PIECE),
        "integer",
        "Where `piece` first begins; 0 when nowhere.",
        also=("instr", "position"),
        node="StrPosition",
        keys=("this", "substr"),
    ),
    Function(
        "lpad",
        (_TEXT, _WIDTH, _FILL),
        "text",
        "The text filled on the left to `width`; cut when longer.",
    ),
    Function(
        "rpad",
        (_TEXT, _WIDTH, _FILL),
        "text",
        "The text filled on the right to `width`; cut when longer.",
    ),
)
