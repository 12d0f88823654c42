"""`explain --record` says 'passes now' only of rules of the newest run of the dataset."""

from __future__ import annotations

from runner import World

import cdmq
from cdmq.explaining.history import histories, history
from cdmq.explaining.story import stories
from cdmq.explaining.story_text import told
from cdmq.explaining.story_values import Story

RULES = """
version: 1
dataset: people
validation:
  - {id: mail, column: email, check: not_null}
  - {id: zip_long, column: zip, check: regex, pattern: '^[0-9]{5}$'}
"""
HEAD = {"id": "integer", "email": "text", "zip": "text"}


def own(rules: tuple[str, ...]) -> set[str]:
    return {r for r in rules if not r.startswith("people.")}


def before(story: Story) -> dict[str, str]:
    return {r: when.run for r, when in story.judged_before if not r.startswith("people.")}


def started(world: World) -> World:
    world.table("people", HEAD, [[1, "a@x.com", "12345"], [2, None, "1"]])
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: people, table: people, key: id}\n",
            "rules/people.yml": RULES,
        }
    )
    return world


def test_a_rule_that_did_not_run_since_passes_nothing(world: World) -> None:
    started(world)
    first = world.run().run_id
    assert own(stories(cdmq.parse(world.root), "1")[0].passes) == {"mail", "zip_long"}
    world.table("people", HEAD, [[1, "a@x.com", "12345"], [2, "b@x.com", "1"], [9, "c@x.com", "7"]])
    second = world.run(select="mail").run_id
    for key in ("1", "9"):  # 9 came after the rule of the zip had run
        (story,) = stories(cdmq.parse(world.root), key)
        assert own(story.passes) == {"mail"}
        assert before(story) == {"zip_long": first}
        assert story.newest is not None
        assert story.newest.run == second
        (line,) = [x for x in told(story) if x.startswith("not judged in the newest run")]
        assert second in line
        assert f"(run {first}, judged as of" in line
        assert "zip_long" in line
    world.run()
    assert own(stories(cdmq.parse(world.root), "1")[0].passes) == {"mail", "zip_long"}


def test_as_of_it_is_said_what_was_judged_then(world: World) -> None:
    started(world)
    first = world.run()
    world.table("people", HEAD, [[1, "a@x.com", "12345"], [9, None, "7"]])
    second = world.run(select="mail")
    world.table("people", HEAD, [[1, "a@x.com", "12345"]])
    third = world.run()

    def then(key: str, run: object) -> Story:
        began = world.sql(f"SELECT started FROM {world.audit}.runs WHERE run_id = '{run}'")
        return stories(cdmq.parse(world.root), key, as_of=str(began[0][0]))[0]

    assert own(then("1", second.run_id).passes) == {"mail"}
    assert before(then("1", second.run_id)) == {"zip_long": first.run_id}
    early, there, gone = (then("9", r.run_id) for r in (first, second, third))
    assert (early.there, there.there, gone.there) == (None, True, False)
    assert "Nothing that is kept says whether it was in the dataset then." in told(early)
    assert there.fails == ("mail",)
    assert "It was no longer in the dataset then." in told(gone)
    assert (gone.passes, gone.judged_before) == ((), ())


def test_a_rule_that_is_switched_off(world: World) -> None:
    started(world)
    world.run()
    world.write(
        {"rules/people.yml": RULES.replace("check: not_null}", "check: not_null, enabled: false}")}
    )
    world.run()
    (story,) = stories(cdmq.parse(world.root), "1")
    assert (own(story.passes), own(story.off), before(story)) == ({"zip_long"}, {"mail"}, {})
    assert "switched off (1): mail" in told(story)
    newest, before_ = history(world.root, "mail").versions
    assert (newest.off, before_.off) == (True, False)
    assert {r.rule: r.off for r in histories(world.root)}["mail"]
