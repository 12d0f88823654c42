"""What a kind keeps of each record, where its story is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cdmq.audit.chapters import Party, Record
from cdmq.audit.reading import Row
from cdmq.audit.telling import Telling, one_of
from cdmq.sql import nodes
from cdmq.sql.shape import Table


def _opened(row: Row) -> str:
    return str(row["from_run"])


def kept_of(
    about: Record | Party,
    at: Telling,
    kind: str,
    table: Table,
    newest: Callable[[Row], Any] = _opened,
) -> list[Row]:
    """The rows of a table about a record or a party, by the rules of a kind, rule by rule, the
    newest first; `newest` gives what they are ordered by: the run that opened them."""
    found: list[Row] = []
    for datasets, keys in about.places:
        rules = [r for d in datasets for r in at.rules_on(d, kind)]
        wanted = sorted(set(keys))
        if not rules or not wanted:
            continue
        where = nodes.every([one_of("rule_id", rules), one_of("key", wanted)])
        rows = sorted(at.rows(table, where), key=newest, reverse=True)
        found += sorted(rows, key=lambda r: at.now(r["rule_id"]))
    return found
