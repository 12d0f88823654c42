"""What a message says to write can be written: the file is read, and that problem is gone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from test_errors import ALL, expected, write

import cdmq.cli

SAID = re.compile(r"^(\S+?):(\d+):(\d+): (CDMQ\d+) .*\n    write: (.*)$", re.MULTILINE)
YAML = {"CDMQ101", "CDMQ102", "CDMQ103", "CDMQ105", "CDMQ106", "CDMQ142"}
WITH_LINES = [
    p for p in ALL if "\n    write: " in expected(p.values[0]).get(p.values[1]["case"], "")
]


def told(root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit):
        cdmq.cli.main(["parse", "--project-dir", str(root)])
    return capsys.readouterr().err


def rewritten(file: Path, line: int, column: int, new: str) -> list[str]:
    """The file with the line as it should be, where that line begins or where the key stood."""
    lines = file.read_text("utf-8-sig").splitlines()
    old = lines[line - 1]
    indents = {len(old) - len(old.lstrip()), len(old) - len(old.lstrip(" "))}
    return ["\n".join([*lines[: line - 1], " " * i + new, *lines[line:]]) + "\n" for i in indents]


@pytest.mark.parametrize(("topic", "case"), WITH_LINES)
def test_what_is_to_be_written_helps(
    topic: Path,
    case: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in case.get("env", {}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    write(case, tmp_path)
    text = told(tmp_path, capsys)
    for place, line, column, code, new in SAID.findall(text):
        file = tmp_path / place
        before = file.read_text("utf-8-sig")
        answers = []
        for version in rewritten(file, int(line), int(column), new):
            file.write_text(version, "utf-8")
            answers.append(told(tmp_path, capsys))
        file.write_text(before, "utf-8")
        at = f"{place}:{line}:"
        good = [
            a
            for a in answers
            if not re.search(
                rf"^{re.escape(at)}{column}: {code} |^{re.escape(at)}\d+: ({'|'.join(YAML)}) ",
                a,
                re.MULTILINE,
            )
        ]
        assert good, f"{at} write: {new}\n" + "\n".join(answers)
