"""What a unit test expects a rule to say of each record, or of each party by any of its records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field, model_validator

from cdmq.kinds.expected import Difference, Row
from cdmq.kinds.expecting import Expect, Members, Ran, Said, Told, refuse
from cdmq.project.fields import Model
from cdmq.project.unit_test import UnitTest
from cdmq.values import Project, Rule


class OfOne(Model):
    """Whose it is: a party's, named by any of its records, or a record's by itself."""

    WHAT: ClassVar[str]

    of: str | None = Field(
        None, description="Of a golden dataset: the key of any record of the party."
    )
    key: str | None = Field(None, description="Of another dataset: the key of the record.")

    @model_validator(mode="after")
    def _of_one(self) -> OfOne:
        if (self.of is None) == (self.key is None):
            raise ValueError(
                f"say whose {self.WHAT} it is: by of (any record of the party) or by key"
            )
        return self

    def said(self) -> Row:
        """What is expected of it, of that which is told."""
        return {f: getattr(self, f) for f in type(self).model_fields if f in self.model_fields_set}


@dataclass(frozen=True)
class Each:
    """`said`: party, or key of a record where `by_key` -> what the rule says; `why`: its reason."""

    members: Members
    said: Mapping[str, Row]
    by_key: bool
    why: Mapping[str, str | None]


def each(ran: Ran, rule: Rule, said: Mapping[str, Row], why: Mapping[str, str | None]) -> Each:
    """What a rule says, by the keys of its dataset."""
    return Each(ran.members, said, not ran.project.datasets[rule.dataset].made_by, why)


def compared(expect: Expect, wanted: Sequence[OfOne], found: Each, told: Told) -> list[Difference]:
    """Everyone is told of, a party by one of its records or by several."""
    refuse(found.members.unknown((w.of for w in wanted if w.of is not None), told))
    seen: set[str] = set()
    wrong = []
    for one in wanted:
        row = one.said()
        who = one.key if one.key is not None else found.members.party_of[str(one.of)]
        seen.add(who)
        if who not in found.said:
            wrong.append(Difference(expect.what, row, None))
            continue
        made = {**row, **{f: found.said[who][f] for f in row if f in found.said[who]}}
        if made != row:
            wrong.append(Difference(expect.what, row, made, found.why.get(who) or ""))
    members = found.members.parties
    for who in sorted(found.said.keys() - seen, key=lambda w: members.get(w, [w])):
        named = {"key": who} if found.by_key else {"of": members[who][0]}
        row = {**named, **found.said[who]}
        wrong.append(Difference(expect.what, None, row, found.why.get(who) or ""))
    return wrong


def misnamed(
    project: Project, test: UnitTest, rule: Rule, verb: str, wanted: Sequence[OfOne]
) -> Iterator[Said]:
    """Parties where the rule tells of records; `verb`: what it does with them."""
    dataset = project.datasets[rule.dataset]
    if dataset.made_by and rule.dataset not in test.given:
        return
    for one in wanted:
        if one.of is not None:
            yield (
                "CDMQ527",
                f"expect: {rule.id} {verb} the records of {rule.dataset}, no parties "
                f"(unit test {test.name})",
                f"write key: {one.of} in place of of",
            )
