"""The phone form against the library its tables are made from.

Differences that are meant or known, all told well under one in a thousand of mutated numbers:
letters are not read as digits; carrier codes of China, Luxembourg and Korea that stand before the
number and China's international carrier prefixes; numbers written abroad with a short local number
behind the calling code (Norfolk Island, Madagascar, San Marino) or with Argentina's 15 behind +54;
a number that is valid as it is keeps a trunk prefix that the library would take away.
"""

from __future__ import annotations

import collections
import random

import phonenumbers
import pytest
from form_engines import Engines

Case = tuple[str, str, str]


def from_library(written: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def examples() -> list[Case]:
    """The example number of every region and type, as it is written at home and abroad."""
    found: list[Case] = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in range(11):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is None:
                continue
            for form in range(4):
                found.append((phonenumbers.format_number(number, form), region, "example"))
            for place in (region, "DE", "US", "BR"):
                abroad = phonenumbers.format_out_of_country_calling_number(number, place)
                found.append((abroad, place, "dialled from abroad"))
            found.append((phonenumbers.format_number(number, 2), "US", "wrong region"))
    for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS:
        number = phonenumbers.example_number_for_non_geo_entity(code)
        found.append((phonenumbers.format_number(number, 1), "DE", "no country"))
    return found


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def mutated(chance: random.Random, region: str, number: object) -> Case:
    """One way to get a number wrong, or to write it otherwise."""
    text = phonenumbers.format_number(number, chance.choice((0, 1, 1, 2, 2, 2)))
    place = chance.randrange(len(text))
    kind = chance.choices(
        ("digits", "insert", "delete", "trunk", "extension", "random", "random +", "local"),
        (30, 15, 10, 10, 8, 12, 5, 10),
    )[0]
    if kind == "digits":
        text = "".join(
            _digits(chance, 1) if c.isdigit() and chance.random() < 0.3 else c for c in text
        )
    elif kind == "insert":
        text = text[:place] + chance.choice(["0", "1", "9", "-", "(0)", "/", " "]) + text[place:]
    elif kind == "delete":
        text = text[:place] + text[place + 1 :]
    elif kind == "trunk":
        rest = phonenumbers.national_significant_number(number)
        text = f"+{number.country_code}{chance.choice((' (0)', '0', ' ', '1', '8'))}{rest}"
    elif kind == "extension":
        text += chance.choice((" ext 12", " x123", " ext. 4", " #55", ", 12", ";ext=7", " anexo 9"))
    elif kind == "random":
        text = _digits(chance, chance.randrange(3, 16))
    elif kind == "random +":
        text = "+" + _digits(chance, chance.randrange(5, 16))
    else:
        text = phonenumbers.national_significant_number(number)[chance.choice((0, 0, 1, 3)) :]
    return text, region, kind


def cases(count: int, seed: int) -> list[Case]:
    chance = random.Random(seed)
    known = [
        (region, number)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in range(11)
        if (number := phonenumbers.example_number_for_type(region, kind))
    ]
    return [mutated(chance, *chance.choice(known)) for _ in range(count)]


def compare(engines: Engines, found: list[Case], only: str = "") -> list[tuple[object, ...]]:
    """The cases on which the form and the library differ."""
    results = engines.tidied(
        "phone",
        {"region": "extra"},
        [c[0] for c in found],
        [c[1] for c in found],
        only=only,
        in_layers=True,
    )
    if not only:
        assert results["duckdb"] == results["postgres"]
    differ: list[tuple[object, ...]] = []
    for case, value in zip(found, results["duckdb"], strict=True):
        expected = from_library(case[0], case[1])
        if expected != value:
            differ.append((*case, expected, value))
    return differ


def test_examples_of_every_region_and_type(engines: Engines) -> None:
    found = examples()
    assert len(found) > 10_000
    differ = compare(engines, found, only="duckdb")
    assert len(differ) <= len(found) // 1000, differ[:20]


def test_mutated_numbers(engines: Engines) -> None:
    found = cases(5_000, seed=1)
    differ = compare(engines, found)
    assert len(differ) <= 5, differ


@pytest.mark.slow
def test_many_mutated_numbers(engines: Engines, capsys: pytest.CaptureFixture[str]) -> None:
    found = cases(300_000, seed=2)
    differ = compare(engines, found, only="duckdb")
    kinds = collections.Counter(str(d[2]) for d in differ)
    regions = collections.Counter(str(d[1]) for d in differ).most_common(12)
    with capsys.disabled():
        print(f"\n{1 - len(differ) / len(found):.5%} of {len(found)} alike; {kinds}; {regions}")
    assert len(differ) <= len(found) // 1000, differ[:50]
