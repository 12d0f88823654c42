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
    winner text the record it came from; of a cell that people set the decision
    because text the word of pick that decided; override of a cell that people set
    losers text the other values and their records
"""
        + STATE_COLUMNS
    ),
    identity=("party_id", "column_name", "value", "digest", "winner", "because", "losers"),
    entity=("party_id", "column_name"),
    hidden=("digest", "value"),
    telling=("losers",),
)

OVERRIDES = Table(
    "overrides",
    "one row a time in which a decision was about a golden cell",
    columns(
        """
    rule_id text the golden rule
    version text its version when the row was opened
    party_id text the party
    column_name text the column
    decision text the id of the decision
    picked text digest of the value that was picked when a run first heeded it
    ended boolean whether another value is picked now, and it no longer counts
"""
        + STATE_COLUMNS
    ),
    identity=("party_id", "column_name", "decision", "picked", "ended"),
    entity=("party_id", "column_name"),
    told=False,
)

TABLES = (GOLDEN_CELLS, OVERRIDES)
