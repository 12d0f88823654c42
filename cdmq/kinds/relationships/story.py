"""What rules of relationships say of a record, and of a party: its links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlglot import exp

from cdmq.audit.chapters import Chapter, Party, Place, Record
from cdmq.audit.reading import Row
from cdmq.audit.telling import Telling, When, ended, one_of
from cdmq.audit.telling_text import at, until
from cdmq.kinds.kept import kept_of
from cdmq.kinds.relationships.joined import Joined, joined
from cdmq.kinds.relationships.tables import LINKS, ROLL_UPS
from cdmq.kinds.relationships.words import RelationshipsRule
from cdmq.kinds.said import fields
from cdmq.sql import nodes

COUNTS = "fault of a link", "faults of links"
#: How many links of a party are told.
_LINKS = 20


@dataclass(frozen=True)
class Told:
    """A link of a party; `other` is the party at its other end."""

    rule: str
    from_: str
    to: str
    type: str
    starts: datetime | None
    ends: datetime | None
    depth: int | None
    root: str | None
    opened: When
    #: The run that closed it, and why; of what holds neither.
    closed: When | None
    because: str | None


def judges(said: str) -> bool:
    """Every link is judged; a measure of parties judges nothing."""
    return "types" in fields(said)


def chapters(record: Record, at: Telling) -> Iterator[Chapter]:
    """The links of the party that a record belongs to, or of the record itself."""
    for rule, of in _rules(at):
        if record.dataset == of.records and of.through is not None:
            ids = [p.id for p in record.parties if p.rule == of.through]
            yield from _of(at, rule, of, ids, "record")
        elif record.dataset in (of.records, of.parties) and record.party is None:
            yield from _of(at, rule, of, [record.key], "record")
    yield from _figures(record, at, "record")


def party_chapters(party: Party, at: Telling) -> Iterator[Chapter]:
    """The links of a party, by the id that was asked for and the one that it leads to."""
    for rule, of in _rules(at):
        if of.through == party.rule:
            ids = [party.id, *([party.now] if party.now else [])]
            yield from _of(at, rule, of, ids, "party")
    yield from _figures(party, at, "party")


def _rules(at: Telling) -> Iterator[tuple[str, Joined]]:
    for rule in at.project.rules.values():
        if isinstance(rule.spec, RelationshipsRule):
            yield rule.id, joined(str(rule.spec.parties), at.project, at.project.uses)


def _of(at: Telling, rule: str, of: Joined, ids: Iterable[str], place: Place) -> Iterator[Chapter]:
    """The links of a party: those that are so now, then what was."""
    wanted = sorted(set(ids))
    if not wanted:
        return
    ends = nodes.any_of([one_of("from_party", wanted), one_of("to_party", wanted)])
    where = nodes.every([one_of("rule_id", at.names_of(rule)), nodes.paren(ends)])
    still = nodes.is_null(nodes.column("to_run"))
    order = [
        exp.Ordered(this=nodes.when(still, nodes.number(0), nodes.number(1))),
        *(exp.Ordered(this=at.by_code_point(c)) for c in ("type", "from_party", "to_party")),
        exp.Ordered(this=nodes.column("starts"), nulls_first=True),
        exp.Ordered(this=nodes.column("from_run"), desc=True),
    ]
    for row in at.rows(LINKS, where, order, _LINKS):
        told = _told(at, of, row, wanted)
        yield Chapter(place, told, tuple(_lines(told)))
    more = at.count(LINKS, where) - _LINKS
    if more > 0:
        yield Chapter(place, more, (f"links   {rule}  {more:,} more: {rule}__links",))


def _told(at: Telling, of: Joined, row: Row, own: list[str]) -> Told:
    def shown(party: str) -> str:
        hidden = of.through is None and party not in own
        return at.shown_key(of.parties, party) if hidden else party

    return Told(
        at.now(row["rule_id"]),
        shown(row["from_party"]),
        shown(row["to_party"]),
        row["type"],
        row["starts"],
        row["ends"],
        row["depth"],
        None if row["root"] is None else shown(row["root"]),
        at.when(row["from_run"]),
        ended(row, at),
        row["closed_because"],
    )


def _lines(link: Told) -> Iterator[str]:
    yield f"link    {link.rule}  {link.from_} -> {link.to}: {link.type}{_held(link)}"
    yield f"    in the data since {at(link.opened)}, {until(link.closed, link.because)}"
    if link.depth is not None:
        links = "1 link" if link.depth == 1 else f"{link.depth:,} links"
        yield f"    {links} below {link.root}"


def _held(link: Told) -> str:
    """`, from 2020-01-01 to 2021-06-30`: days where they are whole."""
    parts = [
        f" {word} {str(moment).removesuffix(' 00:00:00')}"
        for word, moment in (("from", link.starts), ("to", link.ends))
        if moment is not None
    ]
    return f",{''.join(parts)}" if parts else ""


@dataclass(frozen=True)
class Rolled:
    """A time in which a party and all below it had a figure."""

    rule: str
    key: str
    figure: Decimal | None
    own: Decimal | None
    below: int
    opened: When
    closed: When | None
    because: str | None


def _figures(about: Record | Party, at: Telling, place: Place) -> Iterator[Chapter]:
    rows = kept_of(about, at, "relationships", ROLL_UPS)
    for row in rows:
        rolled = Rolled(
            at.now(row["rule_id"]),
            row["key"],
            row["figure"],
            row["own"],
            row["below"],
            at.when(row["from_run"]),
            ended(row, at),
            row["closed_because"],
        )
        yield Chapter(place, rolled, tuple(_rolled_lines(rolled)))


def _rolled_lines(rolled: Rolled) -> Iterator[str]:
    yield f"figure  {rolled.rule}  {_number(rolled.figure)} for {rolled.key}"
    yield f"    since {at(rolled.opened)}, {until(rolled.closed, rolled.because)}"
    yield f"    own: {_number(rolled.own)}; below: {rolled.below:,}"


def _number(figure: Decimal | None) -> str:
    return "none" if figure is None else f"{figure.normalize():f}"
