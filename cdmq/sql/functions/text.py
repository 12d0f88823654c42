"""Functions on text. Characters are code points; positions count from 1."""

from __future__ import annotations

from cdmq.sql.functions import ANY, INTEGER, TEXT, Arg, Function


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


FUNCTIONS = (
    Function(
        "lower",
        (_TEXT,),
        "text",
        "The text in lower case (Unicode's simple mapping).",
        also=("lcase",),
        node="Lower",
        keys=("this",),
    ),
    Function(
        "upper",
        (_TEXT,),
        "text",
        "The text in upper case; ß becomes ẞ.",
        also=("ucase",),
        node="Upper",
        keys=("this",),
    ),
    Function(
        "length",
        (_TEXT,),
        "integer",
        "The number of characters (code points).",
        also=("len", "char_length", "character_length"),
        node="Length",
        keys=("this",),
    ),
    Function(
        "trim",
        (_TEXT, _CHARACTERS),
        "text",
        "The text without spaces, or the given characters, at both ends.",
    ),
    Function(
        "ltrim",
        (_TEXT, _CHARACTERS),
        "text",
        "The text without spaces, or the given characters, at its start.",
    ),
    Function(
        "rtrim",
        (_TEXT, _CHARACTERS),
        "text",
        "The text without spaces, or the given characters, at its end.",
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
    ),
    Function(
        "left",
        (_TEXT, _COUNT),
        "text",
        "The first `count` characters.",
        node="Left",
        keys=("this", "expression"),
    ),
    Function(
        "right",
        (_TEXT, _COUNT),
        "text",
        "The last `count` characters.",
        node="Right",
        keys=("this", "expression"),
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
    ),
    Function(
        "contains",
        (_TEXT, _PIECE),
        "boolean",
        "True when `piece` is in the text.",
        node="Contains",
        keys=("this", "expression"),
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
