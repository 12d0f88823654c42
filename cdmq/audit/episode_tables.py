"""The tables of episodes of what a run finds: flags and changes, as people read them."""

from __future__ import annotations

from cdmq.audit.narrow import EPISODE_COLUMNS, Narrow
from cdmq.sql.shape import Table, columns

FLAGS = Table(
    "flags",
    "one row an episode in which a record failed a rule; a view",
    columns(
        """
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
"""
        + EPISODE_COLUMNS
    ),
    hidden=("digest", "value"),
    telling=("value",),
)

FLAG_SUGGESTIONS = Table(
    "flag_suggestions",
    "one row a wrong value for which an allowed one is near",
    columns("""
    judgement integer the number in flag_rules
    value text the wrong value
    suggestion text the nearest allowed value
    from_run text the run that found it near
"""),
)

CHANGES = Table(
    "changes",
    "one row an episode in which a default changed a cell; a view",
    columns(
        """
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
"""
        + EPISODE_COLUMNS
    ),
    hidden=("digest", "old_value", "new_value"),
)

FLAG_EPISODES = Narrow(FLAGS, "flag", ("column_name", "state"), FLAG_SUGGESTIONS, "suggestion")
CHANGE_EPISODES = Narrow(CHANGES, "change", ("column_name",))
EPISODES = (FLAG_EPISODES, CHANGE_EPISODES)
