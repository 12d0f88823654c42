"""The kind `segments`: who may be written to, and who is held out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from cdmq.kinds.facts.words import Facts
from cdmq.kinds.words import Count, Lasting, Named, ReadsFrom, Share, filled, some
from cdmq.project.fields import Column, Columns, Dataset, Dimension, Model, Sql, SqlText, Texts

#: What stands in a status for yes and for no, where the rule does not say; in lower case.
YES = ("yes", "true", "granted", "given", "confirmed", "opt_in", "subscribed")
NO = ("no", "false", "withdrawn", "revoked", "refused", "declined", "opt_out", "unsubscribed")
#: The condition of a dataset that says who has ended, among those of a segment.
ENDED = "ended"
_TheirColumn = Annotated[str, ReadsFrom("from")]


def _lower(values: list[str]) -> list[str]:
    return some([v.strip().lower() for v in values])


Words = Annotated[Texts, AfterValidator(_lower)]


class Consents(Model):
    """A log of who said yes or no, when, to what and for which address."""

    model_config = ConfigDict(populate_by_name=False)

    dataset: Dataset = Field(
        alias="from", description="The dataset with the log: it needs refers_to."
    )
    purpose: str | None = Field(
        None, description="Only what was said to this purpose. Default: the log has one purpose."
    )
    channel: str = Field(description="Only what was said to this channel, such as email.")
    purpose_in: _TheirColumn = Field("purpose", description="The column with the purpose.")
    channel_in: _TheirColumn = Field("channel", description="The column with the channel.")
    value: _TheirColumn = Field(description="The column with the address a yes was given for.")
    status: _TheirColumn = Field(description="The column that says yes or no.")
    at: _TheirColumn = Field(description="The column that says when, a date or timestamp.")
    proof: _TheirColumn = Field(description="The column with the proof of a yes, such as a link.")
    to: Column | None = Field(
        None,
        description="The column of the rule's dataset with the address that is written to. "
        "Default: the one that is named as the channel.",
    )
    means_yes: Words = Field(list(YES), description="What stands in status for a yes.")
    means_no: Words = Field(list(NO), description="What stands in status for a no.")
    means_nothing: Words | None = Field(
        None, description="What says nothing yet, such as pending. Any other status counts as a no."
    )

    @property
    def address(self) -> str:
        """The column that is written to."""
        return self.to or self.channel

    @model_validator(mode="after")
    def _one_meaning(self) -> Consents:
        seen: dict[str, str] = {}
        for field in ("means_yes", "means_no", "means_nothing"):
            for word in getattr(self, field) or ():
                if word in seen:
                    raise ValueError(f"'{word}' stands in {seen[word]} and in {field}")
                seen[word] = field
        return self


def _form(value: Any) -> str | None:
    """Which form a permission has; the name is no key of the language, so no place is mistaken."""
    if isinstance(value, str):
        return "(column)"
    return "(log)" if isinstance(value, dict | Consents) else None


Permission = Annotated[
    Annotated[Column, Tag("(column)")] | Annotated[Consents, Tag("(log)")],
    Discriminator(
        _form,
        custom_error_type="permission",
        custom_error_message="write a column, or {from: consents, channel: email, value: address, "
        "status: status, at: given_at, proof: proof}",
    ),
]


class Adults(Model):
    """Only who is old enough; whose age is not known stays out."""

    age: Count = Field(description="From this age on, in years.")
    born: Column = Field("birth_date", description="The column with the date of birth.")
    when: Annotated[str, SqlText()] | None = Field(
        None,
        description="Only those for which this SQL condition is true have an age, such as "
        "type = 'person'. Default: all.",
    )


class Never(Model):
    """A dataset of values, such as a list of addresses that must not be written to."""

    model_config = ConfigDict(populate_by_name=False)

    dataset: Dataset = Field(alias="from", description="The dataset with the list.")
    match: Annotated[dict[Column, Annotated[str, ReadsFrom("from")]], AfterValidator(filled)] = (
        Field(
            description="column: the list's column. Who has one of its values, in any record, is "
            "left out. Both are compared as they stand after all defaults."
        )
    )


def _never_form(value: Any) -> str | None:
    if isinstance(value, str):
        return "(name)"
    return "(list)" if isinstance(value, dict | Never) else None


Unwanted = Annotated[
    Annotated[str, Tag("(name)")] | Annotated[Never, Tag("(list)")],
    Discriminator(
        _never_form,
        custom_error_type="never",
        custom_error_message="write a dataset, a segment, or {from: robinson, match: "
        "{email: address}}",
    ),
]


def _adults_form(value: Any) -> str | None:
    return "(ages)" if isinstance(value, dict | Adults) else "(age)"


Age = Annotated[
    Annotated[Count, Tag("(age)")] | Annotated[Adults, Tag("(ages)")],
    Discriminator(_adults_form),
]


class Response(Model):
    """What those who were written to should do: counted from the day of the wave on."""

    model_config = ConfigDict(populate_by_name=False)

    dataset: Dataset = Field(
        alias="from", description="The dataset with the responses: happened_at, and it leads here."
    )
    count: Literal["rows"] = Field(
        "rows", description="rows: who has one or more of them has responded."
    )
    where: Annotated[str, SqlText(), ReadsFrom("from")] | None = Field(
        None, description="Only rows for which this SQL condition on their columns is true."
    )
    within: Lasting = Field(description="How long a response counts, from the day of the wave on.")

    @property
    def facts(self) -> Facts:
        said = {"from": self.dataset, "count": self.count, "where": self.where}
        return Facts.model_validate(said)


class SegmentRule(Named):
    """Says who may be written to: who fits, less everybody who must not be.

    Use it for every campaign, newsletter and visit list, so that one place says whom it reaches
    and why others are left out. Permission goes by the sure, refusal by the possible: a yes needs
    a date and a proof, holds only for the address it was given for, and only in records that are
    surely of the party; a no counts in every record that may be the party, those with an open
    question in `queue` among them. The latest dated event wins, at the same time no. A no without a
    date stands, and a no holds for every address of the channel; without purpose or channel it is
    one of all. A status that is neither yes nor no counts as a no, and the result says how many
    there are. With `permission: consent`, a column, one no in any record of the party is a no. Who
    objected, by a decision `object` or `restrict`, is written to by none.

    Who fits is counted once, at the first reason to be left out: no permission, suppressed (in a
    list of `never`), minor, age unknown, ended (by `ended` of the dataset of the records), one per
    household, rest, holdout elsewhere (of a segment
    whose responses still count). A hash of the party and the segment says who is held out: it is
    the same in every run, whatever the order of rows.

    `cdmq export win_back --wave 2026-11` hands out who is written to, judged anew by what the last
    run left. It freezes that wave: the same again gives the same file, whatever has changed.
    `--recall 2026-11` names who of it withdrew, was split or is no longer there since. Once the time
    of `response` has passed, each run tells how many of those who were written to, held out and
    compared responded, and the difference with its 95% interval (Newcombe's, of Wilson's).

    Example:

        segments:
          - id: win_back
            owner: marketing
            why: Good customers that stopped buying get one letter, and we want to know if it helps.
            members: customer_class in ('core', 'growing') and declining_orders = 'falling'
            permission: {from: consents, purpose: newsletter, channel: email, value: address,
                         status: status, at: given_at, proof: proof}
            never: [suppressions]
            adult_at: 16
            one_per: household
            rest: 14 days
            holdout: 10%
            compare_with: 5%
            response: {from: orders, count: rows, within: 30 days}
            columns: [first_name, last_name]

    In the warehouse: `<rule>__members`, who is in it: to contact, holdout or comparison;
    `<rule>__left_out`, who fits and is left out, with the reason; `segment_members` keeps both from
    run to run. `<rule>__exported` has who was in waves of any segment, by the ids of today; where
    questions of a matching rule count, `<rule>__asked` has their pairs of records; where a log names
    parties by their ids, `<rule>__were` has the ids of before. With `response`
    there is `<rule>__responses`, kept from run to run in `segment_responses`. `waves` and
    `exports` keep what was handed out, `<rule>__wave_<wave>` the rows themselves. In `rule_figures`
    stand, for each run, how many fit, how many are left out for each reason, and how many remain.
    """

    DIMENSION: ClassVar[Dimension | None] = None

    members: Sql = Field(
        description="SQL condition on the columns of the dataset, and on what other rules give."
    )
    permission: Permission = Field(
        description="Who said yes: from a log of consents, or a column of yes and no."
    )
    never: list[Unwanted] = Field(
        default_factory=list,
        description="Who is left out: datasets that refer to the records, datasets of values, and "
        "segments.",
    )
    adult_at: Age | None = Field(
        None,
        description="From this age on, by the column birth_date: 16, or {age: 16, born: born_on, "
        "when: \"type = 'person'\"}. Whose age is not known is left out.",
    )
    one_per: str | None = Field(
        None, description="A matching rule that makes: group. One of each group is written to."
    )
    rest: Lasting | None = Field(
        None,
        description="Who was in a wave of any segment less than this ago is left out. Default: "
        "nobody is for that.",
    )
    holdout: Share | None = Field(
        None, description="This share of those who could be written to is held out, to compare."
    )
    compare_with: Share | None = Field(
        None,
        description="This share of the others, as far as they may be written to, is written to as "
        "well, to compare.",
    )
    response: Response | None = Field(
        None,
        description="What the waves should lead to: told of each when its time has passed, with "
        "the difference to the holdout and to the comparison, and its 95% interval.",
    )
    columns: Columns = Field(
        default_factory=list,
        description="What the file of a wave has beside the key and the address.",
    )

    @property
    def adults(self) -> Adults | None:
        """Who is old enough, however it is written."""
        return self.adult_at if isinstance(self.adult_at, Adults | None) else _adults(self.adult_at)

    def nested_sql(self) -> Mapping[str, tuple[tuple[str | int, ...], str]]:
        found: dict[str, tuple[tuple[str | int, ...], str]] = {
            "members": (("members",), self.members)
        }
        if isinstance(self.adult_at, Adults) and self.adult_at.when is not None:
            found["adult_at.when"] = (("adult_at", "when"), self.adult_at.when)
        if self.response is not None and self.response.where is not None:
            found["response.where"] = (("response", "where"), self.response.where)
        return found


def _adults(age: int) -> Adults:
    return Adults.model_validate({"age": age})


RULE = SegmentRule
BUILT = True
