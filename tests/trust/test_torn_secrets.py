"""Where `--vars` or profiles.yml is torn, what is secret by its name is not printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from runner import World

from cdmq.cli import main
from cdmq.problems import CdmqError
from cdmq.project.given import read_vars
from cdmq.project.secret_words import without_vars
from cdmq.project.spec import ProjectFile
from cdmq.warehouses.profiles import read_target


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("{api_key:zvar1, x: plain}", "'api_key:*****' has no value"),
        ("{x: plain, API_KEY:zvar1}", "cuts the value of 'x' at the comma"),
        ("{api_key:zvar0, zvar1}", "'api_key:*****' has no value"),
        ("{api_key: zvar0, zvar1}", "cuts the value of 'api_key' at the comma"),
        ("{db_password: zvar0=zvar1}", "must stand in quotes"),
        ("db_password: zvar0: zvar1", "a second ': ' on the line"),
        ("{token: “zvar1”}", "curly quotes"),
        ("{token: 'zvar0'zvar1}", "not YAML"),
        ("token: 'zvar0' zvar1", "text stands behind the quote"),
        ('{token: "zvar\\q"}', "sign of its own"),
        ("{token: *zvar1}", "the alias"),
        ("{token: !zvar1 x}", "tags (*****) are not"),
        ("token:zvar1", "must be keys with values"),
        ("{x: a, 'my-secret':'zvar1'y}", ""),
    ],
)
def test_a_secret_in_torn_vars(text: str, kept: str) -> None:
    with pytest.raises(CdmqError) as told:
        read_vars(text)
    said = "\n".join(map(str, told.value.problems))
    assert kept in said
    assert "zvar" not in said


def test_what_is_no_secret_is_told_as_it_stands() -> None:
    with pytest.raises(CdmqError, match="'x:plain' has no value"):
        read_vars("{x:plain, y: 1}")
    with pytest.raises(CdmqError, match='write: {x: "a=b"}'):
        read_vars("{x: a=b}")


@pytest.mark.parametrize("log", ["text", "json"])
def test_a_run_prints_stars(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, log: str
) -> None:
    monkeypatch.chdir(world.root)
    vars = "{api_key:zvarsecret1, x: plain}"
    with pytest.raises(SystemExit) as end:
        main(["run", "--vars", vars, "--log-format", log])
    printed = "".join(capsys.readouterr())
    assert end.value.code == 2
    assert "'api_key:*****' has no value" in printed
    assert "zvarsecret1" not in printed
    if log == "json":
        assert json.loads(printed)["code"] == "CDMQ105"


@pytest.mark.parametrize(
    "output",
    [
        "{type: postgres, password:zvar1, host: x}",
        "{type: postgres, pii_secret: zvar0,zvar1}",
        "\n        type: postgres\n        password: zvar0: zvar1\n",
    ],
)
def test_a_secret_in_a_torn_profile(tmp_path: Path, output: str) -> None:
    (tmp_path / "profiles.yml").write_text(
        f"p:\n  target: dev\n  outputs:\n    dev: {output}\n", "utf-8"
    )
    with pytest.raises(CdmqError) as told:
        read_target(tmp_path, ProjectFile(name="p"), environment={})
    said = "\n".join(map(str, told.value.problems))
    assert "CDMQ105" in said
    assert "zvar" not in said


def test_the_report_of_a_crash_says_no_secret_of_vars() -> None:
    words = ["run", "--vars", "{api_key: zvar1}", "--select", "x"]
    assert without_vars(words) == ["run", "--vars", "*****", "--select", "x"]
    assert without_vars(["--vars={token: zvar1}"]) == ["--vars=*****"]
    assert without_vars(["--vars", "{x: 1}", "--vars={y: 1}"])[1:] == ["{x: 1}", "--vars={y: 1}"]
