"""Why somebody is on a step, in words and figures that a steward reads."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from cdmq.kinds.facts.numbers import DECIMAL
from cdmq.kinds.trends.periods import many
from cdmq.kinds.trends.words import BACK, DORMANT, FALLING, NEW, TrendRule
from cdmq.sql import nodes
from cdmq.sql.text_form import text_of


@dataclass(frozen=True)
class Reasons:
    """The texts of a row with `step`, `judged_by`, `usual`, `present`, `gap` and `since_days`.
    `hidden`: pii hides amounts; `no_days`: it hides when facts were."""

    spec: TrendRule
    hidden: bool
    no_days: bool
    dialect: str

    def of(self, alias: str) -> exp.Expr:
        """`40 a month in the last 3 months, usually 100`."""
        full = many(self.spec.over + self.spec.history, self.spec.per)
        by_gaps = nodes.equal(nodes.column("judged_by", alias), nodes.text("gaps"))
        young = {
            NEW: nodes.text(f"known for less than {full}"),
            BACK: nodes.text(f"bought again, less than {full} ago"),
        }
        return nodes.cases(
            [
                *((self._is(alias, step), said) for step, said in young.items()),
                (by_gaps, self._gaps(alias)),
                (self._is(alias, DORMANT), self._nothing(alias)),
            ],
            self._figures(alias),
        )

    def _is(self, alias: str, step: str) -> exp.Expr:
        return nodes.equal(nodes.column("step", alias), nodes.text(step))

    def _gaps(self, alias: str) -> exp.Expr:
        usual = text_of(nodes.column("gap", alias), "double")
        said: list[exp.Expr] = [nodes.text("judged by gaps: ")]
        if self.no_days:
            return nodes.text("judged by gaps")
        days = nodes.cast(nodes.column("since_days", alias), "text")
        said += [days, nodes.text(" days since the last, usually "), usual]
        return nodes.concat([*said, nodes.text(" from one to the next")])

    def _nothing(self, alias: str) -> exp.Expr:
        over = many(self.spec.over, self.spec.per)
        if self.hidden:
            return nodes.text(f"nothing in {over}")
        usual = [self._usually(alias), self._amount(alias, "usual"), self._per()]
        return nodes.concat([nodes.text(f"nothing in {over}, "), *usual])

    def _figures(self, alias: str) -> exp.Expr:
        over = many(self.spec.over, self.spec.per)
        if self.hidden:
            return nodes.cases(
                [(self._is(alias, FALLING), nodes.text(f"less than usual in {over}"))],
                nodes.text(f"as usual in {over}"),
            )
        return nodes.concat(
            [
                self._amount(alias, "present"),
                self._per(),
                nodes.text(f" in {over}, "),
                self._usually(alias),
                self._amount(alias, "usual"),
            ]
        )

    def _usually(self, alias: str) -> exp.Expr:
        if self.spec.season is None:
            return nodes.text("usually ")
        by_year = nodes.equal(nodes.column("judged_by", alias), nodes.text("season"))
        return nodes.when(by_year, nodes.text("by the year before "), nodes.text("usually "))

    def _amount(self, alias: str, name: str) -> exp.Expr:
        """With two decimals at most."""
        value = nodes.call("round", nodes.column(name, alias), nodes.number(2))
        return text_of(nodes.cast(value, DECIMAL), "decimal")

    def _per(self) -> exp.Expr:
        return nodes.text(f" a {self.spec.per}")
