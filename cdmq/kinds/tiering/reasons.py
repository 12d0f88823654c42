"""Why somebody has a level, in words and figures that a steward reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from cdmq.kinds.tiering.levels import Level, pieces
from cdmq.kinds.tiering.measure_words import SCORE
from cdmq.kinds.tiering.ranks import CutOff
from cdmq.kinds.tiering.shown import Judged, Shown
from cdmq.kinds.tiering.words import NEW, TieringRule
from cdmq.kinds.words import percent
from cdmq.sql import nodes
from cdmq.sql.expressions import Expression
from cdmq.sql.types import NUMBERS


def measures_json(figures: Sequence[Shown]) -> exp.Expr:
    """The figures as one JSON object in the order of the rule; a missing or omitted one is null,
    what stands for a hidden one a text."""
    parts: list[exp.Expr] = []
    for i, f in enumerate(figures):
        name = json.dumps(f.name, ensure_ascii=False)
        parts.append(nodes.text(f"{', ' if i else '{'}{name}: "))
        text = nodes.column(f"t{f.place}", "l")
        quoted = f.pii != "plain" or f.type not in NUMBERS
        shown = nodes.concat([nodes.text('"'), text.copy(), nodes.text('"')])
        parts.append(
            nodes.when(nodes.present(text), shown if quoted else text.copy(), nodes.text("null"))
        )
    return nodes.concat([*parts, nodes.text("}")])


def _figure(figure: Shown, missing: str) -> exp.Expr:
    return exp.Coalesce(
        this=nodes.column(f"t{figure.place}", "l"),
        expressions=[nodes.text("hidden" if figure.pii == "omit" else missing)],
    )


#: What parts a condition as written from what it comes to in figures.
AT = " ["


def _end(column: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=column, expressions=[nodes.text("nobody")])


@dataclass(frozen=True)
class Reasons:
    """The texts of a row with `level`, `was`, `how`, `missed` and the figures as texts `t`.

    `conditions` gives the bound condition of each level but the last, `first` the text of the day
    of the first fact.
    """

    levels: Sequence[Level]
    spec: TieringRule
    by: Judged
    conditions: Mapping[str, Expression]
    first: exp.Expr
    #: Of each level, by its place, the comparisons with ranks.
    cut_off: Mapping[int, Sequence[CutOff]]
    #: Why a figure may be made without some facts.
    lost_by: str

    def cut_offs(self) -> exp.Expr:
        """The condition of the level as it was written."""
        found = {
            level.name: self._with_ends(place, level.text)
            for place, level in enumerate(self.levels)
        }
        if self.spec.new_for is not None:
            found[NEW] = nodes.text(f"new_for: {self.spec.new_for}")
        return self._by("level", found)

    def _with_ends(self, place: int, text: str) -> exp.Expr:
        """With what comparisons with ranks come to in figures: `rank < 0.8 [volume >= 1200]`."""
        told: list[exp.Expr] = []
        for number, cut_off in enumerate(self.cut_off.get(place, ())):
            low, high = (nodes.column(f"{m}{place}_{number}", "l") for m in "lu")
            of = self.spec.ranked[cut_off.rank].of
            ends: list[exp.Expr] = [nodes.text("; " if told else AT), nodes.text(of)]
            if cut_off.low and cut_off.high:
                ends += [nodes.text(" from "), _end(low), nodes.text(" to "), _end(high)]
            elif cut_off.low:
                ends += [nodes.text(" >= "), _end(low)]
            else:
                ends += [nodes.text(" <= "), _end(high)]
            told += ends
        if not told:
            return nodes.text(text)
        return nodes.concat([nodes.text(text), *told, nodes.text("]")])

    def _parts(self) -> list[exp.Expr]:
        """`(contribution 30, loyalty 5)`: what a score is the sum of."""
        found: list[exp.Expr] = []
        for f in self.by.points[:-1]:
            found += [nodes.text(f"{', ' if found else ' ('}{f.name} "), _figure(f, "missing")]
        return [*found, nodes.text(")")]

    def reason(self) -> exp.Expr:
        lost = nodes.cast(nodes.column("uncounted", "l"), "text")
        return nodes.concat(
            [
                self._why(),
                nodes.when(
                    nodes.present(lost),
                    nodes.concat(
                        [
                            nodes.text("; made without "),
                            lost.copy(),
                            nodes.text(f" of its facts: {self.lost_by}"),
                        ]
                    ),
                    nodes.text(""),
                ),
            ]
        )

    def _why(self) -> exp.Expr:
        fits = self._by("level", self._shown())
        keep = self.spec.keep_unless
        if keep is None:
            return fits
        was = nodes.column("was", "l")
        missed = self._by("was", {n: c for n, c in self._shown().items() if n in self.conditions})
        missed = exp.Coalesce(this=missed, expressions=[nodes.text("")])
        count = nodes.cast(nodes.column("missed", "l"), "text")
        reviews = f"{keep.reviews} review" + ("" if keep.reviews == 1 else "s")
        return nodes.cases(
            [
                (
                    self._is("near"),
                    nodes.concat(
                        [
                            was,
                            nodes.text(
                                f" is kept, missed by no more than {percent(keep.below_by)}: "
                            ),
                            missed,
                        ]
                    ),
                ),
                (
                    self._is("missed"),
                    nodes.concat(
                        [
                            was.copy(),
                            nodes.text(" is kept, missed in "),
                            count,
                            nodes.text(f" of {reviews}: "),
                            missed.copy(),
                        ]
                    ),
                ),
                (
                    self._is("lost"),
                    nodes.concat(
                        [
                            fits,
                            nodes.text("; "),
                            was.copy(),
                            nodes.text(f" was missed in {reviews}"),
                        ]
                    ),
                ),
            ],
            fits.copy(),
        )

    def _is(self, how: str) -> exp.Expr:
        return nodes.equal(nodes.column("how", "l"), nodes.text(how))

    def _by(self, column: str, texts: Mapping[str, exp.Expr]) -> exp.Expr:
        return nodes.cases(
            [
                (nodes.equal(nodes.column(column, "l"), nodes.text(name)), text)
                for name, text in texts.items()
            ]
        )

    def _shown(self) -> dict[str, exp.Expr]:
        """Level -> its condition with the figures in it."""
        found = {name: self._with_figures(c) for name, c in self.conditions.items()}
        listed: list[exp.Expr] = [nodes.text("no other level fits: ")]
        for i, f in enumerate(self.by.all):
            listed += [nodes.text(f"{', ' if i else ''}{f.name} "), _figure(f, "missing")]
        found[self.levels[-1].name] = nodes.concat(listed)
        if self.spec.new_for is not None:
            found[NEW] = nodes.concat(
                [
                    nodes.text("the first fact is of "),
                    self.first.copy(),
                    nodes.text(f": less than {self.spec.new_for} ago"),
                ]
            )
        return found

    def _with_figures(self, condition: Expression) -> exp.Expr:
        by_name = {f.name: f for f in self.by.all}
        parts: list[exp.Expr] = []
        for text, name in pieces(condition, by_name):
            if name is None:
                parts.append(nodes.text(text))
            else:
                parts += [nodes.text(f"{text} "), _figure(by_name[name], "missing")]
                parts += self._parts() if name == SCORE and self.by.points else []
        return nodes.concat(parts)
