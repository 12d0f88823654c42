"""unique_combination_of_columns"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from cdmq.checks.unique import Unique
from cdmq.project.fields import Columns


class UniqueCombinationOfColumns(Unique):
    """No two records share the values of several columns taken together.

    When to use: where one column alone may repeat, but not all together. A record in which one of
    the columns is NULL is not compared.

    Example:
        - id: one_person_once
          check: unique_combination_of_columns
          columns: [last_name, birth_date, postcode]

    Passes: the same name with another birth date; any record with a NULL among them.
    Fails: all records that agree in every column named.
    """

    NAME: ClassVar[str] = "unique_combination_of_columns"
    TAKES: ClassVar = "many"

    columns: Columns = Field(min_length=2, description="The columns taken together.")
