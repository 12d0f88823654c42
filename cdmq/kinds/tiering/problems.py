"""What must be true of a tiering rule before it is compiled: its facts, columns, types, levels."""

from __future__ import annotations

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder
from cdmq.kinds.facts.figures import figures_of
from cdmq.kinds.facts.links import dated_by, on_the_way
from cdmq.kinds.facts.problems import FactsLook
from cdmq.kinds.tiering.reach import unreachable
from cdmq.kinds.tiering.shown import judged_by
from cdmq.kinds.tiering.words import TieringRule
from cdmq.problems import Problem
from cdmq.sql.types import NUMBERS
from cdmq.values import Catalog, Project, Rule

_LARGEST = 10**18


def tier_problems(
    rule: Rule, rows: Rows, project: Project, catalog: Catalog, dialect: str
) -> list[Problem]:
    """All that is wrong with one rule. A dataset of facts that is not in the catalog is another's
    problem: what hangs on its columns is not told."""
    found: list[Problem] = []
    _Look(rule, project, catalog, dialect, found).at_all(rows)
    return found


class _Look(FactsLook):
    """Looks at one rule; what is wrong goes to `found`."""

    def __init__(
        self, rule: Rule, project: Project, catalog: Catalog, dialect: str, found: list[Problem]
    ) -> None:
        super().__init__(rule, project, catalog, dialect, found)
        assert isinstance(rule.spec, TieringRule)
        self.spec = rule.spec

    def at_all(self, rows: Rows) -> None:
        if "where" in self.rule.expressions:
            self.condition("where", Binder(rows.columns, self.dialect, self.found))
        sound = {
            n
            for n in self.spec.facts
            if self.facts(n, f"measures.{self._first(n)}.from", rows, self._timed(n))
        }
        for name, measure in self.spec.counted.items():
            if measure.dataset in sound and measure.dataset in self.catalog:
                self.measure(f"measures.{name}", measure)
            self.time(f"measures.{name}.over", measure.over)
            if measure.if_none is not None and abs(measure.if_none) >= _LARGEST:
                self.tell(
                    f"measures.{name}.if_none",
                    "CDMQ252",
                    "if_none is 10^18 or more",
                    "write a smaller number",
                )
        self.time("new_for", self.spec.new_for)
        if not self.found and all(name in self.catalog for name in self.spec.facts):
            self.levels(rows)

    def _first(self, facts: str) -> str:
        """The first measure that counts a dataset's rows."""
        return next(m for m, s in self.spec.counted.items() if s.dataset == facts)

    def _timed(self, facts: str) -> bool:
        """Whether somebody asks when these facts happened."""
        of = [m for m in self.spec.counted.values() if m.dataset == facts]
        others = [n for n in self.spec.facts if n != facts and n in self.project.datasets]
        return any(m.timed for m in of) or (
            self.spec.new_for is not None and not any(self._dated(n) for n in others)
        )

    def _dated(self, facts: str) -> bool:
        known, judged = self.project.datasets, self.project.datasets[self.rule.dataset]
        return dated_by(known[facts], on_the_way(judged, known[facts], known))[1] is not None

    def levels(self, rows: Rows) -> None:
        figures = figures_of(self.spec.counted, self.catalog, self.project.datasets)
        before = len(self.found)
        for figure in figures:
            of = [n for n, r in self.spec.ranked.items() if r.of == figure.name]
            if of and figure.type not in NUMBERS:
                cause = f"{of[0]} ranks {figure.name}, which is {figure.type}"
                self.tell(f"measures.{of[0]}", "CDMQ217", cause, "rank a number")
        judged = judged_by(figures, self.rule, rows)
        binder = Binder({s.name: s.type for s in judged.all}, self.dialect, self.found)
        scoring = Binder({s.name: s.type for s in judged.scored}, self.dialect, self.found)
        for field in self.rule.expressions:
            of_level = field.startswith("levels.")
            if of_level or field.startswith("scorecard."):
                self.condition(field, binder if of_level else scoring)
                self.behind(field, "a level is judged by figures")
        if len(self.found) > before:
            return
        bound = {
            name: found.expression.tree
            for name in self.spec.level_names
            if f"levels.{name}" in self.rule.expressions
            and (found := binder.bound(self.rule, f"levels.{name}"))
        }
        for name, cause, remedy in unreachable(self.spec, bound):
            place = f"levels.{name}"
            if place not in self.rule.spans:
                place = f"levels.{len(self.spec.levels) - 1}.{name}"
            self.tell(place, "CDMQ248", cause, remedy)
