"""The audit table of scores."""

from __future__ import annotations

from cdmq.audit.tables import STATE_COLUMNS
from cdmq.sql.shape import Table, columns

COMPLETENESS_SCORES = Table(
    "completeness_scores",
    "one row a time in which a record had a score",
    columns(
        """
    rule_id text the completeness rule
    version text its version when the row was opened
    key text the record
    score decimal(5,2) from 0 to 100; NULL: no point applies to it
    missing text the points that apply to it and are not met, as the rule names them
    ask_next text the one of them to ask next
"""
        + STATE_COLUMNS
    ),
    identity=("key", "score", "missing", "ask_next"),
    entity=("key",),
)

TABLES = (COMPLETENESS_SCORES,)
