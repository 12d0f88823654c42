"""The tables of the warehouse that `source()` and `table:` name, and the one that none may read."""

from __future__ import annotations

import re

from cdmq.problems import Problem, Span
from cdmq.sql.keyed import KEPT, KEY
from cdmq.sql.relation import Relation
from cdmq.values import Dataset

#: A schema with audit tables, of this project or another.
_AUDIT = re.compile("(.+_)?cdmq(_rows)?")


def source_relation(name: str) -> Relation:
    """The relation that source() names: `schema.table`, or `table`."""
    parts = name.split(".")
    return Relation(parts[-1], parts[-2] if len(parts) > 1 else None)


def read_key(model: Dataset, name: str) -> list[Problem]:
    """What is wrong where a SQL model reads the key by source()."""
    span = Span(model.model.path) if model.model else model.span
    what = f"the SQL model {model.name}"
    return key_problems(source_relation(name), f"source('{name}')", what, span)


def key_problems(read: Relation, written: str, what: str, span: Span) -> list[Problem]:
    """What is wrong where something reads the key of hidden values; a table of that name in a
    schema of others is theirs."""
    name, schema = read.name.lower(), (read.schema or "cdmq").lower()
    if name != KEY.name and not (name == KEPT and _AUDIT.fullmatch(schema)):
        return []
    mine = "" if read.schema else f", or say its schema if it is a table of yours: raw.{read.name}"
    return [
        Problem(
            span,
            "CDMQ336",
            f"{what} reads {written}, where cdmq keeps the secret by which hidden values are told "
            "apart",
            f"read another table{mine}",
        )
    ]
