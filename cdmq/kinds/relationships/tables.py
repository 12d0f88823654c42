"""The audit table of links."""

from __future__ import annotations

from cdmq.audit.tables import STATE_COLUMNS
from cdmq.sql.shape import Table, columns

LINKS = Table(
    "links",
    "one row a link of two parties, and time in which the data said so",
    columns(
        """
    rule_id text the rule of relationships
    version text its version when the row was opened
    from_party text the party that it starts at
    to_party text the party that it leads to
    type text its type
    starts timestamp from when on it holds; NULL: ever since
    ends timestamp from when on it no longer holds; NULL: it holds still
    depth bigint how many links of the type lead down to its end, from the nearest party at the \
top; NULL: it does not hold at the run's as_of, or there is none
    root text that party
"""
        + STATE_COLUMNS
    ),
    identity=("from_party", "to_party", "type", "starts", "ends", "depth", "root"),
    entity=("from_party", "to_party", "type", "starts"),
)

ROLL_UPS = Table(
    "roll_ups",
    "one row a time in which a party and all below it had a figure",
    columns(
        """
    rule_id text the measure, by its name
    version text its version when the row was opened
    key text the party
    figure decimal(38,9) its own and that of all below it; NULL: none has a fact
    own decimal(38,9) that of the party alone
    below bigint how many parties are below it
"""
        + STATE_COLUMNS
    ),
    identity=("key", "figure", "own", "below"),
    entity=("key",),
)

TABLES = (LINKS, ROLL_UPS)
