"""publish: staged relations take their final names, inside the transaction of the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.episode_tables import FLAGS
from cdmq.audit.renames import ids_of, today
from cdmq.audit.tables import RULE_VERSIONS, read_schema
from cdmq.kinds.running import Publishing
from cdmq.outcomes import Built, Executed
from cdmq.publishing.former import led_on
from cdmq.publishing.leading import lead, state_of
from cdmq.publishing.placing import Placing
from cdmq.sql import nodes
from cdmq.sql.logical import placed
from cdmq.sql.relation import Relation
from cdmq.steps import DatasetSteps
from cdmq.values import Dataset, Materialization

if TYPE_CHECKING:
    from cdmq.audit.register import Register
    from cdmq.warehouses.base import Warehouse


def publish(
    register: Register,
    executed: Executed,
    steps: Mapping[str, DatasetSteps],
    schema: str,
    renamed: Mapping[str, str],
    former: Mapping[str, str],
) -> list[Relation]:
    """Drop the old views and tables, rename the staged tables, make the views anew; what stands
    then. Raises StatementError where something that cdmq did not make bears one of the names.

    What a dataset that failed made stays unpublished: its last good state stands. Views of
    others that read what is dropped are made again as they were. The audit rows are written
    before: a table that splits a dataset by its flags holds those of this run. `former`: names
    before a renaming -> those of now, to which the old ones lead.
    """
    made = [b for b in executed.built if b.stays or b.dataset not in executed.failed]
    split = _split(steps, executed, schema, register.warehouse, renamed)
    made += split
    return _placed(register, executed, [*made, *led_on(register, executed, former, made)])


def renew(
    register: Register,
    executed: Executed,
    steps: Mapping[str, DatasetSteps],
    schema: str,
    renamed: Mapping[str, str],
) -> list[Relation]:
    """Split datasets anew where tables do that: `cdmq test` makes nothing, but finds flags."""
    register.standing(again=True)
    split = [
        b
        for b in _split(steps, executed, schema, register.warehouse, renamed)
        if (standing := register.stands(state_of(register, b.final) or b.final))
        and standing.type == "table"
    ]
    return (
        _placed(register, executed, [replace(b, materialized="table") for b in split])
        if split
        else []
    )


def _placed(register: Register, executed: Executed, made: Sequence[Built]) -> list[Relation]:
    warehouse = register.warehouse
    if not warehouse.traits.transactions:
        return lead(register, executed, made)
    for built in made:
        if built.materialized == "table" and built.query is not None:
            query = placed(built.query.copy(), executed.names.staged)
            warehouse.run(nodes.create(built.staged, query).sql(warehouse.dialect))
    register.standing(again=True)
    placing = Placing(register, made)
    for built in reversed(executed.built):  # each before what it reads
        if built.materialized == "view" or built not in made:
            _unstage(register, built)
    placing.clear()
    for built in made:
        if built.materialized == "table":
            placing.table(built.final, built.staged)
    for built in (b for b in made if b.materialized == "view"):
        assert built.query is not None
        placing.view(built.final, placed(built.query.copy(), executed.names.final))
    placing.put_back()
    return [*(b.final for b in made), *placing.ours]


def _unstage(register: Register, built: Built) -> None:
    """Drop what this run made for itself."""
    if register.stands(built.staged):
        warehouse = register.warehouse
        warehouse.run(nodes.drop(built.staged, built.materialized).sql(warehouse.dialect))


def _split(
    steps: Mapping[str, DatasetSteps],
    executed: Executed,
    schema: str,
    warehouse: Warehouse,
    renamed: Mapping[str, str],
) -> list[Built]:
    """`__flagged` and `__passed` of every dataset with rules; of parties and levels what is now."""
    found: list[Built] = []

    def add(dataset: str, name: str, how: Materialization, query: exp.Query) -> None:
        staged, final = executed.names.output(name)
        if how == "view":  # it tells what counts; a table is filled before this run does
            for table in query.find_all(exp.Table):
                if table.db == schema:
                    table.set("db", nodes.name(read_schema(warehouse)))
        found.append(Built(dataset, final, staged, how, query))

    for name, step in steps.items():
        if not step.validated or name in executed.failed or not step.dataset.key:
            continue
        names = [r for r, o in executed.outcomes.items() if o.rule.dataset == name]
        rule = today(nodes.column("rule_id", "f"), renamed, names)
        flagged = _flagged(step, schema, rule, warehouse.dialect)
        version = today(nodes.column("rule_id", "v"), renamed, names)
        passed = _passed(step, schema, rule, version)
        for ending, query in (("flagged", flagged), ("passed", passed)):
            add(name, f"{name}__{ending}", step.dataset.materialized, query)
    done = {s.rule for s in executed.states}
    at = Publishing(schema, ids_of(renamed), frozenset(executed.repeated), executed.as_of)
    for name, step in steps.items():
        for work in (*step.works, *((step.maker,) if step.maker else ())):
            if name in executed.failed or work.rule.id not in done:
                continue
            for view, query in work.views(at, step):
                mine = view.startswith(f"{name}__")
                add(name, view, step.dataset.materialized if mine else "view", query)
    return found


def _open_flags(dataset: Dataset, schema: str, shown: list[exp.Expr]) -> exp.Select:
    names = (dataset.name, *dataset.spec.formerly)
    return nodes.select(
        shown,
        nodes.table(Relation(FLAGS.name, schema), "f"),
        nodes.all_of(
            [
                nodes.one_of(nodes.column("dataset", "f"), names),
                nodes.is_null(nodes.column("to_run", "f")),
                nodes.present(nodes.column("key", "f")),
            ]
        ),
    )


def _rows(step: DatasetSteps) -> exp.Select:
    query = step.clean.copy()
    query.append("expressions", nodes.alias(step.with_digests().key.copy(), "__key"))
    return query


def _flagged(step: DatasetSteps, schema: str, rule: exp.Expr, dialect: str) -> exp.Select:
    key = nodes.column("key", "f")
    rule = nodes.by_code_point(rule, dialect)
    ordered = exp.Order(
        this=exp.Distinct(expressions=[rule]), expressions=[exp.Ordered(this=rule.copy())]
    )
    rules = exp.GroupConcat(this=ordered, separator=nodes.text(", "))
    open_ = nodes.group_by(
        _open_flags(step.dataset, schema, [key, nodes.alias(rules, "rules")]), [key.copy()]
    )
    query = nodes.select(
        [
            *(nodes.column(a.alias, "r") for a in step.clean.expressions),
            nodes.alias(nodes.column("rules", "x"), "__rules"),
        ],
        nodes.subquery(_rows(step), "r"),
    )
    query.append(
        "joins",
        exp.Join(
            this=nodes.subquery(open_, "x"),
            on=nodes.equal(nodes.column("__key", "r"), nodes.column("key", "x")),
        ),
    )
    return query


def _passed(step: DatasetSteps, schema: str, rule: exp.Expr, version: exp.Expr) -> exp.Select:
    """Without the records that fail an error, or a rule whose severity is not known.

    A rule has no open version by the id known here from the `cdmq test` that renames it, which
    makes no views, to the next run.
    """
    open_ = _open_flags(step.dataset, schema, [nodes.column("key", "f")])
    nodes.left_join(
        open_,
        nodes.table(Relation(RULE_VERSIONS.name, schema), "v"),
        nodes.every(
            [
                nodes.equal(version, rule.copy()),
                nodes.is_null(nodes.column("to_run", "v")),
            ]
        ),
    )
    severity = exp.Coalesce(this=nodes.column("severity", "v"), expressions=[nodes.text("error")])
    open_ = open_.where(nodes.equal(severity, nodes.text("error")), copy=False)
    outside = exp.Not(this=nodes.among(nodes.column("__key", "r"), open_))
    return nodes.select(
        [nodes.column(a.alias, "r") for a in step.clean.expressions],
        nodes.subquery(_rows(step), "r"),
        outside,
    )
