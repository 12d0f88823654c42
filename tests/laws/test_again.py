"""A second run, a moved rule, a changed rule: what opens, what closes, what is a new version."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

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


@pytest.mark.parametrize(
    ("path", "old", "new", "rules"),
    [
        pytest.param("seeds/countries.csv", "DE,DE", "XX,XX", {"country_code"}, id="seed"),
        pytest.param(
            "models/m.yml",
            "[n/a]",
            "[n/a, x]",
            {
                "country_code",
                "people.email.not_null",
                "people.email.email",
                "people.email.unique",
                "age_range",
                "two_or_more",
            },
            id="missing_values",
        ),
        pytest.param(
            "rules/people.yml", "reason: invalid", "reason: unknown", {"country_code"}, id="reason"
        ),
    ],
)
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


AGE = "{id: ID, column: age, check: accepted_range, min: 0, max: 120, where: live}"
#: Each is a change of one rule: of what it means, or of what is said of it.
MEANING = {
    "value": AGE.replace("120", "121"),
    "where": AGE.replace("live", "not live"),
    "severity": AGE.replace("}", ", severity: warn}"),
    "error_above": AGE.replace("}", ", error_above: 1%}"),
    "stage": AGE.replace("}", ", stage: raw}"),
}
WORDS = {
    "why": AGE.replace("}", ", why: Because.}"),
    "owner": AGE.replace("}", ", owner: somebody}"),
    "tags": AGE.replace("}", ", tags: [more]}"),
}


def _judge(world: World, changes: dict[str, str]) -> Any:
    world.write(
        {
            "rules/people.yml": RULES
            + "".join(f"  - {rule.replace('ID', name)}\n" for name, rule in changes.items())
        }
    )
    return world.run()


def test_only_changed_meaning_is_a_new_version(world: World) -> None:
    """Why, owner and tags are a new version of the words only; nothing opens or closes by them."""
    _judge(small(world), {r: AGE for r in (*MEANING, *WORDS)})
    before = world.versions()
    again = _judge(world, {**MEANING, **WORDS})
    after = world.versions()
    assert (set(again.new_versions), set(again.new_words)) == (set(MEANING), set(WORDS))
    assert {r for r in before if before[r][0] != after[r][0]} == set(MEANING)
    assert {r for r in before if before[r][1] != after[r][1]} == set(WORDS)
    moved = world.audit_rows(
        "flags",
        ("rule_id",),
        f"to_run IS NOT NULL OR from_run > (SELECT min(run_id) FROM {world.audit}.runs)",
    )
    assert {r for (r,) in moved} == {"where"}


def test_order_of_files_and_rows_does_not_matter(begun: World, make_world) -> None:  # type: ignore[no-untyped-def]
    other = make_world(begun.engine)
    datasets = MODELS.split("  - ")
    turned = "  - ".join([datasets[0], datasets[2].rstrip() + "\n", datasets[1]])
    assert turned != MODELS
    seed = SEED.splitlines()
    other.write(
        {
            "models/zz.yml": turned,
            "rules/zz/people.yml": RULES,
            "rules/aa.yml": ORDERS,
            "seeds/countries.csv": "\n".join([seed[0], *reversed(seed[1:])]) + "\n",
        }
    )
    shuffled = [list(r) for r in ROWS]
    random.Random(7).shuffle(shuffled)
    people(other, shuffled)
    other.table(
        "orders_src", {"no": "text", "person": "integer"}, [["c", None], ["b", 9], ["a", 1]]
    )
    other.run()
    assert other.flags() == begun.flags()
    assert other.changes() == begun.changes()
    assert other.results() == begun.results()
    apart = {"country_code"}  # its seed has other lines first: the order of a list may matter
    versions = {r: v for r, v in begun.versions().items() if r not in apart}
    assert versions == {r: v for r, v in other.versions().items() if r not in apart}
