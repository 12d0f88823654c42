"""All that is to stand in an audit schema, beside reference tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from cdmq.audit.tables import SCHEMA_TABLE, VERSION
from cdmq.sql.shape import Table, View


@dataclass(frozen=True)
class Stated:
    """The tables of every run and those that kinds keep, with the views over them."""

    tables: tuple[Table, ...]
    views: tuple[View, ...]

    @property
    def relations(self) -> Mapping[str, Table | None]:
        """Name -> its table; None for a view."""
        return {
            **{t.name: t for t in (SCHEMA_TABLE, *self.tables)},
            **{v.table.name: None for v in self.views},
        }

    def digest(self) -> str:
        tables = [[t.name, [[c.name, c.type] for c in t.columns]] for t in self.tables]
        views = [[v.table.name, v.query] for v in self.views]
        return hashlib.sha256(json.dumps([VERSION, tables, views]).encode()).hexdigest()
