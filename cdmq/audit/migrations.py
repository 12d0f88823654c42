"""What an older cdmq wrote in another shape, and how that is brought over.

What only lacks is added by `ensure`. The statements here are frozen: they say what was and what
became of it at their version, and are made of no table as it is stated now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp, parse_one

from cdmq.sql import nodes


@dataclass(frozen=True)
class Migration:
    """Brings a table of before `version` to what it became, in DuckDB's words."""

    version: int
    table: str
    #: A column by the name that it had -> the name that it has.
    renamed: Mapping[str, str]
    #: What every row of before is, in columns that came.
    constant: Mapping[str, str] = field(default_factory=dict)
    statements: tuple[str, ...] = ()

    def sent(self, schema: str, dialect: str) -> list[str]:
        found = []
        for text in self.statements:
            statement = parse_one(text, dialect="duckdb")
            for table in statement.find_all(exp.Table):
                table.set("db", nodes.name(schema))
            found.append(statement.sql(dialect))
        return found


#: The queue held pairs of matching, and nothing else.
QUEUE_OF_ALL = Migration(
    3,
    "queue",
    {"key_a": "key", "key_b": "other", "probability": "sure"},
    {"about": "pair"},
    (
        "ALTER TABLE queue RENAME COLUMN key_a TO key",
        "ALTER TABLE queue RENAME COLUMN key_b TO other",
        "ALTER TABLE queue RENAME COLUMN probability TO sure",
        "ALTER TABLE queue ADD COLUMN about TEXT DEFAULT 'pair'",
        "ALTER TABLE queue ALTER COLUMN about DROP DEFAULT",
    ),
)

MIGRATIONS = (QUEUE_OF_ALL,)


def former(table: str) -> dict[str, str]:
    """A column of today -> the name that it had in an older table."""
    return {new: old for m in MIGRATIONS if m.table == table for old, new in m.renamed.items()}


def constant(table: str) -> dict[str, str]:
    """What every row of an older table is, in columns that it lacks."""
    return {c: v for m in MIGRATIONS if m.table == table for c, v in m.constant.items()}
