"""How fast values go stale is told by a log, with an interval that holds what it promises."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds.freshness.decay import MONTH, intervals, simulated

from cdmq.kinds.freshness.fit import Interval, Measured, measured

SOME = st.lists(
    st.builds(Interval, st.integers(1, 900), st.booleans(), st.integers(1, 50)), max_size=12
)


def of_log(seed: int, rate: float, values: int = 300) -> Measured:
    rows = simulated(random.Random(seed), rate, values, 900)
    found = measured(Interval(d, bad, n) for (d, bad), n in intervals(rows).items())
    assert found is not None
    return found


def test_one_length_alone_is_counted_out() -> None:
    """Of 100 values 20 were bad after 60 days: 0.8 are left of 60 days."""
    found = measured([Interval(60, False, 80), Interval(60, True, 20)])
    assert found is not None
    assert found.rate == pytest.approx(1 - 0.8 ** (MONTH / 60), abs=1e-5)
    assert (found.checked, found.bad) == (100, 20)
    assert found.low < found.rate < found.high


@given(SOME)
def test_the_rate_is_the_likeliest_of_all(some: list[Interval]) -> None:
    """Whatever was found: no rate nearby is likelier, and the ends of the interval are as likely as
    90 in 100 allow."""
    found = measured(some)
    bad = sum(i.count for i in some if i.bad)
    if bad == 0:
        assert found is None
        return
    assert found is not None
    if bad == sum(i.count for i in some):
        assert (found.rate, found.high) == (1.0, 1.0)
        return
    assert 0 <= found.low <= found.rate <= found.high <= 1
    if not 0.001 < found.rate < 0.9:
        return  # too near an end for six digits

    def likelihood(rate: float) -> float:
        daily = -math.log(1 - rate) / MONTH
        return sum(
            i.count * (math.log(1 - math.exp(-daily * i.days)) if i.bad else -daily * i.days)
            for i in some
        )

    best = likelihood(found.rate)
    assert best >= max(likelihood(found.rate * f) for f in (0.98, 1.02)) - 1e-9
    for end in (found.low, found.high):
        if 0.001 < end < 0.99:
            assert 2 * (best - likelihood(end)) == pytest.approx(2.7055, rel=0.05)


@given(SOME, st.randoms(use_true_random=False))
def test_the_order_and_the_grouping_of_what_is_told_do_not_matter(
    some: list[Interval], chance: random.Random
) -> None:
    apart = [Interval(i.days, i.bad, 1) for i in some for _ in range(i.count)]
    chance.shuffle(apart)
    one, other = measured(some), measured(apart)
    if one is None or other is None:
        assert one is other is None
        return
    assert (other.checked, other.bad) == (one.checked, one.bad)
    for name in ("rate", "low", "high"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), abs=2e-6)


def test_a_log_without_bad_results_tells_no_rate() -> None:
    assert measured([Interval(100, False, 1000)]) is None
    assert measured([]) is None


def test_what_is_known_is_found_again() -> None:
    for rate in (0.008, 0.04):
        found = of_log(1, rate, 3000)
        assert found.rate == pytest.approx(rate, rel=0.08)
        assert found.low < rate < found.high


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.008, 0.02, 0.04])
def test_the_interval_covers_the_truth_as_often_as_it_says(rate: float) -> None:
    """Of 200 logs with uneven gaps, in which 6 in 100 tries get no answer."""
    covered = 0
    for seed in range(200):
        found = of_log(seed, rate)
        assert found.bad >= 30, "fewer would not be used"
        covered += found.low <= rate <= found.high
    assert 170 <= covered <= 190, covered
