"""The kind `change_control`: fields that change only with approval."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from cdmq.kinds.words import Count, Lasting, Named, SomeColumns, some
from cdmq.project.fields import Model, Texts


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


class ChangeControlRule(Named):
    """Holds chosen fields at the last approved value until the customer or enough people agree.

    Use it for what fraud and mistakes are aimed at: billing address, bank account, tax number,
    credit limit. A warehouse cannot forbid a change in the source, so it is found and held: the
    golden record keeps the last approved value. What is approved is the exact old and new value,
    not the record; nobody approves a change of his own.

    Example:

        change_control:
          - id: protected_fields
            owner: finance
            why: A changed billing address is how invoices are diverted.
            protect: [billing_address, tax_id, credit_limit]
            approved_by: {any_of: [customer, {people: 2, roles: [steward, finance]}]}
            valid_for: 14 days
            baseline: first_run

    In the warehouse: each open change in `queue`, who decided what in which role on which evidence
    in `decisions`, and a flag on each record that is held.
    """

    protect: SomeColumns = Field(description="The columns that change only with approval.")
    approved_by: Approval = Field(
        description="Who must agree: customer, people and roles, or any_of several of them."
    )
    valid_for: Lasting | None = Field(
        None, description="How long an approval waits for its change. Default: for ever."
    )
    baseline: Literal["first_run"] = Field(
        "first_run", description="What counts as approved at the start: what the first run finds."
    )

    @property
    def approvers(self) -> tuple[Literal["customer"] | People, ...]:
        """The approvals of which any one is enough."""
        if isinstance(self.approved_by, AnyOf):
            return tuple(self.approved_by.any_of)
        return (self.approved_by,)


RULE = ChangeControlRule
BUILT = False
