"""Records that are equal in all, key and cells: each has one name, the same in every query."""

from __future__ import annotations

import duckdb
from runner import World

from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.text_form import identity_of

MODELS = "version: 1\ndatasets: [{name: people, table: people, key: id}]\n"
RULES = """
version: 1
dataset: people
validation:
  - {column: town, checks: [{accepted_values: {values: [Ulm, Bonn]}}]}
matching:
  - {id: same, same_if: [[tax]]}
golden:
  - {id: best, from: same, into: customers, pick: [most_common]}
"""
COLUMNS = {"id": "text", "tax": "text", "town": "text"}


def test_the_names_of_equal_records_hang_on_no_order() -> None:
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE rows AS SELECT (i // 6)::text AS k, 'no key: ' || md5((i // 3)::text) AS d "
        "FROM range(60000) AS r(i)"
    )
    name = identity_of(nodes.column("k"), nodes.column("d"))
    query = nodes.select([nodes.column("k"), nodes.alias(name, "n")], nodes.table(Relation("rows")))
    connection.execute(f"CREATE TABLE named AS {query.sql('duckdb')}")
    assert connection.execute("SELECT count(DISTINCT n) FROM named").fetchone() == (60000,)
    found = connection.execute(
        "SELECT DISTINCT list(regexp_replace(n, '^[0-9]+( #[0-9a-f]{10})?', '\\1') ORDER BY n) "
        "FROM (SELECT k, regexp_replace(n, '#[0-9a-f]{10}', '#') AS n FROM named) GROUP BY k"
    )
    names = {tuple(n.lstrip("0123456789") for n in row[0]) for row in found.fetchall()}
    assert names == {("", " #", " # (2)", " # (2)", " # (3)", " # (3)")}


def test_a_flag_counts_for_each_of_equal_records(world: World) -> None:
    """Two equal rows say Xanten, which is flagged, one says Ulm: Ulm is the only valid one."""
    world.table("people", COLUMNS, [["1", "T", "Xanten"], ["1", "T", "Xanten"], ["2", "T", "Ulm"]])
    world.write({"models/m.yml": MODELS, "rules/people.yml": RULES})
    world.run()
    assert world.audit_rows(
        "golden_cells", ("value", "winner", "because"), "column_name = 'town'"
    ) == [("Ulm", "2", "valid")]


def test_what_is_flagged_is_never_called_valid(world: World) -> None:
    """A flag is of a key: where it repeats, the cells of all its rows lose to those of others."""
    for good, bad in (("Ulm", "Xanten"), ("Bonn", "Aachen"), ("Bonn", "Xanten")):
        world.table("people", COLUMNS, [["1", "T", bad], ["1", "T", good], ["2", "T", "Ulm"]])
        world.write({"models/m.yml": MODELS, "rules/people.yml": RULES})
        world.run()
        cells = world.audit_rows(
            "golden_cells",
            ("value", "winner", "because"),
            "column_name = 'town' AND to_run IS NULL",
        )
        assert cells == [("Ulm", "2", "valid")]
