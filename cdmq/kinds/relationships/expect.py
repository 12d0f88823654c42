"""The links that a unit test expects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field

from cdmq.kinds.expected import Difference, Row, differences
from cdmq.kinds.expecting import Expect, Members, Ran, Told
from cdmq.project.fields import Model
from cdmq.project.unit_test import Cell

_DAY = " 00:00:00"


def _moment(value: Any) -> Any:
    """A day is told as a day."""
    return value.removesuffix(_DAY) or None if isinstance(value, str) else value


Moment = Annotated[Cell, BeforeValidator(_moment)]


class ExpectedLink(Model):
    """A link of two parties; each is named by any of its records."""

    model_config = ConfigDict(populate_by_name=False)

    from_: str = Field(alias="from", description="The party that it starts at.")
    to: str = Field(description="The party that it leads to.")
    type: str | None = Field(None, description="Its type.")
    starts: Moment = Field(None, description="From when on it holds; null: ever since.")
    ends: Moment = Field(None, description="Until when; null: it holds still.")
    depth: Cell = Field(None, description="How many links lead down to its end; null for none.")
    root: Cell = Field(None, description="The party at the top; null for none.")


class Links(Model):
    links: list[ExpectedLink] | None = Field(
        None, description="Of a rule of relationships: all links that are followed."
    )


_COLUMNS = ("from_party", "to_party", "type", "starts", "ends", "depth", "root")
_SHOWN = ("from", "to", "type", "starts", "ends", "depth", "root")


@dataclass(frozen=True)
class _Found:
    members: Members
    links: Sequence[Row]


def _found(ran: Ran) -> _Found:
    rule = ran.rule("relationships")
    kept = ran.kept(rule.id, "links", *_COLUMNS) if rule else []
    rows = [
        {
            name: _moment(str(value)) if name in ("starts", "ends") else str(value)
            for name, value in zip(_SHOWN, row, strict=True)
            if value is not None
        }
        for row in kept
    ]
    links = [{name: row.get(name) for name in _SHOWN} for row in rows]
    return _Found(ran.members, [_first(row, ran.members) for row in links])


def _first(row: Mapping[str, str | None], members: Members) -> Row:
    """With the first record of each party, by code point, in its place."""

    def record(party: str | None) -> str | None:
        return members.parties.get(party, [party])[0] if party is not None else None

    return {n: record(v) if n in ("from", "to", "root") else v for n, v in row.items()}


def _compared(
    expect: Expect, wanted: Sequence[ExpectedLink], found: _Found, told: Told
) -> list[Difference]:
    party_of = found.members.party_of
    rows = []
    for link in wanted:
        said = {
            name: getattr(link, field)
            for name, field in zip(_SHOWN, ("from_", *_SHOWN[1:]), strict=True)
            if field in link.model_fields_set
        }
        ends = {n: party_of.get(v, v) for n, v in said.items() if n in ("from", "to", "root") and v}
        rows.append(_first({**said, **ends}, found.members))
    return differences(expect.what, expect.about, rows, found.links)


EXPECTS = {
    "links": Expect(
        Links,
        "link",
        "links: [{from: KEY, to: KEY, type: NAME}]",
        _found,
        _compared,
        about=("from", "to", "type"),
    )
}
