"""How episodes are kept in little room, whatever they are of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.shape import Column, Table, View, columns

#: The last columns of an episode.
EPISODE_COLUMNS = """
    from_run text the run in which it was first seen
    to_run text the run that closed it; NULL while open
    closed_because text fixed, changed, gone, rekeyed, out_of_scope, rule_changed, \
both_changed, rule_removed
"""
#: What all rows of a rule have in common.
_OF_RULE = ("rule_id", "version", "dataset")
_COUNTED = {"records", *(c.name for c in columns(EPISODE_COLUMNS))}


@dataclass(frozen=True)
class Narrow:
    """What people read is a view: what many of its rows have in common stands once, and each row
    bears the number of that."""

    shown: Table
    #: What one row is called: the tables are named after it.
    one: str
    #: Columns that many rows have in common beside rule, version and dataset.
    more: tuple[str, ...]
    #: A table of what is told of values, by their number; and the column in which it stands there.
    beside: Table | None = None
    told: str = ""

    @property
    def common(self) -> tuple[str, ...]:
        return (*_OF_RULE, *self.more)

    @cached_property
    def rules(self) -> Table:
        """What many rows have in common."""
        name = self.shown.name
        return Table(
            f"{self.one}_rules",
            f"one row what many {name} have in common, by the number that they bear",
            (
                Column("judgement", "integer", "its number"),
                *(c for c in self.shown.columns if c.name in self.common),
                Column("from_run", "text", f"the first run that opened such a {self.one}"),
            ),
        )

    @cached_property
    def rows(self) -> Table:
        """What is a row's own, beside the number of what it has in common with others."""
        name, away = self.shown.name, (*self.common, self.told)
        return Table(
            f"{self.one}_rows",
            f"one row an episode, as it is kept; {name} shows it",
            (
                Column("judgement", "integer", f"the number in {self.rules.name}"),
                *(c for c in self.shown.columns if c.name not in away),
            ),
            hidden=self.shown.hidden,
            telling=self.shown.telling,
        )

    @property
    def tables(self) -> tuple[Table, ...]:
        return (self.rules, *((self.beside,) if self.beside else ()), self.rows)

    @cached_property
    def identity(self) -> tuple[str, ...]:
        """What tells one row from another with the same number."""
        return tuple(c for c in self.rows.names[1:] if c not in _COUNTED)

    @cached_property
    def view(self) -> View:
        query = nodes.select(
            [nodes.column(c, self._place(c)) for c in self.shown.names],
            nodes.table(Relation(self.rows.name), "r"),
        )
        self.join_rules(query, nodes.table(Relation(self.rules.name), "j"))
        if self.beside:
            keys = ["judgement", *(c for c in self.identity if c in self.beside.names)]
            same = [nodes.equal(nodes.column(c, "s"), nodes.column(c, "r")) for c in keys]
            nodes.left_join(query, nodes.table(Relation(self.beside.name), "s"), nodes.every(same))
        return View(self.shown, query.sql("duckdb"))

    def join_rules(self, query: exp.Select, rules: exp.Expr) -> None:
        """Join `rules`, as j, to the rows r of a query."""
        same = nodes.equal(nodes.column("judgement", "j"), nodes.column("judgement", "r"))
        query.append("joins", exp.Join(this=rules, on=same))

    def _place(self, column: str) -> str:
        return "j" if column in self.common else "s" if column == self.told else "r"
