"""The audit table of segments: who is in one, and who fits and is left out."""

from __future__ import annotations

from cdmq.audit.tables import STATE_COLUMNS
from cdmq.sql.shape import Table, columns

SEGMENT_MEMBERS = Table(
    "segment_members",
    "one row a time in which somebody was in a segment, or fitted it and was left out",
    columns(
        """
    rule_id text the segment
    version text its version when the row was opened
    key text the party or record
    part text contact, holdout, comparison, or out
    because text of out: the reason, such as no permission; else NULL
    more text what is behind the reason, for people; NULL where it says all
"""
        + STATE_COLUMNS
    ),
    identity=("key", "part", "because", "more"),
    entity=("key",),
)

TABLES = (SEGMENT_MEMBERS,)
