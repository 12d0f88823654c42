"""Authors where git is in an odd state: what cannot be known is said, nothing else believed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from gitted import Gitted, gitted

import cdmq

RULES, MODELS = "rules/customers.yml", "models/customers.yml"


@pytest.fixture
def project(tmp_path: Path) -> Gitted:
    return gitted(tmp_path)


def test_what_is_not_committed_says_so_and_no_more_than_that(project: Gitted) -> None:
    project.swap(RULES, "'blocked'", "'owes'")
    project.run()
    assert project.author("credit_low") == "not committed"
    assert project.author("mail") == "Ada"
    assert project.rows("SELECT git_dirty, git_note FROM cdmq.runs") == [(True, None)]


def test_a_deleted_file_is_a_difference_and_data_is_none(project: Gitted) -> None:
    project.swap("data/customers.csv", "jo@@x", "jo@x.org")
    project.run()
    project.write({"rules/rich.yml": None})
    project.run()
    assert project.rows("SELECT git_dirty FROM cdmq.runs ORDER BY run_id") == [(False,), (True,)]


def test_an_edit_during_the_run_is_not_judged(project: Gitted) -> None:
    """What was read counts, not what stands there when the run is recorded."""
    before = project.git("rev-parse", "HEAD")

    def edit(event: str, value: object) -> None:
        if event == "start":
            project.commit("Bo", (RULES, "'blocked'", "'owes'"))
            project.swap(RULES, "'owes'", "'gone'")

    project.run(listen=edit)
    assert project.author("credit_low") == "Ada"
    assert "'blocked'" in project.newest("credit_low").text
    assert project.rows("SELECT git_commit, git_dirty FROM cdmq.runs") == [(before, False)]


def test_the_index_and_the_environment_decide_nothing(
    project: Gitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Gitted(tmp_path / "other")
    other.git("init", "-q")
    other.commit("Mallory")
    (project.root / ".git/index").write_bytes(b"no index at all")
    for name, value in (
        ("GIT_DIR", other.root / ".git"),
        ("GIT_WORK_TREE", other.root),
        ("GIT_INDEX_FILE", other.root / ".git/index"),
        ("GIT_OBJECT_DIRECTORY", other.root / ".git/objects"),
        ("GIT_NAMESPACE", "x"),
    ):
        monkeypatch.setenv(name, str(value))
    project.run()
    assert project.author("credit_low") == "Ada"
    assert project.rows("SELECT git_dirty FROM cdmq.runs") == [(False,)]


def test_replaced_objects_are_not_believed(project: Gitted) -> None:
    old = project.git("rev-parse", "HEAD")
    text = project.git("cat-file", "commit", old).replace("Ada <ada@", "Mallory <mallory@")
    (project.root / "target").mkdir()
    (project.root / "target/commit").write_text(text + "\n")
    new = project.git("hash-object", "-t", "commit", "-w", "target/commit")
    project.git("replace", old, new)
    project.run()
    assert project.author("credit_low") == "Ada"


def test_a_shallow_clone_says_so(project: Gitted, tmp_path: Path) -> None:
    project.commit("Bo", (RULES, "'blocked'", "'owes'"))
    project.commit("Cleo", (RULES, "check: email", "check: not_null"))
    project.git("clone", "-q", "--depth", "2", f"file://{project.root}", str(tmp_path / "clone"))
    clone = Gitted.__new__(Gitted)
    clone.root = clone.top = tmp_path / "clone"
    clone.run()
    assert clone.author("mail") == "Cleo"
    assert clone.author("credit_low") == "unknown: shallow clone"
    assert clone.newest("credit_low").commit == "unknown: shallow clone"


def test_a_project_in_an_ignored_folder(tmp_path: Path) -> None:
    project = Gitted(tmp_path / "top/ignored/small", tmp_path / "top")
    (tmp_path / "top/.gitignore").write_text("ignored/\n")
    project.git("init", "-q")
    project.commit("Ada")
    project.run()
    assert project.author("credit_low") == "not committed"
    assert project.rows("SELECT git_commit, git_dirty, git_note FROM cdmq.runs") == [
        (None, None, "not committed")
    ]


def test_a_project_below_the_top_and_through_a_link(tmp_path: Path) -> None:
    project = Gitted(tmp_path / "top/quality/small", tmp_path / "top")
    project.git("init", "-q")
    project.commit("Ada")
    shutil.move(project.root / "rules", project.root / "of_customers")
    (project.root / "rules").symlink_to("of_customers")
    project.commit("Bo")
    (tmp_path / "link").symlink_to(project.root)
    cdmq.run(tmp_path / "link")
    assert project.author("credit_low") == "Ada"
    assert project.rows("SELECT git_dirty FROM cdmq.runs") == [(False,)]


def test_before_the_first_commit_and_without_git(tmp_path: Path) -> None:
    project = Gitted(tmp_path / "small")
    project.run()
    assert project.author("mail") == "no git here"
    project.git("init", "-q")
    project.swap(RULES, "check: email", "check: not_null")
    project.run()
    assert project.author("mail") == "not committed"
    (project.root / ".git/HEAD").unlink()
    project.swap(RULES, "check: not_null", "check: not_blank")
    project.run()
    assert project.author("mail") == "unknown: git cannot read .git"


def test_without_the_program(project: Gitted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project.root))
    project.run()
    assert project.author("mail") == "unknown: git is not installed"


def test_a_repository_of_somebody_else_is_refused_by_git(
    project: Gitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(project.root / "target"))
    if os.getuid():
        pytest.fail("this test runs as root: only root can give a folder away")
    os.chown(project.root, 65534, 65534)
    os.chown(project.root / ".git", 65534, 65534)
    monkeypatch.delenv("SUDO_UID", raising=False)
    project.run()
    assert project.author("mail") == "unknown: git refuses the folder, see its safe.directory"


def test_line_ends_of_a_checkout_are_no_difference(project: Gitted) -> None:
    for path in (project.root / "rules").glob("*.yml"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    project.run()
    assert project.author("credit_low") == "Ada"
    assert project.rows("SELECT git_dirty FROM cdmq.runs") == [(False,)]


def test_a_filter_of_git_is_no_difference(project: Gitted) -> None:
    project.git("config", "filter.upper.clean", "tr a-z A-Z")
    project.write({".gitattributes": "seeds/*.csv filter=upper\n"})
    project.commit("Bo")
    project.run()
    assert project.rows("SELECT git_dirty FROM cdmq.runs") == [(False,)]


def test_a_worktree_and_a_submodule_have_their_own(project: Gitted, tmp_path: Path) -> None:
    project.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "tree"))
    tree = Gitted.__new__(Gitted)
    tree.root = tree.top = tmp_path / "tree"
    tree.day = 9
    tree.commit("Bo", (RULES, "'blocked'", "'owes'"))
    tree.run()
    assert (tree.author("credit_low"), tree.author("mail")) == ("Bo", "Ada")
    outer = Gitted(tmp_path / "outer")
    outer.git("init", "-q")
    outer.commit("Zoe")
    outer.git("submodule", "add", "-q", str(project.root), "inner")
    outer.commit("Zoe")
    inner = Gitted.__new__(Gitted)
    inner.root = inner.top = tmp_path / "outer/inner"
    inner.run()
    assert inner.author("mail") == "Ada"


def test_far_back_is_said(project: Gitted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cdmq.audit.authors.MOST_STATES", 3)
    for n in range(5):
        project.commit(
            "Bo",
            (RULES, "check: email", f"check: email\n    warn_above: {n}")
            if n == 0
            else (RULES, f"warn_above: {n - 1}", f"warn_above: {n}"),
        )
    project.run()
    assert project.author("mail") == "Bo"
    assert project.author("credit_low") == "unknown: more than 3 changes of the project back"
    assert project.author("rich.status.not_null") == "Ada"  # its file and the others never changed
