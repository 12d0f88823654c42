"""What stands in a DuckDB file, who reads it, and what others put on it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import sqlglot
from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.values import Materialization
from cdmq.warehouses import _duckdb_standing as known
from cdmq.warehouses._duckdb_standing import Fetch, same_name
from cdmq.warehouses.base import Attached, Reader, Standing

_SCHEMAS = "SELECT schema_name FROM duckdb_schemas() WHERE database_name = current_database()"


class DuckDBInventory:
    """Of the file that `fetch` asks, whose outputs go to `schema`."""

    def __init__(self, fetch: Fetch, schema: str) -> None:
        self._fetch, self._schema = fetch, schema

    def has_schema(self, name: str) -> bool:
        return name.lower() in {s.lower() for (s,) in self._fetch(_SCHEMAS)}

    def lacking(self, schemas: Sequence[str], sources: Sequence[Relation]) -> list[tuple[str, str]]:
        return []  # a file that opens for writing may be written as a whole

    def relations(self, schema: str) -> dict[str, Literal["table", "view"]]:
        return {name: type_ for type_, name, *_ in known.relations(self._fetch, schema)}

    def standing(self, schema: str) -> list[Standing]:
        return known.standing(self._fetch, schema)

    def content(self, of: Standing, schema: str) -> str | None:
        return known.content(self._fetch, of, schema)

    def readers(self, of: Sequence[Relation]) -> list[Reader]:
        return []  # a view is its text: what it reads may be dropped and made again

    def views_over(self, of: Relation) -> list[Relation]:
        name = re.compile(rf"(?<!\w){re.escape(of.name)}(?!\w)", re.IGNORECASE)
        shown = [nodes.column(c) for c in ("schema_name", "view_name", "sql")]
        views = nodes.select(
            shown, nodes.call("duckdb_views"), exp.Not(this=nodes.column("internal"))
        )
        return [
            found
            for schema, view, sql in self._fetch(views.sql("duckdb"))
            if (found := Relation(view, schema)) != of and name.search(sql)
        ]

    def held(self, of: Sequence[Relation]) -> set[Relation]:
        return set()  # no grants, and what reads a relation finds it by its name

    def attached(self, to: Mapping[Relation, Materialization | None]) -> list[Attached]:
        found = []
        names = {r.name.lower(): r for r in to}
        for standing in self.standing(self._schema) if to else ():
            relation = names.get(standing.name.lower())
            if relation and standing.comment and not standing.marked:
                said = nodes.comment(relation, to[relation] or standing.type, standing.comment)
                found.append(Attached(relation, "its comment", said.sql("duckdb")))
        for table, column, comment in (
            self._fetch(self._ours("columns", ["table_name", "column_name", "comment"]))
            if to
            else ()
        ):
            if comment and (relation := names.get(table.lower())):
                at = nodes.name(column).sql("duckdb")
                found.append(
                    Attached(
                        relation,
                        f"the comment of {column}",
                        f"COMMENT ON COLUMN "
                        f"{nodes.table(relation).sql('duckdb')}.{at} IS "
                        f"{nodes.text(comment).sql('duckdb')}",
                        column,
                    )
                )
        for table, name, sql in (
            self._fetch(self._ours("indexes", ["table_name", "index_name", "sql"])) if to else ()
        ):
            if relation := names.get(table.lower()):
                again = self._indexed(sql) if to[relation] != "view" else None
                found.append(Attached(relation, f"the index {name}", again))
        return found

    def _ours(self, what: str, columns: Sequence[str]) -> str:
        """A query of what the catalog says of the target's schema."""
        return nodes.select(
            [nodes.column(c) for c in columns],
            nodes.call(f"duckdb_{what}"),
            nodes.every(
                [
                    nodes.equal(nodes.column("database_name"), nodes.call("current_database")),
                    same_name("schema_name", self._schema),
                ]
            ),
        ).sql("duckdb")

    def _indexed(self, sql: str) -> str:
        """The statement of an index, with the schema of its table."""
        made = sqlglot.parse_one(sql, dialect="duckdb")
        for table in made.find_all(exp.Table):
            table.set("db", nodes.name(self._schema))
        return made.sql("duckdb")

    def fits(self, old: Relation, new: Relation) -> bool:
        raise NotImplementedError  # nothing is held

    def refill(self, old: Relation, new: Relation) -> None:
        raise NotImplementedError  # nothing is held

    def hindrances(self, of: Mapping[Relation, Sequence[str]]) -> list[tuple[Relation, str]]:
        return []
