"""A broken line that only moved is the same flag: with the number that it was first seen with."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlglot import exp

from cdmq.audit.episode_tables import FLAGS
from cdmq.audit.ledger import Ledger
from cdmq.outcomes import FOUND
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.warehouses.temporary import Temporary

_NUMBER = re.compile(r"\bline \d+ (?=\()")
_MOVED = Relation("__cdmq_moved_lines")
Line = tuple[str, str | None]


def keep_numbers(ledger: Ledger, code: int, ids: Iterable[str]) -> None:
    """Give the found lines of a rule the numbers of open flags that have the same text.

    `ids`: the id of the rule, and those that it had.
    """
    found = _lines(ledger, nodes.table(FOUND), _of_code(code))
    open_ = _lines(
        ledger,
        ledger.of(FLAGS),
        nodes.every(
            [nodes.is_null(nodes.column("to_run")), nodes.one_of(nodes.column("rule_id"), [*ids])]
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
    if moved:
        _move(ledger, code, moved)


def _move(ledger: Ledger, code: int, moved: Sequence[tuple[str, str | None, str]]) -> None:
    """(value as found, digest, value as it was first seen) of lines."""
    columns = dict.fromkeys(("now", "digest", "first"), "text")
    Temporary(ledger.warehouse).load(_MOVED, columns, moved)
    digests = (
        exp.Coalesce(this=nodes.column("digest", t), expressions=[nodes.text("")])
        for t in ("f", "m")
    )
    same = [
        _of_code(code, "f"),
        nodes.equal(nodes.column("value", "f"), nodes.column("now", "m")),
        nodes.equal(*digests),
    ]
    ledger.run(
        exp.Update(
            this=nodes.table(FOUND, "f"),
            expressions=[exp.EQ(this=nodes.column("value"), expression=nodes.column("first", "m"))],
            from_=exp.From(this=nodes.table(_MOVED, "m")),
            where=exp.Where(this=nodes.every(same)),
        )
    )


def _of_code(code: int, table: str | None = None) -> exp.Expr:
    return nodes.equal(nodes.column("code", table), nodes.number(code))


def _lines(ledger: Ledger, table: exp.Expr, where: exp.Expr) -> set[Line]:
    query = nodes.select([nodes.column("value"), nodes.column("digest")], table, where)
    return {(str(v), d) for v, d in ledger.fetch(query)}


def _text(line: Line) -> Line:
    return _NUMBER.sub("", line[0], count=1), line[1]


def _place(line: Line) -> tuple[int, str]:
    found = re.search(r"\bline (\d+) \(", line[0])
    return int(found[1]) if found else 0, line[0]
