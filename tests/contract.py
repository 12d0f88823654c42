"""The contract suite: cases in YAML, every case a dataset, every file one run on each engine.

A case:

    - case: what it shows                     # a sentence; its words make the dataset's name
      columns: {id: integer, email: text}
      rows: [[1, anna@example.com], [2, ~]]   # ~ is NULL; {repeat: [x, 1000]} is a long text
      dataset: {missing_values: [n/a]}        # more keys of the dataset; `key` is the first column
      seeds: {codes: "code\nDE\n"}
      others: {other: {columns: ..., rows: ...}}
      csv: "id;born\n1;2020-01-01\n"          # instead of columns and rows: a file
      validation: [...]                       # or defaults: [...]
      flags: [{key: 2, column: email, value: ~}]   # all of them; of many rules: {rule: [...]}
      result: {tested: 2, judged: 2, failing: 1, status: fail}   # of many rules: {rule: {...}}
      changes: [...]   clean: [...]   defaulted: [...]   flagged: [[key, rules]]   passed: [key]

An expected text that ends in `*` says how the found one begins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from runner import World, typed

KEYS = {
    "case",
    "columns",
    "rows",
    "dataset",
    "seeds",
    "others",
    "csv",
    "validation",
    "defaults",
    "flags",
    "result",
    "changes",
    "clean",
    "defaulted",
    "flagged",
    "passed",
    "relations",
}


#: Rules of every dataset: a case is about them where it names them.
_OF_ITSELF = ("key", "delivered", "lines")


class _Loader(yaml.BaseLoader):
    """All plain scalars are text, as in a rule file."""


def cases(path: Path) -> list[dict[str, Any]]:
    found = _null(yaml.load(path.read_text("utf-8"), _Loader))
    for case in found:
        unknown = set(case) - KEYS
        assert not unknown, f"{path.name}: {case['case']}: unknown keys {unknown}"
    names = [dataset_of(c) for c in found]
    assert len(set(names)) == len(names), f"{path.name}: two cases have one name"
    return found


def _null(item: Any) -> Any:
    if isinstance(item, dict):
        if set(item) == {"repeat"}:
            return item["repeat"][0] * int(item["repeat"][1])
        if set(item) == {"strip"}:
            return _null(item["strip"]).strip()
        return {k: _null(v) for k, v in item.items()}
    if isinstance(item, list):
        return [_null(v) for v in item]
    return None if item == "~" else item


def dataset_of(case: Mapping[str, Any]) -> str:
    return re.sub(r"\W+", "_", case["case"].lower()).strip("_")[:40].strip("_")


def run_file(path: Path, world: World) -> None:
    """All cases of a file as one project, run once."""
    world.write({"cdmq_project.yml": "name: world\nprofile: world\n"})
    datasets = []
    for case in cases(path):
        name = dataset_of(case)
        spec: dict[str, Any] = {"name": name}
        if "csv" in case:
            world.write({f"data/{name}.csv": case["csv"]})
            spec["file"] = {"path": f"data/{name}.csv"}
            spec["key"] = case["csv"].splitlines()[0].split(",")[0]
        else:
            _table(world, name, case)
            spec["table"] = f"{name}_src"
            spec["key"] = next(iter(case["columns"]))
        given = case.get("dataset", {})
        if "file" in given:
            given = {**given, "file": {**spec.get("file", {}), **given["file"]}}
        datasets.append(spec | given)
        for other, what in case.get("others", {}).items():
            _table(world, other, what)
            datasets.append(
                {"name": other, "table": f"{other}_src", "key": next(iter(what["columns"]))}
                | what.get("dataset", {})
            )
        for seed, text in case.get("seeds", {}).items():
            world.write({f"seeds/{seed}.csv": text})
        rules = {k: case[k] for k in ("defaults", "validation") if k in case}
        if rules:  # a file without a rule is refused
            world.write({f"rules/{name}.yml": _dump({"version": "1", "dataset": name, **rules})})
    world.write({"models/datasets.yml": _dump({"version": "1", "datasets": datasets})})
    world.run()


def _dump(content: Any) -> str:
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=2_000_000)


def _table(world: World, name: str, what: Mapping[str, Any]) -> None:
    columns = what["columns"]
    rows = [
        [typed(v, t) for v, t in zip(row, columns.values(), strict=True)]
        for row in what.get("rows", [])
    ]
    world.table(f"{name}_src", columns, rows)


class Left:
    """What one run of a file left, read once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.flags, self.changes, self.results = world.flags(), world.changes(), world.results()


def check(case: Mapping[str, Any], left: Left) -> None:
    """Compare what a run left with what the case expects."""
    name = dataset_of(case)
    rules = {r: v for r, v in left.results.items() if _rules_of(r, name, case)}
    found = {_short(r, name): v for r, v in rules.items()}
    if "flags" in case:
        _same_flags(case["flags"], [f for f in left.flags if f[0] in rules], name, found)
    for rule, expected in _by_rule(case.get("result", {}), found).items():
        got = {k: str(found[rule][k]) for k in expected}
        assert got == expected, f"result of {rule}"
    if "changes" in case:
        got = [_change(c) for c in left.changes if c[0] in rules]
        _same([{"reason": None, "records": "1", **c} for c in case["changes"]], got)
    for view in ("clean", "defaulted"):
        if view in case:
            rows = left.world.view(f"{name}__{view}")
            got = [[None if v is None else str(v) for v in r.values()] for r in rows]
            assert _sorted(got) == _sorted(case[view]), view
    if "flagged" in case:
        rows = left.world.view(f"{name}__flagged")
        got = [[str(next(iter(r.values()))), r["__rules"].replace(f"{name}.", "")] for r in rows]
        assert _sorted(got) == _sorted(case["flagged"])
    if "passed" in case:
        rows = left.world.view(f"{name}__passed")
        assert sorted(str(next(iter(r.values()))) for r in rows) == sorted(case["passed"])


def _rules_of(rule: str, name: str, case: Mapping[str, Any]) -> bool:
    own = {r.get("id") for k in ("validation", "defaults") for r in case.get(k, [])}
    for r in case.get("validation", []):
        own |= {c.get("id") for c in r.get("checks", []) if isinstance(c, dict)}
    if _short(rule, name) in _OF_ITSELF and not _named(_short(rule, name), case):
        return False
    return rule in own or rule.startswith(f"{name}.")


def _named(rule: str, case: Mapping[str, Any]) -> bool:
    """The case speaks of a rule that every dataset has of itself."""
    said = [r.get("check") for r in case.get("validation", [])]
    for expected in (case.get("flags", []), case.get("result", {})):
        if isinstance(expected, dict) and all(
            isinstance(v, dict | list) for v in expected.values()
        ):
            said += expected
    return rule in said


def _short(rule: str, name: str) -> str:
    return rule.removeprefix(f"{name}.")


def _by_rule(expected: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    if all(isinstance(v, dict) for v in expected.values()):
        return dict(expected)
    assert len(found) == 1, f"say the result of which rule: {sorted(found)}"
    return {next(iter(found)): expected}


def _same_flags(expected: Any, flags: list[Any], name: str, found: Mapping[str, Any]) -> None:
    if isinstance(expected, list):
        assert len(found) == 1 or not expected, f"say the flags of which rule: {sorted(found)}"
        expected = {next(iter(found)): expected}
    wanted, got = [], []
    for rule, rows in expected.items():
        for row in rows:
            full = {"state": "failed", "records": "1", "suggestion": None, "column": None, **row}
            wanted.append({"rule": rule, **full})
    for rule, key, column, value, digest, state, suggestion, records in flags:
        got.append(
            {
                "rule": _short(rule, name),
                "key": key,
                "column": column,
                "value": value,
                "state": state,
                "suggestion": suggestion,
                "records": str(records),
                "digest": digest,
            }
        )
    _same(wanted, got)


def _same(wanted: list[dict[str, Any]], got: list[dict[str, Any]]) -> None:
    """Each wanted row has its found one; a wanted row may leave keys out."""
    left = list(got)
    lost = []
    for row in wanted:
        same = next(
            (
                g
                for g in left
                if all(_fits(v, g[k]) for k, v in row.items() if k != "column" or v is not None)
            ),
            None,
        )
        if same is None:
            lost.append(row)
        else:
            left.remove(same)
    assert (lost, _cut(left)) == ([], []), "expected and not found; found and not expected"


def _cut(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v[:80] if isinstance(v, str) else v for k, v in r.items()} for r in rows]


def _fits(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, str) and wanted.endswith("*") and isinstance(found, str):
        return found.startswith(wanted[:-1])
    return bool(wanted == found)


def _change(row: tuple[Any, ...]) -> dict[str, Any]:
    names = ("rule", "key", "column", "old", "new", "digest", "act", "reason", "records")
    found = dict(zip(names, row, strict=True))
    return {**found, "records": str(found["records"])}


def _sorted(rows: Any) -> Any:
    def order(row: Any) -> Any:
        return repr([row[k] for k in sorted(row)]) if isinstance(row, dict) else repr(row)

    return sorted(rows, key=order)
