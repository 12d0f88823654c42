"""The questions as people see them, and their answers on the way back."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sys
from pathlib import Path

import pytest
from runner import Twin, World

sys.path.append(str(Path(__file__).parents[1] / "parties"))

from people import MODELS, parties, people
from test_parties_run import COMPARING

from cdmq.cli.app import built
from cdmq.problems import CdmqError
from cdmq.reports.questions import answered, as_csv
from cdmq.results import Waiting

PEOPLE = "- {login: ann}\n- {login: bob}\n"


def begin(world: World) -> None:
    people(world, COMPARING)
    world.write({"people.yml": PEOPLE})
    world.run()


@pytest.fixture
def asked(twin: Twin) -> World:
    return twin(begin)


def cli(world: World, *words: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        built(words[0])([*words, "--project-dir", str(world.root)], standalone_mode=False)
    return out.getvalue()


def test_a_file_of_questions_comes_back_with_its_answers(asked: World) -> None:
    path = asked.root / "answers.csv"
    assert "are crm/3 and shop/8 one?" in cli(asked, "queue")
    assert "1 of 1 questions written" in cli(asked, "queue", "--out", str(path))
    rows = list(csv.DictReader(path.open()))
    rows[0] |= {"answer": "same", "reason": "seen", "at": "2026-10-30"}
    with path.open("w") as file:
        out = csv.DictWriter(file, rows[0].keys())
        out.writeheader()
        out.writerows(rows)
    said = cli(asked, "decide", "--import", str(path), "--as", "bob")
    assert "same crm/3 shop/8: kept; the next run heeds it" in said
    assert "was kept already" in cli(asked, "decide", "--import", str(path), "--as", "bob")
    asked.run()
    assert {"crm/3", "shop/8"} in parties(asked).values()
    assert cli(asked, "queue") == "nothing is asked\n"
    assert "same crm/3 shop/8 (same_person): stands" in cli(asked, "decide", "--list")
    assert "all decisions count" in cli(asked, "decide", "--stale")


def test_unsure_leaves_the_question_and_says_who(asked: World) -> None:
    words = ["--rule", "same_person", "--reason", "?", "--as", "ann", "--at", "2026-10-30"]
    cli(asked, "decide", "unsure", "shop/8", "crm/3", *words)
    asked.run()
    assert "ann could not tell" in cli(asked, "queue")
    (row,) = [json.loads(x) for x in cli(asked, "queue", "--format", "json").splitlines()]
    assert (row["key"], row["other"], row["unsure"]) == ("crm/3", "shop/8", "ann")


def test_a_file_of_masked_keys_says_so(world: World) -> None:
    people(world, COMPARING)
    models = MODELS[: MODELS.index("  - name: orders")]
    hidden = models.replace(
        "    key: [source, id]\n", "    key: [source, id]\n    pii: {id: mask}\n"
    )
    world.write({"models/m.yml": hidden, "people.yml": PEOPLE})
    world.run()
    masked, whole = (str(world.root / f"{n}.csv") for n in ("masked", "whole"))
    assert "--unmask writes them whole" in cli(world, "queue", "--out", masked)
    assert "mask" not in cli(world, "queue", "--out", whole, "--unmask")
    rows = csv.DictReader(Path(whole).read_text().splitlines())
    assert [r["key"] for r in rows] == ["crm/3"]
    words = ["--rule", "same_person", "--reason", "seen", "--as", "ann", "--at", "2026-10-30"]
    cli(world, "decide", "same", "crm/3", "shop/none", *words)
    for asked in ("--list", "--stale"):
        told = cli(world, "decide", asked)
        assert "people has no record s***" in told
        assert "crm/3" not in told


def test_a_file_that_stands_there_is_not_replaced(asked: World) -> None:
    path = asked.root / "mine.txt"
    path.write_text("mine")
    with pytest.raises(CdmqError, match="CDMQ553"):
        cli(asked, "queue", "--out", str(path))
    assert path.read_text() == "mine"


def test_words_that_no_rule_has_are_no_empty_list(asked: World) -> None:
    for flag in ("--owner", "--kind", "--rule", "--dataset"):
        with pytest.raises(CdmqError, match="CDMQ552"):
            cli(asked, "queue", flag, "nobody")


def test_no_cell_is_a_formula_and_comes_back_as_it_was(tmp_path: Path) -> None:
    odd = ["=1+1", "+49-1", "-x", "@a", "\tq", "a,b", 'a"b', "a\nb", "'=x", "''-1-2", "'t", "plain"]
    questions = [
        Waiting("r", "k", None, "d", "record", key, None, None, "w", None, None, None, None, None)
        for key in odd
    ]
    path = tmp_path / "a.csv"
    path.write_text(as_csv(questions))
    rows = list(csv.DictReader(path.open(newline="")))
    assert not [r for r in rows if r["key"].startswith(("=", "+", "-", "@", "\t"))]
    for row in rows:
        row["answer"] = "verified"
    with path.open("w", newline="") as file:
        out = csv.DictWriter(file, rows[0].keys())
        out.writeheader()
        out.writerows(rows)
    assert [told["key"] for told, _ in answered(path)] == odd


def test_a_file_without_answers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("key,other\n1,2\n")
    with pytest.raises(CdmqError, match="no column answer"):
        answered(path)
    with pytest.raises(CdmqError, match="cannot be read"):
        answered(tmp_path / "none.csv")
