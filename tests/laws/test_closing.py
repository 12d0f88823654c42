"""When a flag stays open, and what closes it where rules, keys and datasets come and go."""

from __future__ import annotations

from typing import Any

from laws.small import ORDERS, ROWS, RULES, people, small
from runner import AS_OF, Twin, World, written

import cdmq
from cdmq.explaining.story import stories
from cdmq.explaining.story_text import told


def begin(world: World) -> None:
    small(world).run()


def closed(world: World, table: str = "flags") -> set[tuple[Any, ...]]:
    rows = world.audit_rows(table, ("rule_id", "key", "closed_because"), "to_run IS NOT NULL")
    return set(rows)


def with_row(number: int, **cells: Any) -> list[list[Any]]:
    names = ["id", "email", "country", "age", "live"]
    return [
        [cells.get(n, v) for n, v in zip(names, r, strict=True)] if r[0] == number else r
        for r in ROWS
    ]


def open_flags(world: World, rule: str) -> set[str]:
    return {f[1] for f in world.flags() if f[0] == rule}


def test_fewer_of_the_same_record(world: World) -> None:
    """Three rows with one key and value are one flag with a count; the count is true."""
    small(world)
    people(world, [*ROWS, ROWS[1], ROWS[1]])
    world.run()
    people(world, [*ROWS, ROWS[1]])
    world.run()
    assert {f[1:] for f in closed(world) if f[0] == "age_range"} == {("2", "changed")}
    assert {(f[1], f[7]) for f in world.flags() if f[0] == "age_range"} == {("2", 2), ("3", 1)}
    again = world.run()
    assert again.opened == again.closed == {"flags": 0, "changes": 0}


def test_default_changed_by_its_seed(begun: World) -> None:
    begun.write({"seeds/countries.csv": "name,code\nDeutschland,DE\nDE,DE\nXX,XY\n"})
    begun.run()
    assert closed(begun, "changes") == {("country_code", "3", "changed")}
    assert {c[4] for c in begun.changes() if c[1] == "3"} == {"XY"}


def test_rule_removed(begun: World) -> None:
    begun.write({"rules/orders.yml": ORDERS.replace("{relationships: {to: people}}", "not_null")})
    begun.run()
    assert closed(begun) == {("orders.person.relationships", "b", "rule_removed")}
    assert "orders.person.relationships" not in begun.versions()


def test_dataset_removed(begun: World) -> None:
    models = (begun.root / "models/m.yml").read_text()
    begun.write(
        {"rules/orders.yml": "", "models/m.yml": models[: models.index("  - name: orders")]}
    )
    begun.run()
    assert closed(begun) == {("orders.person.relationships", "b", "rule_removed")}


def test_disabled_stays_open(begun: World) -> None:
    before = begun.flags()
    off = RULES.replace("where: live", "where: live\n    enabled: false")
    begun.write({"rules/people.yml": off})
    people(begun, with_row(2, age=7))
    assert {r.rule.id for r in begun.run().results if r.status == "skipped"} == {"age_range"}
    assert begun.flags() == before
    assert closed(begun) == set()


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


def test_deselected_stays_open(begun: World) -> None:
    before = begun.flags()
    people(begun, with_row(2, age=7, email="z@b.de"))
    begun.run(select="age_range")
    assert closed(begun) == {("age_range", "2", "fixed")}
    assert [f for f in before if f[0] != "age_range"] == [
        f for f in begun.flags() if f[0] != "age_range"
    ]
    assert len(written(begun.versions())) == 7


def test_formerly_keeps_flags_open(begun: World) -> None:
    before = {(f[1:]) for f in begun.flags() if f[0] == "age_range"}
    text = RULES.replace("id: age_range", "id: age_is_possible\n    formerly: age_range")
    begun.write({"rules/people.yml": text})
    begun.run()
    assert closed(begun) == set()
    assert "age_range" not in begun.versions()
    # The rows are not rewritten: the old id stays on them, the rule's history joins the two.
    assert {f[1:] for f in begun.flags() if f[0] in ("age_range", "age_is_possible")} == before
    assert "3" not in {str(r["id"]) for r in begun.view("people__passed")}
    shown = {str(r["id"]): r["__rules"] for r in begun.view("people__flagged")}
    assert "age_is_possible" in shown["3"]
    assert "age_range" not in shown["3"]
    people(begun, with_row(2, age=7))
    begun.run()
    assert {c[1:] for c in closed(begun)} == {("2", "fixed")}
    again = begun.run()
    assert again.opened == again.closed == {"flags": 0, "changes": 0}
    # Once it has run, `formerly` may go; and the rule may be renamed once more.
    text = text.replace("    formerly: age_range\n", "")
    begun.write({"rules/people.yml": text})
    again = begun.run()
    assert again.opened == again.closed == {"flags": 0, "changes": 0}
    text = text.replace("id: age_is_possible", "id: age_fits\n    formerly: age_is_possible")
    begun.write({"rules/people.yml": text})
    again = begun.run()
    assert again.opened == again.closed == {"flags": 0, "changes": 0}
    people(begun, with_row(3, age=7))
    begun.write({"rules/people.yml": text[: text.index("  - id: age_fits")]})
    begun.run()
    assert {c[1:] for c in closed(begun) if c[1] == "3"} == {("3", "rule_removed")}


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


def test_a_renamed_rule_that_is_left_out_keeps_its_version(begun: World) -> None:
    """A run that does not use it closes nothing: its records do not pass in the meantime."""
    renamed = RULES.replace("id: age_range", "id: age_fits\n    formerly: age_range")
    begun.write({"rules/people.yml": renamed})
    begun.run(select="two_or_more")
    assert "age_range" in begun.versions()
    assert "3" not in {str(r["id"]) for r in begun.view("people__passed")}
    begun.run()
    assert "age_range" not in begun.versions()
    assert "3" not in {str(r["id"]) for r in begun.view("people__passed")}
    assert closed(begun) == set()


def test_cdmq_test_of_a_renamed_rule(begun: World) -> None:
    """It makes no views: those of the last run know the rule by its former id."""
    renamed = RULES.replace("id: age_range", "id: age_fits\n    formerly: age_range")
    begun.write({"rules/people.yml": renamed})
    cdmq.test(begun.root, as_of=AS_OF)
    assert "age_fits" in begun.versions()
    assert "3" not in {str(r["id"]) for r in begun.view("people__passed")}


def test_a_key_that_is_declared_anew(world: World) -> None:
    model = "version: 1\ndatasets:\n  - {name: p, file: data/p.csv, key: KEY}\n"
    world.write(
        {
            "data/p.csv": "a,b,mail\n1,x,bad\n2,y,\n",
            "models/m.yml": model.replace("KEY", "row_number"),
            "rules/p.yml": "version: 1\ndataset: p\nvalidation:\n  - {column: mail, checks: [email]}\n",
        }
    )
    world.run()
    world.write({"models/m.yml": model.replace("KEY", "[a, b]")})
    run = world.run()
    assert closed(world) == {("p.mail.email", "1", "rekeyed")}
    assert [f[1] for f in world.flags()] == ["1/x"]
    assert run.rekeyed == ("p",)
    assert "of the dataset was declared anew" in "\n".join(
        told(stories(cdmq.parse(world.root), "1")[0])
    )
    world.write(
        {
            "data/p.csv": "a,b,mail\n2,y,\n",
            "models/m.yml": model.replace("KEY}", "[a, b], columns: {a: integer}}"),
        }
    )
    assert world.run().rekeyed == ()  # another type is no other key
    assert ("p.mail.email", "1/x", "gone") in closed(world)


def test_a_flag_of_an_unreadable_cell_with_no_key(world: World) -> None:
    world.write(
        {
            "data/p.csv": "id,born\n,x\n2,2020-01-01\n",
            "models/m.yml": "version: 1\ndatasets:\n  - {name: p, file: data/p.csv, key: id, "
            "columns: {born: date}, missing_values: [n/a]}\n",
        }
    )
    world.run()
    assert [(f[0], f[3]) for f in world.flags()] == [("p.born.readable", "x"), ("p.key", None)]
    world.write({"data/p.csv": "id,born\n,2020-02-02\n2,2020-01-01\n"})
    world.run()
    assert {c[2] for c in closed(world)} <= {"fixed", "gone"}
    assert [f[0] for f in world.flags()] == ["p.key"]  # it has no key still
