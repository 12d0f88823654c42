"""How defaults are told."""

from cdmq.kinds.said import may_be_unread

HEADING = None
CHANGES = True
COUNTS = "cell changed", "cells changed"


def judges(said: str) -> bool:
    """Who cannot be told by its `where` is flagged."""
    return may_be_unread(said)
