"""The register: which relations of a warehouse cdmq made. No other is dropped or replaced.

A relation is the one in the register while it is of the same type and has the same identity: on
PostgreSQL its oid, on DuckDB the comment that cdmq gave it, its columns and number of rows, or its
content (see `_duckdb_standing`). Of a PostgreSQL database that was restored, with new oids, the
comment decides.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Container, Mapping
from functools import cached_property

from sqlglot import exp

from cdmq.audit.register_rows import STAGED_TYPE, Entries, Entry
from cdmq.audit.tables import REGISTER
from cdmq.sql import nodes
from cdmq.sql.logical import STAGED
from cdmq.sql.relation import Relation
from cdmq.warehouses.base import MARK, Standing, StatementError

#: What a run makes, by its type.
TYPES = ("table", "view")
#: The tables that forms of `standardise` look things up in.
_REFERENCE = re.compile(r"ref_\w+_[0-9a-f]{10}")


class Register:
    """The register of one audit schema, and what stands in the schema that outputs go to."""

    def __init__(self, entries: Entries) -> None:
        self.entries, self.project = entries, entries.project
        self.warehouse, self.run_id = entries.ledger.warehouse, entries.ledger.run_id
        self._standing: dict[str, Standing] | None = None

    @property
    def since(self) -> str:
        """The run that made the register: what earlier runs made, it may not know."""
        own = self.entries.of(self.entries.ledger.schema, REGISTER.name)
        return own.from_run if own else ""

    def knows(self, schema: str, name: str) -> bool:
        """It is written down; whether it is still the same, `owns` tells."""
        return self.entries.of(schema, name) is not None

    def entry(self, relation: Relation) -> Entry | None:
        """What is written down of an output."""
        return self.entries.of(self.warehouse.schema, relation.name)

    def standing(self, again: bool = False) -> dict[str, Standing]:
        if self._standing is None or again:
            self._standing = {
                self.fold(s.name): s
                for s in self.warehouse.inventory.standing(self.warehouse.schema)
            }
        return self._standing

    def look_again(self) -> None:
        """What stands there is asked anew when somebody wants to know."""
        self._standing = None

    def stands(self, relation: Relation) -> Standing | None:
        """What bears the name of an output."""
        return self.standing().get(self.fold(relation.name))

    def owns(self, relation: Relation) -> bool:
        """What stands there is what cdmq made."""
        standing = self.stands(relation)
        entry = self.entry(relation)
        if standing is None:
            return False
        if _leads(self, standing):
            return True
        if entry is None or standing.type != entry.type:
            return False
        known = (entry.identity or "").split()
        return (
            standing.identity in known
            or self._content(standing) in known
            or (standing.marked and self._restored)
        )

    def _content(self, standing: Standing) -> str | None:
        return self.warehouse.inventory.content(standing, self.warehouse.schema)

    @cached_property
    def _restored(self) -> bool:
        """Identities are those of another database, of whose dump this one was made."""
        schema = self.entries.ledger.schema
        entry = self.entries.of(schema, REGISTER.name)
        now = next(
            (
                s.identity
                for s in self.warehouse.inventory.standing(schema)
                if s.name == REGISTER.name
            ),
            None,
        )
        return entry is not None and now is not None and entry.identity != now

    def check(self, relation: Relation) -> None:
        """Raises StatementError where what stands there was not made by cdmq."""
        standing = self.stands(relation)
        if standing is not None and not self.owns(relation):
            raise StatementError(
                f"{relation} is a {standing.type} that cdmq did not make: it came "
                "while this run went on"
            )

    def drop(self, relation: Relation) -> None:
        """Drop what stands there. Raises StatementError where cdmq did not make it."""
        self.check(relation)
        standing = self.stands(relation)
        if standing is not None:
            self._run(nodes.drop(Relation(standing.name, relation.schema), standing.type))
            self.standing().pop(self.fold(relation.name), None)

    def stage(self, prefix: str) -> None:
        """What begins with `prefix` is made by this run, and swept by the next if it dies."""
        entry = self.entries.new(self.warehouse.schema, prefix, STAGED_TYPE, None)
        self.entries.write([entry])

    def enter_audit(self, names: Container[str]) -> None:
        """Write down the audit tables: `ensure` made these, or found what an older cdmq made."""
        schema, older = self.entries.ledger.schema, not self.entries.known
        there = self.warehouse.inventory.standing(schema)
        self.entries.forget(  # a table that became a view
            known
            for s in there
            if s.name in names
            and (known := self.entries.of(schema, s.name))
            and known.type != s.type
        )
        self.entries.write(
            [
                self.entries.new(schema, s.name, s.type, s.identity)
                for s in there
                if not self.knows(schema, s.name)
                and (s.name in names or (older and _REFERENCE.fullmatch(s.name)))
            ]
        )

    def enter(self, made: Mapping[Relation, str | None]) -> None:
        """Write down what stands under these names now, and of which dataset or rule it is."""
        there = self.standing(again=True)
        for relation in made:
            standing = there[self.fold(relation.name)]
            if standing.comment is None:
                said = f"{MARK} of the project {self.project}: a run replaces it"
                if standing.identity is None:  # a word that no other comment has is one
                    said += f" ({secrets.token_hex(6)})"
                self._run(nodes.comment(relation, standing.type, said))
        there = self.standing(again=True)
        entries = []
        for relation, of in made.items():
            standing = there[self.fold(relation.name)]
            before = self.entries.of(self.warehouse.schema, standing.name)
            of = of or (before.made_of if before else None)
            identity = " ".join(filter(None, (standing.identity, self._content(standing))))
            schema = self.warehouse.schema
            entries.append(self.entries.new(schema, standing.name, standing.type, identity, of))
        self.entries.forget(entries)
        self.entries.write(entries)

    def _run(self, node: exp.Expr) -> None:
        self.warehouse.run(node.sql(self.warehouse.dialect))

    def fold(self, name: str) -> str:
        return self.warehouse.traits.fold(name)


def _leads(register: Register, standing: Standing) -> bool:
    """A state that is known, or a view over one: where views lead from one to the next."""
    if register.warehouse.traits.transactions:
        return False
    states = {e.name for e in register.entries.known.values() if e.name.startswith(STAGED)}
    over = (standing.definition or "") if standing.type == "view" else ""
    return standing.name in states or any(name in over for name in states)
