"""What the levels of a rule are judged by, as layers of a query over the figures of everyone: ranks
among all, the points of a scorecard, and their sum; and the conditions over these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp

from cdmq.kinds.binding import Binder
from cdmq.kinds.facts.numbers import WHOLE
from cdmq.kinds.tiering.levels import Level
from cdmq.kinds.tiering.measure_words import OTHERWISE, SCORE, points_of
from cdmq.kinds.tiering.ranks import CutOff, cut_offs, ranked
from cdmq.kinds.tiering.shown import Judged
from cdmq.kinds.tiering.words import TieringRule
from cdmq.problems import Problem
from cdmq.sql import nodes
from cdmq.sql.expressions import Bound, lower
from cdmq.sql.logical import as_of_node
from cdmq.sql.pii import stored
from cdmq.sql.text_form import text_of
from cdmq.values import Rule

#: What points with decimals are given as.
POINTS = "decimal(12, 3)"


class Judging:
    """The layers have everyone as `l`, with `m0`, `m1`, ...: the figures by their places."""

    def __init__(self, rule: Rule, by: Judged, dialect: str) -> None:
        assert isinstance(rule.spec, TieringRule)
        self.rule, self.spec, self.by, self.dialect = rule, rule.spec, by, dialect
        self.places = {s.name: s.place for s in by.all}
        self._problems: list[Problem] = []
        self._levels = Binder({s.name: s.type for s in by.all}, dialect, self._problems)
        self._points = Binder({s.name: s.type for s in by.scored}, dialect, self._problems)

    def value(self, name: str) -> exp.Expr:
        return nodes.column(f"m{self.places[name]}", "l")

    def bound(self, field: str) -> Bound:
        binder = self._points if field.startswith("scorecard.") else self._levels
        bound = binder.bound(self.rule, field)
        assert bound is not None, self._problems
        return bound

    def holds(self, field: str) -> exp.Expr:
        """A condition on the measures; what is not known does not hold."""
        condition = self._lowered(self.bound(field).expression.tree)
        return exp.Coalesce(this=condition, expressions=[exp.false()])

    def _lowered(self, tree: exp.Expr) -> exp.Expr:
        return self._levels.guarded(lower(tree, self.dialect, self.value, _nothing, as_of_node()))

    def with_all(self, measured: exp.Select) -> exp.Select:
        """The figures with the ranks, and the points, and the score."""
        return self._with_score(self._with_points(self._with_ranks(measured)))

    def _with_ranks(self, measured: exp.Select) -> exp.Select:
        added: list[exp.Expr] = []
        for shown in self.by.ranks:
            ranking = self.spec.ranked[shown.name]
            rank = ranked(ranking, self.value(ranking.of), self.dialect)
            added.append(nodes.alias(rank, f"m{shown.place}"))
        return self._layer(measured, added)

    def _with_points(self, measured: exp.Select) -> exp.Select:
        added: list[exp.Expr] = []
        for part, items in (self.spec.scorecard or {}).items():
            branches: list[tuple[exp.Expr, exp.Expr]] = []
            rest: exp.Expr = nodes.null()
            for i, (number, text) in enumerate(points_of(items)):
                points = nodes.cast(nodes.number(f"{number:f}"), self._points_as(part))
                if text.strip() == OTHERWISE:
                    rest = points
                else:
                    branches.append((self.holds(f"scorecard.{part}.{i}"), points))
            added.append(nodes.alias(nodes.cases(branches, rest), f"m{self.places[part]}"))
        return self._layer(measured, added)

    def _with_score(self, measured: exp.Select) -> exp.Select:
        if self.spec.scorecard is None:
            return measured
        first, *others = self.spec.scorecard
        score = self.value(first)
        for part in others:
            score = exp.Add(this=score, expression=self.value(part))
        score = nodes.cast(nodes.paren(score), self._points_as(SCORE))
        return self._layer(measured, [nodes.alias(score, f"m{self.places[SCORE]}")])

    def _points_as(self, name: str) -> str:
        """As what points are given."""
        whole = next(s.type for s in self.by.points if s.name == name) == "integer"
        return WHOLE if whole else POINTS

    def _layer(self, below: exp.Select, added: Sequence[exp.Expr]) -> exp.Select:
        if not added:
            return below
        kept = [nodes.alias(nodes.column(c.alias, "l"), c.alias) for c in below.expressions]
        return nodes.select([*kept, *added], nodes.beneath(below, "l", self.dialect))

    # what ranks come to in figures ------------------------------------------------------------

    def comparisons(self, levels: Sequence[Level]) -> Mapping[int, Sequence[CutOff]]:
        """Of each level, by its place, the comparisons with ranks."""
        return {
            place: list(cut_offs(self.bound(level.field).expression.tree, self.spec.ranked))
            for place, level in enumerate(levels)
            if level.field is not None
        }

    def ends(self, levels: Sequence[Level]) -> Iterator[exp.Expr]:
        """The ends of the figure that each of these comparisons is about, as texts: `l0_1`,
        `u0_1`."""
        by_name = {s.name: s for s in self.by.measures}
        for place, found in self.comparisons(levels).items():
            for number, cut_off in enumerate(found):
                shown = by_name[self.spec.ranked[cut_off.rank].of]
                holds = self._lowered(cut_off.condition)
                for mark, end in cut_off.ends(self.value(shown.name), holds).items():
                    text = stored(text_of(end, shown.type), shown.pii)
                    yield nodes.alias(text, f"{mark}{place}_{number}")


def _nothing(how: str, column: str) -> exp.Expr:
    raise AssertionError(f"{how}({column}) is refused by tier_problems")
