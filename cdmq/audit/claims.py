"""May cdmq write here? What stands in the audit schema, looked at before a statement is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.ledger import Ledger
from cdmq.audit.migrations import former, shown
from cdmq.audit.register import Register
from cdmq.audit.register_rows import Entries
from cdmq.audit.tables import REGISTER, RUNS, SCHEMA_TABLE, audit_schema
from cdmq.problems import CdmqError, Problem, Span
from cdmq.sql import nodes
from cdmq.sql.relation import Relation

if TYPE_CHECKING:
    from cdmq.audit.stated import Stated
    from cdmq.warehouses.base import Standing, Warehouse

#: The columns by which an audit schema of any cdmq is known.
_OLDEST = {"version", "cdmq_version", "applied"}


def claim(warehouse: Warehouse, stated: Stated, project: str, run_id: str) -> Register:
    """The register; an empty one where none is there yet. `stated`: what is to stand there.

    Raises CdmqError where a relation that cdmq did not make bears the name of an audit table, and
    where another project's audit rows stand there. Sends nothing but questions.
    """
    ledger = Ledger(warehouse, schema := audit_schema(warehouse), run_id)
    there = {warehouse.traits.fold(s.name): s for s in warehouse.inventory.standing(schema)}
    register = None
    if set(REGISTER.names) <= _columns(there, REGISTER.name):
        register = Register(Entries.read(ledger, project))
    older = register is None and _columns(there, SCHEMA_TABLE.name) >= _OLDEST
    problems, relations = [], stated.relations
    #: Who reads is in another schema; and a first run may have died before it wrote the register.
    alone = not warehouse.traits.transactions
    for name, standing in sorted(there.items()):
        if name not in relations:
            continue
        wanted, own = relations[name], set(standing.columns)
        if register or alone:  # a newer cdmq may have added columns
            known = alone or (register is not None and register.knows(schema, name))
            ours = known and (not wanted or set(wanted.names[:2]) <= own)
        else:
            ours = older and (not wanted or own <= {*wanted.names, *former(name).values()})
        if was := shown(name) if standing.type == "table" else None:  # it becomes a view
            ours = ours and (bool(register) or own <= was)
        elif standing.type != ("table" if wanted else "view"):
            ours = False
        if not ours:
            problems.append(_stranger(standing, schema))
    if problems:
        raise CdmqError(problems)
    owner = _owner(warehouse, schema, register, there)
    if owner not in (None, project):
        raise CdmqError(
            Problem(
                Span("cdmq_project.yml"),
                "CDMQ442",
                f"the audit tables in {schema} are those of the "
                f"project {owner}: this is the project {project}, and would close its flags",
                "give this project's target a schema of its own (schema: NAME in profiles.yml); if it "
                f"is the same project under a new name: cdmq debug --adopt-project {owner}",
            )
        )
    return register or Register(Entries(ledger, project))


def _stranger(standing: Standing, schema: str) -> Problem:
    return Problem(
        Span(f"schema {schema}"),
        "CDMQ441",
        f"{schema}.{standing.name} is a "
        f"{standing.type} that cdmq did not make, and an audit table needs its name",
        "give the target in profiles.yml another schema (schema: NAME; the audit tables "
        "stand in NAME_cdmq), or move what stands there",
    )


def _columns(there: Mapping[str, Standing], name: str) -> set[str]:
    return set(there[name].columns) if name in there else set()


def _owner(
    warehouse: Warehouse, schema: str, register: Register | None, there: Mapping[str, Standing]
) -> str | None:
    """The project that the audit rows belong to."""
    if register and register.entries.owner:
        return register.entries.owner
    if RUNS.name not in there:
        return None
    last = nodes.select([nodes.column("project")], nodes.table(Relation(RUNS.name, schema)))
    rows = warehouse.fetch(
        last.order_by(exp.Ordered(this=nodes.column("run_id"), desc=True))
        .limit(1)
        .sql(warehouse.dialect)
    )
    return str(rows[0][0]) if rows else None
