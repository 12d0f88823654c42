"""The cases of a kind: `tests/kinds/KIND/cases.yml`, one small project and what one rule of it does.

rule: status_known              # the rule that is looked at
readers: [golden_person]        # rules that read what it makes; they go where it goes
tables: {NAME: {columns: {NAME: TYPE}, rows: [[...]]}}     # ~ is NULL; one that no rule reads
datasets: [...]                 # as in models/*.yml
rules: {DATASET: {KIND: [...]}} # as in rules/*.yml
leaves: {TABLE: [{column: value}]}     # the open rows that it keeps, by these columns
message: 1 of 2 rows            # of its result, the beginning
record: {key: KEY, dataset: D, says: [TEXT]}      # what `explain --record` tells
compiled: [PATH]                # files that `compile` writes for it
unit_test: {given: {...}, expect: {...}}          # of the rule; also as_of
wrong: {expect: {...}, says: [TEXT]}   # the same, where something else is expected
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from runner import World, typed

HERE = Path(__file__).parent
KEYS = {
    "rule",
    "readers",
    "tables",
    "datasets",
    "rules",
    "leaves",
    "result",
    "record",
    "unit_test",
    "wrong",
}
Data = dict[str, Any]


class _Loader(yaml.BaseLoader):
    """All plain scalars are text, as in a rule file."""


def read(kind: str, file: str) -> Any:
    return yaml.load((HERE / kind / file).read_text("utf-8"), _Loader)


def cases(kind: str) -> Data:
    found: Data = read(kind, "cases.yml")
    assert set(found) <= KEYS, f"{kind}/cases.yml: unknown keys {set(found) - KEYS}"
    assert KEYS - set(found) <= {"readers"}, f"{kind}/cases.yml: no {KEYS - set(found)}"
    return found


def begin(world: World, kind: str) -> None:
    """The project of a kind, run once."""
    case = cases(kind)
    fill(world, case)
    world.write({"models/m.yml": text({"version": "1", "datasets": case["datasets"]})})
    put(world, case["rules"])
    world.run()


def fill(world: World, case: Data, without: Collection[str] = ()) -> None:
    """The tables of a case; `without` some columns."""
    for name, table in case["tables"].items():
        types = {c: t for c, t in table["columns"].items() if c not in without}
        rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
        world.table(name, types, [[typed(null(r[c]), t) for c, t in types.items()] for r in rows])


def null(cell: Any) -> Any:
    return None if cell == "~" else cell


def text(content: Any) -> str:
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=2_000_000)


def put(world: World, rules: Mapping[str, Data]) -> None:
    """These rules and no others. A dataset without rules has no file."""
    for file in (world.root / "rules").glob("*.yml"):
        file.unlink()
    for dataset, sections in rules.items():
        if any(sections.values()):
            world.write(
                {f"rules/{dataset}.yml": text({"version": "1", "dataset": dataset, **sections})}
            )


# the same project with its rule renamed, switched off, or taken out ----------------------------


def items(rules: Data, *ids: str) -> Iterator[Data]:
    """The items of some rules, to be changed."""
    for sections in rules.values():
        for found in sections.values():
            yield from (item for item in found if item["id"] in ids)


def taken_out(case: Data) -> Data:
    """The rules without the one that is looked at and those that cannot be without it."""
    gone = {case["rule"], *case.get("readers", ())}
    return {
        dataset: {
            kind: kept
            for kind, found in sections.items()
            if (kept := [i for i in found if i["id"] not in gone])
        }
        for dataset, sections in case["rules"].items()
    }


def switched_off(case: Data) -> Data:
    rules = copy.deepcopy(case["rules"])
    for item in items(rules, case["rule"]):
        item["enabled"] = "false"
    return rules


def renamed(case: Data, name: str) -> Data:
    """The rule under another name, in what names it too."""
    rules = _renamed(case["rules"], case["rule"], name)
    for item in items(rules, name):
        item["formerly"] = case["rule"]
    return rules


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {k: _renamed(v, old, new) for k, v in value.items()}
    if isinstance(value, list):
        return [_renamed(v, old, new) for v in value]
    return new if value == old else value
