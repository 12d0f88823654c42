"""A small world whose accounts are protected: accounts with an id, a log of their changes, and
approvals; people and decisions as files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from runner import World

PEOPLE = """
- {login: ann, roles: [steward]}
- {login: bob, roles: [steward, finance]}
- {login: cyd, roles: [finance]}
- {login: dan, roles: [sales]}
- {login: bot, roles: [steward], kind: agent}
"""
MODELS = """
version: 1
datasets:
  - {name: accounts, table: accounts_src, key: id}
  - {name: log, table: log_src, key: change}
  - {name: said, table: said_src}
"""
LOG = """
        changes: {from: log, key: id, column: field, old: old, new: new, by: who, at: at}
        approvals: {from: said, change: change, by: who, role: role, at: at, through: via}
"""
RULE = """
version: 1
dataset: accounts
change_control:
  - id: protected
    protect: [iban, credit]
    approved_by: {any_of: [customer, {people: 2, roles: [steward, finance]}]}
    valid_for: 14 days
"""
COLUMNS = {"id": "text", "iban": "text", "credit": "decimal"}
#: The day on which stories begin.
BEGIN = datetime(2026, 3, 1, 12)
Row = Sequence[Any]


def day(n: float) -> datetime:
    return BEGIN + timedelta(days=n)


class Control:
    """A world, day by day."""

    def __init__(self, world: World, *, log: bool = False, rule: str = "") -> None:
        self.world, self.log, self.lines = world, log, 0
        self.rows: dict[str, list[Any]] = {"1": ["A", 100], "2": ["X", 200]}
        self.changes: list[Row] = []
        self.said: list[Row] = []
        self.decisions: list[str] = []
        text = RULE + rule + (LOG.lstrip("\n").replace("        ", "    ") if log else "")
        world.write({"models/m.yml": MODELS, "rules/r.yml": text, "people.yml": PEOPLE})

    def run(self, n: float) -> None:
        rows = [[key, *cells] for key, cells in sorted(self.rows.items())]
        self.world.table("accounts_src", COLUMNS, rows)
        types = dict.fromkeys(("change", "id", "field", "old", "new", "who"), "text")
        self.world.table("log_src", {**types, "at": "timestamp"}, self.changes)
        types = dict.fromkeys(("change", "who", "role", "via"), "text")
        self.world.table("said_src", {**types, "at": "timestamp"}, self.said)
        if self.decisions:
            self.world.write({"decisions/d.yml": "".join(self.decisions)})
        self.result = self.world.run(as_of=day(n))

    def change(
        self, n: float, old: str | None, new: str | None, who: str = "eve", field: str = "iban"
    ) -> str:
        """A change of the first account, in the log too where there is one."""
        self.rows["1"][("iban", "credit").index(field)] = new
        name = f"C{len(self.changes) + 1}"
        self.changes.append([name, "1", field, old, new, who, day(n)])
        return name

    def approve(
        self, n: float, by: str, role: str | None, old: str | None, new: str | None, **words: str
    ) -> None:
        """A decision about the first account; without a role the customer's own."""
        said = {"type": "approve" if role else "customer_confirmed", "column": "iban", **words}
        said |= {"rule": "protected", "keys": "'1'", "by": by, "at": f"'{day(n).isoformat()}'"}
        said |= {w: v for w, v in (("old", old), ("new", new), ("role", role)) if v is not None}
        said["reason"] = "seen"
        told = ", ".join(f"{w}: {v}" for w, v in said.items())
        self.decisions.append(f"- {{{told}}}\n")

    def sign(self, n: float, change: str, by: str, role: str, via: str | None = None) -> None:
        """A row of the approvals."""
        self.said.append([change, by, role, via, day(n)])

    def approved(self, column: str = "iban") -> str | None:
        """The approved value of the first account."""
        where = f"to_run IS NULL AND key = '1' AND column_name = '{column}'"
        ((value,),) = self.world.audit_rows("approved_cells", ["value"], where)
        return value  # type: ignore[no-any-return]

    def why(self, column: str = "iban") -> str | None:
        """Why a change of it is held; None where none is."""
        where = f"to_run IS NULL AND key = '1' AND column_name = '{column}'"
        flags = self.world.audit_rows("flags", ["value"], f"{where} AND rule_id = 'protected'")
        held = self.world.audit_rows("held_changes", ["why"], where)
        assert flags == held
        assert len(held) <= 1
        return held[0][0] if held else None

    def asked(self) -> bool:
        return bool(self.world.audit_rows("queue", ["key"], "to_run IS NULL AND about = 'change'"))
