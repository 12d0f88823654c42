"""Who is in a segment, in plain Python: from the parties, the questions and the logs as they are."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

FOREVER = dt.date(9999, 12, 31)
YES = {"granted", "yes"}
NO = {"withdrawn", "no"}


@dataclass(frozen=True)
class Event:
    record: str
    address: str | None
    status: str
    at: dt.date | None
    proof: str | None
    purpose: str | None = "news"
    channel: str | None = "email"


@dataclass(frozen=True)
class Person:
    """A golden record."""

    key: str
    fits: bool
    address: str | None
    born: dt.date | None
    aged: bool = True


@dataclass
class Project:
    parties: Mapping[str, str]
    asked: Sequence[tuple[str, str]]
    people: Sequence[Person]
    events: Sequence[Event]
    #: Records that a list names, and addresses; the addresses of every record.
    listed: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    addresses: Mapping[str, str | None] = field(default_factory=dict)
    households: Mapping[str, str] = field(default_factory=dict)
    holdout: Decimal = Decimal(0)
    compared: Decimal = Decimal(0)
    segment: str = "news"
    as_of: dt.date = dt.date(2026, 11, 1)
    adult_at: int = 16


def chance(what: str, segment: str, key: str) -> int:
    return int(hashlib.md5(f"{what} {segment} {key}".encode()).hexdigest(), 16)


def drawn(what: str, p: Project, key: str, share: Decimal) -> bool:
    return chance(what, p.segment, key) * 10_000 < int(share * 10_000) * 16**32


def reachable(p: Project, starts: Iterable[str]) -> set[str]:
    """The parties that may be one with some."""
    beside = defaultdict(set)
    for a, b in p.asked:
        one, other = p.parties[a], p.parties[b]
        beside[one].add(other)
        beside[other].add(one)
    found, edge = set(starts), set(starts)
    while edge:
        edge = {n for e in edge for n in beside[e]} - found
        found |= edge
    return found


def may_say_no(event: Event) -> bool:
    about = event.purpose in ("news", None) and event.channel in ("email", None)
    return about and event.status not in YES


def permitted(p: Project, person: Person) -> bool:
    mine = {r for r, party in p.parties.items() if party == person.key}
    maybe = {r for r, party in p.parties.items() if party in reachable(p, {person.key})}
    noes = [e.at or FOREVER for e in p.events if e.record in maybe and may_say_no(e)]
    yeses = [
        e.at
        for e in p.events
        if e.record in mine
        and e.status in YES
        and (e.purpose, e.channel) == ("news", "email")
        and e.at is not None
        and e.at <= p.as_of
        and (e.proof or "").strip()
        and e.address is not None
        and e.address == person.address
    ]
    return bool(yeses) and max(yeses) > max(noes, default=dt.date.min)


def suppressed(p: Project, person: Person) -> bool:
    def bad(party: str) -> bool:
        records = [r for r, of in p.parties.items() if of == party]
        golden = [q.address for q in p.people if q.key == party]
        named = any(r in p.listed or p.addresses.get(r) in p.values for r in records)
        return named or any(a in p.values for a in golden)

    return any(bad(party) for party in reachable(p, {person.key}))


def age(born: dt.date, today: dt.date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def reason(p: Project, person: Person) -> str | None:
    if not permitted(p, person):
        return "no permission"
    if suppressed(p, person):
        return "suppressed"
    if person.aged and person.born is None:
        return "age unknown"
    if person.aged and person.born and age(person.born, p.as_of) < p.adult_at:
        return "minor"
    return None


def members(p: Project) -> dict[str, tuple[str, str | None]]:
    """key -> (part, reason), of all who fit, and of those who are compared."""
    asked = [q for q in p.people if q.fits or drawn("compare", p, q.key, p.compared)]
    why = {q.key: reason(p, q) for q in asked}
    fits = {q.key: q.fits for q in asked}
    groups = defaultdict(set)
    for record, group in p.households.items():
        groups[group].add(p.parties[record])
    beaten = set()
    for of in groups.values():
        inside = [k for k in of if k in why and why[k] is None]
        order = sorted(inside, key=lambda k: (not fits[k], chance("group", p.segment, k), k))
        beaten |= set(order[1:])
    found: dict[str, tuple[str, str | None]] = {}
    for q in asked:
        because = why[q.key] or ("one per household" if q.key in beaten else None)
        if because is not None:
            if q.fits:
                found[q.key] = "out", because
        elif not q.fits:
            found[q.key] = "comparison", None
        else:
            out = drawn("holdout", p, q.key, p.holdout)
            found[q.key] = ("holdout" if out else "contact"), None
    return found
