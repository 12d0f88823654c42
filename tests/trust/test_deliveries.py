"""A delivery that is short is held back: what there was stays, what does not need it goes on."""

from __future__ import annotations

from typing import Any

import pytest
from runner import World

from cdmq.problems import CdmqError

_SHOP = "id,email,city\n1,a@x.org,Bonn\n2,,Köln\n3,c@x.org,Kiel\n"
_CRM = "id,email,city\n7,a@x.org,Bonn\n8,,Ulm\n"
_PROJECT = {
    "models/m.yml": """
version: 1
datasets:
  - {name: shop, file: data/shop.csv, key: id}
  - {name: crm, file: data/crm.csv, key: id}
  - {name: people, stack: {shop: shop, crm: crm}, key: [source, id]}
""",
    "models/cities.sql": "select source, id, city from {{ ref('people') }}",
    "models/all.sql": "select s.id, c.id as other from {{ ref('shop') }} s, {{ ref('crm') }} c",
    "rules/shop.yml": "version: 1\ndataset: shop\n"
    "validation:\n  - {column: email, checks: [not_null]}\n",
    "rules/crm.yml": "version: 1\ndataset: crm\n"
    "validation:\n  - {column: email, checks: [not_null]}\n",
    "rules/people.yml": """
version: 1
dataset: people
defaults:
  - {column: city, set: unknown, reason: unknown}
validation:
  - {column: email, checks: [not_null]}
matching:
  - {id: same, makes: party, same_if: [[email]]}
golden:
  - {id: best, from: same, into: best_people, pick: [most_complete]}
""",
    "data/shop.csv": _SHOP,
    "data/crm.csv": _CRM,
}
#: Where parties are not the point.
_SHOPS = _PROJECT | dict.fromkeys(("rules/people.yml", "models/cities.sql", "models/all.sql"), "")
_OUTPUTS = (
    "shop",
    "shop__clean",
    "shop__passed",
    "shop__flagged",
    "people",
    "people__clean",
    "people__passed",
    "people__xref",
    "best_people",
    "cities",
    "all",
)
_AUDIT = ("flags", "changes", "xref", "golden_cells", "party_events")


def begin(world: World) -> None:
    world.write(_PROJECT)
    assert world.run().exit_code == 1  # e-mail addresses are missing


def _kept(world: World) -> dict[str, Any]:
    """All that stands on the shop's file."""
    found: dict[str, Any] = {name: world.view(name) for name in _OUTPUTS}
    for table in _AUDIT:
        columns = [
            r[0]
            for r in world.sql(
                "SELECT column_name FROM information_schema.columns WHERE table_name = ? "
                "AND table_schema = ?",
                table,
                world.audit,
            )
        ]
        where = "rule_id NOT LIKE 'crm%' AND rule_id NOT LIKE '%delivered' AND rule_id <> 'whole'"
        found[table] = world.audit_rows(table, sorted(columns), where)
    return found


def _header(text: str) -> str:
    return text.splitlines()[0] + "\n"


def test_an_empty_delivery_leaves_all_as_it_was(begun: World) -> None:
    world, before = begun, _kept(begun)
    world.write({"data/shop.csv": _header(_SHOP), "data/crm.csv": _CRM + "9,,Hof\n"})
    result = world.run()
    assert result.exit_code == 1
    assert not result.failed
    assert _kept(world) == before
    statuses = {name: r["status"] for name, r in world.results().items()}
    assert statuses["shop.delivered"] == "fail"
    assert statuses["crm.email.not_null"] == "fail"
    assert {
        statuses[n]
        for n in (
            "shop.email.not_null",
            "shop.key",
            "people.key",
            "same",
            "best",
            "people.email.not_null",
            "people.city.set",
        )
    } == {"skipped"}
    told = {r.rule.id: r.message for r in result.results}
    assert told["shop.delivered"] == (
        "no rows, 3 before: shop and all that stands on it stay as they were"
    )
    assert told["same"] == "it reads shop, which is held back"
    assert told["shop.email.not_null"] == "held back: shop.delivered does not pass"
    assert len(world.view("crm")) == 3  # what does not need it goes on
    assert [f[:4] for f in world.flags("rule_id = 'shop.delivered' AND to_run IS NULL")] == [
        ("shop.delivered", None, "", "0")
    ]


def test_it_stays_held_back_until_records_come(begun: World) -> None:
    world, before = begun, _kept(begun)
    world.write({"data/shop.csv": _header(_SHOP)})
    for _ in range(2):
        assert world.run().exit_code == 1
        assert world.results()["shop.delivered"]["status"] == "fail"
    assert _kept(world) == before
    world.write({"data/shop.csv": _SHOP})
    world.run()
    assert world.results()["shop.delivered"]["status"] == "pass"
    assert _kept(world) == before
    assert [f[0] for f in world.flags("to_run IS NOT NULL")] == ["shop.delivered"]


def test_may_be_empty_lifts_it(world: World) -> None:
    world.write(_SHOPS)
    world.run()
    lifted = _PROJECT["models/m.yml"].replace(
        "shop.csv, key: id}", "shop.csv, key: id, may_be_empty: true}"
    )
    world.write({"models/m.yml": lifted, "data/shop.csv": _header(_SHOP)})
    world.run()
    assert world.results()["shop.delivered"]["status"] == "no_data"
    assert world.view("shop") == []
    assert len(world.view("people")) == 2
    world.write({"models/m.yml": _PROJECT["models/m.yml"]})  # it was taken: nothing was before
    world.run()
    assert world.results()["shop.delivered"]["status"] == "no_data"


def test_what_never_held_records_is_taken(world: World) -> None:
    world.write({**_SHOPS, "data/shop.csv": _header(_SHOP)})
    world.run()
    assert world.results()["shop.delivered"]["status"] == "no_data"
    assert len(world.view("people")) == 2


def test_lines_of_which_none_is_read_hold_back_the_first_run_too(world: World) -> None:
    """As many lines may be broken as there are: that none is left is told all the same."""
    models = _PROJECT["models/m.yml"].replace(
        "file: data/shop.csv", "file: {path: data/shop.csv, bad_lines_at_most: 100%}"
    )
    world.write({**_PROJECT, "models/m.yml": models, "data/shop.csv": "id,email,city\n1,a\n2\n"})
    result = world.run(select="shop")
    assert result.exit_code == 1
    told = next(r.message for r in result.results if r.rule.id == "shop.delivered")
    assert told == (
        "no row could be read, though line 2 of shop.csv holds text: shop and all that "
        "stands on it stay as they were"
    )
    assert "shop" not in world.relations()


def test_a_line_break_in_the_header_is_read(world: World) -> None:
    """Lines end in one way, the line break inside of a name is another."""
    world.write(_PROJECT)
    broken = 'id,email,"ci\nty"\r\n1,a@x.org,Bonn\r\n2,b@x.org,Kiel\r\n'
    (world.root / "data/shop.csv").write_bytes(broken.encode())
    world.run(select="shop")
    assert world.results()["shop.delivered"]["tested"] == 2


_HOLDS = {
    "models/m.yml": _PROJECT["models/m.yml"].replace(
        "shop.csv, key: id}", "shop.csv, key: id, holds: [whole]}"
    ),
    "rules/shop.yml": _PROJECT["rules/shop.yml"] + "  - {id: whole, check: row_count, min: 3}\n",
}


def test_a_check_in_holds_holds_a_short_delivery_back(world: World) -> None:
    world.write(_PROJECT | _HOLDS)
    world.run()
    before = _kept(world)
    world.write({"data/shop.csv": _SHOP.rsplit("3,", 1)[0]})
    for words in ({}, {"fail_fast": True}, {"select": "people"}, {"select": "same"}):
        result = world.run(**words)
        assert result.exit_code == 1, words
        assert world.results()["whole"]["status"] == "fail", words
        assert _kept(world) == before, words
    told = next(r.message for r in result.results if r.rule.id == "whole")
    assert told == "2 rows: shop and all that stands on it stay as they were"


def test_what_was_held_back_is_not_what_was_before(world: World) -> None:
    """Not of the delivery, which another guard held back, but of what stands there."""
    world.write(_PROJECT | _HOLDS)
    world.run(select="shop")
    for rows, status, said in (("1,a@x.org,B\n", "pass", ""), ("", "fail", "no rows, 3 before")):
        world.write({"data/shop.csv": _header(_SHOP) + rows})
        told = {r.rule.id: r for r in world.run(select="shop").results}["shop.delivered"]
        assert (told.status, told.message.split(":")[0]) == (status, said)
        assert len(world.view("shop")) == 3


def test_a_delivery_of_which_some_lines_may_be_bad_was_taken(world: World) -> None:
    models = _PROJECT["models/m.yml"].replace(
        "file: data/shop.csv", "file: {path: data/shop.csv, bad_lines_at_most: 50%}"
    )
    world.write({**_PROJECT, "models/m.yml": models, "data/shop.csv": _SHOP + "4,x,y,z,9\n"})
    world.run(select="shop")
    assert world.results()["shop.lines"]["failing"] == 1
    world.write({"data/shop.csv": _header(_SHOP)})
    told = {r.rule.id: r for r in world.run(select="shop").results}["shop.delivered"]
    assert (told.status, told.message.split(":")[0]) == ("fail", "no rows, 3 before")
    assert len(world.view("shop")) == 3


def test_a_guard_that_warns_holds_back_and_exits_0(world: World) -> None:
    rules = _HOLDS["rules/shop.yml"].replace("min: 3", "min: 3, severity: warn")
    world.write(_SHOPS | _HOLDS | {"rules/crm.yml": ""})
    world.write(
        {
            "rules/shop.yml": rules.replace("[not_null]", "[email]"),
            "data/shop.csv": "id,email,city\n1,a@x.org,B\n2,b@x.org,B\n3,c@x.org,B\n",
        }
    )
    assert world.run().exit_code == 0
    world.write({"data/shop.csv": _header(_SHOP) + "1,a@x.org,B\n"})
    assert world.run().exit_code == 0
    assert len(world.view("shop")) == len(world.view("shop__passed")) == 3
    assert world.results()["whole"]["status"] == "warn"


def test_the_last_good_state_is_tested_while_a_delivery_is_held_back(world: World) -> None:
    world.write(_SHOPS | _HOLDS)
    world.run()
    world.write({"data/shop.csv": _header(_SHOP)})
    world.run()
    held = world.flags("rule_id IN ('whole', 'shop.delivered') AND to_run IS NULL")
    assert len(held) == 2
    _test(world)
    assert world.flags("rule_id IN ('whole', 'shop.delivered') AND to_run IS NULL") == held
    results = world.results()
    assert results["shop.email.not_null"]["failing"] == 1
    assert {results["whole"]["status"], results["shop.delivered"]["status"]} == {"skipped"}


def test_a_table_that_was_emptied_leaves_its_last_good_state(world: World) -> None:
    """What is read is a table of ours, and no view of the table that was emptied."""
    columns = {"id": "integer", "email": "text"}
    world.table("raw_people", columns, [[1, "a"], [2, None]])
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: people, table: raw_people, key: id}\n",
            "models/loud.sql": "select id, upper(email) as email from {{ ref('people') }}",
            "models/outside.sql": "select id from {{ source('raw_people') }}",
            "rules/people.yml": "version: 1\ndataset: people\nvalidation:\n"
            "  - {column: email, checks: [not_null]}\n",
        }
    )
    assert world.run().exit_code == 1
    names = ("people__clean", "people__passed", "people__flagged", "loud", "outside")
    before = {n: world.view(n) for n in names}
    assert len(before["people__clean"]) == 2
    world.sql("DELETE FROM raw_people")
    assert world.run().exit_code == 1
    assert {n: world.view(n) for n in names} == before
    failed = {r for r, found in world.results().items() if found["status"] == "fail"}
    assert failed == {"people.delivered", "outside.delivered"}
    assert [f[0] for f in world.flags("rule_id = 'people.email.not_null' AND to_run IS NULL")] == [
        "people.email.not_null"
    ]


def test_a_seed_that_was_emptied_holds_back_the_rules_that_look_things_up(world: World) -> None:
    world.table("raw_people", {"id": "integer", "country": "text"}, [[1, "DE"], [2, "XX"]])
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: people, table: raw_people, key: id}\n",
            "seeds/countries.csv": "code,name\nDE,Germany\n",
            "rules/people.yml": "version: 1\ndataset: people\nvalidation:\n"
            "  - column: country\n    checks:\n      - not_null\n"
            "      - accepted_values: {seed: countries}\n",
        }
    )
    world.run()
    flags = world.flags()
    assert [f[1] for f in flags] == ["2"]
    world.write({"seeds/countries.csv": "code,name\n"})
    with pytest.raises(CdmqError, match="CDMQ246 the seed countries lists no value"):
        world.run()  # a picklist without a word is refused before anything is judged
    assert world.flags() == flags
    assert len(world.view("countries")) == 1


def test_a_golden_dataset_can_be_guarded(world: World) -> None:
    models = _PROJECT["models/m.yml"] + "  - {name: best_people, holds: [some]}\n"
    world.write(
        _PROJECT
        | {
            "models/m.yml": models,
            "rules/best.yml": "version: 1\ndataset: best_people\nvalidation:\n"
            "  - {id: some, check: row_count, min: 4}\n",
        }
    )
    world.run()
    before, cells = world.view("best_people"), world.audit_rows("golden_cells", ("value",))
    world.write({"data/crm.csv": _CRM.replace("7,a@x.org,Bonn\n8,,Ulm\n", "7,a@x.org,Bonn\n")})
    assert world.run().exit_code == 1
    assert world.results()["some"]["status"] == "fail"
    assert world.view("best_people") == before
    assert world.audit_rows("golden_cells", ("value",)) == cells


def test_what_a_disabled_guard_no_longer_holds_is_said(world: World) -> None:
    rules = _HOLDS["rules/shop.yml"].replace("min: 3", "min: 3, enabled: false")
    rules += "  - {check: delivered, enabled: false}\n"
    world.write(_PROJECT | _HOLDS | {"rules/shop.yml": rules})
    result = world.run(select="shop")
    assert sorted(str(p).split(": ", 1)[1] for p in result.warnings) == [
        "CDMQ273 warning: 'shop.delivered' is disabled: it holds no delivery of shop back; enable "
        "it, or say may_be_empty: true at the dataset",
        "CDMQ273 warning: 'whole' is disabled: it holds no delivery of shop back; enable it, or "
        "take it out of holds:",
    ]
    world.write({"data/shop.csv": _header(_SHOP)})
    world.run(select="shop")
    assert world.view("shop") == []


def test_a_dataset_that_an_older_cdmq_filled_is_guarded_too(world: World) -> None:
    """There is no result of the rule delivered then: what other rules tested tells it."""
    world.write(_PROJECT)
    world.run(select="shop")
    world.sql(f"DELETE FROM {world.audit}.rule_results WHERE rule_id LIKE '%.delivered'")
    world.write({"data/shop.csv": _header(_SHOP)})
    assert world.run(select="shop").exit_code == 1
    assert len(world.view("shop")) == 3


def _test(world: World) -> None:
    import cdmq.api

    cdmq.api.test(world.root)


def test_a_copied_table_holds_each_cell_once(world: World) -> None:
    """Its key is kept as it came beside the clean one only where tokens may empty that."""
    world.table("raw_people", {"id": "text", "email": "text"}, [["1", "a@x.org"], ["n/a", ""]])
    rules = (
        "version: 1\ndataset: people\ndefaults:\n"
        "  - {column: email, set: none, reason: unknown, where: \"raw(id) <> '1'\"}\n"
    )
    declared = "version: 1\ndatasets:\n  - {name: people, table: raw_people, key: id%s}\n"
    world.write({"models/m.yml": declared % ""})
    world.run()
    assert set(world.view("people__stage")[0]) == {"id", "email"}
    world.write({"rules/people.yml": rules, "models/m.yml": declared % ", missing_values: ['']"})
    assert not world.run().failed
    assert {"id", "__raw_id", "email", "__raw_email"} <= set(world.view("people__stage")[0])
    assert [r["email"] for r in world.view("people__defaulted")] == ["a@x.org", "none"]
    world.write({"models/m.yml": declared % ""})
    assert not world.run().failed
    assert "__raw_id" not in world.view("people__stage")[0]
