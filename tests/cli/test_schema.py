"""cdmq schema: JSON Schema that accepts what cdmq accepts and refuses the obvious mistakes."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from small_project import Small, small

from cdmq.manual.schema import SCHEMAS, schema
from cdmq.problems import CdmqError

ROOT = Path(__file__).parents[2]


class Editor(yaml.SafeLoader):
    """YAML 1.2 as an editor reads it: dates stay text, `yes` and `on` too, 012 is a number."""


Editor.yaml_implicit_resolvers = {
    first: [(tag, how) for tag, how in pairs if tag.rsplit(":", 1)[1] in ("null", "float")]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Editor.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))
Editor.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile("^[-+]?[0-9]+$"), list("-+0123456789")
)
Editor.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))


@cache
def validator(of: str) -> Draft202012Validator:
    made = schema(of)
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


def problems(of: str, text: str) -> list[str]:
    return [e.message for e in validator(of).iter_errors(yaml.load(text, Editor))]


def rule(*lines: str) -> str:
    """A rule file with one item; the section is the first line."""
    return (
        "dataset: d\n"
        + lines[0]
        + ":\n"
        + "\n".join(("  - " if i == 0 else "    ") + line for i, line in enumerate(lines[1:]))
        + "\n"
    )


def sort_of(data: Any, path: Path) -> str:
    if path.name == "cdmq_project.yml":
        return "project"
    return next(
        (s for s, key in (("unit_tests", "unit_tests"), ("models", "datasets")) if key in data),
        "rules",
    )


FILES = [
    path
    for project in (ROOT, *sorted((ROOT / "examples").glob("*")))
    for path in (
        project / "cdmq_project.yml",
        *sorted(project.glob("models/**/*.yml")),
        *sorted(project.glob("rules/**/*.yml")),
    )
    if path.is_file()
]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_file_of_the_repository_is_accepted(path: Path) -> None:
    data = yaml.load(path.read_text("utf-8"), Editor)
    assert [e.message for e in validator(sort_of(data, path)).iter_errors(data)] == []


WORDS = sorted((ROOT / "tests/kinds").glob("*/words.yml"))


@pytest.mark.parametrize("path", WORDS, ids=lambda p: p.parent.name)
def test_the_words_of_kinds_are_accepted(path: Path) -> None:
    good = yaml.load(path.read_text("utf-8"), Editor)["good"]
    found = validator("rules").iter_errors({"dataset": "d", path.parent.name: good})
    assert [f"{list(e.path)} {e.message}" for e in found] == []


ACCEPTED = {
    "names": rule("validation", "column: email", "checks: [not_null, unique]"),
    "values": rule(
        "validation",
        "column: x",
        "checks:",
        "  - accepted_values: {values: [1, true]}",
        "    warn_above: 1%",
        "    error_above: 5",
    ),
    "long": rule("validation", "id: r", "check: row_count", "min: 5"),
    "jinja": rule("validation", "id: r", "check: row_count", "min: \"{{ var('n') }}\""),
    "no values": rule("validation", "column: x", "checks:", "  - unique:"),
    "form": rule("defaults", "column: x", "standardise: phone", "region: country"),
    "quoted boolean": rule("validation", "column: x", "enabled: 'false'", "checks: [unique]"),
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted(text: str) -> None:
    assert problems("rules", text) == []


REFUSED = {
    "unknown key": rule("defaults", "colum: x", "set: a", "reason: unknown"),
    "unknown section": "dataset: d\nvalidations: []\n",
    "no dataset": "validation: []\n",
    "wrong severity": rule("validation", "column: x", "severity: bad", "checks: [unique]"),
    "wrong reason": rule("defaults", "column: x", "set: a", "reason: because"),
    "unknown check": rule("validation", "column: x", "checks: [not_nul]"),
    "unknown check with values": rule(
        "validation", "column: x", "checks:", "  - in_range: {min: 0}"
    ),
    "unknown parameter": rule("validation", "column: x", "checks:", "  - regex: {patern: a}"),
    "two checks in one item": rule(
        "validation", "column: x", "checks:", "  - {unique: {}, not_null: {}}"
    ),
    "parameter of another check": rule(
        "validation", "id: r", "check: row_count", "min: 1", "pattern: a"
    ),
    "parameter is missing": rule("validation", "id: r", "check: expression"),
    "column is missing": rule("validation", "id: r", "check: not_null"),
    "check and checks": rule("validation", "column: x", "check: unique", "checks: [unique]"),
    "neither": rule("validation", "column: x"),
    "two means": rule("defaults", "column: x", "set: a", "reason: unknown", "fill_from: [b]"),
    "unknown form": rule("defaults", "column: x", "standardise: telephone"),
    "option of another form": rule(
        "defaults", "column: x", "standardise: email", "region: country"
    ),
    "option without a form": rule("defaults", "column: x", "fill_from: [b]", "region: country"),
    "no value": rule("validation", "column: x", "why:", "checks: [unique]"),
    "text for a number": rule("validation", "id: r", "check: row_count", "min: many"),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_refused(text: str) -> None:
    assert problems("rules", text)


def test_other_files_are_refused_too() -> None:
    assert problems("models", "datasets: [{name: d, file: a.csv, keys: id}]")
    assert problems("models", "datasets: [{name: d, columns: {a: string}}]")
    assert problems("models", "datasets: [{name: d, file: {path: a.csv, dates: YYYY}}]")
    assert problems("project", "name: p\nmodel_path: [models]")
    assert problems("unit_tests", "unit_tests: [{name: t, rule: r, given: {}, expected: {}}]")


def test_help_comes_from_the_docstrings() -> None:
    rules = schema("rules")
    assert rules["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    items = rules["properties"]["validation"]["items"]
    checks = {c["const"]: c["description"] for c in items["properties"]["check"]["anyOf"]}
    assert checks["not_null"].startswith("The value is there.")
    assert checks["readable"].startswith("The cell of a file could be read as the type")
    assert {"key", "delivered", "lines"} <= set(checks)  # a rule file may say more of them
    assert rules["properties"]["defaults"]["description"].startswith("Tidy a cell")
    assert items["properties"]["why"]["description"]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = small(tmp_path, capsys)
    told = project.told("schema", "models")
    assert told.code == 0
    assert json.loads(told.out) == schema("models")
    told = project.told("schema", "rule")
    assert told.code == 2
    assert "CDMQ536 there is no schema of 'rule'; did you mean 'rules'?" in told.err
    told = project.told("schema", "--write")
    assert told.code == 0
    assert (
        "    rules/*.yml (rules)\n        # yaml-language-server: "
        "$schema=../target/schema/rules.json\n"
    ) in told.out
    for name in SCHEMAS:
        written = project.root / "target" / "schema" / f"{name}.json"
        assert json.loads(written.read_text("utf-8")) == schema(name)


def test_an_unknown_sort() -> None:
    with pytest.raises(CdmqError, match="CDMQ536"):
        schema("profiles")


def test_the_line_that_a_steward_pastes_is_no_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project: Small = small(tmp_path, capsys)
    line = "# yaml-language-server: $schema=../target/schema/rules.json\n"
    text = (project.root / "rules/customers.yml").read_text()
    project.write({"rules/customers.yml": line + text})
    assert project.run()
