"""When a flag stays open where datasets break, come and go."""

from __future__ import annotations

from laws.closed import begin as begin
from laws.closed import closed
from laws.small import ORDERS, ROWS, RULES, people
from runner import Twin, World, written


def test_dataset_removed(begun: World) -> None:
    models = (begun.root / "models/m.yml").read_text()
    begun.write(
        {"rules/orders.yml": "", "models/m.yml": models[: models.index("  - name: orders")]}
    )
    begun.run()
    assert closed(begun) == {("orders.person.relationships", "b", "rule_removed")}


def test_error_stays_open(world: World) -> None:
    """The dataset's source is broken: its rules are in error, the others go on."""
    world.write({"data/p.csv": "id,born\n1,2020-01-01\n2,x\n3,\n"})
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n"
            "  - {name: p, file: data/p.csv, key: id, columns: {born: date}}\n"
            "  - {name: q, table: q_src, key: id}\n",
            "rules/p.yml": "version: 1\ndataset: p\n"
            "validation: [{column: born, checks: [not_null]}]\n",
            "rules/q.yml": "version: 1\ndataset: q\n"
            "validation: [{column: c, checks: [not_null]}]\n",
        }
    )
    world.table("q_src", {"id": "integer", "c": "text"}, [[1, None]])
    world.run()
    before, rows = world.flags(), world.view("p")
    (world.root / "data/p.csv").write_bytes(b"id,born\n1,2020-01-01\n2,\xff\n")  # no utf-8
    world.table("q_src", {"id": "integer", "c": "text"}, [[1, "x"]])
    again = world.run()
    assert again.exit_code == 2
    status = {r.rule.id: r.status for r in again.results}
    assert status == {
        "p.born.not_null": "error",
        "p.born.readable": "error",
        "p.delivered": "error",
        "p.key": "error",
        "p.lines": "error",
        "q.c.not_null": "pass",
        "q.delivered": "pass",
        "q.key": "pass",
    }
    assert [f for f in before if f[0].startswith("p.")] == world.flags()
    assert closed(world) == {("q.c.not_null", "1", "fixed")}
    assert world.view("p") == rows


STACK = """
version: 1
datasets:
  - {name: a, file: data/a.csv, key: id}
  - {name: b, file: data/b.csv, key: id}
  - {name: both, stack: {a: a, b: b}, key: [source, id]}
"""


def stacked(world: World) -> None:
    world.write(
        {
            "models/m.yml": STACK,
            "data/a.csv": "id,c\n1,\n",
            "data/b.csv": "id,c\n1,\n2,x\n",
            "rules/both.yml": "version: 1\ndataset: both\n"
            "validation: [{column: c, checks: [not_null]}]\n",
            "rules/b.yml": "version: 1\ndataset: b\n"
            "validation: [{column: c, checks: [not_null]}]\n",
        }
    )
    world.run()


def test_what_reads_a_broken_source_is_skipped(twin: Twin) -> None:
    world = twin(stacked)
    before = world.flags()
    assert {f[1] for f in before} == {"a/1", "b/1", "1"}
    world.write({"data/b.csv": "id,c\n1,y\n2,x\n"})
    (world.root / "data/a.csv").write_bytes(b"id,c\n1,\xff\n")  # no utf-8
    again = world.run()
    status = {r.rule.id: r.status for r in again.results}
    assert {r: status[r] for r in written(status)} == {
        "both.c.not_null": "skipped",
        "b.c.not_null": "pass",
    }
    assert {r: s for r, s in status.items() if r.startswith("a.")} == dict.fromkeys(
        ["a.delivered", "a.key", "a.lines"], "error"
    )
    assert {f[1] for f in world.flags()} == {"a/1", "b/1"}
    assert len(world.view("both")) == 3
    world.write({"data/a.csv": "id,c\n1,z\n"})
    world.run()
    assert world.flags() == []


def test_a_dataset_that_is_taken_out_does_not_stop_the_next_run(twin: Twin) -> None:
    world = twin(stacked)
    world.write({"models/m.yml": STACK.replace("  - {name: both", "#"), "rules/both.yml": ""})
    world.write({"data/b.csv": "id,c\n1,y\n"})
    world.run()
    assert world.flags() == []


def test_a_view_of_somebody_else_does_not_stop_the_next_run(begun: World) -> None:
    """People build reports on what a run publishes."""
    schema = begun.schema
    begun.sql(f"CREATE VIEW {schema}.report AS SELECT id, country FROM {schema}.people__defaulted")
    begun.sql(f"CREATE VIEW {schema}.report_two AS SELECT id FROM {schema}.report")
    people(begun, ROWS[:2])
    begun.run()
    assert [r["id"] for r in begun.view("report_two")] == [1, 2]


def test_a_rule_that_moves_to_another_dataset(begun: World) -> None:
    """Its flags are about the records of the dataset that it judges."""
    models = (begun.root / "models/m.yml").read_text()
    begun.write(
        {
            "models/m.yml": models.replace("name: people", "name: persons"),
            "rules/people.yml": RULES.replace("dataset: people", "dataset: persons"),
            "rules/orders.yml": ORDERS.replace("to: people", "to: persons"),
        }
    )
    begun.run()
    assert "3" not in {str(r["id"]) for r in begun.view("persons__passed")}
    assert "age_range" in {str(r["id"]): r["__rules"] for r in begun.view("persons__flagged")}["3"]
    assert {c for c in closed(begun) if c[0] == "age_range"} == {
        ("age_range", "2", "rule_changed"),
        ("age_range", "3", "rule_changed"),
    }
    again = begun.run()
    assert again.opened == again.closed == {"flags": 0, "changes": 0}
