"""The kind `change_control`: fields that change only with approval."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from cdmq.kinds.words import Count, Lasting, Named, ReadsFrom, SomeColumns, some
from cdmq.project.fields import Columns, Dataset, Model, Texts

FIRST_RUN = "first_run"
CUSTOMER = "customer"
LAYER = 1


class People(Model):
    """So many different people, none of them the one who made the change."""

    people: Count = Field(description="How many must approve.")
    roles: Annotated[Texts, AfterValidator(some)] = Field(
        description="Which roles they have (people.yml); any of these."
    )


def _form(value: Any) -> str | None:
    """Which form an approval has; the name is no key of the language, so no place is mistaken."""
    if value == "customer":
        return "(customer)"
    if isinstance(value, People) or (isinstance(value, dict) and {"people", "roles"} & set(value)):
        return "(people)"
    if isinstance(value, AnyOf) or (isinstance(value, dict) and "any_of" in value):
        return "(any_of)"
    return None


_Customer = Annotated[Literal["customer"], Tag("(customer)")]
_People = Annotated[People, Tag("(people)")]
Approver = Annotated[
    _Customer | _People,
    Discriminator(
        _form,
        custom_error_type="approver",
        custom_error_message="write customer, or people and roles: {people: 2, roles: [steward]}",
    ),
]


class AnyOf(Model):
    """Each of these alone is enough."""

    any_of: Annotated[list[Approver], AfterValidator(some)] = Field(
        description="customer (confirms it himself), or people and their roles."
    )


Approval = Annotated[
    _Customer | _People | Annotated[AnyOf, Tag("(any_of)")],
    Discriminator(
        _form,
        custom_error_type="approval",
        custom_error_message="write customer, {people: 2, roles: [steward]}, or "
        "{any_of: [...]} with several of them",
    ),
]


def _baseline(value: str) -> str:
    if value != FIRST_RUN:
        try:
            date.fromisoformat(value)
        except ValueError:
            raise ValueError("write first_run, or a day such as 2026-01-01") from None
    return value


Baseline = Annotated[
    str,
    AfterValidator(_baseline),
    WithJsonSchema({"type": "string", "pattern": "^(first_run|[0-9]{4}-[0-9]{2}-[0-9]{2})$"}),
]
_Of = Annotated[str, ReadsFrom("from")]


class ChangeLog(Model):
    """A dataset with a row a change. Its key names the change."""

    dataset: Dataset = Field(alias="from", description="The dataset of the log.")
    key: Annotated[Columns, AfterValidator(some)] = Field(
        description="The columns with the key of the record; of golden records that of a member."
    )
    column: _Of = Field(description="The column that names the column that was changed.")
    old: _Of = Field(description="The column with the value before.")
    new: _Of = Field(description="The column with the value after.")
    by: _Of = Field(description="The column that says who changed it.")
    at: _Of = Field(description="The column that says when.")


class ApprovalLog(Model):
    """A dataset with a row an approval. It leads through the change to key and values."""

    dataset: Dataset = Field(alias="from", description="The dataset of the approvals.")
    change: _Of = Field(description="The column with the key of the change in its log.")
    by: _Of = Field(description="The column that says who approved: a login of people.yml.")
    role: _Of = Field(
        description="The column that says in which role; customer: the customer confirmed it."
    )
    at: _Of = Field(description="The column that says when.")
    through: _Of | None = Field(
        None,
        description="The column that says by which contact point the customer confirmed: a column "
        "such as email, or the address itself.",
    )


class ChangeControlRule(Named):
    """Holds chosen fields at the last approved value until the customer or enough people agree.

    Use it for what fraud and mistakes are aimed at: billing address, bank account, tax number,
    credit limit. A warehouse cannot forbid a change in the source, so it is found and held: of each
    record the rule keeps the last approved value, and flags the record while its source says
    another. On a golden dataset the golden record shows the approved value, in every run that makes
    it, whether the rule was selected or not. Another dataset stays as it came; `<rule>__approved`
    has the approved values of both.

    `changes` names a log of changes where there is one: they are approved one after the other, A to
    B, then B to C. Without one, and where the log lacks a change, it is found from run to run, and
    nobody is known to have made it. What stood at the baseline is approved: that of the first run,
    or of a day, told by the log, else by the first run from that day on. A record that comes later
    begins with what it shows. Approved values go with the id of a party: a part that splits off
    begins with those of the party that it left, and those of a record or party that is gone are
    kept for when it comes back.

    One query proves it, a text column at a time; it gives no row: `SELECT g.party_id FROM
    customers_golden AS g JOIN protected_fields__approved AS a ON a.key = g.party_id WHERE
    a.column_name = 'tax_id' AND g.tax_id IS DISTINCT FROM a.value`.

    An approval names key, column, exactly the old and exactly the new value; it is a decision
    (`approve`, `reject`, `customer_confirmed`), or a row of `approvals`. It counts once, where old
    is the present approved value and new the present one; for a change after it at most
    `valid_for` later, or for one before it. It counts of somebody who is none of those who changed
    the value, in a role that people.yml gave when a run first read the approval. So many different
    `people` are needed. A customer's confirmation does not count through a contact point that was
    changed less than 30 days before, or in the same change. An approval older than the present old
    value, of no change at all, or of another value approves nothing. Days are whole. An approval
    that is taken back after it was used reverts nothing; one that is rejected stays held.

    Example:

        change_control:
          - id: protected_fields
            owner: finance
            why: A changed billing address is how invoices are diverted.
            protect: [billing_address, tax_id, credit_limit]
            approved_by: {any_of: [customer, {people: 2, roles: [steward, finance]}]}
            valid_for: 14 days
            baseline: first_run
            changes: {from: protected_changes, key: [source, source_id], column: field,
              old: old_value, new: new_value, by: changed_by, at: changed_on}
            approvals: {from: approvals, change: change_id, by: approver, role: role,
              at: approved_on}

    In the warehouse: the audit table `approved_cells`, a row a cell and time in which a value was
    the approved one; `held_changes`, a row a change and time in which it waited, with why;
    `change_approvals`, by whose approvals each change went through; a row of `queue` for each
    change that waits, and a flag on its record; `<rule>__approved`, the approved values now, and
    `<rule>__held`, the changes that wait.
    """

    protect: SomeColumns = Field(description="The columns that change only with approval.")
    approved_by: Approval = Field(
        description="Who must agree: customer, people and roles, or any_of several of them."
    )
    valid_for: Lasting | None = Field(
        None, description="How long an approval waits for its change. Default: for ever."
    )
    baseline: Baseline = Field(
        FIRST_RUN,
        description="What counts as approved at the start: what the first run finds, or what stood "
        "on a day.",
    )
    changes: ChangeLog | None = Field(
        None, description="A log of changes. Default: none; changes are seen from run to run."
    )
    approvals: ApprovalLog | None = Field(
        None, description="A dataset of approvals, beside those that are decisions."
    )

    @model_validator(mode="after")
    def _sensible(self) -> ChangeControlRule:
        if self.approvals and not self.changes:
            raise ValueError("approvals lead through the change to its values: say changes, too")
        return self

    @property
    def approvers(self) -> tuple[Literal["customer"] | People, ...]:
        """The approvals of which any one is enough."""
        if isinstance(self.approved_by, AnyOf):
            return tuple(self.approved_by.any_of)
        return (self.approved_by,)

    @property
    def begins(self) -> date | None:
        """The day whose values are approved; None: that of the first run."""
        return None if self.baseline == FIRST_RUN else date.fromisoformat(self.baseline)


RULE = ChangeControlRule
BUILT = True
