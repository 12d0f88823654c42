"""A table that becomes a view: who reads it, and what others put on it, stays."""

from __future__ import annotations

from cdmq.audit.register import Register
from cdmq.sql.relation import Relation
from cdmq.warehouses.base import StatementError


class Turning:
    """Drops the views that hinder dropping a table, and makes them again over what stands there
    then, with all that was granted and said on them."""

    def __init__(self, register: Register, table: Relation) -> None:
        """Raises StatementError, before anything is dropped, where something would be lost."""
        self.register, inventory = register, register.warehouse.inventory
        self.readers = inventory.readers([table])
        self.ours = [r.relation for r in self.readers if register.owns(r.relation)]
        self.attached = inventory.attached(
            {table: "view", **{r.relation: None for r in self.readers}}
        )
        lost = [a for a in self.attached if a.sql is None]
        if lost:
            raise StatementError(
                f"{table} becomes a view, as its rows are kept in less room now: {lost[0].what} "
                "would be lost; drop that, and put it there again after the run"
            )
        for reader in reversed(self.readers):
            register.warehouse.run(reader.drop)

    def put_back(self) -> None:
        for reader in self.readers:
            self.register.warehouse.run(reader.create)
        for one in self.attached:
            self.register.warehouse.run(str(one.sql))
        self.register.enter(dict.fromkeys(self.ours))
