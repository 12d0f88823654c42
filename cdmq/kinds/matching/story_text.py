"""Who a record is, and what a party is made of, in words that a steward reads."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from cdmq.audit.telling_text import CLOSED, at, counted, names, sure
from cdmq.kinds.matching.story_values import (
    Alike,
    Event,
    Likeness,
    Members,
    Membership,
    Question,
)

_WHY: Mapping[str, str] = {
    "review": "likely, but not sure enough",
    "veto": "alike, but what may never differ does",
    "household": "they may be two of one household or group of firms: a first name, a birth "
    "date or a firm's name says so",
    "bridge": "alike, but most others of the two groups are not",
    "size": "alike, but together they would be very many",
    "changed": "people answered, but what was compared has changed since",
    "contradicted": "people answered, but a weightier answer contradicts it",
}

#: Verdicts that are none of the rule's.
PEOPLE_SAID: Mapping[str, str] = {
    "same": "the same, as people decided",
    "not_same": "not the same, as people decided",
}


def membership_lines(m: Membership) -> Iterator[str]:
    """A time in a party or group."""
    whose = f", of which {m.through} is one" if m.through else ""
    yield f"{m.makes:7} {m.rule}  {m.party}{whose}{_company(m)}"
    if m.until is None:
        yield f"    since {at(m.since)}"
        return
    yield f"    from {at(m.since)}"
    yield f"    until {at(m.until)}: {_left(m)}"


def _company(m: Membership) -> str:
    if m.until is not None:
        return ", no longer"
    if not m.others and not m.more:
        return ", alone"
    return f", with {names(m.others, m.more)}"


def _left(m: Membership) -> str:
    if m.fate == "merged":
        return f"it was merged into {m.into}"
    if m.fate == "split":
        return f"{m.into} was split out of it"
    if m.fate == "returned":
        return f"{m.into} was there again"
    if m.fate in ("moved", "ended") and m.into:
        rest = ", and no record was left" if m.fate == "ended" else ""
        return f"the record went over to {m.into}{rest}"
    if m.because == "gone":
        return "the record is no longer in the dataset"
    return CLOSED.get(m.because or "", m.because or "not known why")


def likeness_lines(found: Likeness, key: str) -> Iterator[str]:
    """The records nearest to the one with a key."""
    nearest = found.nearest
    upto = f", the nearest {len(nearest)}" if found.count > len(nearest) else ""
    yield f"alike   {found.rule}  {counted(found.count, 'record')}{upto}"
    yield from (f"    {_alike(a)}" for a in nearest)
    if not nearest[0].key.endswith("***"):  # masked: nothing to ask for
        yield f"    why: cdmq explain --pair {shlex.join([key, nearest[0].key])}"


def _alike(a: Alike) -> str:
    if a.verdict == "same_if":
        said = "the same by same_if" if a.together else "the same by same_if, yet kept apart"
    elif a.verdict in PEOPLE_SAID:
        said = PEOPLE_SAID[a.verdict]
    elif a.verdict == "veto":
        said = f"{sure(a.probability)} sure, kept apart by never_if_differs ({names(a.never)})"
    else:
        said = f"{sure(a.probability)} sure"
        if a.sure == "merge" and not a.together:
            said += ", kept apart by a guard"
        elif a.sure == "review":
            said += ", one party through others" if a.together else ", not enough to be one"
    return f"{a.key}  {said}"


def question_lines(q: Question) -> list[str]:
    """An open question of the queue."""
    odds = f"{sure(q.probability)} sure; " if q.probability is not None else ""
    more = (
        f"; {q.more} more pairs of the two are alike"
        if q.more > 1
        else ("; one more pair of the two is alike" if q.more else "")
    )
    return [
        f"asked   {q.rule}  are {q.a} and {q.b} one? {odds}{_WHY.get(q.why, q.why)}{more}",
        f"    open since {at(q.since)}",
    ]


def _event(e: Event) -> str:
    records = counted(e.records, "record")
    if e.event == "mint":
        return f"{e.party} began, with {records}"
    if e.event == "split":
        return f"{e.party} was split out of {e.other}, with {records}"
    if e.event == "merge":
        return f"{e.party} was merged into {e.other}, which took {records} of it"
    if e.event == "return":
        out = f", most of them out of {e.other}" if e.other else ""
        return f"{e.party} was there again, with {records}{out}"
    return f"{e.party} ended: none of its {records} is left"


def member_lines(found: Members) -> Iterator[str]:
    """The first members of a party."""
    yield f"members {found.rule}  {counted(found.count, 'record')} of {found.dataset}"
    yield from (f"    {key}  since {at(since)}" for key, since in found.first)
    if found.count > len(found.first):
        yield f"    and {found.count - len(found.first):,} more"


def event_lines(rule: str, found: tuple[Event, ...]) -> Iterator[str]:
    """What happened to a party."""
    yield f"events  {rule}"
    yield from (f"    {at(e.when)}: {_event(e)}" for e in found)
