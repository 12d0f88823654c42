"""Trims white space and brings letters to one casing: upper, lower, title or sentence.

**When to use.** On codes, cities, streets: text whose casing carries no meaning. For names of
persons use `standardise: name`, which leaves `McDonald` alone.

**Example.**

    defaults:
      - column: city
        standardise: casing
        to: title

**Passes.** `NEW  york` becomes `New York` (title), `NEW YORK` (upper), `new york` (lower),
`New york` (sentence).

**Fails.** Nothing: every text has a form; a text of white space only becomes NULL.

Title: a capital at the start and after a space, hyphen, apostrophe, full stop, slash, ampersand
or opening bracket; all else small. Sentence: a capital at the start, all else small. The mapping
is Unicode's simple one: one letter becomes one letter, sharp s becomes its capital U+1E9E.
White space is tidied as `standardise: whitespace` does.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlglot import exp

from cdmq.standards import whitespace
from cdmq.standards._letters import capitalised, lower, upper
from cdmq.standards._values import Options, Tidied, as_text, none_if_empty

NAME = "casing"
SEMANTICS = 2

#: Behind these a word begins.
WORD_STARTS = "[ '’./&(-]"
#: A class no cleaned text can match: only the start gets a capital.
_NOWHERE = "[\\n]"


class OPTIONS(BaseModel):
    """The words of this form."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: Literal["upper", "lower", "title", "sentence"] = Field(description="the casing wanted")


def tidy(value: exp.Expr, options: Options, dialect: str, alias: str) -> Tidied:
    """See the page above."""
    raw = as_text(value)
    match str(options["to"]):
        case "upper":
            node = whitespace.clean(upper(raw, dialect), dialect)
        case "lower":
            node = whitespace.clean(lower(raw, dialect), dialect)
        case "title" | "sentence" as to:
            small = whitespace.clean(lower(raw, dialect), dialect)
            node = capitalised(small, WORD_STARTS if to == "title" else _NOWHERE, dialect)
        case other:
            raise ValueError(f"casing to {other!r}")
    return Tidied(none_if_empty(node))
