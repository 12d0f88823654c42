"""What a dataset says of money: amounts, what a row counts as, and the year of the books."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from cdmq.project.column_names import composed
from cdmq.project.fields import Model

_Column = Annotated[str, AfterValidator(composed)]


class Amount(Model):
    """The money of a row: the column of the amount, and the currency that it is in."""

    model_config = ConfigDict(populate_by_name=False)

    column: _Column = Field(description="The column with the amount.")
    currency: _Column | None = Field(
        None, description="The column that says its currency. Default: all are in one."
    )
    into: str | None = Field(
        None, alias="in", description="The currency in which amounts are added up, such as EUR."
    )
    rates: str | None = Field(
        None,
        description="A dataset or seed with the columns currency, valid_from (a date) and rate: so "
        "much of the currency of `in` is one of that currency from then on. The rate is that of "
        "`happened_at`; an amount without one is not counted, and said.",
    )

    @model_validator(mode="after")
    def _whole(self) -> Amount:
        if self.into is not None and self.currency is None:
            raise ValueError("in needs currency: the column that says what the amounts are in")
        if self.rates is not None and self.into is None:
            raise ValueError("rates needs in: the currency that they lead to")
        return self


class CountsAs(Model):
    """How often a row counts, by its status."""

    column: _Column
    values: dict[str, Decimal]


def _counts_as(value: Any) -> Any:
    if not isinstance(value, dict) or {"column", "values"} == set(value):
        return value
    said = {str(k): _factor(k, v) for k, v in value.items() if k != "column"}
    if "column" not in value or not said:
        raise ValueError("write such as counts_as: {column: status, shipped: 1, cancelled: 0}")
    return {"column": value["column"], "values": said}


def _factor(status: str, value: Any) -> Decimal:
    text = str(value).strip()
    if not re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,3})?", text):
        raise ValueError(
            f"'{status}' counts as a number such as 1, 0 or -1, with at most 3 decimals"
        )
    return Decimal(text)


Month = Literal[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
MONTHS: tuple[str, ...] = get_args(Month)


class Calendar(Model):
    """The year of the books."""

    year_starts: Month = Field("january", description="The month with which a year begins.")

    @property
    def first(self) -> int:
        """The number of that month."""
        return MONTHS.index(self.year_starts) + 1


Counts = Annotated[
    CountsAs,
    BeforeValidator(_counts_as),
    WithJsonSchema(
        {
            "type": "object",
            "properties": {"column": {"type": "string"}},
            "required": ["column"],
            "additionalProperties": {"type": ["number", "string"]},
        }
    ),
]
