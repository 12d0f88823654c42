"""The audit tables as data; `ensure` brings an older set up to date.

Rows are added and, where a table has `to_run`, closed; none is rewritten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdmq.audit.decision_tables import DECISION_TABLES
from cdmq.audit.episode_tables import EPISODES
from cdmq.sql.keyed import KEPT
from cdmq.sql.shape import Table, columns

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

#: The last columns of a state: of a row that holds from one run to another.
STATE_COLUMNS = """
    from_run text the run in which it was first so
    to_run text the run in which it was no longer so; NULL while it is
    closed_because text changed, gone, could_not_judge, out_of_scope or rule_removed
"""

RUNS = Table(
    "runs",
    "one row a run",
    columns("""
    run_id text names the run; later runs sort later
    started timestamp when it began (UTC)
    finished timestamp when it was published (UTC)
    status text pass, warn, fail or error; refused before it began, or interrupted
    exit_code integer what the command returned
    command text run, test, train, or the other command that wrote here
    as_of timestamp the time that rules judged by
    target text profile and target
    project text name of the project
    git_commit text commit of the files that were read; NULL where git cannot say
    git_dirty boolean whether what was read differed from that commit; data is not looked at
    git_note text why git cannot say: no git here, not committed, unknown: ...
    vars text the --vars, as JSON; secrets are starred
    run_by text who ran it: user@machine
    cdmq_version text version of cdmq
    versions text versions of the engine and the libraries, as JSON
    rules_digest text digest of all rule versions
    message text of a run that was refused or broke off: why
"""),
)

RULE_VERSIONS = Table(
    "rule_versions",
    "one row a version of a rule",
    columns("""
    rule_id text the rule
    version text digest of its meaning
    meta_version text digest of why, owner and tags
    verdict_version text digest of what in its meaning decides on a record
    kind text its kind: the section of a rule file in which it stands
    check_name text the check, or what a default does
    dataset text the dataset
    severity text error, warn or info
    text text the rule as resolved, in YAML
    file text the file it stands in
    line integer its line there
    author text who made it mean this, by git, or by --vars; NULL where nobody can be named
    commit_id text the commit in which this meaning appeared
    committed text when, as git says
    author_note text why nobody is named: no git here, not committed, unknown: ...
    words_author text who changed why, owner, tags or id, where the meaning was there before
    words_commit text the commit in which these words appeared
    words_committed text when, as git says
    words_note text why nobody is named for the words
    enabled boolean false where it is switched off
    why text why the rule exists
    owner text who answers for it
    reads text the datasets that it judges by, beside its own, with commas
    tags text its tags, with commas
    formerly text its id before it was renamed
    from_run text the first run that used it
    to_run text the run that no longer did; NULL while in use
"""),
)

MODEL_VERSIONS = Table(
    "model_versions",
    "one row a version of the SQL of a model",
    columns("""
    dataset text the dataset that it makes
    version text digest of its SQL without comments and layout
    text text the SQL as rendered, with its macros and variables
    file text the file it stands in
    author text who made it mean this, by git, or by --vars; NULL where nobody can be named
    commit_id text the commit in which this meaning appeared
    committed text when, as git says
    author_note text why nobody is named: no git here, not committed, unknown: ...
    from_run text the first run that used it
    to_run text the run that no longer did; NULL while in use
"""),
)

RUN_INPUTS = Table(
    "run_inputs",
    "one row a dataset that a run read or made",
    columns("""
    run_id text the run
    dataset text the dataset
    source text file, table, seed, stack, model or golden
    rows bigint rows of a file, table or seed
    digest text digest of their content; equal: nothing changed; keyed where pii hides some
    version text digest of a model's SQL, as in model_versions
    reads text the datasets that it is made of, with commas
    formerly text its name before it was renamed
"""),
)

RULE_RESULTS = Table(
    "rule_results",
    "one row a rule in a run",
    columns("""
    run_id text the run
    rule_id text the rule
    version text digest of the rule's meaning
    status text pass, warn, fail, no_data, skipped or error
    tested bigint rows under where
    judged bigint rows with something to judge
    failing bigint rows that fail, without the waived
    waived bigint rows that fail under a waiver
    could_not_judge bigint rows that could not be judged, and facts that no figure could count
    changed bigint cells that a default changed
    percent double failing over judged, in percent
    seconds double time of its statement, shared by the rules in it
    message text what went wrong, for skipped and error
    statement text digest of its statement
    fingerprint text digest of all it found; equal: nothing new, nothing gone
"""),
)

RULE_FIGURES = Table(
    "rule_figures",
    "one row a figure that a rule gave in a run, beside its counts",
    columns("""
    run_id text the run
    rule_id text the rule
    figure text its name, such as `parties`, `level:gold` or `mean`
    value double the figure; NULL where it could not be told
"""),
)

STATEMENTS = Table(
    "statements",
    "one row a compiled statement",
    columns("""
    digest text SHA-256 of the SQL
    sql text the SQL, with the run's time as a parameter
    dialect text duckdb or postgres
    first_run text the first run that used it
"""),
)

QUEUE = Table(
    "queue",
    "one row a question for people, of a rule of any kind",
    columns(
        """
    rule_id text the rule
    version text its version when the row was opened
    about text what is asked about: pair (two records), record, cell or change
    key text the record; of a pair the first of the surest two, by code point
    other text of a pair the second record
    column_name text of a cell or change the column
    why text why it is asked; of a pair review, veto, household, bridge or size; of a visit the step
    sure double how sure the rule was, from 0 to 1, when the row was opened
    more bigint of a pair how many more of the two parties were alike then
    first double what it is worth, when the row was opened: the greatest is asked first; \
NULL where nothing is said
    due timestamp until when it is to be answered; NULL where nothing is said
    asked text who is to do it, when the row was opened; NULL where nothing is said
"""
        + STATE_COLUMNS
    ),
    identity=("about", "key", "other", "column_name", "why"),
    entity=("about", "key", "other", "column_name"),
)

PII_KEY = Table(
    KEPT,
    "the secret by which hidden values are told apart; never grant it to others",
    columns("""
    mark text tells whether a run has the same secret, and no more than that
    secret text made once; NULL where the target has a pii_secret in profiles.yml
    made timestamp when the first run used it (UTC)
"""),
)

REGISTER = Table(
    "register",
    "one row a relation that cdmq made and no run has replaced since; "
    "unlike other tables it says only what is",
    columns("""
    schema_name text its schema
    name text its name; of what a run that is under way makes, how all its names begin
    kind text table, view or staged
    identity text how the warehouse knows it again; NULL of an audit table on DuckDB
    project text the project that it belongs to
    made_of text the dataset or rule; NULL for audit tables
    from_run text the run that made it
"""),
)

TABLES = (
    REGISTER,
    PII_KEY,
    RUNS,
    RULE_VERSIONS,
    MODEL_VERSIONS,
    RUN_INPUTS,
    RULE_RESULTS,
    RULE_FIGURES,
    STATEMENTS,
    *(t for e in EPISODES for t in e.tables),
    QUEUE,
    *DECISION_TABLES,
)

SCHEMA_TABLE = Table(
    "schema_version",
    "one row a time the audit tables were made or completed",
    columns("""
    version integer the version of the audit tables
    cdmq_version text version of cdmq that brought it
    applied timestamp when (UTC)
    shape text digest of the tables and views as that version states them
"""),
)

#: Raised when older tables cannot be read as they are stated now; `ensure` adds what only lacks.
VERSION = 5


def audit_schema(warehouse: Warehouse) -> str:
    """Where audit rows are written."""
    read = read_schema(warehouse)
    return read if warehouse.traits.transactions else f"{read}_rows"


def read_schema(warehouse: Warehouse) -> str:
    """Where people read them: the same, but where rows are written before they count."""
    default = warehouse.schema == warehouse.traits.default_schema
    return "cdmq" if default else f"{warehouse.schema}_cdmq"
