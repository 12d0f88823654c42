"""The audit table of segments: who is in one, and who fits and is left out."""

from __future__ import annotations

from cdmq.audit.tables import STATE_COLUMNS
from cdmq.sql.shape import Table, columns

SEGMENT_MEMBERS = Table(
    "segment_members",
    "one row a time in which somebody was in a segment, or fitted it and was left out",
    columns(
        """
    rule_id text the segment
    version text its version when the row was opened
    key text the party or record
    part text contact, holdout, comparison, or out
    because text of out: the reason, such as no permission; else NULL
    more text what is behind the reason, for people; NULL where it says all
"""
        + STATE_COLUMNS
    ),
    identity=("key", "part", "because", "more"),
    entity=("key",),
)

_OF_WAVE = """
    channel text the channel of the permission; NULL where that is a column
    purpose text its purpose; NULL where it has none
    exported_by text who took the wave: user@machine
    exported_at timestamp when, by the clocks of the project's time zone
    until timestamp the end of the time in which a response counts, by the same clocks; NULL: none
    digest text SHA-256 of the file as csv
    run_id text the run in which it was handed out first
"""

EXPORTS = Table(
    "exports",
    "one row a person and wave of a segment: written to, or held out of it; never changed",
    columns(
        """
    rule_id text the segment
    wave text the name of the wave
    key text the party or record
    part text contact, holdout or comparison
    dataset text the dataset of the segment
"""
        + _OF_WAVE
    ),
    told=False,
)

WAVES = Table(
    "waves",
    "one row a wave of a segment that was handed out; never changed",
    columns(
        """
    rule_id text the segment
    wave text the name of the wave
    version text the version of the segment
"""
        + _OF_WAVE
        + """
    relation text the table with the rows that were handed out
    columns text its columns, in the order of the file, as JSON
    waterfall text how many fitted, were out for each reason, and remained, as JSON
"""
    ),
    told=False,
)

SEGMENT_RESPONSES = Table(
    "segment_responses",
    "one row a time in which so many of a part of a wave had responded",
    columns(
        """
    rule_id text the segment
    version text its version when the row was opened
    wave text the wave
    part text contact, holdout or comparison
    people bigint how many people that part has
    responded bigint how many of them responded in time
    rate double their share, from 0 to 1
    difference double by how much the share of contact is greater; NULL of contact itself
    low double from where the difference lies, in 95 of 100 campaigns
    high double to where
"""
        + STATE_COLUMNS
    ),
    identity=("wave", "part", "people", "responded", "difference", "low", "high"),
    entity=("wave", "part"),
)

TABLES = (SEGMENT_MEMBERS, SEGMENT_RESPONSES, EXPORTS, WAVES)
