"""What cdmq asks of a warehouse: a small Protocol; each module here satisfies it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from sqlglot import exp

from cdmq.sql.relation import Relation
from cdmq.sql.types import Type
from cdmq.values import Materialization
from cdmq.warehouses.scratch import Scratch

#: How the comment begins that cdmq puts on a relation of its own.
MARK = "made by cdmq"


class StatementError(Exception):
    """The warehouse refused a statement. The text is its own first line; `sql` what was sent."""

    def __init__(self, said: str, sql: str = "") -> None:
        super().__init__(said)
        self.sql = sql


class Lost(Exception):
    """The connection or the disk is gone: no other statement can be run either."""


class Locked(Exception):
    """Another process holds the warehouse. The text says which, where that is known."""


@dataclass(frozen=True)
class Traits:
    """What differs between engines, as data."""

    #: "column": a branch per column with its rules; "row": one pass over all columns.
    fuse: Literal["column", "row"]
    #: The longest name of a table or column, in bytes.
    longest_name: int
    #: The schema whose audit tables stand in plain `cdmq`.
    default_schema: str
    #: Names that differ only in case are one.
    one_case: bool = False
    #: Statements within `transaction` count as one or not at all, those that make and drop
    #: relations too. Without, each counts by itself, and a run by its row in `runs`.
    transactions: bool = True

    def fold(self, name: str) -> str:
        """The name, equal for all that the engine takes for the same."""
        return name.lower() if self.one_case else name


@dataclass(frozen=True)
class Standing:
    """Something that bears a name in a schema. `type`: table, view, materialized view, sequence...

    `identity`: equal while it is the same thing; None where the engine cannot tell that.
    `definition`: the SQL that makes it, where the engine keeps that.
    """

    name: str
    type: str
    identity: str | None = None
    comment: str | None = None
    columns: tuple[str, ...] = ()
    definition: str | None = None

    @property
    def marked(self) -> bool:
        """Its comment says that cdmq made it."""
        return (self.comment or "").startswith(MARK)


@dataclass(frozen=True)
class Reader:
    """A view over other relations, and the statements that drop it and make it as it was."""

    relation: Relation
    drop: str
    create: str


@dataclass(frozen=True)
class Attached:
    """What others put on a relation: a grant, a comment, an owner, an index.

    `column`: the one that it is about. `sql` puts it on a relation of the same name again; None
    where no statement does, and `what` would be lost.
    """

    relation: Relation
    what: str
    sql: str | None
    column: str | None = None


class Inventory(Protocol):
    """What stands in the schemas of a warehouse, who reads it, and what others put on it."""

    def has_schema(self, name: str) -> bool: ...

    def lacking(self, schemas: Sequence[str], sources: Sequence[Relation]) -> list[tuple[str, str]]:
        """The rights that a run needs and the user has not: what, and the SQL that gives it."""

    def relations(self, schema: str) -> dict[str, Literal["table", "view"]]: ...

    def standing(self, schema: str) -> list[Standing]:
        """All in a schema that bears a name which a new table or view could not have."""

    def content(self, of: Standing, schema: str) -> str | None:
        """What tells it from others where its identity, or the lack of one, does not."""

    def readers(self, of: Sequence[Relation]) -> list[Reader]:
        """The views that hinder dropping these relations, each behind those that it reads."""

    def views_over(self, of: Relation) -> list[Relation]:
        """The views that read it, wherever they stand: those that may, where that is not known."""

    def held(self, of: Sequence[Relation]) -> set[Relation]:
        """Those that cannot be made anew without touching what is not in `of`, or on which others
        put something: they keep their place, and get new rows or another query."""

    def attached(self, to: Mapping[Relation, Materialization | None]) -> list[Attached]:
        """What is to be put on relations again when they are made anew, as what they become."""

    def fits(self, old: Relation, new: Relation) -> bool:
        """The rows of the new can stand in the place of the old, with the columns it has."""

    def refill(self, old: Relation, new: Relation) -> None:
        """Put the rows of one table into the place of another's; columns that it lacks are added.
        The new one is gone then."""

    def hindrances(self, of: Mapping[Relation, Sequence[str]]) -> list[tuple[Relation, str]]:
        """Why relations cannot be published over what stands there; with the columns to be."""


class Warehouse(Protocol):
    """One connection. Statements are text that `plan` and `record` rendered from nodes."""

    dialect: str
    traits: Traits
    #: The schema that outputs go to.
    schema: str
    inventory: Inventory

    def run(self, sql: str) -> int:
        """Execute a statement; the rows it touched, 0 where that means nothing."""

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a query. Raises StatementError."""

    def keep_private(self, relation: Relation) -> None:
        """Take a table from everybody to whom it was granted, by whatever default."""

    def columns(self, relation: Relation) -> dict[str, Type] | None:
        """Name -> type in order, or None when there is no such relation."""

    def prepare(self, schema: str) -> None:
        """Make in `schema` what the SQL of rules needs and this server lacks."""

    def load(
        self, relation: Relation, columns: Mapping[str, Type], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Create a table and fill it with rows of Python values."""

    def insert(
        self, relation: Relation, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Add rows of Python values; `columns` gives the type of each in DuckDB's words."""

    def load_query(self, relation: Relation, query: str) -> None:
        """Create a table from a query over files, written in DuckDB's dialect."""

    def transaction(self) -> AbstractContextManager[None]:
        """What is sent within is one thing, where `traits.transactions` says so."""

    def scratch(self) -> AbstractContextManager[Scratch]:
        """A DuckDB database beside the warehouse, gone at the end."""

    def lock(self) -> AbstractContextManager[None]:
        """Hold the right to write for this project. Raises Locked."""

    def row_hash(self, parts: Sequence[exp.Expr]) -> exp.Expr:
        """A 64-bit number of a row's values, NULLs among them; good for one connection's life."""

    def version(self) -> str: ...

    def interrupt(self) -> None:
        """Stop the statement that runs, from another thread."""

    def close(self) -> None: ...
