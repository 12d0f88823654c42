"""What runs began and did not publish is dropped by the next command."""

from __future__ import annotations

from collections.abc import Mapping

from cdmq.audit.register import TYPES, Register
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.warehouses.base import StatementError


def sweep(register: Register) -> None:
    """Drop what earlier runs began and did not publish."""
    begun = [
        e
        for e in register.entries.begun
        if register.fold(e.schema) == register.fold(register.warehouse.schema)
    ]
    if not begun:
        return
    prefixes = tuple(e.name for e in begun)
    _drop_all(
        register,
        {
            n: s.type
            for n, s in register.standing(again=True).items()
            if n.startswith(prefixes)
            and s.type in TYPES
            and not register.knows(register.warehouse.schema, s.name)  # a view leads to it
        },
    )
    register.entries.swept(begun)
    register.look_again()


def _drop_all(register: Register, left: Mapping[str, str]) -> None:
    names, warehouse = sorted(left), register.warehouse
    while names:
        kept = []
        for name in names:
            try:
                warehouse.run(
                    nodes.drop(Relation(name, warehouse.schema), left[name]).sql(warehouse.dialect)
                )
            except StatementError:
                kept.append(name)  # a view of the same dead run reads it: after that one
        if len(kept) == len(names):
            raise StatementError(f"cannot drop what a dead run left: {', '.join(kept)}")
        names = kept
