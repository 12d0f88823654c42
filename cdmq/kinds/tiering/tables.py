"""The audit tables of levels and of the reviews that gave them."""

from __future__ import annotations

from cdmq.audit.tables import STATE_COLUMNS
from cdmq.sql.shape import Table, columns

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
    cut_offs text the condition of the level, with what ranks in it came to in figures then
    reason text why it has it
    uncounted integer how many facts the figures are made without; NULL: none
    missed integer in how many reviews, one after the other, it was below its level
    from_review text the date of the review since which it has it, times in which it had none left out
    to_review text the date of the review that took it; NULL while it holds
    replayed boolean true where a later run made up for past reviews, by parties of then; NULL of others
"""
        + STATE_COLUMNS
    ),
    # The figures of every review are not kept, only those by which an episode began: a second run
    # changes nothing.
    identity=("key", "level", "cut_offs", "missed", "uncounted"),
    entity=("key",),
)

TIER_REVIEWS = Table(
    "tier_reviews",
    "one row a review of a tiering rule",
    columns("""
    rule_id text the tiering rule
    version text its version
    review text the date by which it is known
    as_of timestamp the time it judged by
    had bigint how many had a level before, and have one now
    moved bigint how many of these have another
    accepted_by text who let more move than moves_at_most says; NULL where no more did
    replayed boolean true where a later run made up for it; NULL of others
    run_id text the run that made it
    undone_run text what undid it, among the runs; NULL while it holds
"""),
    told=False,
)

EXPOSURES = Table(
    "exposures",
    "one row a time in which a party owed so much, with all below it",
    columns(
        """
    rule_id text the tiering rule, with __exposure
    version text its version when the row was opened
    key text the party or record
    exposure decimal(38,9) what it and all below it owe
    own decimal(38,9) what it owes alone; NULL: it has no fact
    below bigint how many parties are below it
    credit_limit decimal(38,9) its approved limit
    departments decimal(38,9) what the limits of its records come to together; NULL: none says one
"""
        + STATE_COLUMNS
    ),
    identity=("key", "exposure", "own", "below", "credit_limit", "departments"),
    entity=("key",),
)

TABLES = (TIER_HISTORY, TIER_REVIEWS, EXPOSURES)
