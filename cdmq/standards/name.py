"""Tidies a person's name: white space, and the casing of what was typed all in one case.

**When to use.** On first names, last names, full names of persons. Not on companies: `BMW AG`
would become `Bmw Ag`.

**Example.**

    defaults:
      - column: last_name
        standardise: name

**Passes.** `  MÜLLER-LÜDENSCHEIDT` becomes `Müller-Lüdenscheidt`, `o'brien` becomes `O'Brien`,
`JAN VAN DER BERG` becomes `Jan van der Berg`, `MCDONALD` becomes `McDonald`.

**Fails.** Nothing: every text has a form; a text of white space only becomes NULL.

A name that has both capital and small letters is kept as written: `deVries`, `MacLeod`. In a
name all in one case each word gets a capital (also behind hyphen, apostrophe, full stop), `Mc`
is followed by one, and particles (`van`, `von`, `de`, `la`, ...) stay small unless they come
first. `Mac` is left: `MacLeod` and `Mackie` can't be told apart.
"""

from __future__ import annotations

from sqlglot import exp

from cdmq.standards import whitespace
from cdmq.standards._letters import capitalised, lower, upper
from cdmq.standards._values import (
    NoOptions,
    Options,
    Tidied,
    as_text,
    case,
    matches,
    none_if_empty,
)
from cdmq.standards.casing import WORD_STARTS

NAME = "name"
SEMANTICS = 2
OPTIONS = NoOptions


def already(value: exp.Expr, dialect: str) -> exp.Expr:
    """Words with one capital each, as most names come."""
    word = "[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]+"
    return matches(value, f"^{word}(?:[ -]{word})*$", dialect)


def tidy(value: exp.Expr, options: Options, dialect: str, alias: str) -> Tidied:
    """See the page above."""
    raw = as_text(value)
    one_case = exp.In(this=raw.copy(), expressions=[upper(raw, dialect), lower(raw, dialect)])
    small = whitespace.clean(lower(raw, dialect), dialect)
    mended = capitalised(small, WORD_STARTS, dialect, person=True)
    return Tidied(none_if_empty(case((one_case, mended), otherwise=whitespace.clean(raw, dialect))))
