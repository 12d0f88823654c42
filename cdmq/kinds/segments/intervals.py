"""How far apart two rates are, with the interval in which the truth lies in 95 of 100 campaigns.

The interval of one rate is Wilson's score interval (E. B. Wilson, Probable inference, the law of
succession, and statistical inference, Journal of the American Statistical Association 22, 1927,
209-212). That of a difference is made of the two, by Newcombe's method 10 (R. G. Newcombe, Interval
estimation for the difference between independent proportions: comparison of eleven methods,
Statistics in Medicine 17, 1998, 873-890): it holds for small groups and rates near nothing too,
where the usual formula gives intervals that are too short.
"""

from __future__ import annotations

from math import sqrt

#: The 97.5% quantile of the normal distribution.
Z = 1.959963984540054


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The interval of a rate, of which there is one."""
    rate, square = hits / of, Z * Z
    middle = rate + square / (2 * of)
    spread = Z * sqrt(rate * (1 - rate) / of + square / (4 * of * of))
    whole = 1 + square / of
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


def difference(a: tuple[int, int], b: tuple[int, int]) -> tuple[float, float, float] | None:
    """(difference, low, high) of two rates, each as (hits, of); None where one is of nobody."""
    if not a[1] or not b[1]:
        return None
    (low_a, high_a), (low_b, high_b) = wilson(*a), wilson(*b)
    rate_a, rate_b = a[0] / a[1], b[0] / b[1]
    apart = rate_a - rate_b
    low = apart - sqrt((rate_a - low_a) ** 2 + (high_b - rate_b) ** 2)
    high = apart + sqrt((high_a - rate_a) ** 2 + (rate_b - low_b) ** 2)
    return apart, low, high
