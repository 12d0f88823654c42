"""compile: whom to ask on a day, as rows of the queue: one a call.

The rows that are open stay while something of the record is due and nobody tried in vain. Beside
them come new ones: of those that are due and neither asked nor waiting the first in the order of
the rule, and some drawn at random, until the day has as many as `per_day`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sqlglot import exp

from cdmq.kinds.facts.numbers import days_after
from cdmq.kinds.freshness.names import CELLS, RECORDS, SEEN, made
from cdmq.kinds.freshness.watched import Watched
from cdmq.kinds.freshness.words import LEAST_SURE, Queue
from cdmq.sql import nodes
from cdmq.sql.dialects import dialect_of
from cdmq.sql.logical import as_of_node, logical

COLUMNS = ("about", "key", "other", "column_name", "why", "sure", "more", "first", "due")
#: How many days a record waits after its first day in vain, its second, ...; after more of them it
#: is unreachable.
WAITS = (14, 28, 56)
#: How the reason of a row begins that was drawn at random.
_DRAWN = "at random"
_EPOCH = "2000-01-01"


def open_rows(rule: str) -> str:
    """The name of the rule's rows that are open."""
    return f"open_calls:{rule}"


def all_rows(rule: str) -> str:
    """The name of all rows that the rule ever opened: `why` and `due`."""
    return f"all_calls:{rule}"


def nothing_asked() -> exp.Select:
    """Rows of a rule without a queue: none."""
    empty = dict.fromkeys(COLUMNS, "text") | _TYPES
    shown = [nodes.alias(nodes.cast(nodes.null(), t), c) for c, t in empty.items()]
    return nodes.select(shown, None, exp.false())


_TYPES = {"sure": "double", "more": "bigint", "first": "double", "due": "timestamp"}


@dataclass(frozen=True)
class Calls:
    """The rows of the queue of a rule, after its run."""

    watched: Watched
    queue: Queue

    @property
    def rule(self) -> str:
        return self.watched.rule.id

    @property
    def dialect(self) -> str:
        return self.watched.dialect

    def query(self) -> exp.Query:
        kept = nodes.select(
            [nodes.column(c, "k") for c in COLUMNS],
            nodes.subquery(self._candidates(), "c"),
            nodes.every([nodes.column("is_due", "c"), self._untried()]),
        )
        on = nodes.equal(nodes.column("key", "k"), nodes.column("key", "c"))
        kept.append("joins", exp.Join(this=self._named(open_rows(self.rule), "k"), on=on))
        return nodes.union_all([kept, self._new()])

    def _named(self, relation: str, as_: str) -> exp.Table:
        table = logical(relation)
        table.set("alias", exp.TableAlias(this=nodes.name(as_)))
        return table

    def _untried(self) -> exp.Expr:
        """Nobody tried in vain since an open row was handed out."""
        before = exp.LT(
            this=nodes.cast(nodes.column("last_try", "c"), "date"),
            expression=nodes.cast(nodes.column("due", "k"), "date"),
        )
        return nodes.any_of([nodes.is_null(nodes.column("last_try", "c")), before])

    def _candidates(self) -> exp.Select:
        """Every record, with whether anything of it is due, what, and how sure the least of that is."""
        whole = nodes.column("whole", "r")
        shown = [nodes.column(c, "r") for c in ("key", "ask", "due", "tries", "last_try")]
        query = nodes.select(
            [
                *shown,
                nodes.alias(whole, "survey"),
                nodes.alias(
                    nodes.any_of([nodes.present(nodes.column("ask", "r")), whole.copy()]), "is_due"
                ),
                *(nodes.column(f"f{i}", "s") for i in range(len(self.watched.spec.asked_first))),
            ],
            self._named(made(self.rule, RECORDS), "r"),
        )
        key = nodes.column("key", "r")
        seen = self._named(made(self.rule, SEEN), "s")
        nodes.left_join(query, seen, nodes.equal(nodes.column("key", "s"), key))
        odds: exp.Expr = nodes.cast(nodes.null(), "decimal(5, 4)")
        if self.watched.columns:
            least = nodes.group_by(
                nodes.select(
                    [nodes.column("key"), nodes.alias(exp.Min(this=nodes.column("odds")), "odds")],
                    logical(made(self.rule, CELLS)),
                    nodes.column("is_due"),
                ),
                [nodes.column("key")],
            )
            same = nodes.equal(nodes.column("key", "o"), key.copy())
            nodes.left_join(query, nodes.subquery(least, "o"), same)
            odds = nodes.column("odds", "o")
        query.append("expressions", nodes.alias(odds, "odds"))
        return query

    def _new(self) -> exp.Select:
        """The rows that this run opens."""
        best = exp.LTE(this=nodes.column("place", "n"), expression=nodes.column("best", "n"))
        drawn = exp.LTE(this=nodes.column("lot", "n"), expression=nodes.column("drawn", "n"))
        how = nodes.when(best, nodes.text(""), nodes.text(f"{_DRAWN}, "))
        none = nodes.cast(nodes.null(), "text")
        told: Mapping[str, exp.Expr] = {
            "about": nodes.text("record"),
            "key": nodes.column("key", "n"),
            "other": none,
            "column_name": none.copy(),
            "why": nodes.concat([nodes.paren(how), nodes.paren(self._why())]),
            "sure": nodes.cast(nodes.column("odds", "n"), "double"),
            "more": nodes.cast(nodes.null(), "bigint"),
            "first": nodes.cast(self._worth(), "double"),
            "due": self._today("timestamp"),
        }
        return nodes.select(
            [nodes.alias(node, name) for name, node in told.items()],
            nodes.beneath(self._drawn(), "n", self.dialect),
            nodes.any_of([best.copy(), drawn]),
        )

    def _why(self) -> exp.Expr:
        survey, ask = nodes.column("survey", "n"), nodes.column("ask", "n")
        due = nodes.concat([nodes.text("due: "), ask])
        whole = nodes.text("nothing changed for long")
        both = nodes.concat([due.copy(), nodes.text("; "), whole.copy()])
        return nodes.cases([(nodes.is_null(ask.copy()), whole), (survey, both)], due)

    def _worth(self) -> exp.Expr:
        """A number that grows in the order of the rule, as far as one can."""
        worth: exp.Expr = nodes.number(0)
        for i, name in enumerate(self.watched.spec.order):
            weight = nodes.number(str(1000 ** (len(self.watched.spec.order) - 1 - i)))
            if name == LEAST_SURE:
                gain: exp.Expr = nodes.paren(
                    exp.Sub(this=nodes.number(1), expression=self._odds("n"))
                )
            else:
                gain = nodes.when(self._has(name, "n"), nodes.number(1), nodes.number(0))
            worth = exp.Add(this=worth, expression=exp.Mul(this=weight, expression=gain))
        return worth

    def _odds(self, of: str) -> exp.Expr:
        return exp.Coalesce(this=nodes.column("odds", of), expressions=[nodes.number(1)])

    def _has(self, level: str, of: str) -> exp.Expr:
        return nodes.column(f"f{self.watched.spec.asked_first.index(level)}", of)

    def _drawn(self) -> exp.Select:
        """Those who may be asked, with their place, and their lot among those behind the best."""
        late = exp.GT(this=nodes.column("place", "m"), expression=nodes.column("best", "m"))
        day = nodes.cast(self._today("date"), "text")
        lot = nodes.call("md5", nodes.concat([nodes.column("key", "m"), nodes.text("/"), day]))
        shown = [exp.Column(this=exp.Star(), table=nodes.name("m"))]
        numbered = exp.Window(
            this=nodes.call("row_number"),
            partition_by=[late],
            order=exp.Order(expressions=self._by(lot, "m")),
        )
        number = nodes.when(late.copy(), numbered)
        return nodes.select(
            [*shown, nodes.alias(number, "lot")],
            nodes.beneath(self._placed(), "m", self.dialect),
        )

    def _placed(self) -> exp.Select:
        order: list[exp.Expr] = []
        for name in self.watched.spec.order:
            if name == LEAST_SURE:
                order.append(exp.Ordered(this=self._odds("c"), nulls_first=False))
            else:
                last = nodes.when(self._has(name, "c"), nodes.number(0), nodes.number(1))
                order.append(exp.Ordered(this=last, nulls_first=False))
        order.append(exp.Ordered(this=nodes.column("due", "c"), nulls_first=False))
        order += self._by(nodes.call("md5", nodes.column("key", "c")), "c")
        place = exp.Window(this=nodes.call("row_number"), order=exp.Order(expressions=order))
        query = nodes.select(
            [
                exp.Column(this=exp.Star(), table=nodes.name("c")),
                *(nodes.alias(n, c) for c, n in self._room().items()),
                nodes.alias(place, "place"),
            ],
            nodes.subquery(self._candidates(), "c"),
            nodes.every(
                [
                    nodes.column("is_due", "c"),
                    self._rested(),
                    nodes.is_null(nodes.column("key", "k")),
                ]
            ),
        )
        same = nodes.equal(nodes.column("key", "k"), nodes.column("key", "c"))
        return nodes.left_join(query, self._named(open_rows(self.rule), "k"), same)

    def _by(self, hash_: exp.Expr, of: str) -> list[exp.Expr]:
        keys = [hash_, nodes.column("key", of)]
        return [
            exp.Ordered(this=nodes.by_code_point(k, self.dialect), nulls_first=False) for k in keys
        ]

    def _rested(self) -> exp.Expr:
        """It was never tried in vain, or has waited since."""
        tries = nodes.column("tries", "c")
        last = nodes.cast(nodes.cast(nodes.column("last_try", "c"), "date"), "timestamp")
        waited = [
            nodes.every(
                [
                    nodes.equal(tries.copy(), nodes.number(i + 1)),
                    exp.LTE(
                        this=days_after(last.copy(), nodes.number(days)),
                        expression=self._today("timestamp"),
                    ),
                ]
            )
            for i, days in enumerate(WAITS)
        ]
        return nodes.any_of([nodes.equal(tries, nodes.number(0)), *waited])

    def _room(self) -> Mapping[str, exp.Expr]:
        """How many rows may still be opened on this day: the best, and drawn."""
        of_day = self._of_day()
        handed = exp.Count(this=exp.Star())
        lots = exp.Filter(
            this=exp.Count(this=exp.Star()),
            expression=exp.Where(
                this=exp.Like(this=nodes.column("why"), expression=nodes.text(f"{_DRAWN}%"))
            ),
        )

        def count(node: exp.Expr) -> exp.Expr:
            today = nodes.equal(nodes.column("due"), self._today("timestamp"))
            return exp.Subquery(this=nodes.select([node], logical(all_rows(self.rule)), today))

        others = exp.Sub(this=count(handed), expression=count(lots))
        best = exp.Sub(
            this=nodes.paren(exp.Sub(this=nodes.number(self.queue.per_day), expression=of_day)),
            expression=nodes.paren(others),
        )
        return {
            "best": best,
            "drawn": exp.Sub(this=nodes.paren(of_day.copy()), expression=count(lots.copy())),
        }

    def _of_day(self) -> exp.Expr:
        """How many of the day's rows are drawn: over many days just the share."""
        if self.queue.random is None:
            return nodes.number(0)
        share = Fraction(self.queue.random) * self.queue.per_day
        first = nodes.cast(nodes.text(_EPOCH), "date")
        number = nodes.paren(exp.Sub(this=self._today("date"), expression=first))
        next_ = nodes.paren(exp.Add(this=number.copy(), expression=nodes.number(1)))
        up_to = [
            dialect_of(self.dialect).numbers.quotient(
                nodes.paren(exp.Mul(this=n, expression=nodes.number(share.numerator))),
                nodes.number(share.denominator),
            )
            for n in (next_, number)
        ]
        return nodes.paren(exp.Sub(this=up_to[0], expression=up_to[1]))

    def _today(self, type_: str) -> exp.Expr:
        return nodes.cast(nodes.cast(as_of_node(), "date"), type_)
