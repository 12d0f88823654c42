"""The audit table of golden records: where each cell came from."""

from __future__ import annotations

from cdmq.audit.tables import STATE_COLUMNS
from cdmq.sql.shape import Table, columns

GOLDEN_CELLS = Table(
    "golden_cells",
    "one row a time a golden cell held a value",
    columns(
        """
    rule_id text the golden rule
    version text its version when the row was opened
    party_id text the party
    column_name text the column
    value text the value, by pii
    digest text digest of the value where pii hides it
    winner text the record it came from
    because text the word of pick that decided
    losers text the other values and their records
"""
        + STATE_COLUMNS
    ),
    identity=("party_id", "column_name", "value", "digest", "winner", "because", "losers"),
    entity=("party_id", "column_name"),
    hidden=("digest", "value"),
    telling=("losers",),
)

TABLES = (GOLDEN_CELLS,)
