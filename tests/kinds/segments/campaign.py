"""A world of customers with golden records, questions, households and a log of consents; what a
segment makes of it, and what the oracle does."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from kinds.segments.oracle import Event, Person, Project
from runner import World

MODELS = """
version: 1
datasets:
  - {name: people, table: people_src, key: id, changed_at: changed}
  - {name: people_golden}
  - {name: consents, table: consents_src, key: no, refers_to: {people: person}}
  - {name: gone, table: gone_src, key: person, refers_to: {people: person}}
  - {name: robinson, table: robinson_src, key: mail}
"""
PEOPLE = """
version: 1
dataset: people
matching:
  - {id: same, same_if: [[code]], never_if_differs: [tax]}
  - {id: household, makes: group, same_if: [[street]]}
golden:
  - {id: best, from: same, into: people_golden, pick: [newest]}
"""
SEGMENT = """
version: 1
dataset: people_golden
segments:
  - id: news
    members: amount >= 10
    permission: {from: consents, purpose: news, channel: email, value: address, status: status,
                 at: at, proof: proof}
    never: [gone, {from: robinson, match: {email: mail}}]
    adult_at: 16
    one_per: household
    holdout: 20%
    compare_with: 30%
"""
COLUMNS = {
    "id": "text",
    "code": "text",
    "tax": "text",
    "street": "text",
    "email": "text",
    "birth_date": "date",
    "amount": "integer",
    "changed": "date",
}
LAST = dt.date(2026, 1, 1)
LOG = {
    "no": "integer",
    "person": "text",
    "purpose": "text",
    "channel": "text",
    "address": "text",
    "status": "text",
    "at": "date",
    "proof": "text",
}


@dataclass
class Customer:
    id: str
    code: str | None
    tax: str | None
    street: str | None
    email: str | None
    born: dt.date | None
    amount: int
    changed: dt.date


@dataclass
class Campaign:
    """What is delivered."""

    people: list[Customer] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    robinson: list[str] = field(default_factory=list)

    def deliver(self, world: World, shuffled: random.Random | None = None) -> None:
        def order(rows: list[Any]) -> list[Any]:
            return shuffled.sample(rows, len(rows)) if shuffled else rows

        people = [[*vars(p).values()] for p in self.people]
        log = [
            [i, e.record, e.purpose, e.channel, e.address, e.status, e.at, e.proof]
            for i, e in enumerate(self.events)
        ]
        world.table("people_src", COLUMNS, order(people))
        world.table("consents_src", LOG, order(log))
        world.table("gone_src", {"person": "text"}, order([[g] for g in self.gone]))
        world.table("robinson_src", {"mail": "text"}, order([[m] for m in self.robinson]))

    def project(self, world: World) -> Project:
        """What the oracle is told: parties and questions as cmdq keeps them, all else as it was
        delivered."""
        now = "to_run IS NULL AND rule_id = "
        parties = dict(world.audit_rows("xref", ["key", "party_id"], f"{now}'same'"))
        groups = dict(world.audit_rows("xref", ["key", "party_id"], f"{now}'household'"))
        asked = world.audit_rows("queue", ["key", "other"], f"{now}'same'")
        golden = world.view("people_golden")
        born = {p.born.isoformat(): p.born for p in self.people if p.born}
        return Project(
            parties=parties,
            asked=[(str(a), str(b)) for a, b in asked],
            people=[
                Person(
                    g["party_id"],
                    g["amount"] is not None and int(g["amount"]) >= 10,
                    g["email"],
                    born.get(g["birth_date"]),
                )
                for g in golden
            ],
            events=self.events,
            listed=set(self.gone),
            values=set(self.robinson),
            addresses={p.id: p.email for p in self.people},
            households=groups,
            holdout=Decimal("0.2"),
            compared=Decimal("0.3"),
        )


def write(world: World) -> None:
    world.write({"models/m.yml": MODELS, "rules/p.yml": PEOPLE, "rules/s.yml": SEGMENT})


def found(world: World) -> dict[str, tuple[str, str | None]]:
    """key -> (part, reason), as the audit tables keep it."""
    rows = world.audit_rows("segment_members", ["key", "part", "because"], "to_run IS NULL")
    return {key: (part, because) for key, part, because in rows}


def day(rng: random.Random) -> dt.date:
    return dt.date(2026, 1, 1) + dt.timedelta(rng.randrange(400))


def customer(rng: random.Random, number: int, of: int) -> Customer:
    someone = rng.randrange(of)
    return Customer(
        f"c{number}",
        f"code{someone}" if rng.random() < 0.8 else None,
        rng.choice([None, None, "t1", f"t{someone}"]),
        rng.choice([None, f"street{rng.randrange(max(1, of // 4))}"]),
        f"m{someone}@x.org" if rng.random() < 0.9 else None,
        rng.choice([None, dt.date(1980, 2, 29), dt.date(2010, 11, 1), dt.date(2010, 11, 2)]),
        rng.choice([5, 20, 30]),
        day(rng),
    )


def event(rng: random.Random, people: list[Customer]) -> Event:
    who = rng.choice(people)
    yes = rng.random() < 0.75
    return Event(
        who.id if rng.random() < 0.97 else "nobody",
        who.email if rng.random() < 0.9 else rng.choice([None, "m1@x.org"]),
        rng.choice(["granted", "yes", " GRANTED "[1:-1].lower()])
        if yes
        else rng.choice(["withdrawn", "no", "whatever"]),
        day(rng) if rng.random() < 0.95 else None,
        rng.choice(["form", "form", "form", " ", None]),
        rng.choice(["news"] * 8 + ["other", None]),
        rng.choice(["email"] * 8 + ["post", None]),
    )


def drawn(rng: random.Random, size: int) -> Campaign:
    """A campaign by chance: some are one, some may be, some share a household."""
    people = [customer(rng, i, max(2, size * 2 // 3)) for i in range(size)]
    events = [event(rng, people) for _ in range(size * 3 // 2)]
    events += [
        Event(p.id, p.email, "granted", dt.date(2026, 3, 1), "form")
        for p in people
        if rng.random() < 0.6
    ]
    return Campaign(
        people,
        events,
        [p.id for p in people if rng.random() < 0.05],
        [p.email for p in people if p.email and rng.random() < 0.05],
    )


def changed(rng: random.Random, campaign: Campaign) -> Campaign:
    """The next delivery: some said more, some were mended, came or went."""
    people = [replace(p) for p in campaign.people if rng.random() < 0.95]
    for p in people:
        if rng.random() < 0.2:
            p.code, p.tax = f"code{rng.randrange(len(people))}", rng.choice([None, "t1", "t2"])
        if rng.random() < 0.1:
            p.email = f"m{rng.randrange(len(people))}@x.org"
    new = len(campaign.people) + rng.randrange(1000, 9999)
    people += [customer(rng, new + i, len(people)) for i in range(rng.randrange(3))]
    events = [*campaign.events, *(event(rng, people) for _ in range(len(people) // 3))]
    return Campaign(people, events, campaign.gone, campaign.robinson)
