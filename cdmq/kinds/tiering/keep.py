"""Whether a level is kept: the small machine that a review turns by one step for each customer.

A customer whose level still holds, or who had none, gets the first level that fits: a rise comes at
once. Who falls short keeps the level while `keep_unless` lets it: free of charge while the relaxed
condition holds, else for so many reviews. A level without a limit to relax is lost at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from cdmq.kinds.tiering.levels import Level
from cdmq.kinds.tiering.words import NEW, TieringRule
from cdmq.sql import nodes
from cdmq.sql.logical import logical


@dataclass(frozen=True)
class Keeping:
    """Adds to the judged rows: `level`, `missed`, `was` (the level before) and `how`.

    `how` is fits, near (below, but within the share), missed (kept all the same) or lost.
    """

    levels: Sequence[Level]
    spec: TieringRule
    rule_id: str
    dialect: str

    def over(self, judged: exp.Select) -> exp.Select:
        if self.spec.keep_unless is None:
            fits = {
                "level": self._first_that_fits(),
                "missed": nodes.number(0),
                "was": nodes.cast(nodes.null(), "text"),
                "how": nodes.text("fits"),
            }
            return self._with(judged, fits)
        query = self._with(judged, {"raw": self._first_that_fits()})
        query.append("expressions", nodes.alias(nodes.column("level", "p"), "was"))
        query.append("expressions", nodes.alias(nodes.column("missed", "p"), "missed_before"))
        previous = logical(f"tiers:{self.rule_id}")
        previous.set("alias", exp.TableAlias(this=nodes.name("p")))
        nodes.left_join(
            query, previous, nodes.equal(nodes.column("key", "p"), nodes.column("key", "l"))
        )
        query = self._with(query, {"how": self._how(self.spec.keep_unless.reviews)})
        return self._with(query, self._outcome(), without=("raw", "missed_before"))

    def _with(
        self, below: exp.Select, more: dict[str, exp.Expr], without: Sequence[str] = ()
    ) -> exp.Select:
        kept = [
            nodes.alias(nodes.column(c.alias, "l"), c.alias)
            for c in below.expressions
            if c.alias not in without
        ]
        added = [nodes.alias(node, name) for name, node in more.items()]
        return nodes.select([*kept, *added], nodes.beneath(below, "l", self.dialect))

    def _first_that_fits(self) -> exp.Expr:
        branches: list[tuple[exp.Expr, exp.Expr]] = []
        if self.spec.new_for is not None:
            branches.append((nodes.column("young", "l"), nodes.text(NEW)))
        *others, last = enumerate(self.levels)
        branches += [(nodes.column(f"h{i}", "l"), nodes.text(level.name)) for i, level in others]
        return nodes.cases(branches, nodes.text(last[1].name))

    def _how(self, reviews: int) -> exp.Expr:
        raw, was = nodes.column("raw", "l"), nodes.column("was", "l")
        fits: list[exp.Expr] = [nodes.is_null(was), nodes.equal(raw, was.copy())]
        if self.spec.new_for is not None:
            fits.append(nodes.equal(raw.copy(), nodes.text(NEW)))
        keepable = [(i, level) for i, level in enumerate(self.levels) if level.kept is not None]
        if not keepable:
            return nodes.text("fits")
        fits.append(
            exp.Not(
                this=exp.In(
                    this=was.copy(), expressions=[nodes.text(level.name) for _, level in keepable]
                )
            )
        )
        fits.append(self._of_level_before("h", keepable))
        missed = exp.GTE(
            this=exp.Add(this=nodes.column("missed_before", "l"), expression=nodes.number(1)),
            expression=nodes.number(reviews),
        )
        return nodes.cases(
            [
                (nodes.any_of(fits), nodes.text("fits")),
                (self._of_level_before("k", keepable), nodes.text("near")),
                (missed, nodes.text("lost")),
            ],
            nodes.text("missed"),
        )

    def _of_level_before(self, mark: str, levels: Sequence[tuple[int, Level]]) -> exp.Expr:
        was = nodes.column("was", "l")
        return nodes.cases(
            [
                (nodes.equal(was.copy(), nodes.text(level.name)), nodes.column(f"{mark}{i}", "l"))
                for i, level in levels
            ],
            exp.false(),
        )

    def _outcome(self) -> dict[str, exp.Expr]:
        how, before = nodes.column("how", "l"), nodes.column("missed_before", "l")
        kept = exp.In(this=how, expressions=[nodes.text("near"), nodes.text("missed")])
        missed = nodes.equal(how.copy(), nodes.text("missed"))
        once_more = exp.Add(this=before, expression=nodes.number(1))
        return {
            "level": nodes.when(kept, nodes.column("was", "l"), nodes.column("raw", "l")),
            "missed": nodes.when(missed, once_more, nodes.number(0)),
        }
