"""The audit tables of freshness: what stands since when, what proved it, how fast it fades."""

from __future__ import annotations

from cdmq.audit.tables import STATE_COLUMNS
from cdmq.sql.shape import Table, columns

FRESHNESS_CELLS = Table(
    "freshness_cells",
    "one row a time in which a value that is to be confirmed had a proof, or none",
    columns(
        """
    rule_id text the rule of freshness
    version text its version when the row was opened
    key text the party or record
    column_name text the column
    digest text digest of the value; keyed where pii hides it
    since timestamp since when the value stands there
    seen text how it came: first (the rule saw none before), changed, or returned (after another)
    first_seen timestamp the time of the run that first saw a value of this cell
    proof timestamp when the value was last proved right or wrong; NULL: never
    proved_by text what proved it: verified_at, decisions or a log; NULL: nothing did
    result text good or bad; NULL: it was never proved
    whom text the key of recheck_after that fits the record; NULL where the rule has none
    rate_of text whose rate it fades by, beside its column; empty: that of all
"""
        + STATE_COLUMNS
    ),
    # What drifts with time alone is worked out where it is read: a second run changes nothing.
    identity=(
        "key",
        "column_name",
        "digest",
        "since",
        "seen",
        "proof",
        "proved_by",
        "result",
        "whom",
        "rate_of",
    ),
    entity=("key", "column_name"),
)

FRESHNESS_RECORDS = Table(
    "freshness_records",
    "one row a time in which a record stood as it is",
    columns(
        """
    rule_id text the rule of freshness
    version text its version when the row was opened
    key text the party or record
    digest text digest of the record; NULL where the rule has no unchanged_for
    since timestamp since when it stands so
    seen text how it came: first, changed or returned
    first_seen timestamp the time of the run that first saw the record
    tries bigint on how many days values of it were tried in vain since each was proved right or wrong
    last_try timestamp when last
    answered timestamp when people last answered that something of it is right, or wrong
"""
        + STATE_COLUMNS
    ),
    identity=("key", "digest", "since", "seen", "tries", "last_try", "answered"),
    entity=("key",),
)

FRESHNESS_RATES = Table(
    "freshness_rates",
    "one row a time in which a column faded by a rate",
    columns(
        """
    rule_id text the rule of freshness
    version text its version when the row was opened
    column_name text the column
    rate_of text of which of its values; empty: of all
    rate double the share that goes stale in a month of 30.4375 days; NULL: nothing says it
    basis text measured, by the log; prior: as fades says; none: nothing says it
    of_whom text of what it was measured: a source, a level or both; empty: of all
    low double the least that it may be, of a 90% interval; NULL: not measured
    high double the most that it may be
    checked bigint how many times a value that was right was tried again
    bad bigint how many of them were found bad
    lasts integer after how many days the confidence is under recheck_below; NULL: never
"""
        + STATE_COLUMNS
    ),
    identity=(
        "column_name",
        "rate_of",
        "rate",
        "basis",
        "of_whom",
        "low",
        "high",
        "checked",
        "bad",
        "lasts",
    ),
    entity=("column_name", "rate_of"),
)

TABLES = (FRESHNESS_CELLS, FRESHNESS_RECORDS, FRESHNESS_RATES)
