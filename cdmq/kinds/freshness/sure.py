"""How sure a value still is at a time, and when it is due: worked out where it is read, of what is
kept of its cell."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from cdmq.kinds.facts.numbers import after, days_after, rounded
from cdmq.kinds.freshness.words import FreshnessRule
from cdmq.kinds.words import Duration
from cdmq.sql import nodes
from cdmq.sql.dialects import dialect_of

#: Days in a month, as confidence counts them.
MONTH = "30.4375"
#: Of the hash by which cells that were never proved are spread, so many hex digits count.
_DIGITS = 5


@dataclass(frozen=True)
class Sure:
    """Over rows with the columns of freshness_cells, and `rate` and `lasts` of its rate."""

    spec: FreshnessRule
    as_of: exp.Expr
    dialect: str
    alias: str

    def column(self, name: str) -> exp.Expr:
        return nodes.column(name, self.alias)

    def confidence(self) -> exp.Expr:
        known = nodes.every([nodes.present(self.column(c)) for c in ("proof", "rate")])
        zero = nodes.cast(nodes.number(0), "decimal(5, 4)")
        return nodes.cases([(self.is_bad(), zero), (known, self._kept(self.column("proof")))])

    def odds(self) -> exp.Expr:
        """The confidence; of a value that was never proved as if it was right when it came."""
        from_ = exp.Coalesce(this=self.column("proof"), expressions=[self.column("since")])
        today = nodes.cast(self.today(), "timestamp")
        came = nodes.call("least", from_, today)
        zero = nodes.cast(nodes.number(0), "decimal(5, 4)")
        known = nodes.present(self.column("rate"))
        return nodes.cases([(self.is_bad(), zero), (known, self._kept(came))])

    def _kept(self, from_: exp.Expr) -> exp.Expr:
        """What is left of it since then."""
        days = exp.Sub(this=self.today(), expression=_day(from_))
        months = exp.Div(
            this=nodes.cast(nodes.paren(days), "double"),
            expression=nodes.cast(nodes.number(MONTH), "double"),
            typed=True,
        )
        kept = nodes.cast(exp.Sub(this=nodes.number(1), expression=self.column("rate")), "double")
        sure = rounded(nodes.call("power", kept, months), self.dialect)
        return nodes.cast(nodes.paren(sure), "decimal(5, 4)")

    def due(self) -> exp.Expr:
        """The day from which on it is to be asked; NULL where that never comes."""
        proof = self.column("proof")
        ways = []
        if self.spec.recheck_after is not None:
            ways.append(self._by_whom(proof))
        if self.spec.recheck_below is not None:
            ways.append(_day(days_after(_day(proof.copy()), self.column("lasts"))))
        proved = nodes.call("least", *ways) if len(ways) > 1 else _first(ways)
        return nodes.cases(
            [
                (self.is_bad(), _day(proof.copy())),
                (nodes.present(proof.copy()), proved),
            ],
            self._spread() if ways else nodes.cast(nodes.null(), "date"),
        )

    def is_due(self, due: exp.Expr) -> exp.Expr:
        come = exp.LTE(this=due, expression=self.today())
        return exp.Coalesce(this=nodes.paren(come), expressions=[exp.false()])

    def is_bad(self) -> exp.Expr:
        said = exp.Coalesce(this=self.column("result"), expressions=[nodes.text("")])
        return nodes.equal(said, nodes.text("bad"))

    def survey(self) -> exp.Expr:
        """The day from which on a record is to be asked as a whole, over its own row."""
        if self.spec.unchanged_for is None:
            return nodes.cast(nodes.null(), "date")
        last = nodes.call("greatest", self.column("since"), self.column("answered"))
        return _day(nodes.paren(after(last, self.spec.unchanged_for)))

    def today(self) -> exp.Expr:
        return nodes.cast(self.as_of.copy(), "date")

    def _by_whom(self, from_: exp.Expr) -> exp.Expr:
        """The day so long after another as recheck_after says for the record."""
        assert self.spec.recheck_after is not None
        pairs = [
            (nodes.equal(self.column("whom"), nodes.text(whom)), _later(from_, time))
            for whom, time in self.spec.recheck_after.items()
        ]
        return nodes.cases(pairs)

    def _spread(self) -> exp.Expr:
        """A day of its own within the time that a proof would last, by a hash of the key."""
        first = self.column("first_seen")
        if self.spec.recheck_after is not None:
            until = self._by_whom(first)
            ends: exp.Expr = exp.Sub(this=until, expression=_day(first.copy()))
        else:
            ends = self.column("lasts")
        over = exp.Mul(this=nodes.paren(self._hash()), expression=nodes.paren(ends))
        part = dialect_of(self.dialect).numbers.quotient(
            nodes.paren(over), nodes.number(16**_DIGITS)
        )
        return _day(days_after(_day(first.copy()), nodes.cast(part, "integer")))

    def _hash(self) -> exp.Expr:
        """From 0 to 16^5 - 1."""
        digest = nodes.call("md5", self.column("key"))
        total: exp.Expr = nodes.cast(nodes.number(0), "bigint")
        for i in range(_DIGITS):
            digit = nodes.call("substr", digest.copy(), nodes.number(i + 1), nodes.number(1))
            place = nodes.call("strpos", nodes.text("0123456789abcdef"), digit)
            value = nodes.paren(exp.Sub(this=place, expression=nodes.number(1)))
            worth = exp.Mul(this=value, expression=nodes.number(16 ** (_DIGITS - 1 - i)))
            total = exp.Add(this=total, expression=worth)
        return total


def _later(moment: exp.Expr, time: Duration) -> exp.Expr:
    return _day(nodes.paren(after(nodes.cast(_day(moment.copy()), "timestamp"), time)))


def _first(ways: list[exp.Expr]) -> exp.Expr:
    return ways[0] if ways else nodes.cast(nodes.null(), "date")


def _day(moment: exp.Expr) -> exp.Expr:
    return nodes.cast(moment, "date")
