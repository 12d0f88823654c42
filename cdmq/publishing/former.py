"""former: the names under which people read a rule or dataset before it was renamed.

They lead to what it makes now: whoever reads the old name sees the same as under the new one. What
cdmq did not make stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.outcomes import Built, Executed
from cdmq.sql import nodes
from cdmq.sql.relation import Relation

if TYPE_CHECKING:
    from cdmq.audit.register import Register


def led_on(
    register: Register, executed: Executed, former: Mapping[str, str], made: Sequence[Built]
) -> Iterator[Built]:
    """Views under former names over what is published. `former`: name before -> name now."""
    register.standing(again=True)
    published = {b.final: b for b in made}
    for before, now in former.items():
        staged, old = executed.names.output(before)
        built = published.get(executed.names.output(now)[1])
        if built is None or old in published or not register.owns(old):
            continue
        if _may_turn(register, old):
            shown = _columns(register, built)
            query = nodes.select(shown, nodes.table(built.final))
            yield Built(built.dataset, old, staged, "view", query)


def _columns(register: Register, built: Built) -> list[exp.Expr]:
    if built.query is not None:
        names = built.query.named_selects
    else:
        names = list(register.warehouse.columns(built.staged) or ())
    return [exp.Star()] if "*" in names or not names else [nodes.column(c) for c in names]


def _may_turn(register: Register, old: Relation) -> bool:
    """Nothing that others put there hinders that it becomes a view, or would be lost by it."""
    inventory = register.warehouse.inventory
    if any(inventory.hindrances({old: ()})):
        return False
    standing = register.stands(old)
    if standing is None or standing.type == "view":
        return True
    return all(a.sql is not None for a in inventory.attached({old: "view"}))
