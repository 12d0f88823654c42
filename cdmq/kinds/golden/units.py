"""A unit of golden cells as SQL: what is present, and the order in which records win it.

Read from the ranked members, whose columns have names of our own: see golden_members.py.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from cdmq.kinds.golden.dates import in_time
from cdmq.kinds.golden.layout import Layout, Unit
from cdmq.kinds.golden.order import (
    FULLER,
    OF_RECORDS,
    OWN,
    VALID,
    Term,
    Trace,
    both,
    flag_term,
    moment_term,
    number_term,
    ordered,
    trace,
)
from cdmq.kinds.golden.strictest import strictest
from cdmq.sql import nodes
from cdmq.sql.equality import composed
from cdmq.sql.text_form import text_of
from cdmq.sql.types import MOMENTS, OPAQUE, Type


class Units:
    """The units of one layout, for one engine. `borrowable`: the columns of the borrowed bits,
    `flagged` those of the marks of flags."""

    def __init__(
        self, layout: Layout, borrowable: tuple[str, ...], dialect: str, flagged: tuple[str, ...]
    ) -> None:
        self.layout, self.borrowable, self.dialect = layout, borrowable, dialect
        self.flagged = flagged
        self.place = {c: f"c{i}" for i, c in enumerate(layout.columns)}
        #: The orders of whole records that the units end in.
        self.orders = list(dict.fromkeys(_last_words(u) for u in layout.units))

    def cell(self, column: str, table: str | None = None) -> exp.Expr:
        return nodes.column(self.place[column], table)

    def comparable(self, column: str) -> exp.Expr:
        """A cell as every engine compares it: text by code point, what we do not know as text."""
        return self.compared(column, self.cell(column))

    def compared(self, column: str, cell: exp.Expr) -> exp.Expr:
        type_ = self.layout.columns[column]
        if type_ in OPAQUE | {"text", "unknown", "uuid"}:
            return nodes.by_code_point(self._text(column, cell), self.dialect)
        return cell

    def _text(self, column: str, cell: exp.Expr) -> exp.Expr:
        """A cell as text, in the form in which texts are equal."""
        type_ = self.layout.columns[column]
        written = text_of(cell, type_)
        return composed(written, self.dialect) if type_ == "text" else written

    def latest(self, column: str) -> exp.Expr:
        """The largest of a column, of dates the latest; an aggregate."""
        if self.layout.columns[column] != "text":
            return nodes.call("max", self.when(column))
        return nodes.as_usual(nodes.call("max", self.comparable(column)), self.dialect)

    def when(self, column: str) -> exp.Expr:
        """A date that is one: not after as_of, and no end of time."""
        type_ = self.layout.columns[column]
        return in_time(self.cell(column), type_) if type_ in MOMENTS else self.cell(column)

    def present(self, unit: Unit) -> exp.Expr:
        return nodes.any_of([nodes.present(self.cell(c)) for c in unit.columns])

    def terms(self, unit: Unit) -> list[Term]:
        """The steps of a unit's order before the key, each with the word that names it."""
        found, half = [], None
        if len(unit.columns) > 2:
            half = exp.LT(
                this=exp.Mul(
                    this=nodes.paren(self._count(unit.columns)), expression=nodes.number(2)
                ),
                expression=nodes.number(len(unit.columns)),
            )
        if marks := [f"z{i}" for i, c in enumerate(self.flagged) if c in unit.columns]:
            wrong = [nodes.present(nodes.column(m)) for m in marks]
            found.append(flag_term(VALID, nodes.any_of([*wrong, *([half.copy()] if half else [])])))
        if any(c in self.borrowable for c in unit.columns):
            own = nodes.any_of([self.stands(c) for c in unit.columns])
            found.append(flag_term(OWN, exp.Not(this=nodes.paren(own))))
        if half is not None:
            found.append(flag_term(FULLER, half))
        picked = [self._term(word, unit) for word in unit.picks]
        first = 1 if unit.picks and unit.picks[0] == "strictest" else 0
        return [*picked[:first], *found, *picked[first:]]

    def order(self, unit: Unit) -> list[exp.Expr]:
        """The order of a party's records for a unit, in which no two are alike."""
        return [
            *(o for t in self.before(unit) for o in t.ordered()),
            ordered(nodes.column(f"n{self.of(unit)}")),
        ]

    def trace(self, unit: Unit) -> Trace:
        return trace(self.before(unit), self.of_records(self.of(unit)))

    def before(self, unit: Unit) -> list[Term]:
        """The steps of a unit before those that one order of the party's records serves.

        A group goes by its own completeness first: what follows in that order agrees with it.
        """
        terms = self.terms(unit)
        last = _last_words(unit)
        if unit.group and "most_complete" in last:
            return terms[: len(terms) - len(last) + last.index("most_complete") + 1]
        return terms[: len(terms) - len(last)]

    def of(self, unit: Unit) -> int:
        """The number of the order of records that a unit's own ends in."""
        return self.orders.index(_last_words(unit))

    def of_records(self, number: int) -> list[Term]:
        """The steps of one order of whole records."""
        return [self._term(w, _RECORD) for w in self.orders[number]]

    def _term(self, word: str, unit: Unit) -> Term:
        one = unit.columns
        if word == "trusted":
            return number_term(word, nodes.column("t"), desc=False)
        if word in ("newest", "oldest"):
            changed = self.layout.changed_at
            moment = self.when(changed) if changed else nodes.null()
            return moment_term(word, moment, desc=word == "newest")
        if word == "verified":
            return moment_term(word, self._verified(unit), desc=True)
        if word == "most_complete":
            whole = number_term(word, nodes.column("f"), desc=True)
            return both(number_term(word, self._count(one), True), whole) if unit.group else whole
        if word == "most_common":
            held = exp.Coalesce(this=nodes.column(self.common(unit)), expressions=[nodes.number(1)])
            return number_term(word, held, desc=True)
        if word == "strictest":
            return strictest(self._typed(one))
        if word in ("longest", "shortest"):
            return number_term(word, self._length(one), desc=word == "longest")
        return Term(word, tuple(self.comparable(c) for c in one), word == "largest", None)

    def stands(self, column: str) -> exp.Expr:
        """Whether a record has a value of its own in a column."""
        return nodes.every([n for n in (nodes.present(self.cell(column)), self._own(column)) if n])

    def _own(self, column: str, table: str | None = None) -> exp.Expr | None:
        """Whether a cell is not borrowed; None where it never is."""
        if column not in self.borrowable:
            return None
        bit = nodes.number(1 << self.borrowable.index(column))
        masked = exp.BitwiseAnd(this=nodes.column("b", table), expression=nodes.cast(bit, "bigint"))
        return nodes.equal(nodes.paren(masked), nodes.number(0))

    def _count(self, columns: Iterable[str]) -> exp.Expr:
        """How many cells of a record are present."""
        return total(
            [
                nodes.when(nodes.present(self.cell(c)), nodes.number(1), nodes.number(0))
                for c in columns
            ]
        )

    def _typed(self, columns: Iterable[str]) -> list[tuple[exp.Expr, Type]]:
        return [(self.cell(c), self.layout.columns[c]) for c in columns]

    def _length(self, columns: Iterable[str]) -> exp.Expr:
        return total(
            [
                exp.Coalesce(
                    this=nodes.call("length", self._text(c, self.cell(c))),
                    expressions=[nodes.number(0)],
                )
                for c in columns
            ]
        )

    def _verified(self, unit: Unit) -> exp.Expr:
        """When the record's own values of a unit were verified, the latest of them."""
        proofs: list[exp.Expr] = []
        types = {
            self.layout.columns[v] for c, v in self.layout.verified.items() if c in unit.columns
        }
        for column in unit.columns:
            if column not in self.layout.verified:
                continue
            proof = self.when(self.layout.verified[column])
            if len(types) > 1:
                proof = nodes.cast(proof, "timestamp")
            proofs.append(nodes.when(self.stands(column), proof))
        if not proofs:
            return nodes.cast(nodes.null(), "timestamp")
        return nodes.call("greatest", *proofs) if len(proofs) > 1 else proofs[0]

    def common(self, unit: Unit) -> str:
        return f"m{self.layout.units.index(unit)}"

    def same(self, unit: Unit, table: str | None = None) -> list[exp.Expr]:
        """What is equal in the records of a party that hold the same value as their own. A group
        is compared as one text: no engine joins well where NULL equals NULL."""
        texts = [
            exp.Coalesce(this=self._text(c, self.cell(c, table)), expressions=[nodes.text("\x01")])
            for c in unit.columns
        ]
        value = self.compared(unit.columns[0], self.cell(unit.columns[0], table))
        if unit.group:
            value = nodes.concat([p for t in texts for p in (t, nodes.text("\x02"))])
        own = [o for c in unit.columns if (o := self._own(c, table)) is not None]
        return [nodes.column("p", table), value, *own]


_RECORD = Unit((), ())


def _last_words(unit: Unit) -> tuple[str, ...]:
    """The last words of a pick that compare whole records."""
    words = list(unit.picks)
    at = len(words)
    while at and words[at - 1] in OF_RECORDS:
        at -= 1
    return tuple(words[at:])


def total(parts: list[exp.Expr]) -> exp.Expr:
    added: exp.Expr = nodes.number(0)
    for part in parts:
        added = exp.Add(this=added, expression=part)
    return added
