"""The ids of runs: later runs sort later, whatever the clock says."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.tables import REGISTER, RUNS, audit_schema
from cdmq.sql import nodes
from cdmq.sql.relation import Relation

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

_FORM = "%Y%m%dT%H%M%S%f"


def next_run_id(warehouse: Warehouse, started: datetime) -> str:
    """By the time of its start; just after the last run's where the clock was set back."""
    stamp = started.strftime(_FORM)[:-3]
    last = _last(warehouse)
    if re.fullmatch(r"\d{8}T\d{9}", last) and stamp <= last:
        after = datetime.strptime(f"{last}000", _FORM) + timedelta(milliseconds=1)
        stamp = after.strftime(_FORM)[:-3]
    return f"{stamp}-{secrets.token_hex(3)}"


def _last(warehouse: Warehouse) -> str:
    """The time in the id of the last run: one that died stands in the register alone."""
    schema = audit_schema(warehouse)
    found = ""
    for table, column in ((RUNS, "run_id"), (REGISTER, "from_run")):
        relation = Relation(table.name, schema)
        if column in (warehouse.columns(relation) or ()):
            top = nodes.select([exp.Max(this=nodes.column(column))], nodes.table(relation))
            rows = warehouse.fetch(top.sql(warehouse.dialect))
            found = max(found, str(rows[0][0] or ""))
    return found.partition("-")[0]
