"""A rule that judges each record gives its dataset a column, which whatever runs later reads."""

from __future__ import annotations

import contextlib
import io

import pytest
from runner import AS_OF, World

import cdmq
from cdmq.cli.app import built
from cdmq.explaining.story import stories
from cdmq.problems import CdmqError

FILES = {
    "models/m.yml": """
version: 1
datasets:
  - {name: people, file: people.csv, key: id}
  - {name: orders, file: orders.csv, key: oid, happened_at: d, refers_to: {customers: party_id},
     columns: {d: date, amount: decimal}}
""",
    "rules/people.yml": """
version: 1
dataset: people
matching:
  - {id: same, same_if: [[email]]}
golden:
  - {id: best, from: same, into: customers, pick: longest}
""",
    "rules/customers.yml": """
version: 1
dataset: customers
tiering:
  - id: class
    measures: {volume: {from: orders, sum: amount, if_none: 0}}
    levels: [{core: "volume >= 100"}, {ordinary: otherwise}]
  - id: second
    where: class = 'core'
    measures: {volume: {from: orders, sum: amount, if_none: 0}}
    levels: [{big: "volume >= 1000"}, {small: otherwise}]
validation:
  - {id: core_has_phone, check: expression, must: "Class <> 'core' or phone is not null"}
  - {id: known_class, check: accepted_values, column: class, values: [core, ordinary]}
  - {id: not_small, check: expression, must: "second is null or second <> 'small'",
     where: phone is null}
  - {id: has_email, check: not_null, column: email}
""",
    "people.csv": "id,email,phone\n1,a@x,\n2,b@x,22\n3,c@x,\n4,d@x,44\n",
    "orders.csv": "oid,party_id,d,amount\n",
}


@pytest.fixture
def begun(world: World) -> World:
    """Of four customers the first two are core; the first has no phone."""
    world.write(FILES)
    world.run(as_of="2025-06-01")
    ids = dict(world.sql("SELECT email, party_id FROM customers"))
    rows = [("a@x", "150"), ("b@x", "2000"), ("c@x", "5")]
    orders = "".join(f"{i},{ids[m]},2026-01-01,{n}\n" for i, (m, n) in enumerate(rows))
    world.write({"orders.csv": f"oid,party_id,d,amount\n{orders}"})
    return world


def flags(world: World) -> list[tuple[str, str]]:
    """(rule, email) of each open flag."""
    mails = dict(world.sql("SELECT party_id, email FROM customers"))
    found = world.audit_rows("flags", ("rule_id", "key"), "to_run IS NULL")
    return sorted((rule, mails[key]) for rule, key in found)


def test_later_rules_read_the_level_of_the_same_run(begun: World) -> None:
    result = begun.run(as_of="2026-02-01")
    assert flags(begun) == [("core_has_phone", "a@x"), ("not_small", "a@x")]
    by = {r.rule.id: r for r in result.results}
    assert (by["known_class"].status, by["known_class"].outcome.judged) == ("pass", 4)
    assert by["second"].outcome.tested == 2
    again = begun.run(as_of="2026-02-01")
    assert (again.opened["flags"], again.closed["flags"]) == (0, 0)


def test_a_test_reads_what_the_last_run_left(begun: World) -> None:
    begun.run(as_of="2026-02-01")
    tested = cdmq.test(begun.root, as_of="2026-02-01")
    by = {r.rule.id: r for r in tested.results}
    assert (by["core_has_phone"].status, by["core_has_phone"].outcome.failing) == ("fail", 1)
    assert "class" not in by or by["class"].status == "skipped"


def test_a_level_that_is_not_there_passes_nothing(begun: World) -> None:
    begun.run(as_of="2026-02-01")
    rules = FILES["rules/customers.yml"]
    begun.write(
        {"rules/customers.yml": rules.replace("- id: class", "- id: class\n    enabled: false")}
    )
    result = begun.run(as_of="2026-02-01")
    by = {r.rule.id: r for r in result.results}
    for rule in ("core_has_phone", "known_class", "second"):
        assert by[rule].message == "it reads class, a rule that is disabled"
    assert by["has_email"].status == "pass"
    assert ("core_has_phone", "a@x") in flags(begun), "its flags stay"


def test_before_it_ever_ran_its_readers_are_skipped(world: World) -> None:
    world.write(FILES)
    world.run(select="core_has_phone has_email", exclude="class")
    by = {
        r.rule.id: r
        for r in cdmq.test(world.root, as_of=AS_OF, select="core_has_phone has_email").results
    }
    assert by["core_has_phone"].message == "it reads class, which never ran"
    assert by["has_email"].status == "pass"


def test_who_reads_each_other_is_told(begun: World) -> None:
    rules = FILES["rules/customers.yml"]
    begun.write(
        {
            "rules/customers.yml": rules.replace(
                "- id: class", "- id: class\n    where: second = 'big'"
            )
        }
    )
    with pytest.raises(CdmqError, match="CDMQ207 a cycle: class -> second -> class"):
        begun.run()


def test_its_own_column_is_none(begun: World) -> None:
    rules = FILES["rules/customers.yml"]
    begun.write(
        {
            "rules/customers.yml": rules.replace(
                "- id: class", "- id: class\n    where: class = 'core'"
            )
        }
    )
    result = begun.run()
    (told,) = (r.message for r in result.results if r.rule.id == "class")
    assert result.exit_code == 2
    assert "'class' is the column that this rule gives: a rule cannot read its own column" in told


def test_selections_lead_through_the_rules(begun: World) -> None:
    def listed(selection: str) -> set[str]:
        return {found.name for found in cdmq.ls(begun.root, select=selection)}

    assert {"customers", "class", "second", "not_small"} <= listed("best+")
    assert {"people", "same", "best", "customers", "orders"} <= listed("+class")
    assert {"second", "core_has_phone", "not_small"} <= listed("class+")


def test_the_story_of_a_record_says_what_passes_by_such_a_column(begun: World) -> None:
    begun.run(as_of="2026-02-01")
    ids = dict(begun.sql("SELECT email, party_id FROM customers"))
    without_phone, with_phone = (
        stories(cdmq.parse(begun.root), ids[m], "customers")[0] for m in ("a@x", "b@x")
    )
    assert without_phone.fails == ("core_has_phone", "not_small")
    assert {"known_class", "has_email"} <= set(without_phone.passes)
    assert {"core_has_phone", "known_class", "has_email"} <= set(with_phone.passes)
    assert with_phone.not_judged == ("not_small",), "where leaves it out"


def test_a_unit_test_of_such_a_rule_runs_what_gives_the_column(begun: World) -> None:
    begun.write(
        {
            "rules/unit_tests/core.yml": """
version: 1
unit_tests:
  - name: core_needs_a_phone
    rule: core_has_phone
    as_of: 2026-02-01
    given:
      customers: [{party_id: a, phone: }, {party_id: b, phone: "22"}, {party_id: c}]
      orders:
        - {oid: "1", party_id: a, d: 2026-01-01, amount: "150"}
        - {oid: "2", party_id: b, d: 2026-01-01, amount: "2000"}
    expect:
      flags: [{key: a}]
"""
        }
    )
    (result,) = cdmq.unit_test(begun.root).results
    assert result.status == "pass", result


def test_before_defaults_no_rule_has_given_anything(begun: World) -> None:
    rules = FILES["rules/customers.yml"]
    begun.write(
        {
            "rules/customers.yml": rules
            + "defaults:\n  - {id: call, column: phone, set: none, reason: unknown, where: class is null}\n"
        }
    )
    result = begun.run(as_of="2026-02-01")
    (told,) = (r.message for r in result.results if r.rule.id == "call")
    assert result.exit_code == 2
    assert "there is no column 'class'" in told


def test_a_column_of_two_makers_is_not_read(begun: World) -> None:
    people = FILES["people.csv"].splitlines()
    rows = [f"{line},{'class' if not i else 'core'}" for i, line in enumerate(people)]
    begun.write({"people.csv": "\n".join(rows) + "\n"})
    result = begun.run(as_of="2026-02-01")
    by = {r.rule.id: r for r in result.results}
    assert result.exit_code == 2
    assert (
        "'class' is a column of customers, and what the rule class gives"
        in by["core_has_phone"].message
    ), "no one can tell which of them is meant"
    assert (by["has_email"].status, by["class"].status) == ("pass", "pass")
    off = FILES["rules/customers.yml"].replace("id: class", "id: class\n    enabled: false")
    begun.write({"rules/customers.yml": off})
    by = {r.rule.id: r for r in begun.run(as_of="2026-02-01").results}
    assert by["core_has_phone"].outcome.failing == 2, "a rule that is disabled gives nothing"
    renamed = FILES["rules/customers.yml"].replace("id: class", "id: level\n    formerly: class")
    begun.write({"rules/customers.yml": renamed})
    result = begun.run(as_of="2026-02-01")
    by = {r.rule.id: r for r in result.results}
    assert by["core_has_phone"].outcome.failing == 2, "of those delivered as core"


def test_a_unit_test_may_give_the_column_itself(begun: World) -> None:
    begun.write(
        {
            "rules/unit_tests/core.yml": """
version: 1
unit_tests:
  - name: core_needs_a_phone
    rule: core_has_phone
    given: {customers: [{party_id: a, class: core}, {party_id: b, class: ordinary}]}
    expect: {flags: [{key: a}]}
"""
        }
    )
    (result,) = cdmq.unit_test(begun.root).results
    assert result.status == "pass", result


def test_what_a_selected_rule_reads_runs_along(begun: World) -> None:
    begun.write({"people.csv": FILES["people.csv"] + "5,e@x,\n"})
    begun.run(as_of="2026-02-01")
    ids = dict(begun.sql("SELECT email, party_id FROM customers"))
    orders = (begun.root / "orders.csv").read_text("utf-8")
    begun.write({"orders.csv": f"{orders}9,{ids['e@x']},2026-01-20,700\n"})
    result = begun.run(as_of="2026-03-01", select="core_has_phone")
    by = {r.rule.id: r for r in result.results}
    assert by["class"].status == "pass", "the level of the new customer is of this run"
    assert by["core_has_phone"].outcome.failing == 2
    assert by["has_email"].status == "skipped"
    result = begun.run(as_of="2026-03-01", select="core_has_phone", exclude="class")
    by = {r.rule.id: r for r in result.results}
    assert by["core_has_phone"].status == "skipped", "by an old level it could pass wrongly"
    assert "it reads class, which this run leaves out" in by["core_has_phone"].message


def test_compile_writes_such_rows_by_what_people_read(begun: World) -> None:
    assert cdmq.parse(begun.root).warnings == (), "before any run, nothing is missed"
    begun.run(as_of="2026-02-01")
    compiled = cdmq.compile(begun.root)
    text = compiled.files["customers"].read_text("utf-8")
    assert "class__levels" in text
    assert "AS MATERIALIZED" in text


def test_what_a_rule_gives_is_no_personal_value(world: World) -> None:
    """A figure that a rule gave is told as it is, though texts of the dataset are masked."""
    world.table("src", {"id": "integer", "mail": "text", "name": "text"}, [[1, None, "Ann"]])
    models = "version: 1\ndatasets: [{name: people, table: src, key: id, pii: {mail: mask}}]\n"
    rules = (
        "version: 1\ndataset: people\ncompleteness: [{id: known, points: {mail: 3, name: 1}}]\n"
        "validation: [{id: enough, check: expression, must: 'known > 50'}]\n"
    )
    world.write({"models/m.yml": models, "rules/r.yml": rules})
    world.run()
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        words = ["explain", "--record", "1", "--project-dir", str(world.root)]
        built("explain")(words, standalone_mode=False)
    assert "flag    enough  known: '25'" in out.getvalue()
