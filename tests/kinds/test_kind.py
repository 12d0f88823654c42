"""The contract of a kind: its words are read and written back, its page and its tables have words.

`KIND/words.yml` holds `good` rules (those of the language page among them) and `bad` ones, each
with a part of its message and, where it matters, the place the message is about. What a kind does
that runs is in `KIND/cases.yml`, for test_kind_runs.py.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from cdmq.kinds import KINDS, kinds
from cdmq.kinds.words import Named
from cdmq.manual.pages import explain
from cdmq.project.fields import Head
from cdmq.project.yaml_source import read_yaml

HERE = Path(__file__).parent
MODULES = kinds()
#: The kinds whose words are all of their own: a check and a standard form bring more.
NAMED = tuple(name for name, kind in MODULES.items() if issubclass(kind.rule, Named))


def read(text: str, name: str) -> Any:
    source = read_yaml(text, name)
    assert source.problems == ()
    return source.data


CASES = {kind: read((HERE / kind / "words.yml").read_text(), f"{kind}.yml") for kind in KINDS}
GOOD = [pytest.param(k, i, id=f"{k}-{i}") for k in KINDS for i in range(len(CASES[k]["good"]))]
BAD = [
    pytest.param(k, case, id=f"{k}-{case['name'].replace(' ', '_')}")
    for k in KINDS
    for case in CASES[k]["bad"]
]


def page_of(kind: str) -> str:
    """Its lines from the left edge, as each Python hands them out."""
    return inspect.cleandoc(MODULES[kind].rule.__doc__ or "")


def examples(kind: str) -> list[str]:
    """The YAML blocks of a manual page."""
    blocks = re.findall(rf"(?m)^    {kind}:\n(?:(?:     .*)?\n)+", page_of(kind))
    return [textwrap.dedent(block) for block in blocks]


def accepts(schema: dict[str, Any], value: Any, root: dict[str, Any]) -> bool:
    """Whether an editor would accept `value`: the part of JSON Schema that our schemas use."""
    if "$ref" in schema:
        return accepts(root["$defs"][schema["$ref"].rpartition("/")[2]], value, root)
    for word, enough in (("anyOf", lambda n: n >= 1), ("oneOf", lambda n: n == 1)):
        if word in schema and not enough(sum(accepts(s, value, root) for s in schema[word])):
            return False
    types = schema.get("type", [])
    known = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "null": type(None),
        "array": list,
        "object": dict,
    }
    wanted = [types] if isinstance(types, str) else types
    if wanted and not any(
        isinstance(value, known[t]) and (t == "boolean" or not isinstance(value, bool))
        for t in wanted
    ):
        return False
    if "const" in schema and value != schema["const"]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None
    if isinstance(value, list):
        return all(accepts(schema.get("items", {}), item, root) for item in value)
    if isinstance(value, dict):
        named = schema.get("properties", {})
        other = schema.get("additionalProperties", {})
        return (
            schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", 10**6)
            and set(schema.get("required", [])) <= set(value)
            and all(
                accepts(named[k], v, root)
                if k in named
                else other is True or (other is not False and accepts(other, v, root))
                for k, v in value.items()
            )
        )
    return not isinstance(value, (int, float)) or value >= schema.get("minimum", value)


@pytest.mark.parametrize("kind", KINDS)
def test_says_what_it_is(kind: str) -> None:
    module = MODULES[kind]
    assert kind == module.name
    assert module.built is (HERE / kind / "cases.yml").exists()
    assert issubclass(module.rule, Head)


def test_class_names_are_distinct() -> None:
    assert len({m.rule.__name__ for m in MODULES.values()}) == len(MODULES)


@pytest.mark.parametrize("kind", NAMED)
def test_examples_of_the_manual_parse(kind: str) -> None:
    found = examples(kind)
    assert found
    assert len(found) == page_of(kind).count(f"\n    {kind}:\n")
    for text in found:
        for rule in read(text, kind)[kind]:
            MODULES[kind].rule.model_validate(rule)


@pytest.mark.parametrize("kind", KINDS)
def test_its_page_has_words(kind: str) -> None:
    (page,) = [p for p in explain(kind) if p.sort == "kind"]
    assert page.title
    assert "Example:" in page.text
    assert {"id", "why", "enabled"} <= {k.name for k in page.keys}
    for key in page.keys:
        assert key.about or key.required, key.name


@pytest.mark.parametrize("kind", KINDS)
def test_its_tables_have_words(kind: str) -> None:
    tables = MODULES[kind].tables
    assert len({t.name for t in tables}) == len(tables)
    for table in tables:
        assert table.about
        assert "rule_id" in table.names
        assert set(table.identity) | set(table.entity) <= set(table.names)
        assert all(column.about for column in table.columns)


@pytest.mark.parametrize("kind", NAMED)
def test_manual_says_what_it_leaves(kind: str) -> None:
    page = page_of(kind)
    assert "Example:" in page
    assert "In the warehouse:" in page


@pytest.mark.parametrize(("kind", "i"), GOOD)
def test_good_rule_is_read_and_written_back(kind: str, i: int) -> None:
    model = MODULES[kind].rule
    rule = model.model_validate(CASES[kind]["good"][i])
    dumped = rule.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    assert model.model_validate(dumped) == rule
    assert model.model_validate(rule.model_dump(by_alias=True)) == rule


@pytest.mark.parametrize(("kind", "case"), BAD)
def test_bad_rule_says_what_to_write(kind: str, case: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        MODULES[kind].rule.model_validate(case["rule"])
    errors = caught.value.errors()
    assert len(errors) == 1, errors
    assert case["error"] in errors[0]["msg"]
    if "at" in case:
        assert [str(part) for part in errors[0]["loc"]] == case["at"]


@pytest.mark.parametrize("kind", KINDS)
def test_schema_documents_every_key(kind: str) -> None:
    schema = MODULES[kind].rule.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        assert part["description"]
        for key, field in part["properties"].items():
            assert field.get("description") or MODULES[kind].rule.model_fields[key].exclude, key


@pytest.mark.parametrize("kind", NAMED)
def test_an_editor_accepts_what_we_accept(kind: str) -> None:
    """An editor reads YAML with its own types: 3 is a number there, true a boolean."""
    schema = MODULES[kind].rule.model_json_schema()
    rules = [rule for text in examples(kind) for rule in yaml.safe_load(text)[kind]]
    rules += yaml.safe_load((HERE / kind / "words.yml").read_text())["good"]
    for rule in rules:
        assert accepts(schema, rule, schema), rule
        assert accepts(schema, {**rule, "no_such_key": 1}, schema) is False


def test_two_ways_to_write_one_rule() -> None:
    model = MODULES["trends"].rule
    rule = {"id": "t", "measure": {"from": "orders", "count": "rows"}, "per": "month"}
    alert = {"down_by": "30%", "over": "1 month", "history": "6 months"}
    other = {"down_by": "30.0 %", "over": "1  months", "history": "6 month"}
    dumps = [
        model.model_validate({**rule, "alert": a}).model_dump(mode="json") for a in (alert, other)
    ]
    assert dumps[0] == dumps[1]
    assert dumps[0]["alert"] == alert
