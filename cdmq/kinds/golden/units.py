"""A unit of golden cells as SQL: what is present, and the order in which records win it.

Read from the ranked members, whose columns have names of our own: see members.py.
"""

from __future__ import annotations

from sqlglot import exp

from cdmq.kinds.golden.layout import Layout, Unit
from cdmq.kinds.golden.member_cells import Cells
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


class Units:
    """The units of one layout, for one engine. `borrowable`: the columns of the borrowed bits,
    `flagged` those of the marks of flags."""

    def __init__(
        self, layout: Layout, borrowable: tuple[str, ...], dialect: str, flagged: tuple[str, ...]
    ) -> None:
        self.layout, self.flagged = layout, flagged
        self.cells = Cells(layout, borrowable, dialect)
        #: The orders of whole records that the units end in.
        self.orders = list(dict.fromkeys(_last_words(u) for u in layout.units))

    def present(self, unit: Unit) -> exp.Expr:
        return nodes.any_of([nodes.present(self.cells.cell(c)) for c in unit.columns])

    def terms(self, unit: Unit) -> list[Term]:
        """The steps of a unit's order before the key, each with the word that names it."""
        found, half = [], None
        if len(unit.columns) > 2:
            half = exp.LT(
                this=exp.Mul(
                    this=nodes.paren(self.cells.count(unit.columns)), expression=nodes.number(2)
                ),
                expression=nodes.number(len(unit.columns)),
            )
        if marks := [f"z{i}" for i, c in enumerate(self.flagged) if c in unit.columns]:
            wrong = [nodes.present(nodes.column(m)) for m in marks]
            found.append(flag_term(VALID, nodes.any_of([*wrong, *([half.copy()] if half else [])])))
        if any(c in self.cells.borrowable for c in unit.columns):
            own = nodes.any_of([self.cells.stands(c) for c in unit.columns])
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
            moment = self.cells.when(changed) if changed else nodes.null()
            return moment_term(word, moment, desc=word == "newest")
        if word == "verified":
            return moment_term(word, self._verified(unit), desc=True)
        if word == "most_complete":
            whole = number_term(word, nodes.column("f"), desc=True)
            return (
                both(number_term(word, self.cells.count(one), True), whole) if unit.group else whole
            )
        if word == "most_common":
            held = exp.Coalesce(this=nodes.column(self.common(unit)), expressions=[nodes.number(1)])
            return number_term(word, held, desc=True)
        if word == "strictest":
            return strictest(self.cells.typed(one))
        if word in ("longest", "shortest"):
            return number_term(word, self.cells.length(one), desc=word == "longest")
        return Term(word, tuple(self.cells.comparable(c) for c in one), word == "largest", None)

    def _verified(self, unit: Unit) -> exp.Expr:
        """When the record's own values of a unit were verified, the latest of them."""
        proofs: list[exp.Expr] = []
        types = {
            self.layout.columns[v] for c, v in self.layout.verified.items() if c in unit.columns
        }
        for column in unit.columns:
            if column not in self.layout.verified:
                continue
            proof = self.cells.when(self.layout.verified[column])
            if len(types) > 1:
                proof = nodes.cast(proof, "timestamp")
            proofs.append(nodes.when(self.cells.stands(column), proof))
        if not proofs:
            return nodes.cast(nodes.null(), "timestamp")
        return nodes.call("greatest", *proofs) if len(proofs) > 1 else proofs[0]

    def common(self, unit: Unit) -> str:
        return f"m{self.layout.units.index(unit)}"

    def same(self, unit: Unit, table: str | None = None) -> list[exp.Expr]:
        """What is equal in the records of a party that hold the same value as their own. A group
        is compared as one text: no engine joins well where NULL equals NULL."""
        texts = [
            exp.Coalesce(
                this=self.cells.text(c, self.cells.cell(c, table)), expressions=[nodes.text("\x01")]
            )
            for c in unit.columns
        ]
        value = self.cells.compared(unit.columns[0], self.cells.cell(unit.columns[0], table))
        if unit.group:
            value = nodes.concat([p for t in texts for p in (t, nodes.text("\x02"))])
        own = [o for c in unit.columns if (o := self.cells.own(c, table)) is not None]
        return [nodes.column("p", table), value, *own]


_RECORD = Unit((), ())


def _last_words(unit: Unit) -> tuple[str, ...]:
    """The last words of a pick that compare whole records."""
    words = list(unit.picks)
    at = len(words)
    while at and words[at - 1] in OF_RECORDS:
        at -= 1
    return tuple(words[at:])
