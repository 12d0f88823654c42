"""The audit tables of what people decided. Rows are added; none is rewritten."""

from __future__ import annotations

from cdmq.sql.shape import Table, columns

DECISIONS = Table(
    "decisions",
    "one row a thing that somebody decided; a row may be inserted by SQL",
    columns("""
    id text digest of all that it says; NULL is read as such a digest
    type text same, not_same, unsure, override, waive, approve, reject, customer_confirmed, \
verified, wrong, unreachable, visit, restrict, object or withdraw
    rule_id text the rule that asked, or that it is about; NULL: the dataset alone is named
    dataset text the dataset of the keys; NULL: that of the rule
    keys text the key of the record, or as a JSON array the keys of two
    column_name text of a cell its column
    old_value text the value that stood there
    new_value text the value that is to stand there, or what came of a visit
    condition text of a waiver: for which records
    lasts text of an override: until_source_changes, always, or its last day
    withdraws text the id of the decision that is taken back
    reason text why
    requested_by text who asked for it
    decided_by text who decided: a login of people.yml
    role text in which role
    decided_at timestamp when (UTC)
    expires text the last day on which it counts
    evidence text digest of the values that were seen
    origin text where it came from: a file and its line, cdmq decide; NULL: inserted by SQL
"""),
)

DECISION_STATES = Table(
    "decision_states",
    "one row a time in which a decision stood, or did not",
    columns("""
    id text the decision
    stands boolean whether it counts
    why text why it does not
    roles text the roles that people.yml gave its maker when the row was opened, with commas
    standing integer the standing of its maker then
    from_run text the run in which it was first so
    to_run text the run in which it was no longer so; NULL while it is
"""),
)

PEOPLE = Table(
    "people",
    "one row a time in which people.yml said this of somebody",
    columns("""
    login text how the person is named where it decides
    name text the name in full
    roles text the roles, with commas
    standing integer whose decision counts more: the greater
    kind text person or agent
    from_run text the first run that read it
    to_run text the run that no longer did; NULL while it stands there
"""),
)

DECISION_TABLES = (DECISIONS, DECISION_STATES, PEOPLE)
