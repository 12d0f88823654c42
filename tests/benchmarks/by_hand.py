"""The same rules as SQL that somebody who knows DuckDB would write, without any audit trail.

Row rules: a branch per column filters by all its conditions and unnests the failing rules; set
rules: an aggregate and a semi-join. That was the fastest of the shapes that were measured.
"""

from __future__ import annotations

from collections.abc import Sequence

from ruleset import Rule

_NEW_FLAGS = "CREATE TABLE {0} (rule_id VARCHAR, key BIGINT, value VARCHAR);\n"
#: A table of flags with duplicates counted, as `project.FLAGS` has them.
FLAGS = "SELECT rule_id, key, value, count(*) AS n FROM flags GROUP BY ALL"


def flags(rules: Sequence[Rule], into: str = "flags", table: str = "customers") -> str:
    """Statements that write every failing (rule, key, value) into a new table."""
    branches = " UNION ALL\n".join(_branch(g, table) for g in _by_value(rules))
    sets = [_set_rule(r, into, table) for r in rules if not r.fails]
    first = [_NEW_FLAGS.format(into), f"INSERT INTO {into}\n{branches};\n"]
    return "".join([*first, *sets, _key(into, table)])


def again(rules: Sequence[Rule], table: str = "customers") -> str:
    """A second run: find all anew, add what is not there yet, delete what is gone."""
    return flags(rules, "found", table) + merge("found", "flags", ("rule_id", "key", "value"))


def merge(found: str, kept: str, columns: Sequence[str]) -> str:
    on = " AND ".join(f"a.{c} IS NOT DISTINCT FROM b.{c}" for c in columns)
    return f"""
DELETE FROM {kept} AS a WHERE NOT EXISTS (SELECT 1 FROM {found} AS b WHERE {on});
INSERT INTO {kept} SELECT * FROM {found} AS a
    WHERE NOT EXISTS (SELECT 1 FROM {kept} AS b WHERE {on});
DROP TABLE {found};
"""


def _by_value(rules: Sequence[Rule]) -> list[list[Rule]]:
    groups: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.fails:
            groups.setdefault(rule.value, []).append(rule)
    return list(groups.values())


def _branch(group: Sequence[Rule], table: str) -> str:
    value = group[0].value
    if len(group) == 1:
        return (
            f"SELECT '{group[0].id}' AS rule_id, customer_id AS key, {value} AS value "
            f"FROM {table} WHERE {group[0].condition}"
        )
    failing = ", ".join(f"CASE WHEN {r.condition} THEN '{r.id}' END" for r in group)
    any_of = " OR ".join(f"({r.condition})" for r in group)
    return (
        f"SELECT rule_id, key, value FROM (SELECT unnest([{failing}]) AS rule_id, "
        f"customer_id AS key, {value} AS value FROM {table} WHERE {any_of}) "
        "WHERE rule_id IS NOT NULL"
    )


def _set_rule(rule: Rule, into: str, table: str) -> str:
    if rule.check == "row_count":
        few = f"count(*) < {rule.words['min']}"
        return (
            f"INSERT INTO {into} SELECT '{rule.id}', NULL, count(*)::VARCHAR FROM {table} "
            f"HAVING {few};\n"
        )
    column = rule.shown[0]
    if rule.check == "unique":
        fails = (
            f"{column} IN (SELECT {column} FROM {table} WHERE {column} IS NOT NULL "
            f"GROUP BY ALL HAVING count(*) > 1)"
        )
    else:
        to = rule.words["field"]
        fails = (
            f"{column} IS NOT NULL AND {column} NOT IN "
            f"(SELECT {to} FROM {table} WHERE {to} IS NOT NULL)"
        )
    return (
        f"INSERT INTO {into} SELECT '{rule.id}', customer_id, {rule.value} FROM {table} "
        f"WHERE {fails};\n"
    )


def _key(into: str, table: str) -> str:
    """What cdmq asks of every dataset: no two records have one key, and none is without."""
    return (
        f"INSERT INTO {into} SELECT 'customers.key', customer_id, customer_id::VARCHAR FROM {table} "
        f"WHERE customer_id IS NULL OR customer_id IN "
        f"(SELECT customer_id FROM {table} GROUP BY ALL HAVING count(*) > 1);\n"
    )
