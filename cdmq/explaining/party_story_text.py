"""Who a record is, and what a party is made of, in words that a steward reads."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from cdmq.audit.telling_text import at, counted, names, sure, value
from cdmq.explaining.party_values import (
    Alike,
    Belongs,
    Cell,
    Event,
    Golden,
    Level,
    Membership,
    PartyStory,
    Question,
)

#: What the word that decided a golden cell means, where it is none of `pick`.
_BECAUSE: Mapping[str, str] = {
    "valid": "the others carry an error flag",
    "strictest": "one no is no",
    "own value": "the others borrowed theirs",
    "fuller": "it has more of what goes together",
    "key": "first by key, nothing else decided",
    "only value": "no other value",
}
_WHY: Mapping[str, str] = {
    "review": "likely, but not sure enough",
    "veto": "alike, but what may never differ does",
    "household": "they may be two of one household or group of firms: a first name, a birth "
    "date or a firm's name says so",
    "bridge": "alike, but most others of the two groups are not",
    "size": "alike, but together they would be very many",
}
_CLOSED: Mapping[str, str] = {
    "gone": "it is no longer in the dataset",
    "rule_removed": "the rule was removed",
    "changed": "it was changed",
}


def belonging(belongs: Belongs, key: str) -> list[str]:
    """The parties, likenesses, questions, golden cells and levels of a record."""
    lines = [line for m in belongs.memberships for line in ("", *_membership(m))]
    for rule, found in groupby(belongs.alike, lambda a: a.rule):
        nearest = list(found)
        count = dict(belongs.found)[rule]
        upto = f", the nearest {len(nearest)}" if count > len(nearest) else ""
        lines += [
            "",
            f"alike   {rule}  {counted(count, 'record')}{upto}",
            *(f"    {_alike(a)}" for a in nearest),
        ]
        if not nearest[0].key.endswith("***"):  # masked: nothing to ask for
            pair = shlex.join([key, nearest[0].key])
            lines.append(f"    why: cdmq explain --pair {pair}")
    lines += _questions(belongs.questions)
    for golden in belongs.golden:
        lines += ["", *_shares(golden)]
    return lines + _levels(belongs.levels)


def _membership(m: Membership) -> Iterable[str]:
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
    return _CLOSED.get(m.because or "", m.because or "not known why")


def _alike(a: Alike) -> str:
    if a.verdict == "same_if":
        said = "the same by same_if" if a.together else "the same by same_if, yet kept apart"
    elif a.verdict == "veto":
        said = f"{sure(a.probability)} sure, kept apart by never_if_differs ({names(a.never)})"
    else:
        said = f"{sure(a.probability)} sure"
        if a.sure == "merge" and not a.together:
            said += ", kept apart by a guard"
        elif a.sure == "review":
            said += ", one party through others" if a.together else ", not enough to be one"
    return f"{a.key}  {said}"


def _questions(questions: Sequence[Question]) -> list[str]:
    return [line for q in questions for line in ("", *question_lines(q))]


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


# golden cells and levels ----------------------------------------------------------------------


def _shares(golden: Golden) -> Iterable[str]:
    """What a record gave to its golden record, and what it did not."""
    won = [c for c in golden.cells if c.role == "won"]
    yield (
        f"golden  {golden.rule}  {golden.party} in {golden.dataset}, {len(won)} of "
        f"{counted(len(golden.cells), 'cell')} from this record"
    )
    words = dict.fromkeys(c.because for c in won)
    for word in sorted(words, key=lambda w: w == "only value"):
        told = (
            c.column if word == "only value" else f"{c.column} {value(c.value)}"
            for c in won
            if c.because == word
        )
        yield f"    won, {_BECAUSE.get(word, word)}: {', '.join(told)}"
    agreed = [c.column for c in golden.cells if c.role == "agreed"]
    if agreed:
        yield f"    has the same: {', '.join(agreed)}"
    for c in golden.cells:
        if c.role == "lost":
            yield (
                f"    lost: {c.column} {value(c.own)} to {value(c.value)} of {c.winner} "
                f"({_because(c)})"
            )


def _because(c: Cell) -> str:
    return _BECAUSE.get(c.because, c.because)


def _golden(golden: Golden) -> Iterable[str]:
    yield f"golden  {golden.rule}  {golden.party} in {golden.dataset}"
    wide = max(len(c.column) for c in golden.cells)
    for c in golden.cells:
        over = (
            "; not " + ", ".join(f"{value(x.value)} of {x.key}" for x in c.losers)
            if c.losers
            else ""
        )
        yield f"    {c.column:{wide}}  {value(c.value)} of {c.winner} ({_because(c)}){over}"


def _levels(levels: Iterable[Level]) -> list[str]:
    lines: list[str] = []
    for level in levels:
        if level.closed is None:
            until = "holds"
        elif level.because == "changed":
            until = f"until the review of {level.to_review}"
        else:
            until = f"until {at(level.closed)}: {_CLOSED.get(level.because or '', level.because)}"
        lines += [
            "",
            f"level   {level.rule}  {level.level} for {level.key}",
            f"    since the review of {level.from_review}, {until}",
            f"    because {level.reason or 'not said'}",
        ]
    return lines


# a party --------------------------------------------------------------------------------------


def party_lines(party: PartyStory) -> list[str]:
    """The story of a party or group, below its head."""
    lines = []
    if party.party is None:
        lines.append(f"This {party.makes} ended: no record of it is left.")
    elif party.party != party.asked:
        lines.append(
            f"This {party.makes} ended: it is {party.party} now. What follows is told "
            f"of {party.party}."
        )
    if party.party is not None:
        lines += ["", f"members {party.rule}  {counted(party.count, 'record')} of {party.dataset}"]
        lines += [f"    {key}  since {at(since)}" for key, since in party.members]
        if party.count > len(party.members):
            lines.append(f"    and {party.count - len(party.members):,} more")
    for m in party.groups:
        lines += ["", *_membership(m)]
    for golden in party.golden:
        lines += ["", *_golden(golden)]
    lines += _levels(party.levels)
    if party.events:
        lines += [
            "",
            f"events  {party.rule}",
            *(f"    {at(e.when)}: {_event(e)}" for e in party.events),
        ]
    return lines


def head(party: PartyStory) -> str:
    return f"{party.asked}, a {party.makes} of {party.dataset} by {party.rule}"


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
