"""Checks of the user's own that hold a delivery back."""

from __future__ import annotations

from delivered_shop import CRM, PROJECT, SHOP, SHOPS, all_kept, header
from runner import World

HOLDS = {
    "models/m.yml": PROJECT["models/m.yml"].replace(
        "shop.csv, key: id}", "shop.csv, key: id, holds: [whole]}"
    ),
    "rules/shop.yml": PROJECT["rules/shop.yml"] + "  - {id: whole, check: row_count, min: 3}\n",
}


def test_a_check_in_holds_holds_a_short_delivery_back(world: World) -> None:
    world.write(PROJECT | HOLDS)
    world.run()
    before = all_kept(world)
    world.write({"data/shop.csv": SHOP.rsplit("3,", 1)[0]})
    for words in ({}, {"fail_fast": True}, {"select": "people"}, {"select": "same"}):
        result = world.run(**words)
        assert result.exit_code == 1, words
        assert world.results()["whole"]["status"] == "fail", words
        assert all_kept(world) == before, words
    told = next(r.message for r in result.results if r.rule.id == "whole")
    assert told == "2 rows: shop and all that stands on it stay as they were"


def test_what_was_held_back_is_not_what_was_before(world: World) -> None:
    """Not of the delivery, which another guard held back, but of what stands there."""
    world.write(PROJECT | HOLDS)
    world.run(select="shop")
    for rows, status, said in (("1,a@x.org,B\n", "pass", ""), ("", "fail", "no rows, 3 before")):
        world.write({"data/shop.csv": header(SHOP) + rows})
        told = {r.rule.id: r for r in world.run(select="shop").results}["shop.delivered"]
        assert (told.status, told.message.split(":")[0]) == (status, said)
        assert len(world.view("shop")) == 3


def test_a_guard_that_warns_holds_back_and_exits_0(world: World) -> None:
    rules = HOLDS["rules/shop.yml"].replace("min: 3", "min: 3, severity: warn")
    world.write(SHOPS | HOLDS | {"rules/crm.yml": ""})
    world.write(
        {
            "rules/shop.yml": rules.replace("[not_null]", "[email]"),
            "data/shop.csv": "id,email,city\n1,a@x.org,B\n2,b@x.org,B\n3,c@x.org,B\n",
        }
    )
    assert world.run().exit_code == 0
    world.write({"data/shop.csv": header(SHOP) + "1,a@x.org,B\n"})
    assert world.run().exit_code == 0
    assert len(world.view("shop")) == len(world.view("shop__passed")) == 3
    assert world.results()["whole"]["status"] == "warn"


def test_the_last_good_state_is_tested_while_a_delivery_is_held_back(world: World) -> None:
    world.write(SHOPS | HOLDS)
    world.run()
    world.write({"data/shop.csv": header(SHOP)})
    world.run()
    held = world.flags("rule_id IN ('whole', 'shop.delivered') AND to_run IS NULL")
    assert len(held) == 2
    judged_again(world)
    assert world.flags("rule_id IN ('whole', 'shop.delivered') AND to_run IS NULL") == held
    results = world.results()
    assert results["shop.email.not_null"]["failing"] == 1
    assert {results["whole"]["status"], results["shop.delivered"]["status"]} == {"skipped"}


def test_a_golden_dataset_can_be_guarded(world: World) -> None:
    models = PROJECT["models/m.yml"] + "  - {name: best_people, holds: [some]}\n"
    world.write(
        PROJECT
        | {
            "models/m.yml": models,
            "rules/best.yml": "version: 1\ndataset: best_people\nvalidation:\n"
            "  - {id: some, check: row_count, min: 4}\n",
        }
    )
    world.run()
    before, cells = world.view("best_people"), world.audit_rows("golden_cells", ("value",))
    world.write({"data/crm.csv": CRM.replace("7,a@x.org,Bonn\n8,,Ulm\n", "7,a@x.org,Bonn\n")})
    assert world.run().exit_code == 1
    assert world.results()["some"]["status"] == "fail"
    assert world.view("best_people") == before
    assert world.audit_rows("golden_cells", ("value",)) == cells


def test_what_a_disabled_guard_no_longer_holds_is_said(world: World) -> None:
    rules = HOLDS["rules/shop.yml"].replace("min: 3", "min: 3, enabled: false")
    rules += "  - {check: delivered, enabled: false}\n"
    world.write(PROJECT | HOLDS | {"rules/shop.yml": rules})
    result = world.run(select="shop")
    assert sorted(str(p).split(": ", 1)[1] for p in result.warnings) == [
        "CDMQ273 warning: 'shop.delivered' is disabled: it holds no delivery of shop back; enable "
        "it, or say may_be_empty: true at the dataset",
        "CDMQ273 warning: 'whole' is disabled: it holds no delivery of shop back; enable it, or "
        "take it out of holds:",
    ]
    world.write({"data/shop.csv": header(SHOP)})
    world.run(select="shop")
    assert world.view("shop") == []


def judged_again(world: World) -> None:
    import cdmq.api

    cdmq.api.test(world.root)
