"""The records of each party, with all that the order of a unit reads.

Columns have names of our own here: `p` party, `k` key, `c0`, `c1`, ... the dataset's columns in its
order, `b` the bits of borrowed cells, `t` place in `trust`, `f` present cells, `m0`, ... how many
records hold a unit's value, `z0`, ... 1 where a cell carries a flag, `n0`, ... the place of the
record in its party, `a0`, ... what separates it from others there, and its key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from cdmq.kinds.golden.layout import SOURCE, Layout, Unit
from cdmq.kinds.golden.member_cells import total
from cdmq.kinds.golden.order import alike, ordered, window
from cdmq.kinds.golden.units import Units
from cdmq.sql import nodes
from cdmq.sql.dialects import dialect_of
from cdmq.sql.logical import logical
from cdmq.sql.text_form import record_digest, text_of
from cdmq.steps import DatasetSteps


@dataclass(frozen=True)
class Flagged:
    """Where the flags of cells stand: a relation with `key`, and 1 in `z0`, `z1`, ... of a record
    that has one in the column of that place."""

    relation: str = ""
    columns: tuple[str, ...] = ()


UNFLAGGED = Flagged()


class Members:
    """Builds what golden_query and cells_query read, for one rule and one engine."""

    def __init__(
        self, layout: Layout, steps: DatasetSteps, xref: str, dialect: str, flagged: Flagged
    ) -> None:
        self.layout, self.dialect, self.flagged = layout, dialect, flagged
        self.steps, self.xref = steps.with_digests(), xref
        self.units = Units(
            layout, steps.stage.borrowable if steps.stage else (), dialect, flagged.columns
        )

    def joined(self, columns: Iterable[str]) -> exp.Select:
        """The records of the dataset with their party: `p`, `k` and columns."""
        wanted = set(columns)
        cells = {
            self.units.cells.place[c]: self._read(c) for c in self.layout.columns if c in wanted
        }
        if self.units.cells.borrowable:
            cells["b"] = nodes.column("__borrowed")
        return self._with_party(cells, list(cells))

    def _read(self, column: str) -> exp.Expr:
        """Where no list can be picked from several, it is carried as text."""
        value = nodes.column(column)
        if self.layout.columns[column] != "list":
            return value
        picked = dialect_of(self.units.cells.dialect).queries.first_of_lists
        return value if picked else nodes.cast(value, "text")

    def _with_party(
        self, cells: Mapping[str, exp.Expr], kept: Iterable[str], more: Iterable[exp.Expr] = ()
    ) -> exp.Select:
        """Cells of the clean rows, joined by the key; `kept` of them and more that is made of them
        are shown."""
        key = self.steps.key_for(self.steps.relation)
        rows = nodes.select(
            [nodes.alias(key, "k"), *(nodes.alias(n, a) for a, n in cells.items())],
            logical(self.steps.relation),
        )
        parties = nodes.select(
            [nodes.alias(nodes.column("key"), "xk"), nodes.alias(nodes.column("party_id"), "p")],
            logical(self.xref),
        )
        query = nodes.select(
            [nodes.column("p"), nodes.column("k"), *(nodes.column(n) for n in kept), *more],
            nodes.subquery(rows, "r"),
        )
        query.append(
            "joins",
            exp.Join(
                this=nodes.subquery(parties, "x"),
                on=nodes.equal(nodes.column("xk", "x"), nodes.column("k", "r")),
            ),
        )
        return query

    def records(self) -> exp.Select:
        """The same with all that orders them: `b`, `t`, `f`, and `d`, the digest of the record.

        `d` tells records apart whose key stands twice, and is only computed where one does. It is
        made above the join: beside the key, which knows it too, DuckDB would compute it always.
        """
        layout = self.layout
        cells: dict[str, exp.Expr] = {p: self._read(c) for c, p in self.units.cells.place.items()}
        if self.units.cells.borrowable:
            cells["b"] = nodes.column("__borrowed")
        cells["t"] = self._trust()
        cells["f"] = total(
            [
                nodes.when(nodes.present(nodes.column(c)), nodes.number(1), nodes.number(0))
                for c in layout.columns
            ]
        )
        named = self.flagged.columns and self.steps.unnamed
        if named:
            cells["fk"] = self.steps.flags_key_for(self.steps.relation)
        digest = record_digest([(self.units.cells.cell(c), t) for c, t in layout.columns.items()])
        needed = {*layout.picked, *layout.verified.values(), layout.changed_at}
        kept = [self.units.cells.place[c] for c in layout.columns if c in needed]
        query = self._with_party(
            cells,
            [*kept, *(n for n in ("b", "t", "f") if n in cells)],
            [nodes.alias(nodes.when(self._doubled(), digest), "d")],
        )
        if self.flagged.columns:
            marks = [f"z{i}" for i in range(len(self.flagged.columns))]
            flags = nodes.select(
                [nodes.alias(nodes.column("key"), "zk"), *(nodes.column(m) for m in marks)],
                logical(self.flagged.relation),
            )
            nodes.left_join(
                query,
                nodes.subquery(flags, "z"),
                nodes.equal(nodes.column("zk", "z"), nodes.column("fk" if named else "k", "r")),
            )
            query.set("expressions", [*query.expressions, *(nodes.column(m, "z") for m in marks)])
        return query

    def ranked(self) -> exp.Select:
        """The members with their places."""
        layout = self.layout
        rows = self.records()
        shown: list[exp.Expr] = [nodes.column(e.alias_or_name, "j") for e in rows.expressions]
        common = [u for u in layout.units if "most_common" in u.picks]
        for name in map(self.units.common, common):
            shown.append(nodes.alias(nodes.column("m", name), name))
        for i in range(len(self.units.orders)):
            terms = self.units.of_records(i)
            key = ordered(nodes.by_code_point(nodes.column("k"), self.dialect))
            places = [*(o for t in terms for o in t.ordered()), key, ordered(nodes.column("d"))]
            shown.append(
                nodes.alias(window(nodes.call("row_number"), [nodes.column("p")], places), f"n{i}")
            )
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
        name, keys = self.units.common(unit), self.units.same(unit)
        held = exp.Count(this=exp.Distinct(expressions=[nodes.column("k")]))
        found = nodes.select(
            [nodes.alias(n, f"x{i}") for i, n in enumerate(keys)] + [nodes.alias(held, "m")],
            named("__cdmq_records"),
            self.units.present(unit),
        )
        nodes.group_by(found, [n.copy() for n in keys])
        found.set("having", exp.Having(this=exp.GT(this=held.copy(), expression=nodes.number(1))))
        nodes.left_join(
            query,
            nodes.subquery(found, name),
            nodes.every(
                [
                    nodes.equal(nodes.column(f"x{i}", name), n)
                    for i, n in enumerate(self.units.same(unit, "j"))
                ]
            ),
        )

    def _trust(self) -> exp.Expr:
        """A source's place in `trust`; those not listed come last, together."""
        labels = self.layout.trust
        if not labels or SOURCE not in self.layout.columns:
            return nodes.number(0)
        source = text_of(nodes.column(SOURCE), self.layout.columns[SOURCE])
        return nodes.cases(
            [
                (nodes.equal(source.copy(), nodes.text(label)), nodes.number(i))
                for i, label in enumerate(labels)
            ],
            nodes.number(len(labels)),
        )

    def _doubled(self) -> exp.Expr:
        """Whether a key stands twice anywhere: there are more records than keys."""
        count = exp.Count(this=exp.Star())
        rows, keys = (
            exp.Subquery(this=nodes.select([count.copy()], logical(name)))
            for name in (self.steps.relation, self.xref)
        )
        return exp.GT(this=rows, expression=keys)


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
