"""A broken line that only moved is the same flag: with the number that it was first seen with."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.tables import FLAGS
from cdmq.outcomes import FOUND
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.warehouses.temporary import Temporary

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

_NUMBER = re.compile(r"\bline \d+ (?=\()")
_MOVED = Relation("__cdmq_moved_lines")
Line = tuple[str, str | None]


def keep_numbers(warehouse: Warehouse, schema: str, code: int, ids: Iterable[str]) -> None:
    """Give the found lines of a rule the numbers of open flags that have the same text.

    `ids`: the id of the rule, and those that it had.
    """
    found = _lines(warehouse, FOUND, nodes.equal(nodes.column("code"), nodes.number(code)))
    open_ = _lines(
        warehouse,
        Relation(FLAGS.name, schema),
        nodes.every(
            [
                nodes.is_null(nodes.column("to_run")),
                exp.In(this=nodes.column("rule_id"), expressions=[nodes.text(i) for i in ids]),
            ]
        ),
    )
    waiting: dict[Line, list[Line]] = defaultdict(list)
    for line in sorted(open_ - found, key=_place):
        waiting[_text(line)].append(line)
    moved = [
        (line[0], line[1], stays.pop(0)[0])
        for line in sorted(found - open_, key=_place)
        if (stays := waiting[_text(line)])
    ]
    if not moved:
        return
    columns = dict.fromkeys(("now", "digest", "first"), "text")
    Temporary(warehouse).load(_MOVED, columns, moved)
    same = nodes.equal(
        *(
            exp.Coalesce(this=nodes.column("digest", t), expressions=[nodes.text("")])
            for t in ("f", "m")
        )
    )
    update = exp.Update(
        this=nodes.table(FOUND, "f"),
        expressions=[exp.EQ(this=nodes.column("value"), expression=nodes.column("first", "m"))],
        from_=exp.From(this=nodes.table(_MOVED, "m")),
        where=exp.Where(
            this=nodes.every(
                [
                    nodes.equal(nodes.column("code", "f"), nodes.number(code)),
                    nodes.equal(nodes.column("value", "f"), nodes.column("now", "m")),
                    same,
                ]
            )
        ),
    )
    warehouse.run(update.sql(warehouse.dialect))


def _lines(warehouse: Warehouse, relation: Relation, where: exp.Expr) -> set[Line]:
    query = nodes.select(
        [nodes.column("value"), nodes.column("digest")], nodes.table(relation), where
    )
    return {(str(v), d) for v, d in warehouse.fetch(query.sql(warehouse.dialect))}


def _text(line: Line) -> Line:
    return _NUMBER.sub("", line[0], count=1), line[1]


def _place(line: Line) -> tuple[int, str]:
    found = re.search(r"\bline (\d+) \(", line[0])
    return int(found[1]) if found else 0, line[0]
