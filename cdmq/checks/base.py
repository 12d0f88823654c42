"""What a check of `validation` is: a pydantic model and the condition that makes a row fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, Self

from pydantic import Field, model_validator

from cdmq.project.fields import Model

if TYPE_CHECKING:
    from sqlglot import exp

    from cdmq.sql.types import Type

Scope = Literal["row", "set", "dataset"]


class Context(Protocol):
    """What a check may ask of the compiler. All nodes are for one engine."""

    dialect: str

    def column(self, name: str) -> exp.Expr:
        """The column of the row under test."""

    def text(self, name: str) -> exp.Expr:
        """The column as composed text (NFC); a Problem where it is of another type."""

    def comparable(self, name: str) -> exp.Expr:
        """The column in the form in which values are compared: text is composed (NFC)."""

    def unreadable(self, name: str) -> exp.Expr:
        """The text of a cell that could not be read, else NULL."""

    def type_of(self, name: str) -> Type: ...

    def how_to_type(self, name: str, type_: Type, must: str) -> str:
        """The remedy where a text column should be of a type; `must` is the check as SQL."""

    def literal(self, text: str, type_: Type, field: str) -> exp.Expr:
        """`text` as a literal of a type; a Problem at `field` where it is none."""

    def expression(self, field: str) -> exp.Expr:
        """The parsed SQL of a field, for this engine, as a boolean."""

    def presence(self, field: str) -> exp.Expr | None:
        """The condition for the field's SQL to be true or false; None: it always is."""

    def could_not_judge(self, field: str) -> exp.Expr | None: ...

    def table(self) -> exp.Expr:
        """The relation under test, for a subquery; its columns are named as in `column`."""

    def tested(self) -> exp.Expr | None:
        """The rule's `where`, or None."""

    def other(self, dataset: str) -> exp.Expr:
        """The clean stage of another dataset, or a seed, as a table."""

    def other_column(self, dataset: str, name: str | None) -> exp.Expr:
        """A column of another dataset (default: its key, which must be one column)."""

    def seed_values(self, seed: str, column: str | None) -> tuple[str, ...]: ...

    def problem(self, field: str, code: str, cause: str, remedy: str = "") -> Exception: ...


class Check(Model):
    """The fields that every check has. A NULL passes unless `missing: fail`."""

    NAME: ClassVar[str]
    #: Raised when the meaning of the check changes: part of each rule's version.
    SEMANTICS: ClassVar[int] = 1
    SCOPE: ClassVar[Scope] = "row"
    DIMENSION: ClassVar[str] = "conformity"
    #: The columns it takes: "one", "many", the dataset's "key", or "none".
    TAKES: ClassVar[Literal["one", "many", "key", "none"]] = "one"
    #: Datasets have it of themselves; a rule file only says more of it.
    OF_ITSELF: ClassVar[bool] = False
    #: It may stand in `holds:`: where it does not pass, a delivery is held back.
    GUARDS: ClassVar[bool] = False

    #: Why `missing:` says nothing to the check; empty where it does.
    MISSING_IS: ClassVar[str] = ""

    missing: Literal["pass", "fail"] = Field("pass", description="What a missing value does.")

    @model_validator(mode="after")
    def _asks_of_missing(self) -> Self:
        if self.MISSING_IS and "missing" in self.model_fields_set:
            raise ValueError(f"missing: has no effect here: {self.MISSING_IS}; leave it out")
        return self

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        """The condition that is true for a row that fails; NULL or false for the others."""
        raise AssertionError("a check says when a row fails")

    def judged(self, columns: tuple[str, ...], at: Context) -> exp.Expr | None:
        """The condition for a row with something to judge; None: every tested row."""
        from cdmq.sql.nodes import all_present

        if self.missing == "fail":
            return None
        return all_present([at.column(c) for c in columns])

    def could_not_judge(self, columns: tuple[str, ...], at: Context) -> exp.Expr | None:
        """The condition for a row that could not be judged; None: there is none such."""
        return None

    def shown(self, columns: tuple[str, ...], at: Context) -> tuple[str, ...]:
        """The columns whose values a flag of this check shows."""
        return columns
