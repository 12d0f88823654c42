"""What is hidden in a dataset is hidden in what is made of it: stacks, golden records, models."""

from __future__ import annotations

from runner import World

import cdmq.api

_COLUMNS = {"id": "integer", "mail": "text", "phone": "text", "city": "text", "town": "text"}
_ROWS = [[1, "anna@x.org", "030 111", "Bonn", "b1"], [2, "anna@x.org", "030 222", "Kiel", "b2"]]
_MODELS = """
version: 1
datasets:
  - {name: a, table: raw_a, key: id, pii: {mail: hash, phone: mask, city: plain}}
  - {name: b, table: raw_b, key: id, pii: {mail: plain, phone: omit}}
  - {name: c, table: raw_b, key: id}
  - {name: both, stack: {x: a, y: b, z: c}, key: [source, id],
     rename: {x: {phone: tel}, y: {phone: tel}, z: {phone: tel}}}
"""
_RULES = """
version: 1
dataset: both
validation:
  - {column: mail, checks: [{regex: {pattern: "^z"}}]}
  - {column: tel, checks: [{regex: {pattern: "^z"}}]}
  - {column: city, checks: [{regex: {pattern: "^z"}}]}
matching:
  - {id: same, makes: party, same_if: [[mail]]}
golden:
  - {id: best, from: same, into: people, pick: [longest]}
"""


def _world(world: World, models: str = _MODELS) -> None:
    for name in ("raw_a", "raw_b"):
        world.table(name, _COLUMNS, _ROWS)
    world.write(
        {
            "models/m.yml": models,
            "rules/both.yml": _RULES,
            "models/mails.sql": "select id, mail as m, city from {{ ref('a') }}",
        }
    )


def _held(world: World) -> dict[str, set[str]]:
    """The values of each column that flags and golden cells hold."""
    found: dict[str, set[str]] = {}
    for table in ("flags", "golden_cells"):
        for column, value in world.audit_rows(table, ("column_name", "value")):
            found.setdefault(column, set()).add(str(value))
    for losers in world.audit_rows("golden_cells", ("losers",)):
        found.setdefault("losers", set()).add(str(losers[0]))
    return found


def test_a_stack_and_its_golden_records_take_the_strictest_word(world: World) -> None:
    _world(world)
    assert world.run().exit_code == 1
    held = _held(world)
    assert "Bonn" in held["city"]  # no word, or plain
    assert held["tel"] == {"None"}  # mask and omit
    assert all(len(v) == 64 for v in held["mail"] - {"None"})  # hash and plain
    told = str(held)
    assert "anna" not in told
    assert "030" not in told
    for name in ("both", "people"):  # in b the city is masked, for nothing calls it plain
        assert set(cdmq.api.show(name, world.root).masked) == {"mail", "tel", "city", "town"}


def test_a_word_of_its_own_is_nearer(world: World) -> None:
    _world(
        world,
        _MODELS.replace("key: [source, id],", "key: [source, id], pii: {tel: plain},").replace(
            "phone: omit}", "phone: omit, city: plain}"
        ),
    )
    world.run()
    assert set(cdmq.api.show("both", world.root).masked) == {"mail", "town"}
    held = _held(world)
    assert "030 111" in held["tel"]
    assert "anna" not in str(held)


def test_a_golden_dataset_of_records_with_a_hidden_key_alone(world: World) -> None:
    """Then all other texts are masked outside of the warehouse, in the golden records too."""
    _world(
        world,
        "version: 1\ndatasets:\n"
        "  - {name: a, table: raw_a, key: id}\n"
        "  - {name: both, table: raw_b, key: id, pii: {id: mask}}\n",
    )
    world.write({"rules/both.yml": _RULES.replace("column: tel", "column: town")})
    world.run()
    assert set(cdmq.api.show("people", world.root).masked) == {"mail", "phone", "city", "town"}


def test_a_model_over_hidden_columns_says_what_its_own_are(world: World) -> None:
    _world(world)
    found = [p for p in cdmq.api.parse(world.root).warnings if p.code == "CDMQ227"]
    assert [p.span.file for p in found] == ["models/mails.sql"]
    assert found[0].cause == (
        "the SQL model mails reads columns of a that pii: hides (mail), and "
        "says of none of its own whether it does"
    )
    world.write(
        {
            "models/cities.sql": "select id, city, count(*) as n from {{ ref('a') }} group "
            "by id, city",
            "models/all_of.sql": "select * from {{ ref('b') }}",
        }
    )
    found = [p for p in cdmq.api.parse(world.root).warnings if p.code == "CDMQ227"]
    assert [p.span.file for p in found] == ["models/all_of.sql", "models/mails.sql"]
    world.write({"models/cities.sql": "", "models/all_of.sql": ""})
    _world(world, f"{_MODELS}  - {{name: mails, key: id, pii: {{m: hash, city: plain}}}}\n")
    assert not [p for p in cdmq.api.parse(world.root).warnings if p.code == "CDMQ227"]
