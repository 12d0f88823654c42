"""What stands in a PostgreSQL database, who reads it, and what others put on it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from psycopg.pq import TransactionStatus

from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.values import Materialization
from cdmq.warehouses import _postgres_catalog as catalog
from cdmq.warehouses._postgres_connection import BY_INDEX, WHOLE
from cdmq.warehouses.base import MARK, Attached, Reader, Standing

if TYPE_CHECKING:
    from psycopg import ConnectionInfo

    from cdmq.warehouses.postgres import Postgres

_RELATIONS = """
SELECT c.relname, CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
"""
_STANDING = """
SELECT c.relname, CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view'
        WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
        WHEN 'p' THEN 'partitioned table' WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'type'
        ELSE 'index' END,
    c.oid::text, obj_description(c.oid, 'pg_class'),
    ARRAY(SELECT a.attname::text FROM pg_attribute AS a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = %s
UNION ALL
SELECT t.typname, 'type', t.oid::text, NULL, '{}'
FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE n.nspname = %s AND t.typrelid = 0 AND NOT (t.typelem <> 0 AND t.typcategory = 'A')
"""
_READERS = """
WITH RECURSIVE reader (oid, depth) AS (
    SELECT to_regclass(n)::oid, 0 FROM unnest(%s::text[]) AS t (n)
    UNION
    SELECT w.ev_class, r.depth + 1 FROM reader AS r
    JOIN pg_depend AS d ON d.refobjid = r.oid AND d.refclassid = 'pg_class'::regclass
        AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite AS w ON w.oid = d.objid AND w.ev_class <> r.oid
)
SELECT n.nspname, c.relname, format('DROP %%s %%I.%%I', k.type, n.nspname, c.relname),
    format('CREATE %%s %%I.%%I AS %%s', k.type, n.nspname, c.relname, pg_get_viewdef(c.oid))
FROM reader AS r JOIN pg_class AS c USING (oid) JOIN pg_namespace AS n ON n.oid = c.relnamespace,
    LATERAL (SELECT CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END) AS k (type)
WHERE r.depth > 0 GROUP BY c.oid, n.nspname, c.relname, k.type ORDER BY max(r.depth)
"""


class PostgresInventory:
    """Of the database that a connection is to."""

    def __init__(self, at: Postgres, info: ConnectionInfo) -> None:
        self._at, self._info = at, info

    def ask(
        self, sql: str, values: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """What a query of the catalog finds, which has an index on what it is asked by: in a
        transaction too, in which a run compares whole tables."""
        if self._info.transaction_status != TransactionStatus.INTRANS:
            return self._at.fetch(sql, values)
        self._at.run(BY_INDEX)
        found = self._at.fetch(sql, values)
        self._at.run(WHOLE)
        return found

    def has_schema(self, name: str) -> bool:
        return bool(self._at.fetch("SELECT 1 FROM pg_namespace WHERE nspname = %s", [name]))

    def lacking(self, schemas: Sequence[str], sources: Sequence[Relation]) -> list[tuple[str, str]]:
        names = [nodes.table(r).sql("postgres") for r in sources]
        values = [list(schemas), list(schemas), names, names]
        return [(str(a), str(b)) for a, b in self.ask(catalog.LACKING, values)]

    def relations(self, schema: str) -> dict[str, Literal["table", "view"]]:
        return dict(self._at.fetch(_RELATIONS, [schema]))

    def standing(self, schema: str) -> list[Standing]:
        return [
            Standing(name, type_, identity, comment, tuple(columns))
            for name, type_, identity, comment, columns in self.ask(_STANDING, [schema, schema])
        ]

    def content(self, of: Standing, schema: str) -> str | None:
        return None  # the oid tells

    def readers(self, of: Sequence[Relation]) -> list[Reader]:
        names = [nodes.table(r).sql("postgres") for r in of]
        return [
            Reader(Relation(name, schema), drop, create)
            for schema, name, drop, create in self.ask(_READERS, [names])
        ]

    def views_over(self, of: Relation) -> list[Relation]:
        return [r.relation for r in self.readers([of])]

    def held(self, of: Sequence[Relation]) -> set[Relation]:
        names = {nodes.table(r).sql("postgres"): r for r in of}
        return {names[n] for (n,) in self.ask(catalog.HELD, {"names": list(names), "mark": MARK})}

    def attached(self, to: Mapping[Relation, Materialization | None]) -> list[Attached]:
        names = {nodes.table(r).sql("postgres"): r for r in to}
        return [
            Attached(names[n], what, sql, column)
            for n, column, what, sql in self.ask(
                catalog.ATTACHED, {"names": list(names), "types": list(to.values()), "mark": MARK}
            )
        ]

    def fits(self, old: Relation, new: Relation) -> bool:
        before, after = self._shape(old), self._shape(new)
        if {type_ for *_, type_ in before} != {type_ for *_, type_ in after}:
            return False
        if before and before[0][2] == "v":
            return after[: len(before)] == before
        return set(before) <= set(after)

    def refill(self, old: Relation, new: Relation) -> None:
        there = {name for name, *_ in self._shape(old)}
        to, source = (nodes.table(r).sql("postgres") for r in (old, new))
        names = []
        for name, type_, _ in self._shape(new):
            names.append(nodes.name(name).sql("postgres"))
            if name not in there:
                self._at.run(f"ALTER TABLE {to} ADD COLUMN {names[-1]} {type_}")
        listed = ", ".join(names)
        self._at.run(f"TRUNCATE ONLY {to}")  # never a table of others that inherits from it
        self._at.run(f"INSERT INTO {to} ({listed}) SELECT {listed} FROM {source}")
        self._at.run(f"DROP TABLE {source}")

    def _shape(self, relation: Relation) -> list[tuple[Any, ...]]:
        return self.ask(catalog.SHAPE, [nodes.table(relation).sql("postgres")])

    def hindrances(self, of: Mapping[Relation, Sequence[str]]) -> list[tuple[Relation, str]]:
        names = {nodes.table(r).sql("postgres"): r for r in of}
        rows = self.ask(
            catalog.HINDRANCES,
            {"names": list(names), "columns": [json.dumps(list(of[r])) for r in names.values()]},
        )
        return [(names[n], why) for n, why in rows]
