"""The audit table of steps."""

from __future__ import annotations

from cdmq.audit.tables import STATE_COLUMNS
from cdmq.sql.shape import Table, columns

TREND_STEPS = Table(
    "trend_steps",
    "one row a time in which a party was on a step of its trend",
    columns(
        """
    rule_id text the trends rule
    version text its version when the row was opened
    key text the party or record
    step text new, active, falling, dormant or back
    since date the day from which it is so: the first after the whole period that made it so
    judged_by text figures, season or gaps; NULL: not known for long enough
    usual decimal(38,9) then the usual figure of a period; NULL: not known, or hidden by pii
    present decimal(38,9) then the present one
    at_risk decimal(38,9) of who is falling or dormant what would come no more in a year; NULL: hidden by pii
    gap double then the usual days from one purchase to the next, where gaps are judged
    last_on date then the day of the last purchase; NULL: hidden by pii
    reason text then why it is so
    uncounted bigint how many of its facts the figures are made without; NULL: none
"""
        + STATE_COLUMNS
    ),
    # The figures of every period are not kept, only those by which a step began.
    identity=("key", "step", "since"),
    entity=("key",),
)

TABLES = (TREND_STEPS,)
