"""The points of a rule, with the columns that they mean."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cdmq.kinds.binding import Binder, real
from cdmq.kinds.completeness.words import CompletenessRule


@dataclass(frozen=True)
class Point:
    """`phone|mobile: 2`: any of its columns meets it. The weights of a rule are whole numbers, in
    the ratio in which they are written."""

    name: str
    columns: tuple[str, ...]
    weight: int

    @property
    def condition(self) -> str:
        """The field of the rule that says where it does not apply."""
        return f"not_applicable.{self.name}"


def meant(point: str, columns: Collection[str]) -> tuple[str, ...]:
    """The column whose name a point is as it stands, with its `|`; else those that it joins."""
    whole = real(point, columns)
    spaced = [c for c in columns if "|" in c and "|".join(map(str.strip, c.split("|"))) == point]
    if whole in columns or len(spaced) != 1:
        return (whole,) if whole in columns else tuple(point.split("|"))
    return (spaced[0],)


def points_of(spec: CompletenessRule, binder: Binder) -> tuple[Point, ...]:
    """The points in the order in which they are written; columns as the dataset names them."""
    scale = 10 ** max(_decimals(str(w.normalize())) for w in spec.points.values())
    return tuple(
        Point(name, tuple(map(binder.real, meant(name, binder.columns))), int(weight * scale))
        for name, weight in spec.points.items()
    )


def _decimals(written: str) -> int:
    """`0.0001` and `1E-4` have four."""
    number, _, power = written.partition("E")
    return max(0, len(number.partition(".")[2]) - int(power or 0))
