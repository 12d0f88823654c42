"""What an older cdmq wrote in another shape, and how that is brought over.

What only lacks is added by `ensure`. The statements here are frozen: they say what was and what
became of it at their version, and are made of no table as it is stated now.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
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
    #: Of a table in whose place a view stands now: the columns that it had.
    shown: tuple[str, ...] = ()

    def applies(self, version: int, type_: str | None, columns: Container[str]) -> bool:
        """Whether a table is still as it was; `type_`: table or view, None where nothing is."""
        if version >= self.version or type_ != "table":
            return False
        return all(c in columns for c in (*self.renamed, *self.shown))

    def sent(self, schema: str, dialect: str) -> list[str]:
        found = []
        for text in self.statements:
            statement = parse_one(text, dialect="duckdb")
            for table in statement.find_all(exp.Table):
                table.set("db", nodes.name(schema))
            found.append(statement.sql(dialect))
        return found


#: Equal in all that is constant; NULL and NULL too.
_SAME = " AND ".join(
    f"coalesce(f.{c}, chr(1)) = coalesce(j.{c}, chr(1))"
    for c in ("rule_id", "version", "dataset", "column_name", "state")
)

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

#: A flag was a row with all that is the same for thousands of them. What names it twice, such as
#: a value with two suggestions, has the greater.
NARROW_FLAGS = Migration(
    4,
    "flags",
    {},
    statements=(
        "CREATE TABLE flag_rules (judgement INTEGER, rule_id TEXT, version TEXT, dataset TEXT, "
        "column_name TEXT, state TEXT, from_run TEXT)",
        "CREATE TABLE flag_suggestions (judgement INTEGER, value TEXT, suggestion TEXT, from_run TEXT)",
        "CREATE TABLE flag_rows (judgement INTEGER, key TEXT, value TEXT, digest TEXT, "
        "records BIGINT, from_run TEXT, to_run TEXT, closed_because TEXT)",
        "INSERT INTO flag_rules (judgement, rule_id, version, dataset, column_name, state, from_run) "
        "SELECT row_number() OVER (ORDER BY g.from_run, g.rule_id, g.version, g.dataset, "
        "g.column_name, g.state), g.rule_id, g.version, g.dataset, g.column_name, g.state, "
        "g.from_run FROM (SELECT rule_id, version, dataset, column_name, state, "
        "min(from_run) AS from_run FROM flags "
        "GROUP BY rule_id, version, dataset, column_name, state) AS g",
        "INSERT INTO flag_suggestions (judgement, value, suggestion, from_run) "
        "SELECT j.judgement, f.value, max(f.suggestion), min(f.from_run) "
        f"FROM flags AS f JOIN flag_rules AS j ON {_SAME} "
        "WHERE NOT f.suggestion IS NULL GROUP BY j.judgement, f.value",
        "INSERT INTO flag_rows (judgement, key, value, digest, records, from_run, to_run, "
        "closed_because) SELECT j.judgement, f.key, f.value, f.digest, f.records, f.from_run, "
        f"f.to_run, f.closed_because FROM flags AS f JOIN flag_rules AS j ON {_SAME}",
        "DROP TABLE flags",
    ),
    shown=(
        "rule_id",
        "version",
        "dataset",
        "key",
        "column_name",
        "value",
        "digest",
        "state",
        "suggestion",
        "records",
        "from_run",
        "to_run",
        "closed_because",
    ),
)

MIGRATIONS = (QUEUE_OF_ALL, NARROW_FLAGS)


def former(table: str) -> dict[str, str]:
    """A column of today -> the name that it had in an older table."""
    return {new: old for m in MIGRATIONS if m.table == table for old, new in m.renamed.items()}


def shown(name: str) -> frozenset[str]:
    """The columns of the table that stood where a view stands now; none where there was none."""
    return frozenset(c for m in MIGRATIONS if m.table == name for c in m.shown)


def constant(table: str) -> dict[str, str]:
    """What every row of an older table is, in columns that it lacks."""
    return {c: v for m in MIGRATIONS if m.table == table for c, v in m.constant.items()}
