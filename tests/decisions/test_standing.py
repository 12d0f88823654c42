"""Which decisions stand, against a plain reading of the contract."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdmq.decisions.decision import Decision, decided
from cdmq.decisions.standing import Standing, standing
from cdmq.kinds.matching.answers import consistent
from cdmq.project.people import DecisionSpec, Person

PEOPLE = {
    p.login: p
    for p in (
        Person(login="ann", roles=["steward"], standing=2),
        Person(login="bob", roles=["steward", "finance"]),
        Person(login="bot", kind="agent"),
    )
}
NOW = datetime(2026, 11, 30)


def said(**words: object) -> Decision:
    about = {"type": "same", "rule": "r", "keys": ["1", "2"], "by": "bob", "at": "2026-11-01"}
    spec = DecisionSpec.model_validate({**about, "reason": "seen", **words})
    return decided(spec, "UTC", None)


def stand(*decisions: Decision, now: datetime = NOW) -> Standing:
    return standing(decisions, PEOPLE, now)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"by": "bobb"}, "'bobb' is not in people.yml; is 'bob' meant?"),
        ({"by": "bot"}, "bot is an agent: it proposes, and a person decides"),
        ({"role": "auditor"}, "bob had not the role auditor when a run first read it"),
        ({"at": "2026-12-24"}, "it is of 2026-12-24, which is still to come"),
        ({"expires": "2026-11-29"}, "it expired after 2026-11-29"),
    ],
)
def test_why_one_does_not_stand(words: dict[str, object], why: str) -> None:
    d = said(**words)
    assert stand(d).aside == {d.id: why}
    assert stand(d).stand == ()


def test_it_counts_on_its_last_day() -> None:
    d = said(expires="2026-11-30")
    assert stand(d, now=datetime(2026, 11, 30, 23, 59)).stand == (d,)
    assert stand(d, now=datetime(2026, 12, 1)).stand == ()


def test_the_later_counts_but_none_of_lower_standing() -> None:
    first, later = said(), said(type="not_same", at="2026-11-02")
    assert stand(first, later).stand == (later,)
    high = said(by="ann", at="2026-10-01")
    assert stand(high, first, later).stand == (high,)
    assert "of a higher standing" in stand(high, first).aside[first.id]


def test_a_higher_one_that_has_expired_gives_way() -> None:
    high, low = said(by="ann", expires="2026-11-15"), said(at="2026-11-02")
    assert stand(high, low).stand == (low,)


def test_who_may_take_one_back() -> None:
    high, low = said(by="ann"), said(at="2026-11-02", keys=["3", "4"])
    back = {"type": "withdraw", "keys": [], "at": "2026-11-20"}
    by_low = said(**back, by="bob", withdraws=high.id)
    by_high = said(**back, by="ann", withdraws=low.id)
    nothing = said(**back, by="ann", withdraws="none")
    found = stand(high, low, by_low, by_high, nothing)
    assert found.stand == (high, by_high)
    assert found.aside == {
        by_low.id: "bob has a lower standing than ann",
        low.id: "ann took it back on 2026-11-20",
        nothing.id: "there is no decision none",
    }


def test_roles_are_those_of_the_first_reading() -> None:
    d = said(role="finance")
    assert standing([d], PEOPLE, NOW, roles={d.id: ("steward",)}).stand == ()
    assert standing([d], PEOPLE, NOW, roles={d.id: ("finance",)}).stand == (d,)


DECISIONS = st.builds(
    lambda type, keys, by, day, expires: said(
        type=type,
        keys=[str(k) for k in keys],
        by=by,
        at=(date(2026, 11, 1) + timedelta(day)).isoformat(),
        **({"expires": "2026-11-20"} if expires else {}),
    ),
    st.sampled_from(["same", "not_same", "unsure"]),
    st.lists(st.integers(1, 4), min_size=2, max_size=2, unique=True),
    st.sampled_from(["ann", "bob", "bot", "joe"]),
    st.integers(0, 6),
    st.booleans(),
)


@given(st.lists(DECISIONS, max_size=12), st.randoms())
def test_order_and_repeats_say_nothing(decisions: list[Decision], random: object) -> None:
    again = [*decisions, *decisions[:3]]
    random.shuffle(again)  # type: ignore[attr-defined]
    one, two = stand(*decisions), stand(*again)
    assert one.stand == two.stand
    assert one.aside == two.aside
    assert set(one.aside) | {d.id for d in one.stand} == {d.id for d in decisions}


@given(st.lists(DECISIONS, max_size=12))
def test_of_two_about_one_thing_one_stands(decisions: list[Decision]) -> None:
    """By brute force: what stands is the last that no earlier one of a higher standing forbids."""
    found = stand(*decisions)
    able = {d.id: d for d in decisions if d.by in ("ann", "bob") and d.expires is None}.values()
    for about in {d.about for d in able}:
        mine = sorted(
            (d for d in able if d.about == about),
            key=lambda d: (d.at, PEOPLE[d.by].standing, d.id),
        )
        counts = mine[0]
        for d in mine[1:]:
            if PEOPLE[d.by].standing >= PEOPLE[counts.by].standing:
                counts = d
        assert [d for d in found.stand if d.about == about] == [counts]


PAIRS = st.builds(
    lambda type, keys, by, day: said(
        type=type,
        keys=[str(k) for k in keys],
        by=by,
        at=(date(2026, 11, 1) + timedelta(day)).isoformat(),
    ),
    st.sampled_from(["same", "not_same"]),
    st.lists(st.integers(1, 5), min_size=2, max_size=2, unique=True),
    st.sampled_from(["ann", "bob"]),
    st.integers(0, 20),
)


def parts(links: list[Decision]) -> dict[str, frozenset[str]]:
    """Every record with all that links lead to, by walking."""
    around: dict[str, set[str]] = {str(k): {str(k)} for k in range(1, 6)}
    for _ in around:
        for d in links:
            a, b = d.pair
            around[a] = around[b] = around[a] | around[b]
            for k in around[a]:
                around[k] = around[a]
    return {k: frozenset(v) for k, v in around.items()}


@given(st.lists(PAIRS, max_size=10))
def test_answers_that_count_contradict_none(decisions: list[Decision]) -> None:
    """None is kept that weightier ones contradict, and none given up that they do not."""
    found = stand(*decisions)
    counts, gave_way = consistent(found.stand, found)
    heeded: list[Decision] = []
    for d in sorted(found.stand, key=found.rank, reverse=True):
        links = [x for x in [*heeded, d] if x.type == "same"]
        around = parts(links)
        fits = all(x.pair[1] not in around[x.pair[0]] for x in [*heeded, d] if x.type == "not_same")
        if fits:
            heeded.append(d)
    assert {d.id for d in counts} == {d.id for d in heeded}
    assert {d.id for d in gave_way} == {d.id for d in found.stand} - {d.id for d in heeded}
