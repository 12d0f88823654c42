"""What the levels of a tiering rule are judged by, each with its place: `m0` is the first as a value,
`t0` its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cdmq.datasets.rows import Rows
from cdmq.kinds.facts.figures import Figure
from cdmq.kinds.tiering.measure_words import SCORE, points_of
from cdmq.kinds.tiering.uses import given_in_levels
from cdmq.kinds.tiering.words import TieringRule
from cdmq.project.spec import Pii
from cdmq.sql.types import NUMBERS, Type
from cdmq.values import Rule


class Shown(NamedTuple):
    """A measure, or what another rule gives the record."""

    place: int
    name: str
    type: Type
    pii: Pii = "plain"


@dataclass(frozen=True)
class Judged:
    """All by which levels are judged: figures of facts and `ranks` of these, in the order of the
    rule; what rules give; and what a scorecard makes of those, the score last."""

    measures: tuple[Shown, ...]
    ranks: tuple[Shown, ...]
    given: tuple[Shown, ...]
    points: tuple[Shown, ...]

    @property
    def all(self) -> tuple[Shown, ...]:
        return (*self.measures, *self.given, *self.points)

    @property
    def scored(self) -> tuple[Shown, ...]:
        """That by which points are given."""
        return (*self.measures, *self.given)


def judged_by(figures: Sequence[Figure], rule: Rule, rows: Rows) -> Judged:
    """The measures, then what rules give that stands in the conditions, then the points."""
    spec = rule.spec
    assert isinstance(spec, TieringRule)
    made = {f.name: Shown(f.place, f.name, f.type, f.pii) for f in figures}
    ranks = []
    for place, (name, ranked) in enumerate(spec.ranked.items(), start=len(figures)):
        type_: Type = "integer" if ranked.quantile else "decimal"
        ranks.append(Shown(place, name, type_, made[ranked.of].pii))
    known = {**made, **{r.name: r for r in ranks}}
    given = [
        Shown(i, name, rows.columns[name])
        for i, name in enumerate(given_in_levels(rule, rows.given), start=len(known))
    ]
    points = [
        Shown(i, name, _points_type(spec, name))
        for i, name in enumerate(spec.points, start=len(known) + len(given))
    ]
    measures = tuple(known[name] for name in spec.measures)
    return Judged(measures, tuple(ranks), tuple(given), tuple(points))


def _points_type(spec: TieringRule, name: str) -> Type:
    parts = spec.scorecard or {}
    of = list(parts.values()) if name == SCORE else [parts[name]]
    whole = all(n == n.to_integral_value() for items in of for n, _ in points_of(items))
    return "integer" if whole else "decimal"


def numeric(shown: Shown) -> bool:
    return shown.type in NUMBERS
