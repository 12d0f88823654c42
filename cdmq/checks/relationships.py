"""relationships"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from sqlglot import exp

from cdmq.checks.base import Check, Context, Scope
from cdmq.project.fields import Dataset
from cdmq.sql import nodes


class Relationships(Check):
    """The value stands in a column of another dataset.

    When to use: for references, such as the customer number of an order. `to` names the dataset,
    `field` its column (default: its key).

    Example:
        - column: customer_no
          checks:
            - relationships: {to: crm_export, field: customer_no}

    Passes: a number that the other dataset has; NULL.
    Fails: a number that it has not.
    """

    NAME: ClassVar[str] = "relationships"
    DIMENSION: ClassVar[str] = "consistency"
    SEMANTICS: ClassVar[int] = 2
    SCOPE: ClassVar[Scope] = "set"

    to: Dataset = Field(description="The other dataset.")
    field: str | None = Field(None, description="Its column; default: its key.")

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        field = at.other_column(self.to, self.field)
        known = nodes.select([field], at.other(self.to), nodes.present(field.copy()))
        value = at.comparable(columns[0])
        return nodes.every(
            [nodes.present(at.column(columns[0])), exp.Not(this=nodes.among(value, known))]
        )
