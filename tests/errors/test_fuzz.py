"""`cdmq parse` of anything: an answer or a CdmqError in a short time, never another exception."""

from __future__ import annotations

import random
import shutil
import signal
from pathlib import Path

import pytest
from depth import depth
from fuzz_words import PIECES, WORDS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cdmq.api
from cdmq.files.reading import file_columns
from cdmq.problems import CdmqError
from cdmq.project.yaml_source import read_yaml
from cdmq.stages.load import load

ROOT = Path(__file__).parents[2]
GOOD = Path(__file__).parent / "good"
FILES = sorted(
    [
        *(ROOT / "rules").rglob("*.yml"),
        *(ROOT / "models").rglob("*.yml"),
        *(ROOT / "examples/febrl").rglob("*.yml"),
    ]
)
SECONDS = 10


class _Slow(BaseException):
    pass


@pytest.fixture(autouse=True)
def _never_hangs():
    def late(*_: object) -> None:
        raise _Slow

    old = signal.signal(signal.SIGALRM, late)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, old)


def parsed(root: Path) -> None:
    """Parse, and look at every problem as a person would."""
    signal.alarm(SECONDS)
    try:
        cdmq.api.parse(root)
    except CdmqError as error:
        for problem in error.problems:
            assert problem.span.file
            assert problem.code.startswith("CDMQ")
            assert problem.code != "CDMQ500"
            assert problem.cause
            assert "Traceback" not in str(problem)
            assert "pydantic" not in str(problem)
    finally:
        signal.alarm(0)


FEW = settings(
    max_examples=depth(150),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@FEW
@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=200)
    | st.lists(st.sampled_from(PIECES + WORDS), max_size=40).map("".join)
)
def test_any_text_as_yaml(text: str) -> None:
    signal.alarm(SECONDS)
    source = read_yaml(text, "x.yml")
    signal.alarm(0)
    for problem in source.problems:
        assert 0 <= problem.span.line <= sum(map(text.count, "\n\r\x85\u2028\u2029")) + 2


plain = st.none() | st.sampled_from(WORDS) | st.text(max_size=8)
data = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=25,
)


@FEW
@given(
    data,
    st.sampled_from(
        ["rules/people.yml", "models/people.yml", "rules/tests.yml", "cdmq_project.yml"]
    ),
)
def test_any_data_in_the_language_s_words(tmp_path: Path, content: object, file: str) -> None:
    """Well-formed YAML of the language's own words in the wrong places."""
    import json

    shutil.copytree(GOOD, tmp_path, dirs_exist_ok=True)
    if file == "rules/people.yml" and isinstance(content, dict):
        content = {"version": "1", "dataset": "people", **content}
    (tmp_path / file).write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    try:
        parsed(tmp_path)
    finally:
        shutil.rmtree(tmp_path)


def mutated(text: str, chance: random.Random) -> str:
    """A text with a few things gone wrong in it."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text) + 1)
        lines = text.split("\n")
        line = chance.randrange(len(lines))
        match chance.randrange(8):
            case 0:
                text = text[:at] + chance.choice(PIECES) + text[at:]
            case 1:
                text = text[:at] + text[at + chance.randint(1, 5) :]
            case 2:
                text = "\n".join(lines[:line] + lines[line + 1 :])
            case 3:
                text = "\n".join(lines[:line] + [lines[line]] * 2 + lines[line + 1 :])
            case 4:
                text = "\n".join(lines[:line] + ["  " + lines[line]] + lines[line + 1 :])
            case 5:
                other = chance.randrange(len(lines))
                lines[line], lines[other] = lines[other], lines[line]
                text = "\n".join(lines)
            case 6:
                words = text.split(" ")
                words[chance.randrange(len(words))] = chance.choice(WORDS + PIECES)
                text = " ".join(words)
            case 7:
                text = text[:at]
    return text


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference project's declarations, rules and seeds; no data."""
    root = tmp_path_factory.mktemp("reference")
    for name in ("models", "rules", "seeds"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "cdmq_project.yml", root)
    return root


@pytest.mark.parametrize("seed", range(40))
def test_a_mutated_file_of_the_reference_project(reference: Path, seed: int) -> None:
    chance = random.Random(seed)
    files = [f for f in FILES if (reference / f.relative_to(ROOT)).is_file()]
    file = reference / chance.choice(files).relative_to(ROOT)
    good = file.read_text("utf-8")
    try:
        file.write_text(mutated(good, chance), "utf-8")
        parsed(reference)
    finally:
        file.write_text(good, "utf-8")


@FEW
@given(
    st.lists(st.sampled_from([f for f in FILES if "rules" in f.parts]), min_size=1, max_size=1),
    st.integers(0, 10_000_000),
)
def test_a_mutated_file_alone(files: list[Path], seed: int) -> None:
    """Read alone, which is quick: many more mutations."""
    text = mutated(files[0].read_text("utf-8"), random.Random(seed))
    signal.alarm(SECONDS)
    source = read_yaml(text, "x.yml", lambda t: t)
    signal.alarm(0)
    assert (
        source.data is not None
        or source.problems
        or not text.strip()
        or "null" in text
        or (all(not part.strip() or part.lstrip().startswith("#") for part in text.splitlines()))
    )


@FEW
@given(
    st.binary(max_size=60)
    | st.lists(
        st.sampled_from(
            [
                b"id",
                b"name",
                b",",
                b"\n",
                b"\r\n",
                b"\r",
                b'"',
                b'""',
                b"\0",
                b"\xe9",
                b"1",
                b";",
                b" ",
                b"\xef\xbb\xbf",
            ]
        ),
        max_size=20,
    ).map(b"".join)
)
def test_any_bytes_as_a_source_or_a_seed(tmp_path: Path, content: bytes) -> None:
    import duckdb

    from cdmq.files.reading import diagnose, reading

    shutil.copytree(GOOD, tmp_path, dirs_exist_ok=True)
    (tmp_path / "data/people.csv").write_bytes(content)
    (tmp_path / "seeds/more.csv").write_bytes(content)
    signal.alarm(SECONDS)
    try:
        for problem in load(tmp_path).problems:
            assert problem.span.file == "seeds/more.csv"
        (tmp_path / "seeds/more.csv").unlink()
        people = cdmq.api.parse(tmp_path).datasets["people"]
        file_columns(people, tmp_path)
        read = reading(people, tmp_path)
        try:
            with duckdb.connect() as connection:
                connection.execute(read.query).fetchall()
        except duckdb.Error:
            assert diagnose(people, tmp_path) is not None
        finally:
            read.close()
    except CdmqError as error:
        assert all(p.span.file for p in error.problems)  # noqa: PT017
    finally:
        signal.alarm(0)
        shutil.rmtree(tmp_path)
