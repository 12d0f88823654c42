"""A second run, a moved rule, a changed rule: what opens, what closes, what is a new version."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from laws.small import MODELS, ORDERS, ROWS, RULES, SEED, people, small
from runner import World, written

SAME = {"flags": 0, "changes": 0}


def begin(world: World) -> None:
    small(world).run()


def everything(world: World) -> list[object]:
    views = [world.view(f"people__{v}") for v in ("clean", "defaulted", "flagged", "passed")]
    return [world.flags("true"), world.changes("true"), world.versions("true"), *views]


def test_second_run_changes_nothing(begun: World) -> None:
    before = everything(begun)
    again = begun.run()
    assert (again.opened, again.closed, again.new_versions) == (SAME, SAME, ())
    assert everything(begun) == before
    assert begun.sql(f"SELECT count(*) FROM {begun.audit}.runs") == [(2,)]


def test_as_of_is_no_part_of_a_version(begun: World) -> None:
    later = begun.run(as_of=dt.datetime(2027, 1, 1))
    assert later.new_versions == ()
    assert later.opened == later.closed == SAME


REFORMATTED = """
# the rules of people, moved and written in another way
version: "1"
validation:
    - {min: 2, id: two_or_more, check: row_count}    # a comment
    - id: 'age_range'
      check: accepted_range
      where: >-
        live
      column: "age"
      max: "120"
      min: '0'
      inclusive: true
      severity: error
    - checks:
        - not_null: {}
        - email
        - {unique: {missing: pass}}
      column: email
      why: Mail must arrive.
tags: customer
owner: stewards
defaults:
    - {otherwise: {reason: invalid, set: unavailable},
       map: {to: code, from: name, seed: countries}, column: country, id: country_code}
dataset: people
"""


def test_moved_and_reformatted_is_no_new_version(begun: World) -> None:
    before = begun.versions()
    begun.write({"rules/people.yml": "", "rules/elsewhere/z.yml": "\n\n" + REFORMATTED})
    again = begun.run()
    assert again.new_versions == ()
    assert begun.versions() == before
    assert again.opened == again.closed == SAME


@pytest.mark.parametrize(("path", "old", "new", "rules"), [
    pytest.param("seeds/countries.csv", "DE,DE", "XX,XX", {"country_code"}, id="seed"),
    pytest.param("models/m.yml", "[n/a]", "[n/a, x]",
                 {"country_code", "people.email.not_null", "people.email.email",
                  "people.email.unique", "age_range", "two_or_more"}, id="missing_values"),
    pytest.param("rules/people.yml", "max: 120", "max: 121", {"age_range"}, id="value"),
    pytest.param("rules/people.yml", "where: live", "where: not live", {"age_range"}, id="where"),
    pytest.param("rules/people.yml", "where: live", "where: live\n    severity: warn",
                 {"age_range"}, id="severity"),
    pytest.param("rules/people.yml", "where: live", "where: live\n    error_above: 1%",
                 {"age_range"}, id="error_above"),
    pytest.param("rules/people.yml", "where: live", "where: live\n    stage: raw",
                 {"age_range"}, id="stage"),
    pytest.param("rules/people.yml", "reason: invalid", "reason: unknown", {"country_code"},
                 id="reason"),
])
def test_changed_meaning_is_a_new_version(
    path: str, old: str, new: str, rules: set[str], begun: World
) -> None:
    before = begun.versions()
    text = (begun.root / path).read_text()
    assert old in text
    begun.write({path: text.replace(old, new)})
    again = begun.run()
    assert written(again.new_versions) == rules
    after = begun.versions()
    assert written(r for r in before if before[r][0] != after[r][0]) == rules
    assert all(before[r][1] == after[r][1] for r in before)


@pytest.mark.parametrize(("old", "new"), [
    pytest.param("where: live", "where: live\n    why: Because.", id="why"),
    pytest.param("where: live", "where: live\n    owner: somebody", id="owner"),
    pytest.param("where: live", "where: live\n    tags: [more]", id="tags"),
])
def test_why_owner_and_tags_are_a_new_meta_version_only(old: str, new: str, begun: World) -> None:
    before = begun.versions()
    begun.write({"rules/people.yml": RULES.replace(old, new)})
    again = begun.run()
    assert (again.new_versions, again.new_words) == ((), ("age_range",))
    after = begun.versions()
    assert {r for r in before if before[r] != after[r]} == {"age_range"}
    assert after["age_range"][0] == before["age_range"][0]
    assert again.opened == again.closed == SAME


def test_order_of_files_and_rows_does_not_matter(begun: World, make_world) -> None:  # type: ignore[no-untyped-def]
    other = make_world(begun.engine)
    datasets = MODELS.split("  - ")
    turned = "  - ".join([datasets[0], datasets[2].rstrip() + "\n", datasets[1]])
    assert turned != MODELS
    seed = SEED.splitlines()
    other.write({"models/zz.yml": turned, "rules/zz/people.yml": RULES, "rules/aa.yml": ORDERS,
                 "seeds/countries.csv": "\n".join([seed[0], *reversed(seed[1:])]) + "\n"})
    shuffled = [list(r) for r in ROWS]
    random.Random(7).shuffle(shuffled)
    people(other, shuffled)
    other.table("orders_src", {"no": "text", "person": "integer"},
                [["c", None], ["b", 9], ["a", 1]])
    other.run()
    assert other.flags() == begun.flags()
    assert other.changes() == begun.changes()
    assert other.results() == begun.results()
    apart = {"country_code"}  # its seed has other lines first: the order of a list may matter
    versions = {r: v for r, v in begun.versions().items() if r not in apart}
    assert versions == {r: v for r, v in other.versions().items() if r not in apart}
