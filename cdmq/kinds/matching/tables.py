"""The audit tables of matching: who is whose party, and what happened to parties."""

from __future__ import annotations

from cdmq.audit.tables import STATE_COLUMNS
from cdmq.sql.shape import Table, View, columns

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
        + STATE_COLUMNS
    ),
    identity=("key", "party_id"),
    entity=("key",),
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
    verdict text same_if, score or veto; same or not_same where people said so
    probability double that they are one, from 0 to 1, when the row was opened
    weight double its match weight: the base-2 logarithm of the Bayes factor
    weights text the part of each column in it, as JSON
"""
        + STATE_COLUMNS
    ),
    identity=("key_a", "key_b", "verdict"),
    entity=("key_a", "key_b"),
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
        + STATE_COLUMNS
    ),
    identity=("key", "own"),
    entity=("key",),
    outlives=True,
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
        + STATE_COLUMNS
    ),
    identity=("party_id", "now_id"),
    entity=("party_id",),
)

ANSWERS = Table(
    "answers",
    "one row a time in which a decision said of two records whether they are one",
    columns(
        """
    rule_id text the matching rule
    version text its version when the row was opened
    key_a text the first record, by code point
    key_b text the second
    answer text same, not_same or unsure
    decision text the id of the decision
    gave_way text the id of the weightier one that it contradicts; NULL: it counts
    evidence text digest of the compared values to which it is bound; NULL: a record is gone
    changed boolean whether these values are others now: it is asked once more
"""
        + STATE_COLUMNS
    ),
    identity=("decision", "gave_way", "evidence", "changed"),
    entity=("decision",),
    told=False,
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
    identity=("model", "trained_for", "trained_on"),
    entity=(),
    told=False,
)

TABLES = (XREF, PAIRS, PARTY_EVENTS, ASTRAY, LEADS, ANSWERS, MATCH_MODELS)

PARTY_IDS = View(
    Table(
        "party_ids",
        "one row an id that a party ever had, and where it leads; a view",
        columns("""
    rule_id text the matching rule
    party_id text the id
    now_id text the party that it leads to; NULL where no record is left
"""),
    ),
    """
SELECT e.rule_id, e.party_id, coalesce(x.party_id, l.now_id) AS now_id
FROM (SELECT DISTINCT rule_id, party_id FROM party_events WHERE event IN ('mint', 'split')) AS e
LEFT JOIN (SELECT DISTINCT party_id FROM xref WHERE to_run IS NULL) AS x ON x.party_id = e.party_id
LEFT JOIN (SELECT party_id, now_id FROM leads WHERE to_run IS NULL) AS l ON l.party_id = e.party_id
""",
)

VIEWS = (PARTY_IDS,)
