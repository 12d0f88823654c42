"""Functions that search text by a regular expression of our portable subset."""

from __future__ import annotations

from cdmq.sql.functions import TEXT, Arg, Function

_TEXT = Arg("text", TEXT)
_PATTERN = Arg("pattern", TEXT, constant=True)

FUNCTIONS = (
    Function(
        "regexp_matches",
        (_TEXT, _PATTERN),
        "boolean",
        "True when the pattern is found anywhere in the text; anchors are written.",
        also=("regexp_like",),
    ),
    Function(
        "regexp_full_match",
        (_TEXT, _PATTERN),
        "boolean",
        "True when the pattern matches the whole text.",
    ),
    Function(
        "regexp_replace",
        (
            _TEXT,
            _PATTERN,
            Arg("to", TEXT, constant=True),
            Arg("options", TEXT, constant=True, optional=True),
        ),
        "text",
        "The text with the first match replaced; with 'g' every one. \\1 is the first group.",
    ),
    Function(
        "regexp_extract",
        (_TEXT, _PATTERN, Arg("group", frozenset({"integer"}), constant=True, optional=True)),
        "text",
        "The first match, or one group of it; empty text when there is none.",
    ),
)
