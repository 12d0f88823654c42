"""leading: how a run is published where a warehouse has no transactions over several statements.

What people read under a name is a view that leads to a state: a relation that one run made and no
other changes. While a run publishes, the view has both, the state before and the new one, and the
run's row in `runs` decides which is shown: that one row moves all views at once. Afterwards they
are made short, and the states that no view needs are dropped. Whatever ends a run in between, the
row is there or it is not; the next command settles the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.counting import take_back
from cdmq.audit.register_rows import Entry
from cdmq.audit.tables import RUNS, audit_schema, read_schema
from cdmq.outcomes import Built, Executed
from cdmq.sql import nodes
from cdmq.sql.duckdb_types import WRITTEN
from cdmq.sql.logical import STAGED, placed
from cdmq.sql.relation import Relation
from cdmq.sql.types import Type

if TYPE_CHECKING:
    from cdmq.audit.register import Register
    from cdmq.sql.shape import Table


def lead(register: Register, executed: Executed, made: Sequence[Built]) -> list[Relation]:
    """Make the states of a run, and views that lead to them as soon as the run counts."""
    warehouse = register.warehouse
    register.standing(again=True)
    for built in made:  # before a statement is sent
        register.check(built.final)
    register.entries.write([_entry(register, built) for built in made])
    for built in made:
        if built.query is not None:
            table = built.materialized == "table"
            if not table and register.stands(built.staged):
                warehouse.run(nodes.drop(built.staged, "view").sql(warehouse.dialect))
            names = executed.names.staged if table else executed.names.final
            query = placed(built.query.copy(), names)
            state = nodes.create(built.staged, query, built.materialized.upper())
            warehouse.run(state.sql(warehouse.dialect))
        _lead(register, built)
    return [b.final for b in made]


def _entry(register: Register, built: Built) -> Entry:
    """The row of a state that is about to be made: of which name it is the state."""
    schema, final = register.warehouse.schema, built.final.name
    return register.entries.new(schema, built.staged.name, built.materialized, None, final)


def _lead(register: Register, built: Built) -> None:
    warehouse = register.warehouse
    before = state_of(register, built.final)
    here = exp.Exists(
        this=nodes.select(
            [nodes.number(1)],
            nodes.table(Relation(RUNS.name, read_schema(warehouse))),
            nodes.equal(nodes.column("run_id"), nodes.text(register.run_id)),
        )
    )
    new = warehouse.columns(built.staged) or {}
    old = (warehouse.columns(before) or {}) if before else {}
    both = {**new, **{c: t for c, t in old.items() if c not in new}}
    query: exp.Query = _shown(built.staged, new, both, here)
    if before:
        query = nodes.union_all([query, _shown(before, old, both, exp.Not(this=here.copy()))])
    made = nodes.create(built.final, query, "VIEW", replace=True)
    warehouse.run(made.sql(warehouse.dialect))


def _shown(
    state: Relation, own: Mapping[str, Type], both: Mapping[str, Type], where: exp.Expr
) -> exp.Select:
    """A state with the columns of two: NULL for one that it lacks, as the type of the new one."""
    shown = []
    for name, type_ in both.items():
        value: exp.Expr = nodes.column(name) if name in own else nodes.null()
        if own.get(name) != type_ and type_ in WRITTEN:
            value = exp.TryCast(this=value, to=exp.DataType.build(WRITTEN[type_], dialect="duckdb"))
        shown.append(nodes.alias(value, name))
    return nodes.select(shown, nodes.table(state), where)


def settle(register: Register, tables: Iterable[Table]) -> None:
    """Take back what runs wrote that do not count, let the views lead to the states of those
    that do, and drop the other states."""
    warehouse = register.warehouse
    take_back(warehouse, tables)
    runs = nodes.table(Relation(RUNS.name, audit_schema(warehouse)))
    query = nodes.select([nodes.column("run_id")], runs).sql(warehouse.dialect)
    counted = {run for (run,) in warehouse.fetch(query)}
    register.standing(again=True)
    led, left = [], []
    for name, states in _states(register).items():
        good = [s for s in states if s.from_run in counted]
        if len(good) == len(states) == 1 and good[0].from_run != register.run_id:
            continue
        final = Relation(name, warehouse.schema)
        if good:
            state = Relation(max(good, key=lambda s: s.from_run).name, warehouse.schema)
            plain = nodes.select([exp.Star()], nodes.table(state))
            made = nodes.create(final, plain, "VIEW", replace=True)
            warehouse.run(made.sql(warehouse.dialect))
            led.append(final)
            left += [s for s in states if s.name != state.name]
        else:
            register.drop(final)
            left += [*states, *([own] if (own := register.entry(final)) else [])]
    register.enter(dict.fromkeys(led))
    for one in left:
        register.drop(Relation(one.name, warehouse.schema))
    register.entries.forget(left)


def state_of(register: Register, final: Relation) -> Relation | None:
    """The state that a name leads to; of one run before, as every command settles first."""
    states = [s for s in _states(register).get(final.name, ()) if s.from_run != register.run_id]
    return Relation(states[0].name, final.schema) if states else None


def _states(register: Register) -> dict[str, list[Entry]]:
    """Name -> the states that were made for it."""
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in register.entries.known.values():
        if entry.name.startswith(STAGED) and entry.made_of:
            found[entry.made_of].append(entry)
    return found
