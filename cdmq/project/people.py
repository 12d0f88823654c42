"""people.yml and decisions/*.yml, typed: who may decide, and what people decided."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from cdmq.project.column_names import composed
from cdmq.project.fields import Model, Texts, Whole

#: What a decision may be. `decide --help`, the manual and the table say no other.
DecisionType = Literal[
    "same",
    "not_same",
    "unsure",
    "override",
    "waive",
    "approve",
    "reject",
    "customer_confirmed",
    "verified",
    "wrong",
    "unreachable",
    "visit",
    "restrict",
    "object",
    "withdraw",
]
#: Type -> the words that it needs beside who, when and why.
NEEDS: dict[str, tuple[str, ...]] = {
    "same": ("keys",),
    "not_same": ("keys",),
    "unsure": ("keys",),
    "override": ("dataset", "keys", "column"),
    "waive": ("rule", "requested_by", "expires"),
    "approve": ("keys", "column", "role"),
    "reject": ("keys", "column"),
    "customer_confirmed": ("keys", "column"),
    "verified": ("keys", "column"),
    "wrong": ("keys", "column"),
    "unreachable": ("keys",),
    "visit": ("rule", "keys", "new"),
    "restrict": ("keys",),
    "object": ("keys",),
    "withdraw": ("withdraws",),
}
#: Of two records.
OF_PAIRS = frozenset({"same", "not_same", "unsure"})
#: What a visit may have come to.
OUTCOMES = ("kept", "offer", "lost_to", "no_reason")
_LONGEST = 10_000


def _login(value: str) -> str:
    if not value.strip() or value != value.strip() or not value.isprintable():
        raise ValueError("write a login without blanks around it, such as mweber")
    return value


def moment(value: str) -> str:
    """A date, or a date and a time."""
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(
            f"'{value}' is no time; write such as 2026-11-30 or 2026-11-30T14:05"
        ) from None
    return value


def day(value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"'{value}' is no date; write such as 2026-12-31") from None
    return value


def _short(value: str) -> str:
    if len(value) > _LONGEST or "\x00" in value:
        raise ValueError(f"write a text of at most {_LONGEST} characters")
    return value


def _lasting(value: str) -> str:
    if value not in ("until_source_changes", "always"):
        try:
            date.fromisoformat(value)
        except ValueError:
            raise ValueError(
                "write until_source_changes, always, or the last day, such as 2026-12-31"
            ) from None
    return value


Login = Annotated[str, AfterValidator(_login)]
Moment = Annotated[str, AfterValidator(moment)]
Day = Annotated[str, AfterValidator(day)]
Said = Annotated[str, AfterValidator(_short)]
_Column = Annotated[str, AfterValidator(composed)]


class Person(Model):
    """Somebody who may decide. The file people.yml is a list of them.

    Of two decisions about one thing the later counts, but one of lower `standing` does not take the
    place of a higher one. An agent may propose; only what a person decides counts.

    Example:
        - {login: mweber, name: Maria Weber, roles: [steward], standing: 2}
        - {login: tkamp, name: Tom Kamp, roles: [steward, finance], standing: 1}
        - {login: helper, name: The assistant, roles: [steward], kind: agent}
    """

    login: Login = Field(description="How the person is named where it decides.")
    name: str | None = Field(None, description="The name in full.")
    roles: Texts = Field(
        default_factory=list, description="In which roles it may approve, such as steward."
    )
    standing: Whole = Field(
        1, ge=0, le=1_000_000, description="Whose decision counts more: the greater."
    )
    kind: Literal["person", "agent"] = Field(
        "person", description="agent: a program; it proposes, and decides nothing."
    )


class DecisionSpec(Model):
    """What somebody decided. Each file in decisions/ is a list of them.

    A run adds what it has not read yet to the table `decisions`, and takes nothing out again: a
    line that is removed here still counts. Take a decision back by one of the type `withdraw`.

    Example:
        - {type: not_same, rule: same_customer, keys: [crm/0010002, shop/500001], by: mweber,
           at: 2026-11-30, reason: Father and son}
        - {type: override, dataset: customers_golden, keys: C-0001, column: email,
           new: anna@example.com, by: mweber, at: 2026-11-30T09:15, reason: She rang}
        - {type: waive, rule: tax_id_form, keys: crm/0010002, requested_by: tkamp, by: mweber,
           at: 2026-11-30, expires: 2027-01-31, reason: The new number is on its way}
    """

    type: DecisionType = Field(description="What is decided.")
    rule: str | None = Field(None, description="The rule that asked, or that it is about.")
    dataset: str | None = Field(None, description="The dataset of the keys. Default: the rule's.")
    keys: Texts = Field(
        default_factory=list,
        description="The key of the record, with / between the parts of one; two for same, "
        "not_same and unsure.",
    )
    column: _Column | None = Field(None, description="Of a decision about a cell: its column.")
    old: Said | None = Field(None, description="The value that stood there.")
    new: Said | None = Field(
        None,
        description="The value that is to stand there; of a visit what came of it: "
        "kept, offer, lost_to or no_reason.",
    )
    where: Said | None = Field(
        None, description="Of a waiver in place of keys: for which records, an SQL condition."
    )
    lasts: Annotated[str, AfterValidator(_lasting)] | None = Field(
        None,
        description="Of an override: until_source_changes (the default), always, or its last day.",
    )
    withdraws: str | None = Field(None, description="The id of the decision that is taken back.")
    reason: Said = Field(min_length=1, description="Why, in a sentence.")
    requested_by: Login | None = Field(None, description="Who asked for it; not who decides.")
    by: Login = Field(description="Who decides: a login of people.yml.")
    role: str | None = Field(None, description="In which of the person's roles.")
    at: Moment = Field(description="When, by the project's clocks.")
    expires: Day | None = Field(None, description="The last day on which it counts.")
    evidence: str | None = Field(
        None, description="Digest of the values that were seen, as `cdmq queue` shows it."
    )

    @model_validator(mode="after")
    def _whole(self) -> DecisionSpec:
        missing = [w for w in NEEDS[self.type] if not getattr(self, w)]
        if missing:
            raise ValueError(f"{self.type} needs {' and '.join(missing)}")
        most = 2 if self.type in OF_PAIRS else 1
        if self.keys and len(self.keys) != most:
            said = "two keys, such as keys: [crm/1, shop/9]" if most == 2 else "one key"
            raise ValueError(f"{self.type} is about {said}; here are {len(self.keys)}")
        if self.type in OF_PAIRS and len(set(self.keys)) < 2:
            raise ValueError(f"{self.type} is about two records; both keys are '{self.keys[0]}'")
        if self.type == "waive":
            if bool(self.keys) == (self.where is not None):
                raise ValueError("waive says whom it is about: keys: or where:, one of them")
            if self.requested_by == self.by:
                raise ValueError("requested_by and by are one person: somebody else decides")
        elif self.where is not None:
            raise ValueError(f"where: goes with waive; {self.type} names keys:")
        if self.lasts and self.type != "override":
            raise ValueError("lasts: goes with override; others take expires:")
        if self.withdraws and self.type != "withdraw":
            raise ValueError("withdraws: goes with the type withdraw")
        if self.type == "visit" and self.new not in OUTCOMES:
            raise ValueError(f"new: says what came of the visit: {', '.join(OUTCOMES)}")
        if self.type in OF_PAIRS and not (self.rule or self.dataset):
            raise ValueError(f"{self.type} names its rule:, or the dataset: of the two records")
        return self
