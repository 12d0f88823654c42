"""What a unit test expects against what was found: row by row, alone and among other tests."""

from __future__ import annotations

from pathlib import Path

import pytest

import cdmq
from cdmq.kinds import kinds
from cdmq.kinds.expected import Difference, Row
from cdmq.kinds.expecting import Told, expects
from cdmq.problems import Span
from cdmq.unit_tests.runner import Runner
from cdmq.unit_tests.together import batches, find_together

ROOT = Path(__file__).parents[2]


def differences(word: str, expected: list[Row], found: list[Row]) -> list[Difference]:
    return expects()[word].differences(expected, found, Told("t", Span("")))


def test_differences_find_the_best_pairs() -> None:
    found = [{"key": "1", "value": "a"}, {"key": "1", "value": "b"}]
    assert differences("flags", [{"key": "1"}, {"key": "1", "value": "a"}], found) == []
    assert differences("flags", [{"key": "1", "value": "b"}, {"key": "1"}], found) == []
    assert [str(d) for d in differences("flags", [{"key": None}], [{"key": None}] * 2)] == [
        "unexpected flag: key NULL"
    ]


def test_no_two_kinds_have_one_word() -> None:
    stated = [(word, e) for kind in kinds().values() for word, e in kind.expects.items()]
    assert len(stated) == len(expects())
    for word, expect in stated:
        assert list(expect.model.model_fields) == [word]
        assert expect.example.split(":")[0] in expects()


@pytest.mark.projects
def test_together_is_as_alone() -> None:
    project = cdmq.parse(ROOT)
    words = {"flags": [], "changes": []}  # all of both, whatever the test is about
    tests = [
        t.model_copy(update={"expect": words}) if t.expect.keys() <= words.keys() else t
        for t, _ in project.unit_tests
    ]
    runner = Runner(project)
    together = batches(project, tests)
    assert sum(map(len, together)) > len(tests) / 2
    for batch in together:
        found = find_together(project, runner, batch)
        for alike in batch:
            alone = runner.find(project, runner.catalog, alike, Span(""))
            for word in words:
                assert differences(word, alone[word], found[alike.name][word]) == []
    runner.close()
