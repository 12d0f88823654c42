"""What a selection leaves open is refused: a CI job that runs other rules than meant is green."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdmq.api import parse
from cdmq.graph.select import select
from cdmq.problems import CdmqError
from cdmq.values import Project

FILES = {
    "cdmq_project.yml": "name: p\n",
    "models/m.yml": "version: 1\ndatasets: [{name: c, table: t, key: id}]\n",
    "rules/r.yml": """version: 1
dataset: c
validation:
  - {id: a1, column: v, check: not_null, tags: [x]}
  - {id: a2, column: v, check: not_null, tags: [x, y]}
  - {id: a3, column: v, check: not_null, tags: [y]}
""",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root: Path = tmp_path_factory.mktemp("commas")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return parse(root)


@pytest.mark.parametrize(
    "words",
    [
        "tag:x, tag:y",
        "tag:x , tag:y",
        "tag:x ,tag:y",
        ",tag:x",
        "tag:x,",
        "tag:x,,tag:y",
        ",",
        "tag:x, ",
        " , tag:y",
    ],
)
@pytest.mark.parametrize("flag", ["--select", "--exclude"])
def test_a_comma_with_nothing_beside_it(project: Project, words: str, flag: str) -> None:
    given = {"include": words} if flag == "--select" else {"exclude": words}
    with pytest.raises(CdmqError, match=f"^{flag}: CDMQ511 a comma in .* write tag:a,tag:b"):
        select(project, **given, allow_empty=True)


@pytest.mark.parametrize(
    ("words", "rules"),
    [
        ("tag:x,tag:y", {"a2"}),
        ("tag:x tag:y", {"a1", "a2", "a3"}),
        ("  tag:x  ", {"a1", "a2"}),
        ("tag:x,tag:y a3", {"a2", "a3"}),
    ],
)
def test_what_the_remedy_says_works(project: Project, words: str, rules: set[str]) -> None:
    assert select(project, words).rules == rules


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "+",
        "++",
        "tag:",
        ":x",
        "Tag:x",
        "tags:x",
        "@",
        "+,+",
        "2+",
        "tag:X",
        "severity:",
        "rule:+",
        "path:",
        "dataset:,tag:x",
    ],
)
def test_no_word_is_passed_over(project: Project, words: str) -> None:
    with pytest.raises(CdmqError) as told:
        select(project, words)
    assert told.value.problems[0].code in ("CDMQ510", "CDMQ511", "CDMQ512", "CDMQ513")
    assert told.value.problems[0].remedy
