"""Which cells carry an open error flag: kinds that read values ask what rules say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.episode_tables import FLAGS
from cdmq.audit.renames import of_rule
from cdmq.audit.tables import audit_schema
from cdmq.kinds.binding import real
from cdmq.kinds.reads import minded
from cdmq.outcomes import FOUND
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.types import Type
from cdmq.values import Project

if TYPE_CHECKING:
    from cdmq.kinds.running import Running

#: Column -> the rules whose flags are about just that column.
Flagging = Mapping[str, tuple[str, ...]]


def flagging(dataset: str, columns: Mapping[str, Type], project: Project) -> Flagging:
    """The rules that say of a cell of a dataset that it is wrong: enabled, of severity error, about
    the clean value of one column."""
    found: dict[str, tuple[str, ...]] = {}
    for judge in project.rules.values():
        flagged = project.uses[judge.id].makes.get(f"flags:{dataset}", ())
        about = {real(c, columns) for c in flagged}
        if len(about) == 1 and about <= set(columns) and minded(judge):
            (column,) = about
            found[column] = (*found.get(column, ()), judge.id)
    return {c: found[c] for c in columns if c in found}


def find_flags(at: Running, flags: str, name: str, by_column: Flagging) -> Relation:
    """Make the relation that is known as `flags`, and under `name` to people: which cells carry a
    flag, found in this run, or open where a rule did not judge."""
    staged, final = at.names.output(name)
    at.names.put(flags, staged, final)
    found: dict[str, list[int]] = {}
    for rule, name in at.numbers.known:
        outcome = at.outcomes.get(rule)
        if outcome is not None and outcome.evaluated:
            found.setdefault(rule, []).append(at.numbers.code(rule, name))
    query = flags_query(by_column, audit_schema(at.warehouse), at.ids, found)
    at.warehouse.run(nodes.create(staged, query).sql(at.warehouse.dialect))
    return staged


def flags_query(
    by_column: Flagging,
    schema: str,
    ids: Mapping[str, tuple[str, ...]],
    found: Mapping[str, Sequence[int]] | None = None,
) -> exp.Select:
    """A row a record with an open flag: `key`, and 1 in `z0`, `z1`, ... for each flagged column.

    `found`: the codes of the judgements of the rules that this run has evaluated. Of the others,
    the flags that are open in the audit tables count.
    """
    found = found or {}
    parts = []
    for i, rules in enumerate(by_column.values()):
        codes = [nodes.number(code) for r in rules for code in found.get(r, ())]
        if codes:
            parts.append(
                _part(i, nodes.table(FOUND), [exp.In(this=nodes.column("code"), expressions=codes)])
            )
        left = [r for r in rules if r not in found]
        if left:
            parts.append(
                _part(
                    i,
                    nodes.table(Relation(FLAGS.name, schema)),
                    [
                        nodes.any_of([of_rule(r, ids) for r in left]),
                        nodes.is_null(nodes.column("to_run")),
                        nodes.equal(nodes.column("state"), nodes.text("failed")),
                    ],
                )
            )
    shown = [
        nodes.column("key"),
        *(
            nodes.alias(
                exp.Max(
                    this=nodes.when(
                        nodes.equal(nodes.column("i"), nodes.number(i)), nodes.number(1)
                    )
                ),
                f"z{i}",
            )
            for i in range(len(by_column))
        ),
    ]
    return nodes.group_by(
        nodes.select(shown, nodes.subquery(nodes.union_all(parts), "f")), [nodes.column("key")]
    )


def _part(i: int, table: exp.Expr, where: Sequence[exp.Expr]) -> exp.Select:
    return nodes.select(
        [nodes.column("key"), nodes.alias(nodes.number(i), "i")],
        table,
        nodes.every([nodes.present(nodes.column("key")), *where]),
    )
