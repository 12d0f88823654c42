"""The audit tables of change_control: what is approved, what waits, and who approved what."""

from __future__ import annotations

from cdmq.audit.tables import STATE_COLUMNS
from cdmq.sql.shape import Table, columns

APPROVED_CELLS = Table(
    "approved_cells",
    "one row a time in which a value of a protected column was the approved one",
    columns(
        """
    rule_id text the rule of change_control
    version text its version when the row was opened
    key text the record
    column_name text the column
    value text the approved value, whole, whatever pii says: others are held against it; do not \
grant it to those who may not see the column
    approved_at timestamp since when: of the change, else of the baseline
    how text baseline, new (a record that came later) or approved
    change_id text of an approved change its key in the log
"""
        + STATE_COLUMNS
    ),
    identity=("key", "column_name", "value", "approved_at"),
    entity=("key", "column_name"),
)

HELD_CHANGES = Table(
    "held_changes",
    "one row a time in which a change of a protected column was not approved",
    columns(
        """
    rule_id text the rule of change_control
    version text its version when the row was opened
    key text the record
    column_name text the column
    change_id text its key in the log; NULL: no log has it
    old_value text the approved value, as pii lets it be kept
    new_value text what the source says, as pii lets it be kept
    digest text of both values
    changed_by text who changed it; NULL: nobody knows
    changed_at timestamp when, by the log; else the as_of of the run that first saw it
    why text what lacks, and which approvals do not count
"""
        + STATE_COLUMNS
    ),
    identity=("key", "column_name", "change_id", "digest", "why"),
    entity=("key", "column_name"),
)

CHANGE_APPROVALS = Table(
    "change_approvals",
    "one row an approval by which a change of a protected column went through; it stays",
    columns("""
    rule_id text the rule of change_control
    version text its version then
    key text the record
    column_name text the column
    change_id text the change in the log; NULL: no log has it
    old_value text the value before, as pii lets it be kept
    new_value text the value after, as pii lets it be kept
    changed_by text who changed it; NULL: nobody knows
    changed_at timestamp when
    approval text the id of the decision; of a row of approvals a digest of what it says
    approver text who approved it
    role text in which role; customer: it was the customer
    approved_at timestamp when
    run_id text the run in which it went through
"""),
)

APPROVALS_READ = Table(
    "approvals_read",
    "one row an approval of a dataset, when a run first read it",
    columns("""
    rule_id text the rule of change_control
    approval text digest of what it says
    roles text the roles that people.yml gave its maker then, with commas; NULL: none
    evidence text digest of the values that its change had then; NULL: the log had no such change
    run_id text the run
"""),
    told=False,
)

TABLES = (APPROVED_CELLS, HELD_CHANGES, CHANGE_APPROVALS, APPROVALS_READ)
