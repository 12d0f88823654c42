"""The author of a version is whoever changed what it means, wherever that stands."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from gitted import Gitted, gitted
from gitted import ran as gitted_ran

import cdmq
from cdmq.explaining.history import history

RULES, MODELS = "rules/customers.yml", "models/customers.yml"


@pytest.fixture
def project(tmp_path: Path) -> Gitted:
    return gitted(tmp_path)


@pytest.fixture
def ran(tmp_path: Path) -> Gitted:
    return gitted_ran(tmp_path)


CHANGES = {
    "words removed": ((RULES, "    where: status <> 'blocked'\n", ""), "credit_low"),
    "the project's vars": (("cdmq_project.yml", "'500'", "'900'"), "credit_low"),
    "a seed": (("seeds/states.csv", "blocked,owes\n", "blocked,owes\nActiv,typo\n"), "state"),
    "missing_values": ((MODELS, '["", n/a]', '["", n/a, none]'), "mail"),
    "a macro": (("macros/words.sql", "<=", "<"), "credit_low"),
    "the type of a column": ((MODELS, "credit: decimal", "credit: double"), "mail"),
    "the key": ((MODELS, "key: id\n    columns", "key: [id, email]\n    columns"), "mail"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_who_changed_the_meaning_is_the_author(ran: Gitted, change: str) -> None:
    project, (swap, rule) = ran, CHANGES[change]
    assert project.author(rule) == "Ada"
    by = project.commit("Bo", swap)
    project.commit("Cleo", (RULES, "version: 1", "# tidy\nversion: 1"))
    project.run()
    found = project.newest(rule)
    assert (found.author, found.commit) == ("Bo <bo@example.com>", by[:10])
    assert found.committed.startswith("2026-01-")


def test_it_is_so_in_the_first_run_too(tmp_path: Path) -> None:
    project = gitted(tmp_path)
    for n, (change, (swap, _)) in enumerate(CHANGES.items()):
        project.commit(f"Nr{n}-{change.split()[-1]}", swap)
    project.commit("Zoe", (RULES, "    why: The shop", "    # a remark\n    why: The shop"))
    project.run()
    assert project.author("credit_low") == "Nr6-key"  # the last that touched it
    assert project.author("state") == "Nr6-key"


def test_the_owner_at_the_top_of_the_file_is_words(ran: Gitted) -> None:
    project = ran
    by = project.commit("Bo", (RULES, "owner: stewards", "owner: sales"))
    project.commit("Cleo", (RULES, "dataset: customers", "dataset: customers  # all"))
    project.run()
    (version,) = history(project.root, "mail").versions
    assert version.author == "Ada <ada@example.com>"
    # Words have an author of their own; the meaning keeps its.
    assert project.rows(
        "SELECT DISTINCT author FROM cdmq.rule_versions WHERE rule_id = 'mail'"
    ) == [("Ada <ada@example.com>",)]
    (words,) = version.words
    assert (words.author, words.commit) == ("Bo <bo@example.com>", by[:10])
    assert words.changed == ("~ owner: [-stewards-]{+sales+}",)


def test_moving_and_renaming_is_no_new_meaning(project: Gitted) -> None:
    project.commit("Bo", (RULES, "<> 'blocked'", "<> 'owes'"))
    text = (project.root / RULES).read_text()
    project.write(
        {
            RULES: None,
            "rules/moved.yml": text.replace(
                "id: credit_low", "id: credit_ok\n    formerly: credit_low"
            ),
        }
    )
    project.commit("Cleo")
    project.run()
    assert project.author("credit_ok") == "Bo"


def test_back_to_what_it_was_is_the_work_of_who_did_it(project: Gitted) -> None:
    project.commit("Bo", (RULES, "'blocked'", "'owes'"))
    project.commit("Cleo", (RULES, "'owes'", "'blocked'"))
    project.run()
    assert project.author("credit_low") == "Cleo"


def test_a_broken_commit_between_hides_nobody(project: Gitted) -> None:
    project.commit("Bo", (RULES, "'blocked'", "'owes'"))
    project.commit("Cleo", (RULES, "must: ", "must "))  # not even YAML
    project.commit("Dan", (RULES, "must ", "must: "))
    project.run()
    assert project.author("credit_low") == "Bo"
    project.commit("Eve", (RULES, "check: email", "check: emial"))
    project.commit("Fay", (RULES, "check: emial", "check: email"))
    project.run()
    assert project.author("mail") == "Ada"


BROKEN_YAML = (RULES, "    must: ", "    must ")
BREAKS = {
    "its file": BROKEN_YAML,
    "its own check": (RULES, "check: expression", "check: expresion"),
    "the models": (MODELS, "version: 1", "version 1"),
    "the project's file": ("cdmq_project.yml", "name: small", "name small"),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_who_mends_what_cannot_be_read_did_not_write_it(project: Gitted, broken: str) -> None:
    """Bo or Cleo changed the meaning, nobody can tell who: not Dan, who only mended a word."""
    file, good, bad = BREAKS[broken]
    project.swap(RULES, "'blocked'", "'owes'")
    at = project.commit("Bo", (file, good, bad))
    project.commit("Cleo", (RULES, "version: 1", "# tidy\nversion: 1"))
    project.commit("Dan", (file, bad, good))
    project.run()
    assert project.author("credit_low") == f"unknown: the files of commit {at[:10]} cannot be read"
    assert project.author("mail") == "Ada"


def test_who_breaks_and_mends_it_all_alone_is_known(project: Gitted) -> None:
    project.swap(RULES, "'blocked'", "'owes'")
    project.commit("Bo", BROKEN_YAML)
    by = project.commit("Bo", (RULES, "    must ", "    must: "))
    project.commit("Cleo", (RULES, "version: 1", "# tidy\nversion: 1"))
    project.run()
    found = project.newest("credit_low")
    assert (found.author, found.commit) == ("Bo <bo@example.com>", by[:10])


def test_a_seed_that_could_not_be_read_gives_no_other_meaning(project: Gitted) -> None:
    project.commit("Bo", ("seeds/states.csv", "state,meaning", "state,state"))
    project.commit("Cleo", ("seeds/states.csv", "state,state", "state,meaning"))
    project.run()
    assert project.author("state") == "Ada"


def test_an_error_elsewhere_hides_nobody(project: Gitted) -> None:
    """Where another file is broken all along, it has no say in who wrote a rule or brought it."""
    project.commit("Bo", ("rules/rich.yml", "column: status", "columns status"))
    project.commit("Cleo", (RULES, "'blocked'", "'owes'"))
    project.commit(
        "Dan", (RULES, "  - id: mail", "  - {id: named, column: id, check: not_null}\n  - id: mail")
    )
    project.commit("Eve", ("rules/rich.yml", "columns status", "column: status"))
    project.run()
    assert (project.author("credit_low"), project.author("named")) == ("Cleo", "Dan")


def merged(project: Gitted, resolve: str | None) -> None:
    """Bo and Cleo change the rule on two branches; Dan merges, as `resolve` says."""
    project.git("checkout", "-q", "-b", "side")
    project.commit("Bo", (RULES, "'blocked'", "'owes'"))
    project.git("checkout", "-q", "main")
    project.commit(
        "Cleo",
        (MODELS, "key: id\n    columns", "key: [id, email]\n    columns")
        if resolve
        else (RULES, "We write to them", "Mail"),
    )
    project.git("merge", "-q", "--no-ff", "-m", "merge", "side", by="Dan")


def test_a_merge_of_two_changes_is_its_own_author(project: Gitted) -> None:
    merged(project, "both")
    project.run()
    assert project.author("credit_low") == "Dan"
    assert project.author("mail") == "Cleo"


def test_a_merge_that_only_brings_a_change_is_not(project: Gitted) -> None:
    merged(project, None)
    project.run()
    assert project.author("credit_low") == "Bo"


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


def test_vars_of_the_command_line_are_the_work_of_who_ran_it(project: Gitted) -> None:
    project.run(variables={"most": "700"})
    mine = project.newest("credit_low")
    assert mine.author.endswith(", by --vars")
    assert "@" in mine.author
    assert mine.commit == "not committed"
    assert project.author("mail") == "Ada"
    project.run()  # they are left out: it means what Ada committed, and what Ada meant
    assert project.author("credit_low") == "Ada"
    assert project.rows(
        "SELECT author_note LIKE '%@% ran it without the --vars of before' FROM "
        "cdmq.rule_versions WHERE rule_id = 'credit_low' AND to_run IS NULL"
    ) == [(True,)]
    assert "; " in project.newest("credit_low").author  # history says it too
    project.run(variables={"most": "500"})
    assert len(history(project.root, "credit_low").versions) == 2
    project.commit("Bo", (RULES, "'blocked'", "'owes'"))
    project.run(variables={"most": "500"})
    assert project.author("credit_low") == "Bo"


def test_vars_that_change_nothing_are_nobodys_work(project: Gitted) -> None:
    """Bo commits the limit that was also given by hand: it would be so without."""
    project.run()
    project.commit("Bo", ("cdmq_project.yml", "'500'", "'700'"))
    project.run(variables={"most": "700"})
    assert project.author("credit_low") == "Bo"
    assert project.rows("SELECT author FROM cdmq.model_versions WHERE to_run IS NULL") == [
        ("Bo <bo@example.com>",)
    ]


def test_vars_of_a_run_that_left_it_out_are_not_those_before(project: Gitted) -> None:
    project.run()
    project.run(variables={"most": "700"}, select="mail")
    project.write({"data/customers.csv": "id,email,status,credit\n"})  # stops what reads it
    project.run(variables={"most": "700"})
    project.write({"data/customers.csv": "id,email,status,credit\n1,a@example.com,active,600\n"})
    project.run(variables={"most": "700"})
    assert project.author("credit_low").endswith(", by --vars")
    assert project.rows(
        "SELECT author LIKE '%, by --vars' FROM cdmq.model_versions WHERE to_run IS NULL"
    ) == [(True,)]


def test_where_a_commit_and_vars_both_made_it_both_stand_there(project: Gitted) -> None:
    project.run(variables={"most": "700"})
    by = project.commit("Bo", (RULES, "'blocked'", "'owes'"))
    project.run(variables={"most": "900"})
    found = project.newest("credit_low")
    assert found.author.startswith("Bo <bo@example.com> and ")
    assert found.author.endswith(", by --vars")
    assert found.commit == by[:10]
    project.commit("Cleo", (RULES, "We write", "One writes"))
    project.run(variables={"most": "800"})
    assert project.author("credit_low").endswith("by --vars")
    assert "Bo" not in project.author("credit_low")


def test_another_cdmq_is_nobodys_work(ran: Gitted, monkeypatch: pytest.MonkeyPatch) -> None:
    from cdmq.checks.email import Email

    project = ran
    monkeypatch.setattr(Email, "SEMANTICS", 99, raising=False)
    project.run()
    assert project.author("mail").startswith("nobody: this cdmq reads it otherwise")
    assert project.author("credit_low") == "Ada"


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
