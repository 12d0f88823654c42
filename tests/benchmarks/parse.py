"""`cdmq parse` and `cdmq --help` as whole processes, against the least that could be done.

1,000 rules with two expressions each, in 20 files: cold and warm as ratios to a process that loads
the same files with PyYAML's C loader; `--help` as a ratio to `python -c "import typer"`.

    python tests/benchmarks/parse.py [RULES] [REPEATS]
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

import yaml
from measure import Cost, measured, median

RULES, FILES, REPEATS = 1000, 20, 10
#: What the issue allows.
LIMITS = {"cold": 12.0, "warm": 3.0, "help": 2.0}
_COLUMNS = {
    "customer_id": "text",
    "email": "text",
    "country": "text",
    "status": "text",
    "city": "text",
    "signup": "date",
    "last_order": "date",
    "revenue": "decimal",
    "orders": "integer",
    "credit": "decimal",
}
_MUST = (
    "last_order >= signup",
    "revenue >= {n} or orders > {m}",
    "length(trim(city)) > {m}",
    "credit <= revenue * {n} + 10000",
    "country in ('DE', 'AT', 'CH') or orders < {n}",
    "lower(email) = email and email like '%@%.%'",
    "coalesce(revenue, 0) between 0 and {n}000",
    "case when orders = 0 then last_order is null else last_order is not null end",
)
_WHERE = (
    "status = 'active'",
    "country = 'DE' and revenue > {n}",
    "signup >= date '2020-01-01'",
    "email is not null and orders > {m}",
    "status in ('active', 'dormant')",
    "not orders = {m}",
)


def write(folder: Path, rules: int) -> None:
    """A project with that many rules over one declared table."""
    random.seed(7)
    files: dict[str, object] = {
        "cdmq_project.yml": {"name": "benchmark", "profile": "benchmark"},
        "models/customers.yml": {
            "version": 1,
            "datasets": [
                {
                    "name": "customers",
                    "table": "customers",
                    "key": "customer_id",
                    "columns": dict(_COLUMNS),
                }
            ],
        },
    }
    each = rules // FILES
    for number in range(FILES):
        files[f"rules/part_{number:02}.yml"] = {
            "version": 1,
            "dataset": "customers",
            "owner": f"owner_{number % 5}",
            "tags": ["benchmark", f"part_{number:02}"],
            "validation": [_rule(number * each + i) for i in range(each)],
        }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False, width=10_000), "utf-8")


def _rule(number: int) -> dict[str, object]:
    values = {"n": random.randrange(10, 1000), "m": random.randrange(0, 9)}
    return {
        "id": f"rule_{number:04}",
        "check": "expression",
        "must": random.choice(_MUST).format(**values),
        "where": random.choice(_WHERE).format(**values),
        "severity": random.choice(["error", "warn"]),
        "dimension": "consistency",
        "why": f"Rule {number} stands for one that a steward would write, with a reason.",
    }


def main(rules: int = RULES, repeats: int = REPEATS) -> int:
    """Print the ratios; 1 where one is above its limit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, rules)
        paths = [str(p) for p in sorted(folder.rglob("*.yml"))]
        load = f"import yaml\nfor p in {paths!r}: yaml.load(open(p, 'rb'), yaml.CSafeLoader)"
        parse = [sys.executable, "-m", "cdmq", "parse", "--project-dir", name]
        commands = {
            "PyYAML's C loader": [sys.executable, "-c", load],
            "cold": [*parse, "--no-partial-parse"],
            "warm": parse,
            "import typer": [sys.executable, "-c", "import typer"],
            "help": [sys.executable, "-m", "cdmq", "--help"],
        }
        for command in commands.values():
            measured(command)
        costs: dict[str, list[Cost]] = {c: [] for c in commands}
        for _ in range(repeats):  # in turn: what else the machine does falls on all of them
            for what, command in commands.items():
                costs[what].append(measured(command))
    middle = {what: median(c) for what, c in costs.items()}
    good = True
    for what, other in (
        ("cold", "PyYAML's C loader"),
        ("warm", "PyYAML's C loader"),
        ("help", "import typer"),
    ):
        ours, theirs = middle[what], middle[other]
        ratio = ours.cpu / theirs.cpu
        good = good and ratio <= LIMITS[what]
        print(
            f"{what:<5} {ours.cpu:.3f} s CPU, {ours.wall:.3f} s; {other} {theirs.cpu:.3f} s CPU, "
            f"{theirs.wall:.3f} s; ratio {ratio:.2f} (wall {ours.wall / theirs.wall:.2f}), "
            f"limit {LIMITS[what]:g}"
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
