"""removed: views under names that nothing of the project gives any more are dropped.

After a run of the whole project: what a removed rule or dataset was read by would show less with
each run, or more. A view that another view reads stays, and so does what cdmq did not make. Tables
stay too: they show what they showed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from cdmq.audit.register_rows import Entry
from cdmq.audit.renames import ids_of
from cdmq.graph.names import former_names, relation_names
from cdmq.publishing.outputs import sources
from cdmq.sql.logical import short
from cdmq.sql.relation import Relation
from cdmq.values import Project
from cdmq.warehouses.base import StatementError

if TYPE_CHECKING:
    from cdmq.audit.register import Register


def drop_removed(register: Register, project: Project, renamed: Mapping[str, str]) -> list[str]:
    """Drop what is left of what was removed, as far as nobody holds on to it; the names of what was
    dropped. `renamed`: former id of a rule -> the id of today."""
    warehouse = register.warehouse
    dropped: list[str] = []
    if not warehouse.traits.transactions:
        return dropped  # a view leads to the state of a run: the two go together or not at all
    gone = {Relation(e.name, warehouse.schema): e for e in _left(register, project, renamed)}
    while free := [r for r in gone if not warehouse.inventory.views_over(r)]:
        for relation in free:
            entry = gone.pop(relation)
            with suppress(StatementError):  # the next run tries again
                with warehouse.transaction():
                    register.drop(relation)
                    register.entries.forget([entry])
                dropped.append(entry.name)
    return sorted(dropped)


def _left(register: Register, project: Project, renamed: Mapping[str, str]) -> Iterator[Entry]:
    """Views that cdmq made and that stand, under names that the project does not know."""
    fold, warehouse = register.fold, register.warehouse
    known = _folded(register, _given(project, renamed))
    left = [
        e
        for e in register.entries.known.values()
        if e.type == "view"
        and e.made_of
        and fold(e.schema) == fold(warehouse.schema)
        and fold(e.name) not in known
    ]
    if not left:
        return
    read = (r.name for d in project.datasets.values() for _, r in sources(project, d))
    known = _folded(register, read)
    register.look_again()
    for entry in left:
        if fold(entry.name) not in known and register.owns(Relation(entry.name, warehouse.schema)):
            yield entry


def _folded(register: Register, names: Iterable[str]) -> set[str]:
    return {register.fold(short(n, register.warehouse.traits.longest_name)) for n in names}


def _given(project: Project, renamed: Mapping[str, str]) -> Iterator[str]:
    """Names that the project gives, or gave before a renaming."""
    yield from (n.name for n in relation_names(project.datasets, project.rules))
    yield from former_names(project, ids_of(renamed))
