"""The numbers of what many episodes have in common: rule, version, dataset and what else."""

from __future__ import annotations

from cdmq.audit.ledger import Ledger
from cdmq.sql import nodes
from cdmq.sql.shape import Table


class JudgementNumbers:
    """Those that there are in a table, and those that a run adds. It reads at once, and writes in
    `write`."""

    def __init__(self, ledger: Ledger, rules: Table) -> None:
        self.ledger, self.rules = ledger, rules
        shown = [nodes.column(c) for c in rules.names[:-1]]
        rows = ledger.fetch(nodes.select(shown, ledger.of(rules)))
        self.known: dict[tuple[str, ...], int] = {}
        for number, *common in sorted(rows, reverse=True):  # of equal ones the least
            self.known[tuple(common)] = int(number)
        self.last = max((int(r[0]) for r in rows), default=0)
        self.added: dict[tuple[str, ...], int] = {}

    def number(self, common: tuple[str, ...]) -> int:
        """The number of what episodes have in common; a new one where none is there."""
        if common not in self.known and common not in self.added:
            self.last += 1
            self.added[common] = self.last
        return self.known.get(common) or self.added[common]

    def write(self) -> None:
        """What was added. Inside the transaction of the run."""
        rows = [[n, *common, self.ledger.run_id] for common, n in self.added.items()]
        self.ledger.add(self.rules, rows)
