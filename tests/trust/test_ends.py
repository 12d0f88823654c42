"""How commands end where the world around them is broken: a message and a code, no stack trace."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import cdmq.cli

MODELS = "version: 1\ndatasets: [{name: c, file: data/c.csv, key: id}]\n"
RULES = "version: 1\ndataset: c\nvalidation: [{column: email, checks: [not_null]}]\n"
FILES = {
    "cdmq_project.yml": "name: w\nprofile: w\n",
    "profiles.yml": "w: {target: it, outputs: {it: {type: duckdb, path: w.duckdb}}}\n",
    "data/c.csv": "id,email\n1,a@x.de\n2,\n",
    "models/m.yml": MODELS,
    "rules/r.yml": RULES,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
    return tmp_path


def ended(project: Path, command: str, **environment: str) -> tuple[int, str]:
    """Exit code and all that was printed, of a shell's command line."""
    done = subprocess.run(
        ["bash", "-c", command.replace("cdmq", f"{shlex.quote(sys.executable)} -m cdmq")],
        cwd=project,
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


def ended_here(
    project: Path, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int | str | None, str]:
    """The same of a command that is called in this process."""
    with pytest.raises(SystemExit) as end:
        cdmq.cli.main([*words, "--project-dir", str(project)])
    out, err = capsys.readouterr()
    return end.value.code, out + err


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("parse --target-path /dev/null", "/dev/null: CDMQ502"),
        ("run --target-path /dev/null/x", "CDMQ502 it cannot be read or written: Not a dir"),
        ("run --target-path /proc/x", "/proc/x: CDMQ502"),
        ("compile --target-path data/t", "CDMQ502"),
        ("run --as-of 0001-01-01T00:00:00+14:00", "is no time in UTC"),
        ("run --threads 99999999999999999999", "--threads"),
        ("show c --limit 99999999999999999999", "--limit"),
    ],
)
def test_a_word_that_leads_nowhere(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    says: str,
) -> None:
    monkeypatch.chdir(project)
    (project / "data/t").mkdir()
    (project / "data/t/compiled").touch()
    code, text = ended_here(project, capsys, *command.split())
    assert (code, says in text, "CDMQ500" in text, "Traceback" in text) == (
        2,
        True,
        False,
        False,
    ), text


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("cdmq explain --record $'\\xff'", 2, "argument: CDMQ503"),
        ("CDMQ_SELECT=$'\\xff' cdmq run", 2, "CDMQ_SELECT: CDMQ503"),
        ("cdmq ls >/dev/full", 2, "standard output: CDMQ502"),
        ("cdmq run >/dev/full", 2, "standard output: CDMQ502"),
        ("cdmq --help >/dev/full", 2, "standard output: CDMQ502"),
        ("cdmq run 2>/dev/full", 1, "Done in"),
        ("cdmq run >&-", 1, ""),
        ("cdmq ls >&-", 0, ""),
    ],
)
def test_a_broken_place(project: Path, command: str, code: int, says: str) -> None:
    found, text = ended(project, command)
    assert found == code, text
    assert says in text
    assert "CDMQ500" not in text
    assert "Traceback" not in text


def test_closed_streams_lead_into_no_file(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first file that is opened would get the number of a closed stream."""
    assert ended(project, "cdmq run >&- 2>&- <&-") == (1, "")
    for file in (p for p in project.rglob("*") if p.is_file() and p.name != "cdmq.log"):
        assert b"cdmq run: target" not in file.read_bytes(), file
    assert ended_here(project, capsys, "show", "c")[0] == 0


@pytest.mark.parametrize(
    ("file", "text", "code"),
    [
        ("rules/x.yml", "version: 1\ndataset: !x [c]\nvalidation: []\n", "CDMQ104"),
        ("rules/x.yml", "version: 1\ndataset: [c]\nvalidation: []\n", "CDMQ112"),
        ("models/m.yml", MODELS.replace("data/c.csv", "data/" + "a" * 300 + ".csv"), "CDMQ502"),
        ("models/m.yml", MODELS.replace("file: data/c.csv", "table: 'a\"b'"), "CDMQ504"),
        ("models/m.yml", MODELS.replace("file: data/c.csv", "table: a.b.c.d"), "CDMQ504"),
        ("models/m.yml", MODELS.replace("file: data/c.csv", "table: read_csv(1)"), "CDMQ504"),
    ],
)
def test_a_name_that_is_none(
    project: Path, capsys: pytest.CaptureFixture[str], file: str, text: str, code: str
) -> None:
    (project / file).write_text(text, "utf-8")
    found, said = ended_here(project, capsys, "run")
    assert (found, code in said, "CDMQ500" in said) == (2, True, False), said


def _tagged(text: str) -> list[str]:
    """The text with a tag before each value of a key, and with a list or mapping in its place."""
    found = []
    places = [i + 2 for i in range(len(text)) if text.startswith(": ", i)]
    for place in places:
        found.append(f"{text[:place]}!x {text[place:]}")
        end = min(text.find(c, place) for c in ",}]\n" if text.find(c, place) >= 0)
        found += [
            f"{text[:place]}{new}{text[end:]}"
            for new in ("!x [c]", "!x {a: b}", "[[c]]", "{a: {b: c}}", "''", "!!set {a}", "- ")
        ]
    return found


@pytest.mark.parametrize("file", [f for f in FILES if f.endswith(".yml")])
def test_every_value_tagged_or_replaced(
    project: Path, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in _tagged(FILES[file]):
        (project / file).write_text(text, "utf-8")
        for word in ("parse", "debug"):
            said = ended_here(project, capsys, word)[1]
            assert "CDMQ500" not in said, f"{text}\n{said}"


WORDS = """
    init debug parse compile run build test unit-test train ls list show explain history schema
    clean c email not_null rules -s --select --exclude -t --target --vars --as-of --threads
    --fail-on --fail-fast -x --wait --target-path --log-format -q --quiet --record --pair --limit
    --stage --unmask --profile --profiles-dir --no-partial-parse --allow-empty -h --help
    --version --resource-type --output --rule --since --key 0 -1 1 nan inf 1e400 2026-11-01
    0001-01-01 9999-12-31T23:59:59-14:00 json text yaml c.email.not_null tag:x +c+ * , + @ -- - =
    '' ' ' '{a: 1}' '{a: [' 'é👩' '../..' '/dev/null' '\u202e' '%s' '{0}' '$(id)' ';' '"' it
    error warn never all 999999999999999999999999 --project-dir=/nonexistent path:rules
""".split()  # noqa: SIM905


def test_two_thousand_command_lines(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(20)
    monkeypatch.chdir(project)
    for _ in range(2_000):
        words = [w.strip("'") for w in chance.choices(WORDS, k=chance.randint(1, 5))]
        if chance.random() < 0.7:
            words.insert(0, chance.choice(WORDS[:16]))
        if words[0] == "init":
            words = ["init", "--help"]
        with pytest.raises(SystemExit) as end:
            cdmq.cli.main(words)
        out, err = capsys.readouterr()
        assert end.value.code in (0, 1, 2), words
        assert "CDMQ500" not in out + err, f"{words}\n{err}"
        for left in project.iterdir():
            if left.is_dir() and left.name not in ("data", "models", "rules", "target"):
                shutil.rmtree(left)
