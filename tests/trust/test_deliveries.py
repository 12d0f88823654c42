"""A delivery that is short is held back: what there was stays, what does not need it goes on."""

from __future__ import annotations

import pytest
from delivered_shop import CRM, PROJECT, SHOP, SHOPS, all_kept, header
from delivered_shop import begin as begin
from runner import World

from cdmq.problems import CdmqError


def test_an_empty_delivery_leaves_all_as_it_was(begun: World) -> None:
    world, before = begun, all_kept(begun)
    world.write({"data/shop.csv": header(SHOP), "data/crm.csv": CRM + "9,,Hof\n"})
    result = world.run()
    assert result.exit_code == 1
    assert not result.failed
    assert all_kept(world) == before
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
    world, before = begun, all_kept(begun)
    world.write({"data/shop.csv": header(SHOP)})
    for _ in range(2):
        assert world.run().exit_code == 1
        assert world.results()["shop.delivered"]["status"] == "fail"
    assert all_kept(world) == before
    world.write({"data/shop.csv": SHOP})
    world.run()
    assert world.results()["shop.delivered"]["status"] == "pass"
    assert all_kept(world) == before
    assert [f[0] for f in world.flags("to_run IS NOT NULL")] == ["shop.delivered"]


def test_may_be_empty_lifts_it(world: World) -> None:
    world.write(SHOPS)
    world.run()
    lifted = PROJECT["models/m.yml"].replace(
        "shop.csv, key: id}", "shop.csv, key: id, may_be_empty: true}"
    )
    world.write({"models/m.yml": lifted, "data/shop.csv": header(SHOP)})
    world.run()
    assert world.results()["shop.delivered"]["status"] == "no_data"
    assert world.view("shop") == []
    assert len(world.view("people")) == 2
    world.write({"models/m.yml": PROJECT["models/m.yml"]})  # it was taken: nothing was before
    world.run()
    assert world.results()["shop.delivered"]["status"] == "no_data"


def test_what_never_held_records_is_taken(world: World) -> None:
    world.write({**SHOPS, "data/shop.csv": header(SHOP)})
    world.run()
    assert world.results()["shop.delivered"]["status"] == "no_data"
    assert len(world.view("people")) == 2


def test_lines_of_which_none_is_read_hold_back_the_first_run_too(world: World) -> None:
    """As many lines may be broken as there are: that none is left is told all the same."""
    models = PROJECT["models/m.yml"].replace(
        "file: data/shop.csv", "file: {path: data/shop.csv, bad_lines_at_most: 100%}"
    )
    world.write({**PROJECT, "models/m.yml": models, "data/shop.csv": "id,email,city\n1,a\n2\n"})
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
    world.write(PROJECT)
    broken = 'id,email,"ci\nty"\r\n1,a@x.org,Bonn\r\n2,b@x.org,Kiel\r\n'
    (world.root / "data/shop.csv").write_bytes(broken.encode())
    world.run(select="shop")
    assert world.results()["shop.delivered"]["tested"] == 2


def test_a_delivery_of_which_some_lines_may_be_bad_was_taken(world: World) -> None:
    models = PROJECT["models/m.yml"].replace(
        "file: data/shop.csv", "file: {path: data/shop.csv, bad_lines_at_most: 50%}"
    )
    world.write({**PROJECT, "models/m.yml": models, "data/shop.csv": SHOP + "4,x,y,z,9\n"})
    world.run(select="shop")
    assert world.results()["shop.lines"]["failing"] == 1
    world.write({"data/shop.csv": header(SHOP)})
    told = {r.rule.id: r for r in world.run(select="shop").results}["shop.delivered"]
    assert (told.status, told.message.split(":")[0]) == ("fail", "no rows, 3 before")
    assert len(world.view("shop")) == 3


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


def test_a_dataset_that_an_older_cdmq_filled_is_guarded_too(world: World) -> None:
    """There is no result of the rule delivered then: what other rules tested tells it."""
    world.write(PROJECT)
    world.run(select="shop")
    world.sql(f"DELETE FROM {world.audit}.rule_results WHERE rule_id LIKE '%.delivered'")
    world.write({"data/shop.csv": header(SHOP)})
    assert world.run(select="shop").exit_code == 1
    assert len(world.view("shop")) == 3


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
