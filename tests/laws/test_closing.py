"""When a flag stays open, and what closes it where rules and keys come and go."""

from __future__ import annotations

from laws.closed import begin as begin
from laws.closed import closed, with_row
from laws.small import ORDERS, ROWS, RULES, people, small
from runner import AS_OF, World, written

import cdmq
from cdmq.explaining.story import stories
from cdmq.explaining.story_text import told


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


def test_disabled_stays_open(begun: World) -> None:
    before = begun.flags()
    off = RULES.replace("where: live", "where: live\n    enabled: false")
    begun.write({"rules/people.yml": off})
    people(begun, with_row(2, age=7))
    assert {r.rule.id for r in begun.run().results if r.status == "skipped"} == {"age_range"}
    assert begun.flags() == before
    assert closed(begun) == set()


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
