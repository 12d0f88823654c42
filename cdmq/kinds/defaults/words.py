"""defaults: tidy, fill and mark the cells of a dataset."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, model_validator

from cdmq.project.fields import Column, Head, Model, Otherwise, Reason, Seed, Texts

BUILT = True
#: After what change_control holds.
LAYER = 2


class SeedMap(Model):
    """A code map: the value of `from` becomes that of `to`."""

    @model_validator(mode="before")
    @classmethod
    def _no_pairs(cls, given: Any) -> Any:
        if isinstance(given, dict) and given and not set(given) & {"seed", "from", "to"}:
            raise ValueError(
                "write map: {seed: NAME, from: COLUMN, to: COLUMN}, and the pairs in "
                "a csv file of the seeds folder, with a line of column names"
            )
        return given

    seed: Seed = Field(description="The seed with the map.")
    from_: str = Field(alias="from", description="Its column with the values as they come.")
    to: str = Field(description="Its column with the values as they should be.")


class DefaultRule(Head):
    """Tidy a cell, fill it from elsewhere, or mark it as missing.

    Three things a default can do: `map` and `standardise` tidy (still the record's own value);
    `fill_from` borrows (present and complete, never match evidence); `set` is a placeholder (it
    counts as missing everywhere, with a reason). Rules read `<dataset>__clean`, where a missing
    value is NULL; people read `<dataset>__defaulted`, where placeholders are shown. Every changed
    cell stands in the table `changes`; the source is never written to.

    Example:
        defaults:
          - id: country_code
            column: country
            map: {seed: country_names, from: name, to: code}
          - id: phone_form
            column: phone
            standardise: phone
            region: country
            otherwise: {set: unavailable, reason: invalid}
          - id: industry_default
            column: industry
            fill_from: [trade, firm_register.industry]
            otherwise: {set: unavailable, reason: not_asked}

    `map` and `standardise` leave a value they cannot read as it is, or do what `otherwise` says.
    A text of white space only is nothing, and becomes NULL under every `standardise`; so does what
    is one of the dataset's `missing_values` in its new form. A record of which `where` can't be told,
    as a cell does not read as it asks, is left as it is and flagged `could_not_judge`; the rule warns.
    `fill_from` takes the first that has a value: a column, or `dataset.column` of a dataset that
    `refers_to` names. Where `pii:` hides what it takes from, it hides the column that is filled
    as much, though it calls that plain. Two rules that write one column need `after:` in one of them.
    """

    SEMANTICS: ClassVar[int] = 2
    MEANS: ClassVar[tuple[str, ...]] = ("map", "standardise", "fill_from", "set")

    column: Column = Field(description="The column it writes.")
    map: SeedMap | None = Field(None, description="Replace by a code map.")
    standardise: str | None = Field(None, description="Bring to a standard form.")
    options: dict[str, Any] = Field(default_factory=dict, exclude=True)
    fill_from: Texts = Field(default_factory=list, description="Take the first that has a value.")
    set: str | None = Field(None, description="The placeholder for a missing value.")
    reason: Reason | None = Field(None, description="Why the value is missing; goes with set.")
    otherwise: Otherwise | None = Field(None, description="What to set where that fails.")
    after: Texts = Field(default_factory=list, description="Rules on the column that go first.")

    @model_validator(mode="after")
    def _one_means(self) -> DefaultRule:
        given = [m for m in self.MEANS if getattr(self, m) not in (None, [])]
        if len(given) != 1:
            said = " and ".join(given) if given else "none"
            raise ValueError(f"say one of map, standardise, fill_from or set; here is {said}")
        if self.column in self.fill_from:
            raise ValueError(
                f"{self.column} is filled from itself; name other columns in fill_from"
            )
        if (self.set is not None) != (self.reason is not None):
            raise ValueError(
                "set and reason go together; write both, such as set: none, reason: unknown"
            )
        if self.set is not None and self.otherwise is not None:
            raise ValueError("otherwise goes with map, standardise or fill_from, not with set")
        return self

    @property
    def means(self) -> str:
        return next(m for m in self.MEANS if getattr(self, m) not in (None, []))


RULE = DefaultRule
