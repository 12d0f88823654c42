"""What matching rules say of a record: its parties and groups, what it is alike to, what is asked;
and what there is to tell of a party."""

from __future__ import annotations

from collections.abc import Iterator

from cdmq.audit.chapters import Chapter, Party, Place, Record
from cdmq.audit.reading import Row, same
from cdmq.audit.telling import Telling, one_of
from cdmq.kinds.matching.story_alike import alike, questions
from cdmq.kinds.matching.story_members import events, first_members, makes, memberships
from cdmq.kinds.matching.story_text import (
    event_lines,
    likeness_lines,
    member_lines,
    membership_lines,
    question_lines,
)
from cdmq.kinds.matching.story_values import Members, Membership
from cdmq.kinds.matching.tables import PARTY_EVENTS, XREF
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.shape import Table

KIND = "matching"
HEADING = "PARTIES AND LEVELS"
#: How many members of a party are told.
_MEMBERS = 20


def parties(dataset: str, key: str, at: Telling) -> Iterator[Party]:
    """The parties and groups that a record is in now."""
    for m in memberships(at, dataset, key):
        if m.until is None:
            yield Party(KIND, m.party, m.party, m.rule, m.makes, dataset, at.made_of(m.rule))


def chapters(record: Record, at: Telling) -> Iterator[Chapter]:
    """Who the record is, what it is alike to, and what people are asked about it."""
    dataset, key = record.dataset, record.key
    for m in memberships(at, dataset, key):
        yield _chapter("record", m)
    for party in record.parties:
        yield from _groups(party, at, "record")
    rules = at.rules_on(dataset, KIND)
    for found in alike(at, dataset, rules, key):
        yield Chapter("record", found, tuple(likeness_lines(found, key)))
    for question in questions(at, dataset, rules, key):
        yield Chapter("record", question, tuple(question_lines(question)))


def _groups(party: Party, at: Telling, place: Place) -> Iterator[Chapter]:
    """What a party is in, by the rules over its golden records."""
    for dataset in party.stands_in if party.now else ():
        for m in memberships(at, dataset, str(party.now), through=True):
            yield _chapter(place, m)


def _chapter(place: Place, m: Membership) -> Chapter:
    return Chapter(place, m, tuple(membership_lines(m)))


# a party --------------------------------------------------------------------------------------


def party(id_: str, at: Telling) -> Party | None:
    """The party or group of an id, also of one that ended; None where no rule gave that id."""
    rule = _rule_of(at, PARTY_EVENTS, id_) or _rule_of(at, XREF, id_)
    dataset = at.dataset_of(rule) if rule else None
    if rule is None or dataset is None:
        return None
    now = _leads_to(at, rule, id_)
    return Party(KIND, id_, now, at.now(rule), makes(at, rule), dataset, at.made_of(rule))


def _rule_of(at: Telling, table: Table, party: str) -> str | None:
    found = at.select(table, [nodes.column("rule_id")], same("party_id", party), limit=1)
    return str(found[0][0]) if found else None


def _leads_to(at: Telling, rule: str, party: str) -> str | None:
    """The party that an id leads to now, by the view that resolves all ids."""
    audit = at.audit
    if "party_ids" not in audit.warehouse.inventory.relations(audit.schema):
        return party
    found = audit.fetch(
        nodes.select(
            [nodes.column("now_id")],
            nodes.table(Relation("party_ids", audit.schema)),
            nodes.every([same("rule_id", rule), same("party_id", party)]),
        )
    )
    return found[0][0] if found else party


def members(rule: str, party: str, at: Telling, most: int) -> list[str]:
    """The keys of a party's first records."""
    return [r["key"] for r in first_members(at, rule, party, most)[0]]


def party_chapters(party: Party, at: Telling) -> Iterator[Chapter]:
    """The records of a party, the groups that it is in, and what happened to it."""
    if party.kind != KIND:
        return
    if party.now is not None:
        rows, count = first_members(at, party.rule, party.now, _MEMBERS)
        first = ((at.shown_key(party.dataset, r["key"]), at.when(r["from_run"])) for r in rows)
        found = Members(party.rule, party.dataset, count, tuple(first))
        yield Chapter("party", found, tuple(member_lines(found)))
    yield from _groups(party, at, "party")
    ids = [party.id] if party.now is None else [party.id, party.now]
    happened = tuple(events(at, party.rule, ids))
    if happened:
        yield Chapter("past", happened, tuple(event_lines(party.rule, happened)))


# a record as it was ---------------------------------------------------------------------------


def lasting(dataset: str, key: str, at: Telling) -> list[Row]:
    """The rows of its parties: each stands while the record is in the dataset."""
    rules = at.rules_on(dataset, KIND)
    if not rules:
        return []
    return list(at.rows(XREF, nodes.every([one_of("rule_id", rules), same("key", key)])))
