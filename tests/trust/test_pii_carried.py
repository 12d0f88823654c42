"""What a default writes into a column is hidden there as it is where it comes from."""

from __future__ import annotations

import json

import pytest
from runner import World

import cdmq.api
from cdmq.explaining.story import stories

_COLUMNS = dict.fromkeys(("id", "tel", "alt", "name", "firm_id", "trade", "city"), "text")
_FIRMS = dict.fromkeys(("firm_id", "mail", "note", "code"), "text")
_MODELS = """\
version: 1
datasets:
  - name: c
    table: raw_c
    key: id
    pii: {tel: omit, name: plain, alt: plain, trade: mask, city: plain, firm_id: plain}
    refers_to: {firms: firm_id}
  - {name: firms, table: raw_f, key: firm_id, pii: {mail: hash}}
  - {name: both, stack: {x: c}, key: [source, id]}
"""
_RULES = """\
version: 1
dataset: c
defaults:
  - {id: second, column: name, fill_from: alt}
  - {id: first, column: alt, fill_from: tel}
  - {id: third, column: trade, fill_from: firms.mail}
  - {id: fourth, column: city, fill_from: firms.note}
validation:
  - {column: name, checks: [{regex: {pattern: "^q"}}]}
  - {column: trade, checks: [{regex: {pattern: "^q"}}]}
  - {column: city, checks: [{regex: {pattern: "^q"}}]}
"""
_SECRETS = ("zq-phone", "zq-mail")


def _world(world: World, models: str = _MODELS, rules: str = _RULES) -> None:
    world.table("raw_c", _COLUMNS, [["1", "zq-phone-1", None, None, "f1", None, None]])
    world.table("raw_f", _FIRMS, [["f1", "zq-mail-1", "zq-note-1", "zq-code-1"]])
    world.write({"models/m.yml": models, "rules/c.yml": rules})


def _columns(world: World, name: str) -> dict[str, str]:
    return dict(cdmq.api.parse(world.root).datasets[name].spec.pii)


def test_a_borrowed_value_is_hidden_as_at_its_source(world: World) -> None:
    _world(world)
    assert world.run().exit_code == 1
    held = {
        table: str(world.audit_rows(table, columns))
        for table, columns in (
            ("changes", ("column_name", "old_value", "new_value")),
            ("flags", ("column_name", "value")),
        )
    }
    for table, rows in held.items():
        assert "name" in rows, table
        assert not [s for s in _SECRETS if s in rows], table
        assert "zq-note-1" in rows, f"{table}: in the warehouse only what pii: names is hidden"
    shown = cdmq.api.show("c", world.root, stage="defaulted")
    assert set(shown.masked) == {"tel", "alt", "name", "trade", "city"}
    assert "zq-" not in str(shown)
    assert "zq-" not in str(cdmq.api.show("both", world.root))
    told = stories(cdmq.api.parse(world.root), "1", "c")
    assert "zq-" not in str(told)
    assert "second" in str(told)
    for path in (world.root / "target").glob("*.json"):
        assert "zq-" not in json.dumps(json.loads(path.read_text("utf-8"))), path.name


def test_the_stricter_word_goes_on_in_turn(world: World) -> None:
    _world(world)
    assert _columns(world, "c") == {
        "tel": "omit",
        "alt": "omit",
        "name": "omit",
        "trade": "hash",
        "firm_id": "plain",
    }
    assert _columns(world, "both")["name"] == "omit"
    assert "city" not in _columns(world, "both")


def test_a_dataset_that_says_nothing_of_pii_itself(world: World) -> None:
    _world(
        world,
        _MODELS.replace(
            "    pii: {tel: omit, name: plain, alt: plain, trade: mask, city: plain, "
            "firm_id: plain}\n",
            "",
        ),
    )
    assert _columns(world, "c") == {"trade": "hash"}
    world.write({"rules/c.yml": _RULES.replace("firms.mail", "alt")})
    assert _columns(world, "c") == {"id": "plain"}, "a text of which pii: of firms says nothing"
    world.write({"rules/c.yml": _RULES.replace("firms.mail", "alt").replace("firms.note", "alt")})
    assert _columns(world, "c") == {}


def test_a_rule_that_is_not_enabled_carries_nothing(world: World) -> None:
    _world(world, rules=_RULES.replace("fill_from: tel}", "fill_from: tel, enabled: false}"))
    assert _columns(world, "c")["name"] == "plain"


def test_codes_of_a_list_that_is_hidden(world: World) -> None:
    _world(
        world,
        _MODELS + "  - {name: codes, key: of, pii: {code: omit}}\n",
        "version: 1\ndataset: c\ndefaults:\n"
        "  - {id: coded, column: name, map: {seed: codes, from: of, to: code}}\n",
    )
    world.write({"seeds/codes.csv": "of,code\na,b\n"})
    assert _columns(world, "c")["name"] == "omit"


@pytest.mark.parametrize("column", ["nmae", "tell"])
def test_a_name_that_is_none_is_told_of_the_rule_and_not_of_pii(world: World, column: str) -> None:
    slip = ("column: name", "column: nmae") if column == "nmae" else ("from: tel", "from: tell")
    _world(world, rules=_RULES.replace(*slip).replace("  - {id: second", "  - {id: a_slip", 1))
    told = str([(r.rule.id, r.message) for r in world.run().results])
    assert column in told
    assert "in pii" not in told
