"""What one measure alone would have to be for another level, told from the figures of a review.

The levels are judged anew, in plain Python, with one figure changed and all others as they were: at
each number that it is compared with, and on either side. It is judged before keep_unless.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlglot import exp

from cdmq.kinds.facts.words import Measure
from cdmq.kinds.tiering.measure_words import OTHERWISE, SCORE, points_of
from cdmq.kinds.tiering.plain_conditions import SIGNS, NotTold, World, holds, value_of
from cdmq.kinds.tiering.ranges import Range, can_be, cells_of, inside, nearest
from cdmq.kinds.tiering.words import NEW, TieringRule
from cdmq.sql.fitting import strip
from cdmq.values import Rule


@dataclass(frozen=True)
class Alone:
    """With one measure in a range (or of a text), and nothing else changed, the level is another."""

    measure: str
    value: Range | str
    level: str

    def __str__(self) -> str:
        value = f"= '{self.value}'" if isinstance(self.value, str) else str(self.value)
        return f"{self.measure} {value}: {self.level}"


@dataclass(frozen=True)
class Told:
    """The level by the figures alone, what would change it, and measures of which that is not
    known, as ranks of them hang on the others, or a condition reckons with them."""

    level: str
    alone: tuple[Alone, ...]
    unknown: tuple[str, ...]


def what_if(rule: Rule, measures: str, level: str) -> Told | None:
    """From the figures of somebody, as they are kept, and the level; None where a condition is more
    than comparisons, or figures are hidden."""
    spec = rule.spec
    assert isinstance(spec, TieringRule)
    if level == NEW:
        return None
    kept = json.loads(measures, parse_float=Decimal, parse_int=Decimal)
    world = {name.lower(): value for name, value in kept.items()}
    judge = _Judge(rule, spec)
    try:
        now = judge.level(world)
        if now != level and spec.keep_unless is None:
            return None
        found: list[Alone] = []
        unknown: list[str] = []
        for name, measure in spec.counted.items():
            try:
                found += judge.alone(name, measure, world, now)
            except _Reckoned:
                unknown.append(name)
    except NotTold:
        return None
    return Told(now, tuple(found), tuple(unknown))


class _Reckoned(Exception):
    """A condition does more with a measure than to compare it."""


class _Judge:
    """Judges levels by figures, by their names in lower case."""

    def __init__(self, rule: Rule, spec: TieringRule) -> None:
        self.spec = spec
        self.trees = {f: e.tree for f, e in rule.expressions.items()}

    def level(self, world: World) -> str:
        judged = {**world, **self._points(world)}
        for name in self.spec.level_names[:-1]:
            if holds(self.trees[f"levels.{name}"], judged):
                return name
        return self.spec.level_names[-1]

    def _points(self, world: World) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for part, items in (self.spec.scorecard or {}).items():
            found[part.lower()] = next(
                number
                for i, (number, text) in enumerate(points_of(items))
                if text.strip() == OTHERWISE or holds(self.trees[f"scorecard.{part}.{i}"], world)
            )
        return {**found, SCORE: sum(found.values(), Decimal(0))} if found else {}

    def alone(self, name: str, measure: Measure, world: World, now: str) -> Iterator[Alone]:
        """The ranges of one figure that are nearest to the present one, and give another level."""
        if any(r.of == name and _mentions(self.trees, n) for n, r in self.spec.ranked.items()):
            raise _Reckoned
        if not _mentions(self.trees, name):
            return
        own, limits = world[name.lower()], self._limits(name, world)
        if measure.top is not None:
            yield from self._of_texts(name, limits, world, now)
            return
        if isinstance(own, str) or any(isinstance(c, str) for c in limits):
            raise NotTold  # hidden, or a date
        cells = [c for c in cells_of(sorted(limits)) if can_be(c, measure)]
        levels = [self.level({**world, name.lower(): inside(c, measure)}) for c in cells]
        for cell, level in nearest(cells, levels, own, now):
            yield Alone(name, cell, level)

    def _of_texts(self, name: str, limits: set[Any], world: World, now: str) -> Iterator[Alone]:
        for text in sorted(str(c) for c in limits):
            if (level := self.level({**world, name.lower(): text})) != now:
                yield Alone(name, text, level)

    def _limits(self, name: str, world: World) -> set[Any]:
        """What a figure is compared with."""
        found: set[Any] = set()
        for field, tree in self.trees.items():
            if field.startswith(("levels.", "scorecard.")):
                found |= set(_compared(tree, name, world, self.spec.points))
        return found


def _mentions(trees: Mapping[str, exp.Expr], name: str) -> bool:
    return any(
        c.name.lower() == name.lower()
        for f, t in trees.items()
        if f.startswith(("levels.", "scorecard."))
        for c in t.find_all(exp.Column)
    )


def _compared(tree: exp.Expr, name: str, world: World, points: Collection[str]) -> Iterator[Any]:
    """The values that a figure is compared with; points hang on it themselves."""
    for column in tree.find_all(exp.Column):
        if column.name.lower() != name.lower():
            continue
        node: exp.Expr | None = column.parent
        while isinstance(node, exp.Paren):
            node = node.parent
        if isinstance(node, exp.Is):
            continue
        if node is None or not isinstance(node, (*SIGNS, exp.Between, exp.In)):
            raise _Reckoned
        others = [n for n in node.iter_expressions() if strip(n) is not column]
        if any(isinstance(strip(o), exp.Column) and o.name in points for o in others):
            raise _Reckoned
        for other in others:
            value = value_of(other, world)
            if value is not None:
                yield value
