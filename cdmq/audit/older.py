"""What a cdmq made that kept no register yet: written down where that can be proved.

Proved is: a run before the register made the dataset or ran the rule, as its versions, statements
and views say; and what stands there is a table or view with the very columns that a run makes now.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.register import TYPES, Register
from cdmq.audit.sweeping import sweep
from cdmq.audit.tables import RULE_VERSIONS, RUNS, STATEMENTS, audit_schema
from cdmq.sql import nodes
from cdmq.sql.logical import STAGED
from cdmq.sql.relation import Relation

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

#: What a run that died had begun, by the names that older ones gave.
_BEGUN = re.compile(rf"({STAGED}[0-9a-f]{{6}}_)(.+)")


def adopt_older(register: Register, made: Mapping[Relation, tuple[str, Sequence[str]]]) -> None:
    """Enter what earlier runs made. `made`: of which dataset or rule it is, and its columns."""
    strangers = {
        r: of
        for r, of in made.items()
        if (s := register.stands(r))
        and s.type in TYPES
        and not register.knows(register.warehouse.schema, r.name)
    }
    names = {r.name for r in made}
    begun = {m[1] for n in register.standing() if (m := _BEGUN.fullmatch(n)) and m[2] in names}
    if not (strangers or begun) or not register.since or not _ran(register):
        return
    said = "\n".join(_said(register, names))
    proved = {
        r: of
        for r, (of, columns) in strangers.items()
        if re.search(rf"(?<!\w){re.escape(of)}(?!\w)", said)
        and _fits(register.warehouse, r, columns)
    }
    with register.warehouse.transaction():
        register.enter(proved)
        for prefix in sorted(begun):
            register.stage(prefix)
    sweep(register)


def _fits(warehouse: Warehouse, relation: Relation, columns: Sequence[str]) -> bool:
    there, wanted = (  # beside columns that cdmq adds, such as __raw_x
        {c for c in names if not c.startswith("__")}
        for names in (warehouse.columns(relation) or (), columns)
    )
    return not columns or there == wanted


def _ran(register: Register) -> bool:
    earlier = nodes.select(
        [nodes.column("run_id")],
        _table(register, RUNS.name),
        nodes.every(
            [_before(register, "run_id"), nodes.equal(nodes.column("command"), nodes.text("run"))]
        ),
    ).limit(1)
    return bool(_fetch(register, earlier))


def _said(register: Register, names: set[str]) -> Iterator[str]:
    """All that earlier runs wrote in which the name of what they made would stand."""
    for table, column, run in (
        (RULE_VERSIONS.name, "dataset", "from_run"),
        (RULE_VERSIONS.name, "rule_id", "from_run"),
        (RULE_VERSIONS.name, "text", "from_run"),
        (STATEMENTS.name, "sql", "first_run"),
    ):
        for (text,) in _fetch(
            register,
            nodes.select([nodes.column(column)], _table(register, table), _before(register, run)),
        ):
            yield str(text)
    views = nodes.select(
        [nodes.column("table_name"), nodes.column("view_definition")],
        nodes.table(Relation("views", "information_schema")),
        nodes.equal(nodes.column("table_schema"), nodes.text(register.warehouse.schema)),
    )
    for name, text in _fetch(register, views):
        if name in names:
            yield re.sub(r"\ACREATE VIEW \S+ ", "", str(text))


def _before(register: Register, column: str) -> exp.Expr:
    return exp.LT(this=nodes.column(column), expression=nodes.text(register.since))


def _table(register: Register, name: str) -> exp.Table:
    return nodes.table(Relation(name, audit_schema(register.warehouse)))


def _fetch(register: Register, query: exp.Expr) -> list[tuple[object, ...]]:
    return register.warehouse.fetch(query.sql(register.warehouse.dialect))
