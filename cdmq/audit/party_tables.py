"""The audit tables of parties, golden records and levels."""

from __future__ import annotations

from cdmq.sql.shape import Table, columns

_STATE = """
    from_run text the run in which it was first so
    to_run text the run in which it was no longer so; NULL while it is
    closed_because text changed, gone or rule_removed
"""

XREF = Table(
    "xref",
    "one row a time in which a record belonged to a party or group",
    columns(
        """
    rule_id text the matching rule
    version text its version when the row was opened
    key text the record
    party_id text the party or group
"""
        + _STATE
    ),
)

PAIRS = Table(
    "pairs",
    "one row a pair of records that a matching rule found alike",
    columns(
        """
    rule_id text the matching rule
    version text its version when the row was opened
    key_a text the first record, by code point
    key_b text the second
    verdict text same_if, score or veto
    probability double that they are one, from 0 to 1, when the row was opened
    weight double its match weight: the base-2 logarithm of the Bayes factor
    weights text the part of each column in it, as JSON
"""
        + _STATE
    ),
)

PARTY_EVENTS = Table(
    "party_events",
    "one row a thing that happened to a party",
    columns("""
    rule_id text the matching rule
    run_id text the run in which it happened
    event text mint, merge, split, retire or return
    party_id text the party that began or ended
    other text the party it went into, or came out of
    records bigint how many records it had, or has
"""),
)

ASTRAY = Table(
    "astray",
    "one row a time in which a record was in a party that is not its own",
    columns(
        """
    rule_id text the matching rule
    version text its version when the row was opened
    key text the record
    own text the party that it was in before others were merged; NULL: it came when they were
"""
        + _STATE
    ),
)

LEADS = Table(
    "leads",
    "one row a time in which an ended party's id led to another",
    columns(
        """
    rule_id text the matching rule
    version text its version when the row was opened
    party_id text the party that ended
    now_id text the party that has most of its own records
"""
        + _STATE
    ),
)

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
        + _STATE
    ),
)

TIER_HISTORY = Table(
    "tier_history",
    "one row a time in which a party had a level",
    columns(
        """
    rule_id text the tiering rule
    version text its version when the row was opened
    key text the party or record
    level text the level
    measures text the figures it was judged by, as JSON
    cut_offs text the condition of the level
    reason text why it has it
    uncounted integer how many facts the figures are made without; NULL: none
    missed integer in how many reviews, one after the other, it was below its level
    from_review text the date of the review that gave it
    to_review text the date of the review that took it; NULL while it holds
"""
        + _STATE
    ),
)

TIER_REVIEWS = Table(
    "tier_reviews",
    "one row a review of a tiering rule",
    columns("""
    rule_id text the tiering rule
    version text its version
    review text the date by which it is known
    as_of timestamp the time it judged by
    run_id text the run that made it
    undone_run text what undid it, among the runs; NULL while it holds
"""),
)

QUEUE = Table(
    "queue",
    "one row a question for people about two parties",
    columns(
        """
    rule_id text the matching rule
    version text its version when the row was opened
    key_a text the first record of the surest pair
    key_b text the second
    why text review, veto, household, bridge or size
    probability double that they are one, when the row was opened
    more bigint how many more pairs of the two parties were alike then
"""
        + _STATE
    ),
)

MATCH_MODELS = Table(
    "match_models",
    "one row a trained model of a matching rule",
    columns("""
    rule_id text the matching rule
    model text digest of the model
    trained_for text digest of the columns and words it was trained for
    trained_on bigint how many records it was trained on
    settings text the model, as JSON
    from_run text the run that trained it
    to_run text the run that trained the next; NULL while in use
"""),
)

MATCHED = (
    XREF,
    PAIRS,
    PARTY_EVENTS,
    ASTRAY,
    LEADS,
    GOLDEN_CELLS,
    TIER_HISTORY,
    TIER_REVIEWS,
    QUEUE,
    MATCH_MODELS,
)
