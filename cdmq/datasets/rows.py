"""How the rows of a dataset are read: its key, and what stands behind a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from cdmq.datasets.tokens import without_tokens
from cdmq.files.cells import UNREADABLE
from cdmq.sql import nodes
from cdmq.sql.dialects import dialect_of
from cdmq.sql.logical import logical
from cdmq.sql.text_form import key_of, record_digest
from cdmq.sql.types import Type
from cdmq.steps import Stage
from cdmq.values import Dataset


@dataclass(frozen=True)
class Rows:
    """A dataset's rows: over its clean stage, or over the source where it needs none."""

    dataset: Dataset
    columns: Mapping[str, Type]
    stage: Stage | None
    dialect: str
    #: The columns among them that rules give.
    given: tuple[str, ...] = ()

    @property
    def relation(self) -> str:
        if self.given:
            return f"rows:{self.dataset.name}|{','.join(self.given)}"
        return f"stage:{self.dataset.name}" if self.stage else f"source:{self.dataset.name}"

    def views(self) -> tuple[exp.Select, exp.Select]:
        """What `__clean` and `__defaulted` show, over the stage or the source."""
        source = logical(self.relation)
        clean = [nodes.alias(nodes.column(c), c) for c in self.columns]
        defaulted = [nodes.alias(nodes.paren(self.filled(c)), c) for c in self.columns]
        if self.stage and self.stage.borrowable:
            clean.append(nodes.alias(nodes.column("__borrowed"), "__borrowed"))
        return nodes.select(clean, source), nodes.select(defaulted, source.copy())

    def filled(self, column: str) -> exp.Expr:
        if self.stage is None or column not in self.stage.placeholders:
            return nodes.column(column)
        return nodes.when(
            nodes.present(nodes.column(f"__reason_{column}")),
            self.stage.placeholders[column].copy(),
            nodes.column(column),
        )

    def behind(self, how: str, column: str) -> exp.Expr:
        if how == "raw":
            kept = self.stage and column in self.stage.kept
            return nodes.column(f"__raw_{column}" if kept else column)
        if how == "filled":
            return nodes.paren(self.filled(column))
        if self.stage and column in self.stage.placeholders:
            return nodes.column(f"__reason_{column}")
        return nodes.cast(nodes.null(), "text")

    def key(self) -> exp.Expr:
        """The text of a record's key, NULL where a part of it is."""
        if not self.dataset.key:
            return nodes.cast(nodes.null(), "text")
        kept = self.stage.kept if self.stage else frozenset()
        return key_of(
            [
                (nodes.column(f"__raw_{k}" if k in kept else k), self.columns[k])
                for k in self.dataset.key
            ]
        )

    def digest(self) -> exp.Expr:
        """What names a record whose key is NULL: the digest of its values before defaults."""
        parts = []
        for name, type_ in self.columns.items():
            if name in self.given:
                continue
            kept = self.stage is not None and name in self.stage.kept
            value: exp.Expr = nodes.column(f"__raw_{name}" if kept else name)
            if self.stage is None or kept:
                value = without_tokens(self.dataset, name, type_, value, self.dialect)
            parts.append((value, type_))
        return record_digest(parts)


def unreadable(name: str, dialect: str) -> exp.Expr:
    """The text of a cell of the source that could not be read, else NULL."""
    return dialect_of(dialect).queries.json_text(nodes.column(UNREADABLE), name)
