"""The audit tables as data, and the migrations that bring an older set up to date.

Rows are added and, where a table has `to_run`, closed; none is rewritten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.values import Relation

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    about: str


@dataclass(frozen=True)
class Table:
    name: str
    about: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)


def _columns(text: str) -> tuple[Column, ...]:
    found = []
    for line in filter(str.strip, text.splitlines()):
        name, type_, about = line.split(None, 2)
        found.append(Column(name, type_, about))
    return tuple(found)


_EPISODE = """
    from_run text the run in which it was first seen
    to_run text the run that closed it; NULL while open
    closed_because text fixed, changed, gone, out_of_scope, rule_changed or rule_removed
"""

RUNS = Table("runs", "one row a run", _columns("""
    run_id text names the run; later runs sort later
    started timestamp when it began (UTC)
    finished timestamp when it was published (UTC)
    status text pass, warn, fail or error
    exit_code integer what the command returned
    command text run or test
    as_of timestamp the time that rules judged by
    target text profile and target
    project text name of the project
    git_commit text commit of the project's files; NULL without git
    git_dirty boolean whether files differed from that commit
    run_by text who ran it: user@machine
    cdmq_version text version of cdmq
    versions text versions of the engine and the libraries, as JSON
    rules_digest text digest of all rule versions
"""))

RULE_VERSIONS = Table("rule_versions", "one row a version of a rule", _columns("""
    rule_id text the rule
    version text digest of its meaning
    meta_version text digest of why, owner and tags
    kind text validation or defaults
    check_name text the check, or what a default does
    dataset text the dataset
    severity text error, warn or info
    text text the rule as resolved, in YAML
    file text the file it stands in
    line integer its line there
    author text who wrote the line last, by git; NULL without git
    commit_id text the commit of that; NULL without git or when not committed
    committed text when, as git says
    why text why the rule exists
    owner text who answers for it
    tags text its tags, with commas
    formerly text its id before it was renamed
    from_run text the first run that used it
    to_run text the run that no longer did; NULL while in use
"""))

RULE_RESULTS = Table("rule_results", "one row a rule in a run", _columns("""
    run_id text the run
    rule_id text the rule
    version text digest of the rule's meaning
    status text pass, warn, fail, no_data, skipped or error
    tested bigint rows under where
    judged bigint rows with something to judge
    failing bigint rows that fail, without the waived
    waived bigint rows that fail under a waiver
    could_not_judge bigint rows that could not be judged
    changed bigint cells that a default changed
    percent double failing over judged, in percent
    seconds double time of its statement, shared by the rules in it
    message text what went wrong, for skipped and error
    statement text digest of its statement
    fingerprint text digest of all it found; equal: nothing new, nothing gone
"""))

STATEMENTS = Table("statements", "one row a compiled statement", _columns("""
    digest text SHA-256 of the SQL
    sql text the SQL, with the run's time as a parameter
    dialect text duckdb or postgres
    first_run text the first run that used it
"""))

FLAGS = Table("flags", "one row an episode in which a record failed a rule", _columns("""
    rule_id text the rule
    version text its version when the flag was opened
    dataset text the dataset
    key text the record; NULL for a rule about the whole dataset
    column_name text the columns judged
    value text what stood there, by pii
    digest text digest of the value where pii hides it
    state text failed or could_not_judge
    suggestion text the nearest allowed value
    records bigint how many records share the key and value
""" + _EPISODE))

CHANGES = Table("changes", "one row an episode in which a default changed a cell", _columns("""
    rule_id text the rule
    version text its version when the change was first made
    dataset text the dataset
    key text the record
    column_name text the column
    old_value text what stood there before, by pii
    new_value text what stands there now, by pii
    digest text digest of old and new where pii hides them
    act text map, standardise, fill_from or set
    reason text why the value is missing, for set
    records bigint how many records share all that
""" + _EPISODE))

TABLES = (RUNS, RULE_VERSIONS, RULE_RESULTS, STATEMENTS, FLAGS, CHANGES)

_STATE = """
    from_run text the run in which it was first so
    to_run text the run in which it was no longer so; NULL while it is
    closed_because text changed, gone or rule_removed
"""

XREF = Table("xref", "one row a time in which a record belonged to a party or group", _columns("""
    rule_id text the matching rule
    version text its version when the row was opened
    key text the record
    party_id text the party or group
""" + _STATE))

PAIRS = Table("pairs", "one row a pair of records that a matching rule found alike", _columns("""
    rule_id text the matching rule
    version text its version when the row was opened
    key_a text the first record, by code point
    key_b text the second
    verdict text same_if, score, review or veto
    probability double that they are one, from 0 to 1, when the row was opened
    weight double its match weight: the base-2 logarithm of the Bayes factor
    weights text the part of each column in it, as JSON
""" + _STATE))

PARTY_EVENTS = Table("party_events", "one row a thing that happened to a party", _columns("""
    rule_id text the matching rule
    run_id text the run in which it happened
    event text mint, merge, split or retire
    party_id text the party that began or ended
    other text the party it went into, or came out of
    records bigint how many records it had, or has
"""))

GOLDEN_CELLS = Table("golden_cells", "one row a time a golden cell held a value", _columns("""
    rule_id text the golden rule
    version text its version when the row was opened
    party_id text the party
    column_name text the column
    value text the value, by pii
    digest text digest of the value where pii hides it
    winner text the record it came from
    because text the word of pick that decided
    losers text the other values and their records
""" + _STATE))

TIER_HISTORY = Table("tier_history", "one row a time in which a party had a level", _columns("""
    rule_id text the tiering rule
    version text its version when the row was opened
    key text the party or record
    level text the level
    measures text the figures it was judged by, as JSON
    cut_offs text the condition of the level
    reason text why it has it
    missed integer in how many reviews, one after the other, it was below its level
    from_review text the date of the review that gave it
    to_review text the date of the review that took it; NULL while it holds
""" + _STATE))

TIER_REVIEWS = Table("tier_reviews", "one row a review of a tiering rule", _columns("""
    rule_id text the tiering rule
    version text its version
    review text the date by which it is known
    as_of timestamp the time it judged by
    run_id text the run that made it
"""))

QUEUE = Table("queue", "one row a question for people", _columns("""
    rule_id text the matching rule
    version text its version when the row was opened
    key_a text the first record
    key_b text the second
    why text review, veto, bridge or size
    probability double that they are one, when the row was opened
""" + _STATE))

MATCH_MODELS = Table("match_models", "one row a trained model of a matching rule", _columns("""
    rule_id text the matching rule
    model text digest of the model
    trained_for text digest of the columns and words it was trained for
    trained_on bigint how many records it was trained on
    settings text the model, as JSON
    from_run text the run that trained it
    to_run text the run that trained the next; NULL while in use
"""))

MATCHED = (XREF, PAIRS, PARTY_EVENTS, GOLDEN_CELLS, TIER_HISTORY, TIER_REVIEWS, QUEUE, MATCH_MODELS)
SCHEMA_TABLE = Table("schema_version", "one row a migration that was done", _columns("""
    version integer the version of the audit tables
    cdmq_version text the version of cdmq that brought it
    applied timestamp when (UTC)
"""))

#: The statements that lead from version n to n + 1, in order; builders take the audit schema.
MIGRATIONS: tuple[Callable[[str], list[exp.Create]], ...] = (
    lambda schema: [create_table(t, schema) for t in TABLES],
    lambda schema: [*(create_table(t, schema) for t in MATCHED), party_ids(schema)],
)

#: Where every id that was ever given leads: follow what it went into, until that is not retired.
_PARTY_IDS = """
WITH RECURSIVE way (rule_id, party_id, at_id, steps) AS (
    SELECT DISTINCT rule_id, party_id, party_id, 0 FROM party_events
    WHERE event IN ('mint', 'split')
    UNION ALL
    SELECT w.rule_id, w.party_id, e.other, w.steps + 1
    FROM way AS w JOIN party_events AS e ON e.party_id = w.at_id
    WHERE e.event IN ('merge', 'retire') AND NOT w.at_id IS NULL
),
ends AS (
    SELECT rule_id, party_id, at_id,
        row_number() OVER (PARTITION BY rule_id, party_id ORDER BY steps DESC) AS place
    FROM way
)
SELECT rule_id, party_id, at_id AS now_id FROM ends WHERE place = 1
"""


def party_ids(schema: str) -> exp.Create:
    """The view by which every party id resolves: `now_id` is NULL where no record is left."""
    from sqlglot import parse_one

    query = parse_one(_PARTY_IDS, dialect="duckdb")
    for table in query.find_all(exp.Table):
        if table.name == PARTY_EVENTS.name:
            table.replace(nodes.table(Relation(PARTY_EVENTS.name, schema), table.alias or None))
    return nodes.create(Relation("party_ids", schema), query, kind="VIEW")


def audit_schema(warehouse: Warehouse) -> str:
    default = warehouse.schema == warehouse.traits.default_schema
    return "cdmq" if default else f"{warehouse.schema}_cdmq"


def create_table(table: Table, schema: str) -> exp.Create:
    columns = [
        exp.ColumnDef(this=nodes.name(c.name), kind=exp.DataType.build(c.type, dialect="duckdb"))
        for c in table.columns
    ]
    target = exp.Schema(this=nodes.table(Relation(table.name, schema)), expressions=columns)
    return exp.Create(this=target, kind="TABLE", exists=True)
