"""What is to stand in the audit schema, of whatever kind."""

from __future__ import annotations

from functools import cache

from cdmq.audit.stated import Stated
from cdmq.audit.tables import TABLES
from cdmq.audit.views import VIEWS
from cdmq.kinds import kinds


@cache
def stated() -> Stated:
    """The audit tables and views of every run, then those of each kind."""
    every = kinds().values()
    return Stated(
        (*TABLES, *(t for kind in every for t in kind.tables)),
        (*VIEWS, *(v for kind in every for v in kind.audit_views)),
    )


def keeping() -> frozenset[str]:
    """The kinds that keep audit tables: a rule of theirs has its history under its id."""
    return frozenset(name for name, kind in kinds().items() if kind.tables)
