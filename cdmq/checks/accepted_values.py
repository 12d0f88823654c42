"""accepted_values"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, model_validator
from sqlglot import exp

from cdmq.checks.base import Check, Context
from cdmq.project.fields import Bool, Seed
from cdmq.sql.equality import is_one_of


class AcceptedValues(Check):
    """The value is one of a list: a picklist instead of typing.

    When to use: for codes, states, kinds, anything chosen from a list. The list stands in the rule
    (`values`) or in a seed (`seed` and `column`); `suggest: true` writes the nearest allowed value
    into the flag, but not where `pii:` hides the column: it would tell of the value. How accents
    are composed (Unicode's NFC) does not count.

    Example:
        - column: state
          checks:
            - accepted_values: {seed: us_states, column: code, suggest: true}

    Passes: `CA`; NULL.
    Fails: `Calif.` (suggestion `CA` where the list has it), `ca`: letter case counts.
    """

    NAME: ClassVar[str] = "accepted_values"
    SEMANTICS: ClassVar[int] = 2

    values: list[str] | None = Field(None, description="The allowed values.")
    seed: Seed | None = Field(None, description="A seed that lists them.")
    column: str | None = Field(None, description="The seed's column; default: its first.")
    suggest: Bool = Field(False, description="Write the nearest allowed value into the flag.")

    @model_validator(mode="after")
    def _one_list(self) -> AcceptedValues:
        if (self.values is None) == (self.seed is None):
            raise ValueError("give either values or seed")
        if self.values is not None and not self.values:
            raise ValueError("values is empty: no value could pass")
        if self.values is not None and self.column is not None:
            raise ValueError("column has no effect beside values: it names a column of a seed")
        return self

    def allowed(self, at: Context) -> tuple[str, ...]:
        if self.seed is not None:
            return at.seed_values(self.seed, self.column)
        return tuple(dict.fromkeys(self.values or ()))

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        value, type_ = at.column(columns[0]), at.type_of(columns[0])
        listed = self.allowed(at)
        if not listed:
            raise at.problem(
                "seed",
                "CDMQ246",
                f"the seed {self.seed} lists no value: no value could pass",
                "fill it, or name another column of it",
            )
        if type_ == "text":
            return exp.Not(this=is_one_of(value, listed, at.dialect))
        allowed = [at.literal(v, type_, "values") for v in listed]
        return exp.Not(this=exp.In(this=value, expressions=allowed))
