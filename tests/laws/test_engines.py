"""Random tables and rules: the same on both engines, and as plain Python says it."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any

import pytest
import yaml
from contract import Left
from depth import depth
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from laws.grammar import COLUMNS, datasets
from runner import ENGINES, World, typed

CODES = "from,to\na,Alpha\nab,Beta\nA,Alpha\n"


def write(world: World, drawn: list[dict[str, Any]]) -> None:
    world.write({"seeds/codes.csv": CODES})
    world.table("other_src", {"id": "integer"}, [[1], [2], [12], [None]])
    models: list[dict[str, Any]] = [{"name": "other", "table": "other_src", "key": "id"}]
    for i, one in enumerate(drawn):
        name = f"d{i}"
        world.table(f"{name}_src", COLUMNS, one["rows"])
        models.append(
            {
                "name": name,
                "table": f"{name}_src",
                "key": "id",
                "missing_values": one["missing_values"],
                "pii": one["pii"],
            }
        )
        rules = [{"id": f"{name}_r{k}", **rule} for k, rule in enumerate(one["rules"])]
        made = [{"id": f"{name}_x{k}", **rule} for k, rule in enumerate(one["defaults"])]
        content = {"version": "1", "dataset": name, "validation": rules, "defaults": made}
        world.write({f"rules/{name}.yml": yaml.safe_dump(content, allow_unicode=True, width=10000)})
    world.write({"models/m.yml": yaml.safe_dump({"version": "1", "datasets": models})})


def same(drawn: list[dict[str, Any]], make_world: Any) -> None:
    found = {}
    for engine in ENGINES:
        world = make_world(engine)
        write(world, drawn)
        world.run()
        found[engine] = Left(world)
    duckdb, postgres = (found[e] for e in ENGINES)
    for i, one in enumerate(drawn):
        for k, rule in enumerate([*one["rules"], *one["defaults"]]):
            name = f"d{i}_r{k}" if k < len(one["rules"]) else f"d{i}_x{k - len(one['rules'])}"
            a, b = (_of(name, x) for x in (duckdb, postgres))
            assert a == b, f"{name} {rule}\n{_shown(one)}"
            assert a[2]["status"] != "error", f"{name} {rule}"
            if not one["defaults"] and not one["pii"]:
                _as_python_says(rule, one, a[0], a[2])
        for view in ("clean", "defaulted"):
            pair = [x.world.view(f"d{i}__{view}") for x in (duckdb, postgres)]
            assert pair[0] == pair[1], _shown(one)


def _of(rule: str, left: Left) -> tuple[Any, Any, Any]:
    return (
        [f for f in left.flags if f[0] == rule],
        [c for c in left.changes if c[0] == rule],
        left.results[rule],
    )


def _shown(one: dict[str, Any]) -> str:
    return "\n".join(map(str, [one["missing_values"], one["defaults"], *one["rows"]]))


# plain Python ---------------------------------------------------------------------------------


def _as_python_says(
    rule: dict[str, Any], one: dict[str, Any], flags: list[Any], result: dict[str, Any]
) -> None:
    """The flagged keys and the counts, for the checks that are simple."""
    if rule["check"] in ("expression", "row_count") or "where" in rule:
        return
    names = list(COLUMNS)
    columns = rule.get("columns") or [rule["column"]]
    rows = []
    for row in one["rows"]:
        cells = dict(zip(names, row, strict=True))
        if rule.get("stage") != "raw":
            cells = {
                c: None if _missing(v, COLUMNS[c], one["missing_values"]) else v
                for c, v in cells.items()
            }
        rows.append((row[0], [cells[c] for c in columns]))
    groups = Counter(tuple(map(_value, v)) for _, v in rows if None not in v)
    expected: Counter[Any] = Counter()
    for key, values in rows:
        if None in values:
            bad = rule["check"] in ("not_null", "not_blank") or rule.get("missing") == "fail"
        else:
            bad = _fails(rule, values, groups)
        if bad:
            expected["no key" if key is None else str(key)] += 1
    found: Counter[Any] = Counter()
    for f in flags:
        found["no key" if f[1].startswith("no key: ") else f[1]] += f[7]
    assert found == expected, f"{rule}\n{_shown(one)}"
    assert result["tested"] == len(rows)
    assert result["failing"] == sum(expected.values())
    everything = rule["check"] in ("not_null", "not_blank") or rule.get("missing") == "fail"
    assert result["judged"] == sum(everything or None not in v for _, v in rows)


def _missing(value: Any, kind: str, tokens: list[str]) -> bool:
    if value is None:
        return True
    for token in tokens:
        try:
            if _value(typed(token, kind)) == _value(value) and (
                kind != "boolean" or token in ("true", "false")
            ):
                return True
        except (ValueError, ArithmeticError):
            continue
    return False


def _value(value: Any) -> Any:
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def _order(value: Any) -> Any:
    """NaN is above every number, as both engines have it."""
    return (
        (1, 0.0)
        if isinstance(value, float) and math.isnan(value)
        else (0, value)
        if isinstance(value, float)
        else value
    )


def _fails(rule: dict[str, Any], values: list[Any], groups: Counter[Any]) -> bool:
    value, kind = values[0], COLUMNS[(rule.get("columns") or [rule["column"]])[0]]
    match rule["check"]:
        case "not_null":
            return False
        case "not_blank":
            return not re.search(r"[^ \t\n\r\f\v]", value)
        case "unique" | "unique_combination_of_columns":
            return groups[tuple(map(_value, values))] > 1
        case "accepted_values":
            return value not in [typed(v, kind) for v in rule["values"]]
        case "accepted_range":
            low, high = (typed(rule[e], kind) if e in rule else None for e in ("min", "max"))
            if rule["inclusive"] == "true":
                return (low is not None and _order(value) < _order(low)) or (
                    high is not None and _order(value) > _order(high)
                )
            return (low is not None and _order(value) <= _order(low)) or (
                high is not None and _order(value) >= _order(high)
            )
        case "string_length":
            return not int(rule["min"]) <= len(value) <= int(rule["max"])
        case "regex":
            pattern = re.sub(r"\$$", r"\\Z", rule["pattern"])
            return bool(re.search(pattern, value, re.ASCII if "\\" in pattern else 0)) != (
                rule["match"] == "true"
            )
        case "email":
            return value != "a@b.de"
        case "relationships":
            return value not in (1, 2, 12)
    raise AssertionError(rule["check"])


QUIET = [
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.function_scoped_fixture,
    HealthCheck.large_base_example,
]


@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=QUIET,
    database=None,
)
@given(drawn=st.lists(datasets(), min_size=10, max_size=14))
def test_engines_agree_on_random_rules(drawn: list[dict[str, Any]], make_world: Any) -> None:
    same(drawn, make_world)


@pytest.mark.slow
@settings(
    max_examples=depth(20),
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=QUIET,
    database=None,
)
@given(drawn=st.lists(datasets(), min_size=10, max_size=14))
def test_engines_agree_on_many_random_rules(drawn: list[dict[str, Any]], make_world: Any) -> None:
    same(drawn, make_world)
