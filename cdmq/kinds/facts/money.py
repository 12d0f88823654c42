"""The money of facts: in one currency, and as often as their status counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from cdmq.kinds.facts.numbers import DECIMAL, exact, rounded
from cdmq.kinds.running import Running
from cdmq.project.money import Amount, CountsAs
from cdmq.sql import nodes
from cdmq.sql.equality import composed, nfc
from cdmq.sql.logical import logical
from cdmq.sql.text_form import text_of
from cdmq.sql.types import Type
from cdmq.values import Dataset

#: The columns of a dataset of rates.
CURRENCY, VALID_FROM, RATE = RATES = ("currency", "valid_from", "rate")


@dataclass(frozen=True)
class Money:
    """What a dataset of facts, which stand under the name `c`, says of money. `rates`: the columns
    of the dataset of rates, where there is one."""

    amount: Amount | None
    counts_as: CountsAs | None
    types: Mapping[str, Type]
    rates: Mapping[str, Type]
    dialect: str

    def weight(self) -> exp.Expr | None:
        """How often a fact counts; NULL where nobody says so."""
        if self.counts_as is None:
            return None
        status = self._text(self.counts_as.column)
        return nodes.cases(
            [
                (nodes.equal(status.copy(), nodes.text(nfc(value))), nodes.number(f"{factor:f}"))
                for value, factor in self.counts_as.values.items()
            ]
        )

    def unrated(self) -> exp.Expr:
        """Whether there is no rate for the currency of a fact, when it happened."""
        rate = nodes.column(RATE, "fx") if self.rates else nodes.null()
        return nodes.every([exp.Not(this=nodes.paren(self._own())), nodes.is_null(rate)])

    def value(self, cell: exp.Expr, type_: Type) -> exp.Expr:
        """An amount in the currency in which amounts are added up."""
        stands = exact(cell, type_, self.dialect)
        if not self.rates:
            return nodes.when(self._own(), stands)
        rate = nodes.cast(nodes.column(RATE, "fx"), "double")
        changed = exp.Mul(this=nodes.cast(cell.copy(), "double"), expression=rate)
        return nodes.when(self._own(), stands, rounded(changed, self.dialect))

    def weighed(self, amount: exp.Expr) -> exp.Expr:
        """An amount as often as the fact counts."""
        weight = self.weight()
        if weight is None:
            return amount
        return nodes.cast(
            nodes.paren(exp.Mul(this=nodes.paren(amount), expression=nodes.paren(weight))), DECIMAL
        )

    def with_rates(self, query: exp.Select, at: exp.Expr) -> exp.Select:
        """With the rate of when a fact happened, as `fx`."""
        if self.amount is None or self.amount.rates is None or not self.rates:
            return query
        assert self.amount.currency is not None
        since = exp.GTE(this=at, expression=nodes.column("since", "fx"))
        until = nodes.column("until", "fx")
        before = nodes.any_of([nodes.is_null(until), exp.LT(this=at.copy(), expression=until)])
        same = nodes.equal(nodes.column(CURRENCY, "fx"), self._text(self.amount.currency))
        rates = nodes.subquery(self._rates(self.amount.rates), "fx")
        return nodes.left_join(query, rates, nodes.every([same, since, before]))

    def _rates(self, dataset: str) -> exp.Select:
        """Each rate with the time in which it holds; two of one day are none."""
        source = logical(f"clean:{dataset}")
        source.set("alias", exp.TableAlias(this=nodes.name("r")))
        currency = text_of(nodes.column(CURRENCY, "r"), self.rates[CURRENCY])
        currency = composed(currency, self.dialect)
        since = nodes.cast(nodes.column(VALID_FROM, "r"), "timestamp")
        rate = exact(nodes.column(RATE, "r"), self.rates[RATE], self.dialect)
        low, high = exp.Min(this=rate), exp.Max(this=rate.copy())
        shown = {
            CURRENCY: currency,
            "since": since,
            RATE: nodes.when(nodes.equal(low, high), low.copy()),
        }
        each = nodes.select(
            [nodes.alias(n, c) for c, n in shown.items()],
            source,
            nodes.every([nodes.present(nodes.paren(n)) for n in (currency.copy(), since.copy())]),
        )
        each = nodes.group_by(each, [currency.copy(), since.copy()])
        following = exp.Window(
            this=nodes.call("lead", nodes.column("since", "d")),
            partition_by=[nodes.column(CURRENCY, "d")],
            order=exp.Order(expressions=[exp.Ordered(this=nodes.column("since", "d"))]),
        )
        columns = [nodes.alias(nodes.column(c, "d"), c) for c in shown]
        return nodes.select([*columns, nodes.alias(following, "until")], nodes.subquery(each, "d"))

    def _own(self) -> exp.Expr:
        """Whether a fact is in the currency in which amounts are added up."""
        assert self.amount is not None
        assert self.amount.currency is not None
        currency = self._text(self.amount.currency)
        same = nodes.equal(currency, nodes.text(nfc(str(self.amount.into))))
        return exp.Coalesce(this=same, expressions=[exp.false()])

    def _text(self, column: str) -> exp.Expr:
        return composed(text_of(nodes.column(column, "c"), self.types[column]), self.dialect)


def mixed(at: Running, facts: Iterable[Dataset]) -> str | None:
    """What is wrong where amounts that are added up are in more than one currency."""
    for dataset in facts:
        amount = dataset.spec.amount
        if amount is None or amount.currency is None or amount.into is not None:
            continue
        currency = nodes.column(amount.currency)
        found = nodes.select(
            [nodes.cast(currency, "text")],
            logical(f"clean:{dataset.name}"),
            nodes.every(
                [nodes.present(currency.copy()), nodes.present(nodes.column(amount.column))]
            ),
        ).distinct()
        known = sorted(str(c) for (c,) in at.fetch(found.limit(_SOME)))
        if len(known) > 1:
            return (
                f"CDMQ254 {dataset.name}.{amount.column} is in {', '.join(known)}: amounts of "
                f"several currencies are not added up; say in: and rates: in amount: of the dataset "
                f"({dataset.span})"
            )
    return None


#: So many currencies are named.
_SOME = 5
