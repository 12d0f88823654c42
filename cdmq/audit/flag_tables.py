"""The tables in which flags are kept; the view `flags` shows them."""

from __future__ import annotations

from cdmq.sql.shape import Table, columns

#: The last columns of an episode of flags or changes.
EPISODE_COLUMNS = """
    from_run text the run in which it was first seen
    to_run text the run that closed it; NULL while open
    closed_because text fixed, changed, gone, rekeyed, out_of_scope, rule_changed, \
both_changed, rule_removed
"""

FLAG_RULES = Table(
    "flag_rules",
    "one row what many flags have in common, by the number that they bear",
    columns("""
    judgement integer its number
    rule_id text the rule
    version text its version when the flags were opened
    dataset text the dataset
    column_name text the columns judged
    state text failed or could_not_judge
    from_run text the first run that opened such a flag
"""),
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

FLAG_ROWS = Table(
    "flag_rows",
    "one row an episode in which a record failed a rule, as it is kept; flags shows it",
    columns(
        """
    judgement integer the number in flag_rules
    key text the record; NULL for a rule about the whole dataset
    value text what stood there, by pii
    digest text digest of the value where pii hides it
    records bigint how many records share the key and value
"""
        + EPISODE_COLUMNS
    ),
    hidden=("digest", "value"),
    telling=("value",),
)
