"""Sends what finds flags and changed cells; every statement is kept by its digest."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.outcomes import CHANGED, CHANGED_COLUMNS, FOUND, FOUND_COLUMNS, Outcome
from cdmq.sql import nodes
from cdmq.sql.logical import Renderer
from cdmq.steps import Branch
from cdmq.warehouses.base import StatementError
from cdmq.warehouses.temporary import Temporary

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


@dataclass(frozen=True)
class Finder:
    """Fills the temporary tables of what is found."""

    warehouse: Warehouse
    render: Renderer
    #: Digest -> the SQL that was sent.
    statements: dict[str, str] = field(default_factory=dict)

    def temporary(self) -> None:
        """Fresh temporary tables for what is found: they vanish with the connection."""
        for relation, columns in ((FOUND, FOUND_COLUMNS), (CHANGED, CHANGED_COLUMNS)):
            types = {c: "integer" if c == "code" else "text" for c in columns}
            Temporary(self.warehouse).empty(relation, types)

    def find(self, branches: Sequence[Branch]) -> list[Outcome]:
        """Run branches as one statement; where that fails, each; where that fails, each rule."""
        rules = list({r.id: r for b in branches for r in b.rules}.values())
        insert = nodes.insert(FOUND, FOUND_COLUMNS, nodes.union_all([b.query for b in branches]))
        try:
            digest, seconds = self.send(insert)
        except StatementError as error:
            if len(branches) > 1:
                return [o for b in branches for o in self.find([b])]
            if branches[0].alone:
                return [o for b in branches[0].alone for o in self.find([b])]
            return [Outcome(rules[0], error=str(error))]
        return [Outcome(r, seconds=seconds, statement=digest) for r in rules]

    def changes(self, branch: Branch) -> Outcome:
        insert = nodes.insert(CHANGED, CHANGED_COLUMNS, branch.query)
        try:
            digest, seconds = self.send(insert)
        except StatementError as error:
            return Outcome(branch.rules[0], error=str(error))
        return Outcome(branch.rules[0], seconds=seconds, statement=digest)

    def send(self, node: exp.Expr) -> tuple[str, float]:
        sent, kept = self.render.sent(node), self.render.kept(node)
        digest = hashlib.sha256(kept.encode()).hexdigest()
        self.statements[digest] = kept
        started = time.perf_counter()
        self.warehouse.run(sent)
        return digest, time.perf_counter() - started
