"""The pairs and parties that a unit test expects."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from cdmq.kinds.expected import Difference, Row, differences
from cdmq.kinds.expecting import Expect, Members, Ran, Told, refuse
from cdmq.project.fields import Model
from cdmq.sql.types import Type
from cdmq.values import Dataset, Rule


class ExpectedPair(Model):
    """Two records that a matching rule found alike, in any order."""

    a: str = Field(description="The key of a record.")
    b: str = Field(description="The key of another.")
    verdict: Literal["same_if", "score", "review", "veto"] | None = Field(
        None,
        description="same_if: equal as it says; score: sure enough to merge; review: sure "
        "enough to ask; veto: kept apart by never_if_differs.",
    )

    @model_validator(mode="after")
    def _two(self) -> ExpectedPair:
        if self.a == self.b:
            raise ValueError(f"a pair is two records, here is {self.a} twice")
        return self


class Pairs(Model):
    pairs: list[ExpectedPair] | None = Field(
        None, description="Of a matching rule: every pair that it found alike."
    )


class Parties(Model):
    """A model learns next to nothing from a few rows and keeps the weights that it starts from.
    Test same_if, never_if_differs, ignore_values and clear cases, no percentages; and give some
    other records beside, or what two have in common looks like what everybody has.
    """

    parties: list[list[str]] | None = Field(
        None, description="The keys of each party (or group) of two or more records."
    )

    @model_validator(mode="after")
    def _apart(self) -> Parties:
        seen: set[str] = set()
        for party in self.parties or ():
            if len(set(party)) < 2:
                raise ValueError(
                    "a party in parties has two or more records; who is alone is left out"
                )
            if again := sorted(seen & set(party)):
                raise ValueError(f"{again[0]} stands in two parties")
            seen |= set(party)
        return self


@dataclass(frozen=True)
class _Found:
    members: Members
    pairs: Sequence[Row]


def _found(ran: Ran) -> _Found:
    """A pair that is not sure enough to merge is one for review."""

    from cdmq.kinds.matching.words import MatchingRule

    rule = ran.rule("matching")
    if rule is None:
        return _Found(ran.members, ())
    assert isinstance(rule.spec, MatchingRule)
    found: list[Row] = []
    kept = ran.kept(rule.id, "pairs", "key_a", "key_b", "verdict", "probability")
    for a, b, verdict, probability in kept:
        if verdict == "score" and probability < rule.spec.merge_above:
            verdict = "review"
        first, second = sorted((a, b))
        sure = None if verdict == "same_if" else f"{100 * probability:.1f}%"
        found.append({"a": first, "b": second, "verdict": verdict, "probability": sure})
    return _Found(ran.members, found)


def _pairs(
    expect: Expect, wanted: Sequence[ExpectedPair], found: _Found, told: Told
) -> list[Difference]:
    refuse(found.members.unknown((k for p in wanted for k in (p.a, p.b)), told))
    rows: list[Row] = [
        {"a": min(p.a, p.b), "b": max(p.a, p.b), **({"verdict": p.verdict} if p.verdict else {})}
        for p in wanted
    ]
    return differences(expect.what, expect.about, rows, found.pairs)


def _parties(
    expect: Expect, wanted: Sequence[Sequence[str]], found: _Found, told: Told
) -> list[Difference]:
    """Each expected party beside the found one that has most of its records."""
    refuse(found.members.unknown((k for party in wanted for k in party), told))
    left = [frozenset(m) for m in found.members.parties.values() if len(m) > 1]
    missing = []
    for party in sorted(map(frozenset, wanted), key=sorted):
        if party in left:
            left.remove(party)
        else:
            missing.append(party)
    wrong = []
    for party in missing:
        near = max(left, key=lambda f: (len(f & party), sorted(f)), default=frozenset[str]())
        twin = near if len(near & party) else None
        if twin is not None:
            left.remove(twin)
        made = _as_row(twin) if twin else None
        wrong.append(Difference(expect.what, _as_row(party), made, _apart(party, found)))
    extra = [Difference(expect.what, None, _as_row(f)) for f in sorted(left, key=sorted)]
    return wrong + extra


def _as_row(party: frozenset[str]) -> Row:
    plain = re.compile(r"[\w./@+-]+")
    keys = (k if plain.fullmatch(k) else f'"{k}"' for k in sorted(party))
    return {"party": f"[{', '.join(keys)}]"}


def _apart(party: frozenset[str], found: _Found) -> str:
    """What the rule said of two records that should be one party and are not."""
    said, party_of = [], found.members.party_of
    for pair in found.pairs:
        a, b, verdict = str(pair["a"]), str(pair["b"]), pair["verdict"]
        if {a, b} <= party and party_of[a] != party_of[b]:
            sure = f" at {pair['probability']}" if verdict in ("score", "review") else ""
            said.append(f"{a} and {b}: {verdict}{sure}")
    return "; ".join(sorted(said)[:3])


def types(rule: Rule, dataset: Dataset) -> Mapping[str, Type]:
    """Two dates are compared as dates."""

    from cdmq.kinds.matching.words import MatchingRule

    assert isinstance(rule.spec, MatchingRule)
    compared = rule.spec.compare.items() if rule.dataset == dataset.name else ()
    return {column: "date" for column, what in compared if what == "date"}


EXPECTS = {
    "pairs": Expect(Pairs, "pair", "parties: []", _found, _pairs, about=("a", "b")),
    "parties": Expect(Parties, "party", "parties: []", _found, _parties, from_above=True),
}
