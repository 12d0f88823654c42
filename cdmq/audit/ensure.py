"""The audit tables as they stand in a warehouse, brought to what they are stated to be.

What an older cdmq wrote lacks tables and columns that came later: they are added, empty. Nothing
is dropped or retyped; a table that cannot be read so any more is brought over by a migration.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.counting import show_counted
from cdmq.audit.migrations import MIGRATIONS
from cdmq.audit.register import Register
from cdmq.audit.tables import SCHEMA_TABLE, VERSION, audit_schema, read_schema
from cdmq.audit.turning import Turning
from cdmq.problems import CdmqError, Problem, Span
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.shape import Table, column_def, create_table

if TYPE_CHECKING:
    from cdmq.audit.stated import Stated
    from cdmq.warehouses.base import Warehouse


def ensure(register: Register, stated: Stated, cdmq_version: str, now: datetime) -> None:
    """Make the audit tables that are stated, or add what an older set of them lacks, and write
    that down in the register.

    Where the last row of `schema_version` has the digest of what is stated, that was done before.
    Raises CdmqError where a newer cdmq wrote them.
    """
    warehouse = register.warehouse
    schema = audit_schema(warehouse)
    for name in dict.fromkeys((warehouse.schema, schema, read_schema(warehouse))):
        if not warehouse.inventory.has_schema(name):  # who may not make one may have been given one
            warehouse.run(f"CREATE SCHEMA {nodes.name(name).sql(warehouse.dialect)}")
    warehouse.prepare(schema)
    shape = stated.digest()
    with warehouse.transaction():
        _complete(warehouse, [SCHEMA_TABLE], schema)
        version, last = _latest(warehouse, schema)
        if version > VERSION:
            raise CdmqError(
                Problem(
                    Span(schema),
                    "CDMQ420",
                    f"the audit tables have version {version}, this cdmq knows {VERSION}",
                    "use the newer cdmq that wrote them",
                )
            )
        if last == shape:
            return
        turned = _bring_over(register, schema, version)
        _complete(warehouse, stated.tables, schema)
        for view in stated.views:
            warehouse.run(view.create(schema).sql(warehouse.dialect))
        for one in reversed(turned):  # what was dropped last may be read by what went before
            one.put_back()
        if not warehouse.traits.transactions:
            show_counted(warehouse, stated)
        register.enter_audit(stated.relations)
        types = {c.name: c.type for c in SCHEMA_TABLE.columns}
        warehouse.insert(
            Relation(SCHEMA_TABLE.name, schema), types, [[VERSION, cdmq_version, now, shape]]
        )


def _latest(warehouse: Warehouse, schema: str) -> tuple[int, str | None]:
    """The highest version there, and the digest of the row added last."""
    query = nodes.select(
        [nodes.column(name) for name in ("version", "shape")],
        nodes.table(Relation(SCHEMA_TABLE.name, schema)),
    ).order_by(nodes.column("applied"))
    rows = warehouse.fetch(query.sql(warehouse.dialect))
    return max((r[0] for r in rows), default=0), rows[-1][1] if rows else None


def _bring_over(register: Register, schema: str, version: int) -> list[Turning]:
    """What a migration must rewrite, of those after `version`; gives what is to be put back on
    tables that become views, when those are made."""
    warehouse, turned = register.warehouse, []
    types = warehouse.inventory.relations(schema)
    for migration in MIGRATIONS:
        at = Relation(migration.table, schema)
        there = warehouse.columns(at) or {}
        if not migration.applies(version, types.get(migration.table), there):
            continue
        if migration.shown:
            turned.append(Turning(register, at))
        for statement in migration.sent(schema, warehouse.dialect):
            warehouse.run(statement)
    return turned


def _complete(warehouse: Warehouse, tables: Sequence[Table], schema: str) -> None:
    known = warehouse.inventory.relations(schema)
    for table in tables:
        at = Relation(table.name, schema)
        if table.name not in known:
            warehouse.run(create_table(table, schema).sql(warehouse.dialect))
            continue
        there = warehouse.columns(at) or {}
        for column in table.columns:
            if column.name not in there:
                added = exp.Alter(this=nodes.table(at), kind="TABLE", actions=[column_def(column)])
                warehouse.run(added.sql(warehouse.dialect))
