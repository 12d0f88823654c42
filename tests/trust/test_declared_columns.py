"""A column that a declaration names and the dataset does not have is told, whatever names it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from runner import World

import cdmq.api
from cdmq.cli import main
from cdmq.problems import CdmqError

_COLUMNS = {"id": "integer", "email": "text", "limit": "integer", "changed": "timestamp"}
_ROWS = [[1, "a@x.org", 6000, "2024-01-01"], [2, None, 7, "2024-01-02"]]
_RULES = """
version: 1
dataset: people
validation:
  - {column: email, checks: [not_null]}
  - {column: limit, checks: [{accepted_range: {min: 10}}]}
"""


def _world(world: World, says: str) -> None:
    world.table("raw_people", _COLUMNS, _ROWS)
    world.table("raw_others", {"id": "integer", "email": "text"}, [[1, None]])
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n"
            f"  - {{name: people, table: raw_people, key: id, {says}}}\n"
            "  - {name: others, table: raw_others, key: id}\n",
            "models/limits.sql": "select id, \"limit\" from {{ ref('people') }}",
            "rules/people.yml": _RULES,
            "rules/others.yml": _RULES[: _RULES.rindex("  -")].replace("people", "others"),
        }
    )


def _code(world: World, *words: str) -> int:
    with pytest.raises(SystemExit) as end:
        main([*words, "--project-dir", str(world.root)])
    return int(end.value.code or 0)


def test_a_word_of_pii_that_names_no_column_stops_the_dataset(world: World) -> None:
    """The column that it means would be stored and shown; what was there before stays."""
    _world(world, "pii: {limit: mask, email: plain}")
    assert world.run().exit_code == 1
    before = world.flags(), world.view("people__flagged"), world.view("limits")
    _world(world, "pii: {limti: mask, email: plain}")
    result = world.run()
    assert result.exit_code == 2
    told = (
        "models/m.yml:3:12: CDMQ203 people has no column 'limti' (in pii:); did you mean 'limit'?"
    )
    assert told == result.failed["people"]
    assert "people" in result.failed["limits"]
    found = {name: r["status"] for name, r in world.results().items()}
    assert {s for n, s in found.items() if n.startswith(("people", "limits"))} <= {
        "error",
        "skipped",
    }
    assert found["others.email.not_null"] == "fail"
    assert (world.flags(), world.view("people__flagged"), world.view("limits")) == before


def test_nothing_of_it_is_shown_but_unmasked(world: World) -> None:
    _world(world, "pii: {limit: mask}")
    world.run()
    _world(world, "pii: {limti: mask}")
    with pytest.raises(CdmqError, match="no column 'limti'"):
        cdmq.api.show("people", world.root)
    assert cdmq.api.show("people", world.root, unmask=True).rows[0][2] == 6000
    audit = ["explain", "--record", "2"]
    assert _code(world, *audit) == 2
    assert _code(world, *audit, "--unmask") == 0


#: Each names another column that is not there.
_WORDS = {
    "missing_values": "missing_values: {mail1: [n/a]}",
    "refers_to": "refers_to: {others: [mail2]}",
    "changed_at": "changed_at: mail3",
    "changed_by": "changed_by: mail4",
    "verified_at": "verified_at: {mail5: changed}",
    "happened_at": "happened_at: mail6",
    "columns": "columns: {mail7: text}",
}


def test_another_word_that_names_no_column_is_told(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """No rule reads it: all are judged, and the run is not green."""
    _world(world, ", ".join(_WORDS.values()))
    told = [
        f"models/m.yml:3:12: CDMQ203 people has no column 'mail{n}' (in {word}:); did you mean "
        "'email'?"
        for n, word in enumerate(_WORDS, 1)
    ]
    assert _code(world, "run", "-q") == 2
    shown = capsys.readouterr().out.partition("NOT AS DECLARED\n")[2].splitlines()
    assert sorted(shown) == [f"  {t}" for t in told]
    assert world.results()["people.limit.accepted_range"]["status"] == "fail"
    kept = json.loads((world.root / "target" / "run_results.json").read_text("utf-8"))
    assert {(p["code"], p["file"], p["line"]) for p in kept["problems"]} == {
        ("CDMQ203", "models/m.yml", 3)
    }
    assert _code(world, "run", "-q", "--log-format", "json") == 2
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(e["cause"] for e in events if e["event"] == "problem") == [
        t.partition("CDMQ203 ")[2].partition(";")[0] for t in told
    ]
    assert _code(world, "parse") == 2  # by what the run saw
    assert set(told) <= set(capsys.readouterr().err.splitlines())


def test_parse_knows_the_header_of_a_csv(
    make_world: Callable[[str], World], capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_world("duckdb")
    names = [*(f"mail{n}" for n in range(1, len(_WORDS) + 1)), "mail"]
    says = ", ".join(w.replace("others", "people") for w in _WORDS.values())
    world.write(
        {
            "data/people.csv": "id,email,changed\n1,a@x.org,2024-01-01\n",
            "models/m.yml": "version: 1\ndatasets:\n  - {name: people, file: data/people.csv, "
            f"key: id, pii: {{mail: mask}}, {says}}}\n",
        }
    )
    assert _code(world, "parse") == 2
    told = capsys.readouterr().err
    assert all(f"no column '{n}'" in told for n in names)
    world.write({"data/people.csv": f"id,email,changed,{','.join(names)}\n"})
    assert _code(world, "parse") == 0
