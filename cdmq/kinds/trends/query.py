"""compile: a trends rule -> one query that gives the step of everyone with a purchase.

Its rows are, one for each key: `key`, `step`, `since` (the day from which it is so), `judged_by`
(figures, season or gaps), `usual` and `present` (means of a period), `at_risk` (what
would come no more in a year), `gap` (the usual one in days),
`last_on`, `reason` (for people) and `uncounted` (how many facts the figures are made without); all
as they were when the step began. It reads, by logical names, the rows that are judged,
`clean:<facts>`, and `xref:<matching rule>` (key, party_id) where facts refer to records of parties.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.facts.counted import customers, of_facts
from cdmq.kinds.facts.facts import Totals
from cdmq.kinds.facts.figures import Figure, figures_of
from cdmq.kinds.facts.links import links
from cdmq.kinds.facts.numbers import DECIMAL, quotient, rounded
from cdmq.kinds.facts.words import Measure
from cdmq.kinds.trends.building import Tables, join, minus, pick, plus, positive, read, same
from cdmq.kinds.trends.building import where as filtered
from cdmq.kinds.trends.ended import Ending
from cdmq.kinds.trends.figures import Figures
from cdmq.kinds.trends.machine import Machine
from cdmq.kinds.trends.periods import Periods
from cdmq.kinds.trends.reasons import Reasons
from cdmq.kinds.trends.series import Series
from cdmq.kinds.trends.words import DORMANT, FALLING, TrendRule
from cdmq.kinds.words import days_of
from cdmq.problems import Problem
from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.values import Catalog, Dataset, Project, Rule

COLUMNS = (
    "key",
    "step",
    "since",
    "judged_by",
    "usual",
    "present",
    "at_risk",
    "gap",
    "last_on",
    "reason",
    "uncounted",
)


@dataclass(frozen=True)
class Counted(Totals):
    """The facts of a trend. An amount that cannot be added up is none."""

    def unsaid(self) -> exp.Expr | None:
        if self.figures[0].spec.sum is None:
            return None
        return nodes.every([nodes.column("c0", "f"), nodes.is_null(nodes.column("a0", "f"))])


class Trend:
    """The statements of one rule. It is sound: trend_problems finds nothing."""

    def __init__(
        self, rule: Rule, rows: Rows, project: Project, catalog: Catalog, dialect: str
    ) -> None:
        assert isinstance(rule.spec, TrendRule)
        self.rule, self.spec, self.rows, self.dialect = rule, rule.spec, rows, dialect
        name = self.spec.measure.dataset
        (self.link,) = links(rows.dataset, [name], project, catalog, dialect).values()
        said = self.spec.measure.model_dump(by_alias=True, exclude_none=True)
        measure = {"figure": Measure.model_validate({**said, "if_none": None})}
        figures = figures_of(measure, catalog, project.datasets)
        self.periods = Periods(self.spec.per, _first_month(rows.dataset, name, project))
        self.ended = Ending(rule, rows, project, catalog).condition()
        self._problems: list[Problem] = []
        binder = Binder(self.link.types, dialect, self._problems)

        def asked(figure: Figure) -> exp.Expr | None:
            return of_facts(rule, "measure.where", binder, Conditions.holds)

        def unread(figure: Figure) -> exp.Expr | None:
            return of_facts(rule, "measure.where", binder, Conditions.could_not_judge)

        self.facts = Counted(self.link, figures, asked, unread, dialect)
        self.hidden = figures[0].pii != "plain"
        assert self.link.happened_at is not None
        of_days = project.datasets[self.link.dates].spec.pii.get(self.link.happened_at, "plain")
        self.hides_days = of_days != "plain"

    def account(self) -> exp.Select:
        """How many facts there are, and how many could not be counted, by why."""
        return self.facts.account(customers(self.link, self.rows, self.dialect))

    def query(self) -> exp.Select:
        tables = Tables()
        binder = Binder(self.rows.columns, self.dialect, self._problems)
        where = Conditions(self.rule, binder, self.rows.behind).where
        if self.ended is not None:
            where = nodes.all_of([where, exp.Not(this=nodes.paren(self.ended.copy()))])
        Series(self.spec, self.periods, self.rows, self.facts, where).add(tables)
        Figures(self.spec, self.periods, self.dialect).add(tables)
        Machine(self.spec).add(tables)
        tables.add("figures", self._figures())
        tables.add("lost", self._lost())
        reason = Reasons(self.spec, self.hidden, self.hides_days, self.dialect).of("s")
        shown = pick("s", "step", "since", "judged_by")
        none = nodes.cast(nodes.null(), DECIMAL)
        for name in ("usual", "present", "at_risk"):
            value = none.copy() if self.hidden else nodes.column(name, "s")
            shown.append(nodes.alias(value, name))
        last = nodes.cast(nodes.null(), "date") if self.hides_days else nodes.column("last_on", "s")
        lost = nodes.call("nullif", nodes.column("lost", "l"), nodes.number(0))
        shown += [
            *pick("s", "gap"),
            nodes.alias(last, "last_on"),
            nodes.alias(reason, "reason"),
            nodes.alias(nodes.cast(lost, "bigint"), "uncounted"),
        ]
        query = nodes.select([*pick("j", "key"), *shown], read("figures", "s"))
        join(query, read("judged", "j"), *same("j", "s", "who"))
        join(query, read("lost", "l"), *same("l", "s", "who"), left=True)
        return tables.under(query)

    def _figures(self) -> exp.Select:
        """Sums as means, and days as they are shown."""
        gaps, full = nodes.column("by_gaps", "m"), nodes.column("full", "m")
        year = nodes.column("by_year", "m")
        how = nodes.cases(
            [(gaps, nodes.text("gaps")), (year, nodes.text("season"))], nodes.text("figures")
        )
        half = quotient(nodes.cast(nodes.column("twice", "m"), "double"), nodes.number(2))
        begin = self.periods.begins(plus(nodes.column("t", "m"), 1))
        return nodes.select(
            pick(
                "m",
                "who",
                "step",
                "since_days",
                since=begin,
                judged_by=nodes.when(full, how),
                usual=nodes.when(full.copy(), self._mean("usual_sum", self.spec.history)),
                present=nodes.when(full.copy(), self._mean("present_sum", self.spec.over)),
                gap=nodes.when(nodes.every([full.copy(), gaps.copy()]), half),
                last_on=nodes.column("last_day", "m"),
                at_risk=self._at_risk(),
            ),
            read("begun", "m"),
        )

    def _mean(self, name: str, many: int) -> exp.Expr:
        return rounded(quotient(self._double(name), nodes.number(many)), self.dialect)

    def _at_risk(self) -> exp.Expr:
        """What would come no more in a year: of who is judged by gaps all that a purchase brings,
        so often as they were usual; else what the figure is below the usual one."""
        year = nodes.cast(nodes.number("365.25"), "double")
        days = nodes.cast(nodes.number(2 * 365.25), "double")
        each = quotient(self._double("all_sum"), self._double("all_days"))
        gaps = quotient(exp.Mul(this=each, expression=days), self._double("twice"))
        usual = quotient(self._double("usual_sum"), nodes.number(self.spec.history))
        present = quotient(self._double("present_sum"), nodes.number(self.spec.over))
        many = quotient(year, nodes.cast(nodes.number(repr(days_of(self.spec.per))), "double"))
        less = exp.Mul(this=nodes.paren(minus(usual, present)), expression=many)
        value = nodes.when(nodes.column("by_gaps", "m"), gaps, less)
        low = nodes.one_of(nodes.column("step", "m"), (FALLING, DORMANT))
        return nodes.when(low, rounded(value, self.dialect))

    def _double(self, name: str) -> exp.Expr:
        value = exp.Coalesce(this=nodes.column(name, "m"), expressions=[nodes.number(0)])
        return nodes.cast(value, "double")

    def _lost(self) -> exp.Select:
        """How many facts of each of those who are judged could not be counted."""
        own: exp.Expr = nodes.column("key", "j")
        if self.link.through is None:
            own = self.link.compared(own, self.dialect)
        total = exp.Sum(this=nodes.column("lost", "x"))
        query = nodes.select(
            [*pick("j", "who"), nodes.alias(total, "lost")],
            read("facts", "x"),
            positive(nodes.column("lost", "x")),
        )
        join(query, read("judged", "j"), nodes.equal(own, nodes.column("key", "x")))
        return nodes.group_by(query, [nodes.column("who", "j")])


def everyone(rule: Rule, rows: Rows, binder: Binder, ended: exp.Expr | None) -> exp.Select:
    """One row: how many the rule is about, those without a purchase among them; and how many of
    them have ended."""
    where, count = Conditions(rule, binder, rows.behind).where, exp.Count(this=exp.Star())
    gone = nodes.number(0) if ended is None else filtered(count.copy(), ended)
    return nodes.select([count, gone], logical(rows.relation), where)


def _first_month(judged: Dataset, facts: str, project: Project) -> int:
    """By the calendar of whom it judges, of the records that those are made of, or of the facts."""
    names = (judged.name, judged.made_of or "", facts)
    said = [project.datasets[n].spec.calendar for n in names if n in project.datasets]
    return next((c.first for c in said if c), 1)
