"""delivered"""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp

from cdmq.checks.base import Check, Context, Scope
from cdmq.sql import nodes


class Delivered(Check):
    """A source that held records holds some.

    When to use: never by hand, every dataset that comes from outside (file, table, seed, a model
    with source()) has this rule of itself, with the id `dataset.delivered`. Where it does not pass,
    the dataset and all that stands on it stay as they were: records, flags, parties, levels. It
    fails too where a file has lines below its header and none of them could be read as a record.
    `may_be_empty: true` at the dataset lifts it; checks named in its `holds:` hold it back
    likewise. Written in a rule file it says what else is known of the rule: its owner, its why.

    Example:
        # models/crm.yml
        datasets:
          - name: crm
            file: data/crm.csv
            key: id
            holds: [crm_is_whole]      # a rule with check: row_count

    Passes: 1 record; none, where there were none before.
    Fails: no record, where the last delivery that was taken held some.
    """

    NAME: ClassVar[str] = "delivered"
    #: Whether it fails hangs on what was delivered before: see stages/guards.py.
    DIMENSION: ClassVar[str] = "coverage"
    SCOPE: ClassVar[Scope] = "dataset"
    TAKES: ClassVar = "none"
    OF_ITSELF: ClassVar[bool] = True
    GUARDS: ClassVar[bool] = True

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        """The condition on the number of records, which stands in the column `n`."""
        return exp.LT(this=nodes.column("n"), expression=nodes.number(1))

    def judged(self, columns: tuple[str, ...], at: Context) -> exp.Expr | None:
        return None
