"""Why two records are one party, or two, in words that a steward reads."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cdmq.audit.telling_text import at, names, sure, value
from cdmq.kinds.matching.pair_values import Compared, PairStory, Verdict
from cdmq.kinds.matching.story_text import PEOPLE_SAID, question_lines
from cdmq.kinds.words import percent
from cdmq.problems import printable

#: What stands between the two values.
_SIGN = {"same": "=", "alike": "~", "differs": "<>", "unequal": "<>"}
_NO_EVIDENCE = {
    "missing": "no evidence",
    "borrowed": "no evidence: a default filled it in",
    "too common": "no evidence: too many records share it",
}
#: How two are linked that no score links.
_BY = {"same_if": "same_if", "same": "as people decided"}
_ROLES = {"same_if": "named by same_if", "never_if_differs": "may never differ"}


def pair_told(story: PairStory) -> list[str]:
    """The story of two records under one rule, as lines for a steward."""
    return [printable(line) for line in _lines(story)]


def _lines(s: PairStory) -> Iterator[str]:
    yield f"{s.a} and {s.b} in {s.dataset}, by {s.rule}"
    if s.why:
        yield f"why: {s.why}"
    for key, there in zip((s.a, s.b), s.there, strict=True):
        if not there:
            yield f"{key} is no longer in the dataset."
    yield ""
    yield from _table(s)
    yield ""
    yield f"verdict  {_verdict(s)}"
    yield from (f"    {line}" for line in _more(s))
    yield f"now      {_now(s)}"
    for q in s.questions:
        yield from ("", *question_lines(q))
        if s.of_others:
            yield "    what is said of them is said of the two parties"


# side by side ---------------------------------------------------------------------------------


def _table(s: PairStory) -> Iterator[str]:
    rows: list[tuple[str, str, str, str, str]] = [
        (
            c.column,
            c.how,
            f"{value(c.a)} {_SIGN.get(c.how, '|')} {value(c.b)}",
            _weight(c),
            _said(c, s),
        )
        for c in s.columns
    ]
    kept = s.kept
    if kept is not None and kept.weight is not None:
        if kept.start is not None:
            rows.append(
                (
                    "",
                    "",
                    "to begin with",
                    f"{kept.start:+.1f}",
                    "for any two records, before a column is looked at",
                )
            )
        rows.append(
            (
                "",
                "",
                "together",
                f"{kept.weight:+.1f}",
                f"{_odds(kept.weight)}: {sure(_chance(kept.weight))} sure",
            )
        )
    wide = [max(len(r[i]) for r in rows) for i in range(4)]
    for name, how, values, weight, said in rows:
        weighed = f"{weight:>{wide[3]}}  " if wide[3] else ""
        yield (
            f"    {name:{wide[0]}}  {how:{wide[1]}}  {values:{wide[2]}}  {weighed}{said}"
        ).rstrip()


def _weight(c: Compared) -> str:
    silent = c.weight is None or (c.how in _NO_EVIDENCE and abs(c.weight) < 0.05)
    return "" if silent else f"{c.weight:+.1f}"


def _said(c: Compared, s: PairStory) -> str:
    """What a column says, and what else the rule does with it."""
    words = []
    if c.how in _NO_EVIDENCE:
        words.append(_NO_EVIDENCE[c.how])
    elif c.weight is not None:
        words.append(strength(c.weight))
    elif c.scored and s.kept is None:
        words.append("not weighed")
    return ", ".join([*words, *(_ROLES[r] for r in c.roles)])


def strength(weight: float) -> str:
    """A match weight in words."""
    size = abs(weight)
    if size < 0.05:
        return "no evidence"
    side = "for" if weight > 0 else "against"
    return f"strongly {side}" if size >= 6 else side if size >= 1 else f"slightly {side}"


def _odds(weight: float) -> str:
    """A match weight as odds."""
    times = math.pow(2, min(abs(weight), 60))
    if times < 1.5:
        return "about even"
    told = "more than a million" if times > 1_000_000 else f"{times:,.0f}"
    return f"{told} to 1 that they are {'one' if weight > 0 else 'two'}"


def _chance(weight: float) -> float:
    return 1 / (1 + math.pow(2, -max(min(weight, 500), -500)))


# the verdict ----------------------------------------------------------------------------------


def _verdict(s: PairStory) -> str:
    kept = s.kept
    if kept is None:
        if s.scores or s.equal:
            return "none: they are not among the pairs that were found alike and kept"
        return "two: this rule weighs nothing, and in no list of same_if are they equal"
    if kept.verdict == "same_if":
        equal = " and ".join(names(some) for some in s.equal[:1])
        return f"the same by same_if{': equal in ' + equal if equal else ''}"
    if kept.verdict in PEOPLE_SAID:
        return PEOPLE_SAID[kept.verdict]
    if kept.verdict == "veto":
        what = f": {names(s.vetoes)} {'differs' if len(s.vetoes) == 1 else 'differ'}"
        return f"never one by never_if_differs{what if s.vetoes else ''}"
    if kept.probability >= float(s.merge_above):
        enough = f"{sure(kept.probability)} sure, and {percent(s.merge_above)} is enough"
        apart = s.parties[0] != s.parties[1]
        return f"sure enough, but kept apart: {enough}" if apart else f"one: {enough}"
    return (
        f"not sure enough to be one: {sure(kept.probability)}, and merge_above is "
        f"{percent(s.merge_above)}"
    )


def _more(s: PairStory) -> Iterator[str]:
    if s.kept is not None:
        yield (
            f"as weighed {at(s.kept.since)}"
            if s.kept.weight is not None
            else (f"since {at(s.kept.since)}")
        )
        return
    yield from _not_kept(s)
    if s.where:
        yield f"the rule looks only at records with: {s.where}"
    if s.last is not None and s.last.until is not None:
        yield f"until {at(s.last.until)} they were kept as {_was(s.last)}"


def _not_kept(s: PairStory) -> Iterator[str]:
    """Honestly, why nothing is known of how alike they are."""
    if s.equal:
        outside = "a record that where leaves out is paired with none; " if s.where else ""
        yield (
            f"they are equal in {names(s.equal[0])}, which same_if names: {outside}where many "
            "records share a value, each is paired with the first of them only"
        )
    if not s.scores:
        return
    least = min(s.merge_above, s.review_above if s.review_above is not None else s.merge_above)
    low = f"weighed and found less than {percent(least)} sure"
    if s.candidates is False:
        yield "never weighed: they are equal in no list of candidates"
    elif s.candidates:
        yield f"they were {low}: what is so low is not kept"
    else:
        yield f"never weighed, as too little is alike to look closer, or {low}: that is not kept"


def _was(last: Verdict) -> str:
    if last.verdict == "same_if":
        return "the same by same_if"
    if last.verdict in PEOPLE_SAID:
        return PEOPLE_SAID[last.verdict]
    by = ", but never one by never_if_differs" if last.verdict == "veto" else ""
    return f"{sure(last.probability)} sure{by}"


def _now(s: PairStory) -> str:
    one, two = s.parties
    if one is not None and one == two:
        return f"both are in the {s.makes} {one}{_through(s)}"
    told = (
        f"{k} is in {f'the {s.makes} {p}' if p else f'no {s.makes}'}"
        for k, p in zip((s.a, s.b), s.parties, strict=True)
    )
    return ", ".join(told)


def _through(s: PairStory) -> str:
    if s.linked:
        return ""
    if not s.chain:
        return ", and how they came together is not kept"
    steps = (f"{x.a} and {x.b} ({_BY.get(x.verdict) or sure(x.probability)})" for x in s.chain)
    return f", through others: {', '.join(steps)}"
