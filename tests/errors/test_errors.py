"""Bad input: what a person types, and the exact words and exit code that come back.

Each `<topic>.yml` holds cases, `<topic>.txt` what each prints. A case is written over the small
good project in `good/` and its command is run in process:

    - case: a tab                      # what is wrong, in a few words
      run: compile                     # default: parse; words as on the command line
      rules: |                         # rules/people.yml below its two first lines
      models: |                        # models/people.yml
      write: {path: text}              # any file; an empty text takes it away
      bytes: {path: 'a\\xff'}           # a file that is not utf-8, as a Python literal
      env: {NAME: value}
      out: true                        # show stdout too

`pytest tests/errors --update-errors` writes the .txt anew; the review is reading their diff.
"""

from __future__ import annotations

import ast
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import cdmq.cli

HERE = Path(__file__).parent
GOOD = HERE / "good"
KEYS = {"case", "run", "rules", "models", "write", "bytes", "env", "out"}


class _Loader(yaml.BaseLoader):
    """All plain scalars are text, as in a rule file."""


def topics() -> Iterator[Path]:
    yield from sorted(HERE.glob("*.yml"))


def cases(topic: Path) -> list[dict[str, Any]]:
    found = yaml.load(topic.read_text("utf-8"), _Loader)
    for case in found:
        assert set(case) <= KEYS, f"{topic.name}: {case['case']}: {set(case) - KEYS}"
    names = [c["case"] for c in found]
    assert len(set(names)) == len(names), f"{topic.name}: two cases have one name"
    return list(found)


def expected(topic: Path) -> dict[str, str]:
    """What each case should print, by its name."""
    file = topic.with_suffix(".txt")
    text = file.read_text("utf-8") if file.exists() else ""
    parts = re.split(r"^## (.*)\n", text, flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def write(case: dict[str, Any], root: Path) -> None:
    shutil.copytree(GOOD, root, dirs_exist_ok=True)
    files = dict(case.get("write", {}))
    if "rules" in case:
        files["rules/people.yml"] = "version: 1\ndataset: people\n" + case["rules"]
    if "models" in case:
        files["models/people.yml"] = case["models"]
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if text == "":
            file.unlink(missing_ok=True)
        else:
            file.write_text(text, "utf-8")
    for path, literal in case.get("bytes", {}).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(ast.literal_eval(f"b'{literal}'"))


def said(
    case: dict[str, Any],
    root: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """The case as a person sees it: the command, its words, its exit code."""
    write(case, root)
    monkeypatch.chdir(root)
    monkeypatch.setenv("HOME", str(root / "home"))
    for name, value in case.get("env", {}).items():
        monkeypatch.setenv(name, value)
    command = case.get("run", "parse")
    before = sources(root)
    signal.alarm(60)  # a case that hangs is a fault too
    with pytest.raises(SystemExit) as end:
        cdmq.cli.main(command.split())
    assert sources(root) == before, "a source was changed"
    signal.alarm(0)
    out, err = capsys.readouterr()
    text = f"$ cdmq {command}\n{out if 'out' in case else ''}{err}exit {end.value.code}\n"
    assert "Traceback" not in text
    assert not (root / "target/cdmq.log").exists(), (root / "target/cdmq.log").read_text()
    text = text.replace(str(root.resolve()), "PROJECT")
    return re.sub(r"\b\d\d:\d\d:\d\d\b", "hh:mm:ss", text)


def sources(root: Path) -> dict[str, bytes]:
    """All files that cdmq has no business to change."""
    return {
        str(p): p.read_bytes()
        for p in root.rglob("*")
        if p.is_file() and "target" not in p.parts and ".duckdb" not in p.name
    }


ALL = [pytest.param(t, c, id=f"{t.stem}: {c['case']}") for t in topics() for c in cases(t)]


@pytest.mark.parametrize(("topic", "case"), ALL)
def test_a_bad_input_is_told(
    topic: Path,
    case: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    update_errors: bool,
) -> None:
    text = said(case, tmp_path, capsys, monkeypatch)
    if update_errors:
        known = expected(topic) | {case["case"]: text}
        body = [f"## {n}\n{known[n].rstrip()}\n" for c in cases(topic) if (n := c["case"]) in known]
        topic.with_suffix(".txt").write_text("\n".join(body), "utf-8")
    assert text.rstrip() == expected(topic).get(case["case"], "").rstrip()


def test_no_expected_text_is_left_over() -> None:
    for topic in topics():
        assert list(expected(topic)) == [c["case"] for c in cases(topic)], topic.name
