"""How alike two values are, per compare word: levels from the same to unlike.

Conditions are DuckDB SQL on `{c}_l` and `{c}_r`, as Splink reads them. `m` and `u` are what the
training starts from: how often the level is met in true and in chance pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

NULL, ELSE = "null", "ELSE"


@dataclass(frozen=True)
class Level:
    """`frequency`: how much of the term-frequency adjustment counts here (0: none)."""

    label: str
    sql: str
    m: float
    u: float
    frequency: float = 0.0


def _within(c: str, typos: int, shortest: int) -> str:
    """At most so many typing errors, and too long for that to be chance. Jaro-Winkler goes first:
    it costs a fifth, and so few errors leave it high."""
    return (
        f"abs(length({c}_l) - length({c}_r)) <= {typos} AND length({c}_l) >= {shortest}"
        f" AND {_alike(c, 0.8)} AND damerau_levenshtein({c}_l, {c}_r) <= {typos}"
    )


def _alike(c: str, least: float) -> str:
    return f"jaro_winkler_similarity({c}_l, {c}_r) >= {least}"


def _name(c: str) -> list[Level]:
    return [
        Level("equal", f"{c}_l = {c}_r", 0.75, 0.01, 1.0),
        Level("one typing error", _within(c, 1, 4), 0.08, 0.005, 0.5),
        Level("very alike", _alike(c, 0.92), 0.04, 0.005, 0.3),
        Level(
            "one begins the other",
            f"(starts_with({c}_l, {c}_r) OR starts_with({c}_r, {c}_l))",
            0.02,
            0.005,
        ),
        Level("alike", _alike(c, 0.8), 0.03, 0.03),
    ]


def _date(c: str) -> list[Level]:
    year, month, day = (
        [f"date_part('{part}', {c}_{side})" for side in "lr"] for part in ("year", "month", "day")
    )
    text = [f"strftime({c}_{side}, '%Y%m%d')" for side in "lr"]
    same_year, same_month, same_day = (f"{p[0]} = {p[1]}" for p in (year, month, day))
    two = (
        f"(({same_year} AND {same_month}) OR ({same_year} AND {same_day}) OR"
        f" ({same_month} AND {same_day}))"
    )
    return [
        Level("equal", f"{c}_l = {c}_r", 0.85, 0.003),
        Level(
            "day and month swapped",
            f"{same_year} AND {month[0]} = {day[1]} AND {day[0]} = {month[1]}",
            0.03,
            0.001,
        ),
        Level(
            "one typing error",
            f"{two} AND damerau_levenshtein({text[0]}, {text[1]}) <= 1",
            0.05,
            0.003,
        ),
        Level("within a month", f"abs({c}_l - {c}_r) <= 31", 0.02, 0.005),
        Level("two of year, month, day", two, 0.03, 0.005),
        Level("within a year", f"abs({c}_l - {c}_r) <= 366", 0.01, 0.03),
    ]


def _email(c: str) -> list[Level]:
    """anna.berg2@ is no mistyped anna.berg@: another number is another person's."""
    digits = [f"regexp_replace({c}_{side}, '[^0-9]+', '', 'g')" for side in "lr"]
    return [
        Level("equal", f"{c}_l = {c}_r", 0.7, 0.003, 1.0),
        Level("one typing error", f"{_within(c, 1, 7)} AND {digits[0]} = {digits[1]}", 0.08, 0.001),
        Level("same before the @", f"{c}_u_l = {c}_u_r", 0.05, 0.003),
        Level("very alike before the @", _alike(f"{c}_u", 0.92), 0.04, 0.005),
    ]


def _phone(c: str) -> list[Level]:
    return [
        Level("equal", f"{c}_l = {c}_r", 0.65, 0.003, 1.0),
        Level("one typing error", _within(c, 1, 7), 0.08, 0.001),
        Level(
            "same ending", f"length({c}_l) > 6 AND right({c}_l, 6) = right({c}_r, 6)", 0.02, 0.001
        ),
    ]


def _postcode(c: str) -> list[Level]:
    return [
        Level("equal", f"{c}_l = {c}_r", 0.8, 0.01, 1.0),
        Level("one typing error", _within(c, 1, 4), 0.08, 0.01),
        Level("same area", f"left({c}_l, 2) = left({c}_r, 2)", 0.04, 0.05),
    ]


def _company(c: str) -> list[Level]:
    words = [f"string_split({c}_{side}, ' ')" for side in "lr"]
    return [
        Level("equal", f"{c}_l = {c}_r", 0.7, 0.005, 1.0),
        Level("one typing error", _within(c, 1, 5), 0.1, 0.001, 0.5),
        Level(
            "same words in another order",
            f"list_sort({words[0]}) = list_sort({words[1]})",
            0.02,
            0.001,
        ),
        Level(
            "one holds the words of the other",
            f"(list_has_all({words[0]}, {words[1]}) OR list_has_all({words[1]}, {words[0]}))",
            0.05,
            0.005,
        ),
        Level("very alike", _alike(c, 0.92), 0.05, 0.005),
        Level("alike", _alike(c, 0.8), 0.04, 0.03),
    ]


def _address(c: str) -> list[Level]:
    numbers = f"{c}_n_l IS NOT DISTINCT FROM {c}_n_r"
    words = f"({c}_w_l = {c}_w_r)"
    return [
        Level("equal", f"{c}_l = {c}_r", 0.6, 0.003, 1.0),
        Level(
            "one typing error, same numbers", f"{numbers} AND {_within(c, 1, 5)}", 0.12, 0.001, 0.5
        ),
        Level("very alike, same numbers", f"{numbers} AND {_alike(c, 0.88)}", 0.06, 0.003),
        Level("same street, other number", f"{words} OR {_within(f'{c}_w', 1, 6)}", 0.06, 0.01),
        Level("alike", _alike(c, 0.8), 0.04, 0.05),
    ]


def _exact(c: str) -> list[Level]:
    return [
        Level("equal", f"{c}_l = {c}_r", 0.88, 0.01, 1.0),
        Level("one typing error", _within(c, 1, 6), 0.08, 0.001),
        Level("two typing errors", _within(c, 2, 9), 0.01, 0.001),
    ]


LEVELS = {
    "name": _name,
    "date": _date,
    "email": _email,
    "phone": _phone,
    "postcode": _postcode,
    "company": _company,
    "address": _address,
    "exact": _exact,
}
# How often a true pair is unlike: people move and change numbers, hardly their birthday.
UNLIKE = {
    "name": 0.04,
    "date": 0.03,
    "email": 0.2,
    "phone": 0.2,
    "postcode": 0.15,
    "company": 0.1,
    "address": 0.25,
    "exact": 0.05,
}
# Two columns of one of these words may have been filled in the wrong way round.
SWAPPED = ("name", "address")
