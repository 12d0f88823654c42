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


def _same(columns: tuple[str, ...]) -> str:
    """Equal in all of them; NULL and NULL too."""
    return " AND ".join(f"coalesce(f.{c}, chr(1)) = coalesce(j.{c}, chr(1))" for c in columns)


def _narrowed(
    version: int,
    table: str,
    one: str,
    common: tuple[str, ...],
    own: tuple[str, ...],
    told: tuple[str, ...] = (),
    beside: tuple[str, ...] = (),
) -> Migration:
    """A row with all that is the same for thousands of them becomes a number and what is its own.
    `told`: what else was in a row; `beside`: the statements that keep it.
    """
    episode = ("from_run", "to_run", "closed_because")
    every = ", ".join(common)
    made = [f"{c} TEXT" for c in (*common, "from_run")]
    kept = [*(f"{c} TEXT" for c in own), "records BIGINT", *(f"{c} TEXT" for c in episode)]
    rows, of_g = (*own, "records", *episode), ", ".join(f"g.{c}" for c in common)
    return Migration(
        version,
        table,
        {},
        statements=(
            f"CREATE TABLE {one}_rules (judgement INTEGER, {', '.join(made)})",
            f"CREATE TABLE {one}_rows (judgement INTEGER, {', '.join(kept)})",
            f"INSERT INTO {one}_rules (judgement, {every}, from_run) "
            f"SELECT row_number() OVER (ORDER BY g.from_run, {of_g}), {of_g}, g.from_run "
            f"FROM (SELECT {every}, min(from_run) AS from_run FROM {table} GROUP BY {every}) AS g",
            *beside,
            f"INSERT INTO {one}_rows (judgement, {', '.join(rows)}) "
            f"SELECT j.judgement, {', '.join(f'f.{c}' for c in rows)} "
            f"FROM {table} AS f JOIN {one}_rules AS j ON {_same(common)}",
            f"DROP TABLE {table}",
        ),
        shown=(*common, *rows, *told),
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

_OF_FLAGS = ("rule_id", "version", "dataset", "column_name", "state")

#: Of two suggestions for a value the greater is kept.
NARROW_FLAGS = _narrowed(
    4,
    "flags",
    "flag",
    _OF_FLAGS,
    ("key", "value", "digest"),
    ("suggestion",),
    (
        "CREATE TABLE flag_suggestions (judgement INTEGER, value TEXT, suggestion TEXT, from_run TEXT)",
        "INSERT INTO flag_suggestions (judgement, value, suggestion, from_run) "
        "SELECT j.judgement, f.value, max(f.suggestion), min(f.from_run) "
        f"FROM flags AS f JOIN flag_rules AS j ON {_same(_OF_FLAGS)} "
        "WHERE NOT f.suggestion IS NULL GROUP BY j.judgement, f.value",
    ),
)

NARROW_CHANGES = _narrowed(
    5,
    "changes",
    "change",
    ("rule_id", "version", "dataset", "column_name"),
    ("key", "old_value", "new_value", "digest", "act", "reason"),
)

MIGRATIONS = (QUEUE_OF_ALL, NARROW_FLAGS, NARROW_CHANGES)


def former(table: str) -> dict[str, str]:
    """A column of today -> the name that it had in an older table."""
    return {new: old for m in MIGRATIONS if m.table == table for old, new in m.renamed.items()}


def shown(name: str) -> frozenset[str]:
    """The columns of the table that stood where a view stands now; none where there was none."""
    return frozenset(c for m in MIGRATIONS if m.table == name for c in m.shown)


def constant(table: str) -> dict[str, str]:
    """What every row of an older table is, in columns that it lacks."""
    return {c: v for m in MIGRATIONS if m.table == table for c, v in m.constant.items()}
