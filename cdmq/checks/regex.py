"""regex"""

from __future__ import annotations

import re
from typing import ClassVar

from pydantic import Field, field_validator, model_validator
from sqlglot import exp

from cdmq.checks.base import Check, Context
from cdmq.project.fields import Bool
from cdmq.sql import nodes


class Regex(Check):
    r"""The text matches a regular expression somewhere; write `^` and `$` for the whole text.

    When to use: for numbers and codes with a fixed form. Quote the pattern in single quotes. The
    patterns are a portable subset: classes, groups, alternation, repeats, `\d \w \s \b`, `(?i)`;
    no look-around, no back-reference. `\w` is `[A-Za-z0-9_]` on every engine: no `ü`, no `é`.
    Letters with accents too are `[A-Za-zÀ-ÖØ-öø-ɏ]`.

    Example:
        - column: tax_id
          checks:
            - regex: {pattern: '^DE[0-9]{9}$'}

    Passes: `DE123456789`; NULL.
    Fails: `DE12345678`, `de123456789`.
    """

    NAME: ClassVar[str] = "regex"
    SEMANTICS: ClassVar[int] = 2

    pattern: str = Field(description="The regular expression.")
    match: Bool = Field(True, description="false: a text that matches fails.")

    @field_validator("pattern")
    @classmethod
    def _portable(cls, value: str) -> str:
        from cdmq.sql.functions.regex import RegexProblem, understood

        try:
            understood(value)
        except RegexProblem as problem:
            raise ValueError(str(problem)) from None
        return value

    @model_validator(mode="after")
    def _tells_apart(self) -> Regex:
        from cdmq.sql.functions.regex import matches_everything

        if re.fullmatch(r"%.+", self.pattern) and not set(self.pattern) & set("^$[](){}|+*?\\"):
            plain = re.sub("^%|%$", "", self.pattern)
            raise ValueError(
                f"'{self.pattern}' is a pattern of SQL's LIKE; a regex is found "
                f"anywhere: write '{plain}', or [%] where a percent sign is meant"
            )
        if matches_everything(self.pattern):
            said = "every text matches it" if self.match else "no text could pass"
            raise ValueError(
                f"'{self.pattern}' is found in every text: {said}; "
                f"for the whole text write ^ before and $ behind it"
            )
        return self

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        from cdmq.sql.patterns import matches

        found = matches(at.text(columns[0]), self.pattern, at.dialect)
        return exp.Not(this=nodes.paren(found)) if self.match else found
