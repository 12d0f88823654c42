"""The records of each party, with all that the order of a unit reads.

Columns have names of our own here: `p` party, `k` key, `c0`, `c1`, ... the dataset's columns in its
order, `b` the bits of borrowed cells, `t` place in `trust`, `f` present cells, `m0`, ... how many
records hold a unit's value, `n0`, ... the place of the record in its party, `a0`, ... what
separates it from others there, and its key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.sql.text_form import record_digest, text_of
from cdmq.stages.golden_layout import SOURCE, Layout, Unit
from cdmq.stages.golden_order import (
    FULLER,
    OF_RECORDS,
    OWN,
    Term,
    Trace,
    alike,
    both,
    flag_term,
    moment_term,
    number_term,
    ordered,
    trace,
    window,
)
from cdmq.steps import DatasetSteps


class Members:
    """Builds what golden_query and cells_query read, for one rule and one engine."""

    def __init__(self, layout: Layout, steps: DatasetSteps, xref: str, dialect: str) -> None:
        self.layout, self.dialect = layout, dialect
        self.steps, self.xref = steps.with_digests(), xref
        self.place = {c: f"c{i}" for i, c in enumerate(layout.columns)}
        self.borrowable = steps.stage.borrowable if steps.stage else ()
        self.orders = list(dict.fromkeys(_last_words(u) for u in layout.units))

    # one unit, read from the ranked members --------------------------------------------------

    def cell(self, column: str, table: str | None = None) -> exp.Expr:
        return nodes.column(self.place[column], table)

    def comparable(self, column: str) -> exp.Expr:
        """A cell as every engine compares it: text by code point, what we do not know as text."""
        return self.compared(column, self.cell(column))

    def compared(self, column: str, cell: exp.Expr) -> exp.Expr:
        type_ = self.layout.columns[column]
        if type_ in ("text", "unknown"):
            return nodes.by_code_point(text_of(cell, type_), self.dialect)
        return cell

    def present(self, unit: Unit) -> exp.Expr:
        return nodes.any_of([nodes.present(self.cell(c)) for c in unit.columns])

    def terms(self, unit: Unit) -> list[Term]:
        """The steps of a unit's order before the key, each with the word that names it."""
        found = []
        if any(c in self.borrowable for c in unit.columns):
            own = nodes.any_of([self.stands(c) for c in unit.columns])
            found.append(flag_term(OWN, exp.Not(this=nodes.paren(own))))
        if len(unit.columns) > 2:
            half = exp.LT(this=exp.Mul(this=nodes.paren(self._count(unit.columns)),
                                       expression=nodes.number(2)),
                          expression=nodes.number(len(unit.columns)))
            found.append(flag_term(FULLER, half))
        return found + [self._term(word, unit) for word in unit.picks]

    def order(self, unit: Unit) -> list[exp.Expr]:
        """The order of a party's records for a unit, in which no two are alike."""
        return [*(o for t in self.before(unit) for o in t.ordered()),
                ordered(nodes.column(f"n{self.of(unit)}"))]

    def trace(self, unit: Unit) -> Trace:
        after = [self._term(w, _RECORD) for w in self.orders[self.of(unit)]]
        return trace(self.before(unit), after)

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

    def _term(self, word: str, unit: Unit) -> Term:
        one = unit.columns
        if word == "trusted":
            return number_term(word, nodes.column("t"), desc=False)
        if word in ("newest", "oldest"):
            changed = self.layout.changed_at
            moment = self.cell(changed) if changed else nodes.null()
            return moment_term(word, moment, desc=word == "newest")
        if word == "verified":
            return moment_term(word, self._verified(unit), desc=True)
        if word == "most_complete":
            whole = number_term(word, nodes.column("f"), desc=True)
            return both(number_term(word, self._count(one), True), whole) if unit.group else whole
        if word == "most_common":
            held = exp.Coalesce(this=nodes.column(self._common(unit)),
                                expressions=[nodes.number(1)])
            return number_term(word, held, desc=True)
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
        return _sum([nodes.when(nodes.present(self.cell(c)), nodes.number(1), nodes.number(0))
                     for c in columns])

    def _length(self, columns: Iterable[str]) -> exp.Expr:
        return _sum([
            exp.Coalesce(this=nodes.call("length", text_of(self.cell(c), self.layout.columns[c])),
                         expressions=[nodes.number(0)])
            for c in columns])

    def _verified(self, unit: Unit) -> exp.Expr:
        """When the record's own values of a unit were verified, the latest of them."""
        proofs: list[exp.Expr] = []
        types = {self.layout.columns[v] for c, v in self.layout.verified.items()
                 if c in unit.columns}
        for column in unit.columns:
            if column not in self.layout.verified:
                continue
            proof = self.cell(self.layout.verified[column])
            if len(types) > 1:
                proof = nodes.cast(proof, "timestamp")
            proofs.append(nodes.when(self.stands(column), proof))
        if not proofs:
            return nodes.cast(nodes.null(), "timestamp")
        return nodes.call("greatest", *proofs) if len(proofs) > 1 else proofs[0]

    # the rows --------------------------------------------------------------------------------

    def joined(self, columns: Iterable[str]) -> exp.Select:
        """The records of the dataset with their party: `p`, `k` and columns."""
        wanted = set(columns)
        cells = {self.place[c]: nodes.column(c) for c in self.layout.columns if c in wanted}
        if self.borrowable:
            cells["b"] = nodes.column("__borrowed")
        return self._with_party(cells, list(cells))

    def _with_party(self, cells: Mapping[str, exp.Expr], kept: Iterable[str],
                    more: Iterable[exp.Expr] = ()) -> exp.Select:
        """Cells of the clean rows, joined by the key; `kept` of them and more that is made of them
        are shown."""
        key = self.steps.key_for(self.steps.relation)
        rows = nodes.select([nodes.alias(key, "k"), *(nodes.alias(n, a) for a, n in cells.items())],
                            logical(self.steps.relation))
        parties = nodes.select([nodes.alias(nodes.column("key"), "xk"),
                                nodes.alias(nodes.column("party_id"), "p")], logical(self.xref))
        query = nodes.select([nodes.column("p"), nodes.column("k"),
                              *(nodes.column(n) for n in kept), *more], nodes.subquery(rows, "r"))
        query.append("joins", exp.Join(
            this=nodes.subquery(parties, "x"),
            on=nodes.equal(nodes.column("xk", "x"), nodes.column("k", "r"))))
        return query

    def records(self) -> exp.Select:
        """The same with all that orders them: `b`, `t`, `f`, and `d`, the digest of the record.

        `d` tells records apart whose key stands twice, and is only computed where one does. It is
        made above the join: beside the key, which knows it too, DuckDB would compute it always.
        """
        layout = self.layout
        cells: dict[str, exp.Expr] = {p: nodes.column(c) for c, p in self.place.items()}
        if self.borrowable:
            cells["b"] = nodes.column("__borrowed")
        cells["t"] = self._trust()
        cells["f"] = _sum([nodes.when(nodes.present(nodes.column(c)), nodes.number(1),
                                      nodes.number(0)) for c in layout.columns])
        digest = record_digest([(self.cell(c), t) for c, t in layout.columns.items()])
        needed = {*layout.picked, *layout.verified.values(), layout.changed_at}
        kept = [self.place[c] for c in layout.columns if c in needed]
        return self._with_party(cells, [*kept, *(n for n in ("b", "t", "f") if n in cells)],
                                [nodes.alias(nodes.when(self._doubled(), digest), "d")])

    def ranked(self) -> exp.Select:
        """The members with their places."""
        layout = self.layout
        rows = self.records()
        shown: list[exp.Expr] = [nodes.column(e.alias_or_name, "j") for e in rows.expressions]
        common = [u for u in layout.units if "most_common" in u.picks]
        shown += [nodes.alias(nodes.column("m", self._common(u)), self._common(u)) for u in common]
        for i, words in enumerate(self.orders):
            terms = [self._term(w, _RECORD) for w in words]
            key = ordered(nodes.by_code_point(nodes.column("k"), self.dialect))
            places = [*(o for t in terms for o in t.ordered()), key, ordered(nodes.column("d"))]
            shown.append(nodes.alias(
                window(nodes.call("row_number"), [nodes.column("p")], places), f"n{i}"))
            shown.append(nodes.alias(nodes.concat([alike(terms), nodes.column("k")]), f"a{i}"))
        if not common:
            return nodes.select(shown, nodes.subquery(rows, "j"))
        query = nodes.select(shown, named("__cdmq_records", "j"))
        for unit in common:
            self._join_holders(query, unit)
        with_cte(query, "__cdmq_records", rows)
        return query

    def _join_holders(self, query: exp.Select, unit: Unit) -> None:
        """How many records of the party hold the same value as their own; a key that stands twice
        is one record. Values that one record alone holds are left out.

        A join a unit: its rows stream through all of them, where windows would sort them each time.
        """
        name, keys = self._common(unit), self._same(unit)
        held = exp.Count(this=exp.Distinct(expressions=[nodes.column("k")]))
        found = nodes.select(
            [nodes.alias(n, f"x{i}") for i, n in enumerate(keys)] + [nodes.alias(held, "m")],
            named("__cdmq_records"), self.present(unit))
        nodes.group_by(found, [n.copy() for n in keys])
        found.set("having", exp.Having(this=exp.GT(this=held.copy(), expression=nodes.number(1))))
        nodes.left_join(query, nodes.subquery(found, name), nodes.every([
            nodes.equal(nodes.column(f"x{i}", name), n)
            for i, n in enumerate(self._same(unit, "j"))]))

    def _common(self, unit: Unit) -> str:
        return f"m{self.layout.units.index(unit)}"

    def _same(self, unit: Unit, table: str | None = None) -> list[exp.Expr]:
        """What is equal in the records of a party that hold the same value as their own. A group
        is compared as one text: no engine joins well where NULL equals NULL."""
        texts = [exp.Coalesce(this=text_of(self.cell(c, table), self.layout.columns[c]),
                              expressions=[nodes.text("\x01")]) for c in unit.columns]
        value = self.compared(unit.columns[0], self.cell(unit.columns[0], table))
        if unit.group:
            value = nodes.concat([p for t in texts for p in (t, nodes.text("\x02"))])
        own = [o for c in unit.columns if (o := self._own(c, table)) is not None]
        return [nodes.column("p", table), value, *own]

    def _trust(self) -> exp.Expr:
        """A source's place in `trust`; those not listed come last, together."""
        labels = self.layout.trust
        if not labels or SOURCE not in self.layout.columns:
            return nodes.number(0)
        return nodes.cases(
            [(nodes.equal(nodes.column(SOURCE), nodes.text(label)), nodes.number(i))
             for i, label in enumerate(labels)], nodes.number(len(labels)))

    def _doubled(self) -> exp.Expr:
        """Whether a key stands twice anywhere: there are more records than keys."""
        count = exp.Count(this=exp.Star())
        rows, keys = (exp.Subquery(this=nodes.select([count.copy()], logical(name)))
                      for name in (self.steps.relation, self.xref))
        return exp.GT(this=rows, expression=keys)


_RECORD = Unit((), ())


def named(name: str, alias: str | None = None) -> exp.Table:
    """A relation of the same statement."""
    table = exp.Table(this=nodes.name(name))
    if alias:
        table.set("alias", exp.TableAlias(this=nodes.name(alias)))
    return table


def with_cte(query: exp.Select, name: str, made: exp.Select) -> None:
    """Put `made` before a query, by a name."""
    one = exp.CTE(this=made, alias=exp.TableAlias(this=nodes.name(name)))
    clause = query.args.get("with_")
    if clause is None:
        query.set("with_", exp.With(expressions=[one]))
    else:
        clause.append("expressions", one)


def _last_words(unit: Unit) -> tuple[str, ...]:
    """The last words of a pick that compare whole records."""
    words = list(unit.picks)
    at = len(words)
    while at and words[at - 1] in OF_RECORDS:
        at -= 1
    return tuple(words[at:])


def _sum(parts: list[exp.Expr]) -> exp.Expr:
    total: exp.Expr = nodes.number(0)
    for part in parts:
        total = exp.Add(this=total, expression=part)
    return total
