"""Which decisions stand: those of people who may decide, the later and the higher of two about one
thing, unless they have expired or were taken back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cdmq.decisions.decision import Decision
from cdmq.problems import closest
from cdmq.project.people import Person
from cdmq.project.zones import local


@dataclass(frozen=True)
class Standing:
    """The decisions of a project as they stand at a time.

    `aside`: of each that does not stand, by its id, why; the words are for people. `people`: who
    may decide, by login. `roles`: by the id of a decision the roles that its maker had when a run
    first read it.
    """

    stand: tuple[Decision, ...] = ()
    aside: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(
        self, types: Iterable[str], rules: Iterable[str], datasets: Iterable[str]
    ) -> Iterator[Decision]:
        """Those of some types about a rule, by any id that it had; where they name no rule, about
        a dataset, by any name that it had."""
        types, rules, datasets = set(types), set(rules), set(datasets)
        for d in self.stand:
            named = d.rule in rules if d.rule else d.dataset in datasets
            if d.type in types and named:
                yield d

    def rank(self, decision: Decision) -> tuple[int, datetime, str]:
        """The weightier of two is the greater."""
        return rank(decision, self.people)


def rank(decision: Decision, people: Mapping[str, Person]) -> tuple[int, datetime, str]:
    known = people.get(decision.by)
    return known.standing if known else -1, decision.at, decision.id


def standing(
    decisions: Sequence[Decision],
    people: Mapping[str, Person],
    as_of: datetime,
    zone: str = "UTC",
    roles: Mapping[str, tuple[str, ...]] | None = None,
) -> Standing:
    """What stands at `as_of` (UTC). The order of the decisions says nothing, and one that is there
    twice counts once. `roles`: those that makers had when a run read a decision first."""
    once = {d.id: d for d in decisions}
    aside: dict[str, str] = {}
    had = {
        i: (roles or {}).get(i, tuple(people[d.by].roles) if d.by in people else ())
        for i, d in once.items()
    }
    for d in once.values():
        if why := _not_able(d, people, as_of, zone, had[d.id]):
            aside[d.id] = why
    aside |= _withdrawn(once, aside, people)
    aside |= _overruled([d for d in once.values() if d.id not in aside], people)
    left = sorted((d for i, d in once.items() if i not in aside), key=lambda d: (d.at, d.id))
    return Standing(tuple(left), aside, people, had)


def _not_able(
    d: Decision, people: Mapping[str, Person], as_of: datetime, zone: str, roles: Sequence[str]
) -> str | None:
    """Why a decision does not count, whatever others there are."""
    if d.wrong:
        return d.wrong
    person = people.get(d.by)
    if d.type == "customer_confirmed" and person is None:
        return None if d.at <= as_of else f"it is of {d.at:%Y-%m-%d}, which is still to come"
    if person is None:
        near = closest(d.by, people)
        return f"'{d.by}' is not in people.yml" + (f"; is '{near}' meant?" if near else "")
    if person.kind == "agent":
        return f"{d.by} is an agent: it proposes, and a person decides"
    if d.role and d.role not in roles:
        said = f"not the role {d.role}" if roles else "no role"
        return f"{d.by} had {said} when a run first read it"
    if d.at > as_of:
        return f"it is of {d.at:%Y-%m-%d}, which is still to come"
    today = local(as_of, zone).date()
    if d.ends and d.ends < today:
        return f"it expired after {d.ends.isoformat()}"
    return None


def _withdrawn(
    once: Mapping[str, Decision], aside: Mapping[str, str], people: Mapping[str, Person]
) -> dict[str, str]:
    """What was taken back, by its maker or by somebody of no lower standing; and withdrawals that
    take nothing back."""
    found: dict[str, str] = {}
    back = [d for d in once.values() if d.type == "withdraw" and d.id not in aside]
    for w in sorted(back, key=lambda d: rank(d, people), reverse=True):
        of = once.get(w.withdraws or "")
        if of is None:
            found[w.id] = f"there is no decision {w.withdraws}"
        elif of.type == "withdraw":
            found[w.id] = "it takes back a withdrawal: decide anew instead"
        elif w.by != of.by and _height(w, people) < _height(of, people):
            found[w.id] = f"{w.by} has a lower standing than {of.by}"
        elif of.id not in aside:
            found.setdefault(of.id, f"{w.by} took it back on {w.at:%Y-%m-%d}")
    return found


def _height(d: Decision, people: Mapping[str, Person]) -> int:
    return people[d.by].standing if d.by in people else -1


def _overruled(decisions: Iterable[Decision], people: Mapping[str, Person]) -> dict[str, str]:
    """Of those about one thing all but the one that counts."""
    found: dict[str, str] = {}
    counts: dict[object, Decision] = {}
    for d in sorted(decisions, key=lambda d: (d.at, *rank(d, people))):
        if d.about is None:
            continue
        before = counts.get(d.about)
        if before is None:
            counts[d.about] = d
        elif _height(d, people) >= _height(before, people):
            found[before.id] = f"{d.by} decided anew on {d.at:%Y-%m-%d} ({d.id})"
            counts[d.about] = d
        else:
            found[d.id] = f"{before.by}, of a higher standing, decided ({before.id})"
    return found
