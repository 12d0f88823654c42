"""What a completeness rule says of records, in plain Python: written from the page of the kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

#: Of Unicode: White_Space, and what cannot be seen at all.
_NOTHING = "".join(
    map(
        chr,
        [
            *range(0x01, 0x21), *range(0x7F, 0xA1), 0xAD, 0x061C, 0x1680, 0x180E,
            *range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x205F, 0x2070), 0x3000, 0xFEFF,
        ],
    )
)  # fmt: skip


@dataclass(frozen=True)
class Record:
    """A clean row: its values, the reason of each placeholder, the columns with an error flag."""

    key: str | None
    values: Mapping[str, Any]
    reasons: Mapping[str, str] = field(default_factory=dict)
    flagged: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Spec:
    """Points by their names with their weights; what lets a point out, and whom the rule is about,
    as functions of the values."""

    points: Mapping[str, Decimal]
    not_applicable: Mapping[str, Callable[[Mapping[str, Any]], bool]] = field(default_factory=dict)
    invalid: str = "missing"
    where: Callable[[Mapping[str, Any]], bool] = lambda values: True


#: score, missing, ask_next
Told = tuple[Decimal | None, str | None, str | None]


def scores(spec: Spec, records: Sequence[Record]) -> dict[str, Told]:
    """The score of each record that has a key of its own."""
    times = Counter(r.key for r in records)
    return {
        r.key: score(spec, r)
        for r in records
        if r.key is not None and times[r.key] == 1 and spec.where(r.values)
    }


def score(spec: Spec, record: Record) -> Told:
    got, everything = Fraction(0), Fraction(0)
    missing: list[str] = []
    for point, weight in spec.points.items():
        if leaves(spec, record, point):
            continue
        everything += Fraction(weight)
        if is_met(spec, record, point):
            got += Fraction(weight)
        else:
            missing.append(point)
    askable = [p for p in missing if "declined" not in reasons(record, p)]
    heaviest = max((spec.points[p] for p in askable), default=None)
    ask = next((p for p in askable if spec.points[p] == heaviest), None)
    if not everything:
        return None, None, None
    exact = 100 * got / everything
    rounded = (Decimal(exact.numerator) / exact.denominator).quantize(
        Decimal("0.01"), ROUND_HALF_UP
    )
    return rounded, ", ".join(missing) or None, ask


def reasons(record: Record, point: str) -> list[str]:
    return [record.reasons.get(column, "") for column in point.split("|")]


def is_met(spec: Spec, record: Record, point: str) -> bool:
    return any(holds(spec, record, column) for column in point.split("|"))


def holds(spec: Spec, record: Record, column: str) -> bool:
    value = record.values.get(column)
    if value is None or (spec.invalid == "missing" and column in record.flagged):
        return False
    return not isinstance(value, str) or value.strip(_NOTHING) != ""


def leaves(spec: Spec, record: Record, point: str) -> bool:
    condition = spec.not_applicable.get(point)
    if condition is not None and condition(record.values):
        return True
    return all(reason == "not_applicable" for reason in reasons(record, point))


def figures(spec: Spec, records: Sequence[Record]) -> dict[str, float | None]:
    """Mean and median score, and of each point how many in 100 of those to whom it applies meet it."""
    found = scores(spec, records)
    known = sorted(Fraction(told[0]) for told in found.values() if told[0] is not None)
    half = len(known) // 2
    told: dict[str, float | None] = {
        "mean": _four(sum(known) / len(known) if known else None),
        "median": _four((known[half] + known[-half - 1]) / 2 if known else None),
    }
    scored = [r for r in records if r.key in found]
    for point in spec.points:
        apply = [r for r in scored if not leaves(spec, r, point)]
        met = [r for r in apply if is_met(spec, r, point)]
        told[f"share of {point}"] = _four(Fraction(100 * len(met), len(apply)) if apply else None)
    return told


def _four(value: Fraction | None) -> float | None:
    if value is None:
        return None
    exact = Decimal(value.numerator) / value.denominator
    return float(exact.quantize(Decimal("0.0001"), ROUND_HALF_UP))


def counts(spec: Spec, records: Sequence[Record]) -> tuple[int, int, int, int]:
    """How many the rule is about, how many have a score, to how many no point applies, and how many
    have no key of their own."""
    found = scores(spec, records)
    about = [r for r in records if spec.where(r.values)]
    scored = sum(t[0] is not None for t in found.values())
    return len(about), scored, len(found) - scored, len(about) - len(found)
