"""What a dataset says of customers who have ended: they died, or closed their account."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from cdmq.project.column_names import composed
from cdmq.project.fields import Model, Sql


class Ended(Model):
    """When the customer of a record has ended."""

    when: Sql = Field(
        description="SQL condition on the columns: true, he has ended; NULL, the record does not know."
    )
    on: Annotated[str, AfterValidator(composed)] | None = Field(
        None,
        description="The column that says from which day on, a date or timestamp. Default: he has.",
    )
