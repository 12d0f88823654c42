"""The rows of the register: what cdmq wrote down that it made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from cdmq.audit.ledger import Ledger
from cdmq.audit.tables import REGISTER
from cdmq.sql import nodes

STAGED_TYPE = "staged"


@dataclass(frozen=True)
class Entry:
    """A row of the register."""

    schema: str
    name: str
    type: str
    identity: str | None
    project: str
    made_of: str | None
    from_run: str


class Entries:
    """Those of one audit schema, as they are and as a run changes them."""

    def __init__(self, ledger: Ledger, project: str, entries: Sequence[Entry] = ()) -> None:
        self.ledger, self.project = ledger, project
        self.known: dict[tuple[str, str], Entry] = {}
        self.begun: list[Entry] = []
        self._keep(entries)

    @classmethod
    def read(cls, ledger: Ledger, project: str) -> Entries:
        """Raises StatementError where there is no register."""
        query = nodes.select([nodes.column(c) for c in REGISTER.names], ledger.of(REGISTER))
        return cls(ledger, project, [Entry(*row) for row in ledger.fetch(query)])

    @property
    def owner(self) -> str | None:
        """The project that they were written for."""
        return next((e.project for e in self.known.values()), None)

    def of(self, schema: str, name: str) -> Entry | None:
        return self.known.get(self._place(schema, name))

    def new(
        self, schema: str, name: str, type_: str, identity: str | None, made_of: str | None = None
    ) -> Entry:
        """What this run makes."""
        return Entry(schema, name, type_, identity, self.project, made_of, self.ledger.run_id)

    def write(self, entries: Sequence[Entry]) -> None:
        """Add rows."""
        self._keep(entries)
        self.ledger.add(
            REGISTER,
            [
                [e.schema, e.name, e.type, e.identity, e.project, e.made_of, e.from_run]
                for e in entries
            ],
        )

    def forget(self, entries: Iterable[Entry]) -> None:
        """Take the rows out that other ones take the place of."""
        old = [
            found for e in entries if (found := self.known.pop(self._place(e.schema, e.name), None))
        ]
        for schema in {e.schema for e in old}:
            self._delete(
                exp.NEQ(this=nodes.column("kind"), expression=nodes.text(STAGED_TYPE)),
                nodes.equal(nodes.column("schema_name"), nodes.text(schema)),
                nodes.one_of(nodes.column("name"), [e.name for e in old if e.schema == schema]),
            )

    def swept(self, begun: Sequence[Entry]) -> None:
        """Take out what runs had begun, and is gone."""
        self._delete(
            nodes.equal(nodes.column("kind"), nodes.text(STAGED_TYPE)),
            nodes.one_of(nodes.column("name"), [e.name for e in begun]),
        )
        self.begun = [e for e in self.begun if e not in begun]

    def _keep(self, entries: Sequence[Entry]) -> None:
        self.begun += [e for e in entries if e.type == STAGED_TYPE]
        self.known |= {self._place(e.schema, e.name): e for e in entries if e.type != STAGED_TYPE}

    def _delete(self, *where: exp.Expr) -> None:
        table = self.ledger.of(REGISTER)
        self.ledger.run(exp.Delete(this=table, where=exp.Where(this=nodes.every(where))))

    def _place(self, schema: str, name: str) -> tuple[str, str]:
        fold = self.ledger.warehouse.traits.fold
        return fold(schema), fold(name)
