"""How the relations of a rule of freshness are called, and what is kept of them."""

from __future__ import annotations

#: What a run makes for itself, of a rule, and what stays.
SEEN, RATES = "seen", "rates"
CELLS, RECORDS, CALLS = "cells", "records", "calls"
SAID, HEARD = "said", "heard"
#: What is kept of a cell, and of a record.
CELL_STATE = (
    "key",
    "column_name",
    "digest",
    "since",
    "seen",
    "first_seen",
    "proof",
    "proved_by",
    "result",
    "whom",
    "rate_of",
)
#: What a run knows of a cell beside: its value, and as it is shown, and its key as a log finds it.
BESIDE = ("ckey", "value", "shown")
RECORD_STATE = ("key", "digest", "since", "seen", "first_seen", "tries", "last_try", "answered")


def made(rule: str, what: str) -> str:
    return f"made:{rule}__{what}"


def before(rule: str, what: str, part: str) -> str:
    """What was kept: the `last` of each cell or record, or all digests that it `had`."""
    return f"{part}_{what}:{rule}"
