"""validation: what must hold, and the flags of the records for which it does not."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from cdmq.project.fields import Column, Head, Threshold

BUILT = True
COMMANDS = frozenset({"run", "test"})
NOTES = ("The checks, and their own keys: cdmq explain",)


class ValidationRule(Head):
    """Checks of a dataset; a record that fails is flagged, never changed or deleted.

    The short form lists checks on a column; each has the id `dataset.column.check`. The long form
    is one rule with an `id` of its own. Checks read the clean stage of the dataset (after
    defaults, missing values as NULL); `stage: raw` reads the source as it came. A missing value
    passes all checks but not_null and not_blank, unless `missing: fail`.

    Example:
        validation:
          - column: email
            checks: [not_null, email, unique]
          - column: state
            checks:
              - accepted_values: {seed: us_states, column: code, suggest: true}
                error_above: 1%
                warn_above: 0
          - id: order_after_signup
            check: expression
            must: last_order_date >= signup_date
            where: status = 'active'
            severity: warn
            why: An order before the account exists is a wrong customer number.

    `error_above` and `warn_above` are a count (`5`) or a share (`1%`): of rows that fail or could
    not be judged, among those and the ones that pass. Without them any such row counts, at the
    rule's severity. With both, more than `error_above` fails and more than `warn_above` warns. One
    alone speaks for itself: `error_above: 5` fails or passes and never warns, `warn_above: 5` warns
    or passes and never fails.
    """

    column: Column | None = Field(None, description="The column that the checks judge.")
    checks: list[Any] | None = Field(None, description="The checks of the column.")
    check: str | None = Field(None, description="The check, where the rule has an id of its own.")
    stage: Literal["clean", "raw"] = Field("clean", description="What is judged.")
    warn_above: Threshold | None = Field(None, description="More failing than this: warn.")
    error_above: Threshold | None = Field(None, description="More failing than this: fail.")


RULE = ValidationRule

#: The keys of a rule or of an item of `checks` that belong to no check.
OWN_KEYS = frozenset(ValidationRule.model_fields)
