"""The functions a rule may use: a table with types and NULL behaviour.

A module of this folder that has a `FUNCTIONS` tuple adds its rows. How a function is written stands
in its row where that is one for all engines, else with each engine, in `cdmq/sql/dialects/`. Where
engines differ, DuckDB's meaning holds and others are made to give the same; a function that cannot
be made to agree is not in the table.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from cdmq.sql.types import NUMBERS, Type

if TYPE_CHECKING:
    from sqlglot import exp

    #: From rendered arguments and their types to SQL.
    Render = Callable[[list["exp.Expr"], list[Type]], "exp.Expr"]

TEXT: frozenset[Type] = frozenset({"text"})
INTEGER: frozenset[Type] = frozenset({"integer"})
NUMBER: frozenset[Type] = NUMBERS
MOMENT: frozenset[Type] = frozenset({"date", "timestamp"})
BOOLEAN: frozenset[Type] = frozenset({"boolean"})
INTERVAL: frozenset[Type] = frozenset({"interval"})
ANY: frozenset[Type] = frozenset(
    {"text", "integer", "decimal", "double", "boolean", "date", "timestamp"}
)

PASSES_NULL = "NULL when any argument is NULL"


@dataclass(frozen=True)
class Arg:
    """One argument: what it may be, and whether it has to be written out as a constant."""

    name: str
    types: frozenset[Type]
    constant: bool = False
    optional: bool = False
    #: For a constant: None when the value is good, else what is wrong with it.
    check: Callable[[str], str | None] | None = None


@dataclass(frozen=True)
class Function:
    """A row of the table.

    `result` is a type, or `same`: the common type of the arguments (numbers widen).
    `node` and `keys` say how sqlglot holds the call: its class and the places of the arguments.
    `render` is its one writing for all engines; without, each dialect states its own.
    `may_fail`: it gives NULL for a value that cannot be judged.
    """

    name: str
    args: tuple[Arg, ...]
    result: str
    doc: str
    nulls: str = PASSES_NULL
    repeats: bool = False
    also: tuple[str, ...] = ()
    node: str = ""
    keys: tuple[str, ...] = ()
    render: Render | None = None
    may_fail: bool = False

    @property
    def least(self) -> int:
        return sum(not a.optional for a in self.args)

    @property
    def most(self) -> int | None:
        """The largest number of arguments; None when the last may be repeated."""
        return None if self.repeats else len(self.args)

    @property
    def signature(self) -> str:
        """The call as one would write it: `substring(text, start[, length])`."""
        inner = ""
        for i, arg in enumerate(self.args):
            word = (", " if i else "") + arg.name
            inner += f"[{word}]" if arg.optional else word
        return f"{self.name}({inner}{', ...' if self.repeats else ''})"

    def arg(self, index: int) -> Arg:
        return self.args[min(index, len(self.args) - 1)]


@cache
def table() -> dict[str, Function]:
    """Every allowed function by its name; found by walking this folder."""
    rows: dict[str, Function] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        for row in getattr(importlib.import_module(f"{__name__}.{module}"), "FUNCTIONS", ()):
            if row.name in rows:
                raise ValueError(f"two rows of the functions table are named {row.name}")
            rows[row.name] = row
    return rows


@cache
def spellings() -> dict[str, str]:
    """Every word that calls a function, to the name of its row: `substr` -> `substring`."""
    words = {name: name for name in table()}
    for row in table().values():
        words.update(dict.fromkeys(row.also, row.name))
    return words
