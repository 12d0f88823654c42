"""What a steward reads: headings that say what failed, places once, how many rows there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from runner import World

from cdmq.cli import main

RULES = """version: 1
dataset: p
validation:
  - {id: cannot, column: born, check: accepted_range, min: 01.01.1900}
  - {id: few, column: state, check: accepted_values, values: [CA], error_above: 1}
  - {id: many, column: state, check: accepted_values, values: [NY]}
"""


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    world = World("duckdb", tmp_path / "w")
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: p, file: data/p.csv, key: id, "
            "columns: {born: date}}\n",
            "rules/r.yml": RULES,
            "data/p.csv": "id,state,born\n"
            + "".join(f"{n},{'CA' if n else 'NY'},\n" for n in range(7)),
        }
    )
    monkeypatch.chdir(world.root)

    def run(*words: str) -> str:
        with pytest.raises(SystemExit):
            main(list(words))
        return capsys.readouterr().out

    return run


def test_what_passes_is_no_error_and_a_place_is_said_once(shown) -> None:  # type: ignore[no-untyped-def]
    out = shown("run")
    errors, passed = out.index("ERROR  conformity  1 rule, 6 flags"), out.index("PASS  conformity")
    assert errors < out.index("\n  many") < passed < out.index("\n  few")
    assert "\n  cannot: rules/r.yml:4:60: CDMQ216" in out


def test_show_says_how_many_rows_there_are(shown) -> None:  # type: ignore[no-untyped-def]
    shown("run")
    assert shown("show", "p").endswith(
        "first 5 of 7 rows of main.p__clean (--limit N shows more)\n"
    )
    assert shown("show", "p", "--limit", "7").endswith("\n7 rows of main.p__clean\n")
