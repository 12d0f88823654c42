"""The author of a version is whoever changed what it means, wherever that stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitted import Gitted, gitted
from gitted import ran as gitted_ran

import cdmq
from cdmq.explaining.history import histories, history

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


def test_what_is_committed_after_a_run_has_its_author_from_then_on(ran: Gitted) -> None:
    """What the run before wrote stays as it was true then."""
    ran.swap(RULES, "'blocked'", "'owes'")
    dirty = ran.run()
    still = ran.run()
    rows = "SELECT * EXCLUDE (to_run) FROM cdmq.rule_versions ORDER BY rule_id, from_run"
    before = ran.rows(rows)
    by = ran.commit("Dan")
    clean, later = ran.run(), ran.run()
    judged = "SELECT run_id, author, commit_id, author_note FROM cdmq.judgements "
    dan, nobody = ("Dan <dan@example.com>", by, None), (None, None, "not committed")
    assert ran.rows(f"{judged} WHERE rule = 'credit_low' AND run_id >= '{dirty}' ORDER BY 1") == [
        (dirty, *nobody),
        (still, *nobody),
        (clean, *dan),
        (later, *dan),
    ]
    assert [r for r in ran.rows(rows) if r in before] == before
    assert len(ran.rows(rows)) == len(before) + 1
    found = ran.newest("credit_low")
    assert found.author == f"Dan <dan@example.com>; not committed before run {clean}"
    assert (found.commit, found.words, found.runs) == (by[:10], (), 4)
    assert {r.rule: r.author for r in histories(ran.root)}["credit_low"] == dan[0]
    (then,) = history(ran.root, "credit_low", as_of=f"{ran_at(ran, dirty)}").versions
    assert then.author == "not committed"


def test_what_nobody_committed_stays_so(ran: Gitted) -> None:
    ran.swap(RULES, "'blocked'", "'owes'")
    ran.run()
    ran.git("stash", "-q")
    ran.commit("Dan", (RULES, "version: 1", "# tidy\nversion: 1"))
    ran.git("stash", "pop", "-q")
    ran.run()
    assert ran.author("credit_low") == "not committed"


def test_words_that_are_committed_after_a_run_have_their_author(ran: Gitted) -> None:
    ran.swap(RULES, "We write to them", "We mail them")
    first = ran.run()
    assert ran.newest("mail").words[0].author == "not committed"
    by = ran.commit("Dan")
    assert cdmq.run(ran.root).new_words == ()
    (words,) = ran.newest("mail").words
    assert (words.author, words.commit) == ("Dan <dan@example.com>", by[:10])
    assert (words.run, words.changed) == (first, ("~ why: We [-write to-]{+mail+} them.",))
    assert ran.author("mail") == "Ada"


def test_words_that_change_later_find_who_committed_the_rule(ran: Gitted) -> None:
    ran.swap(RULES, "'blocked'", "'owes'")
    ran.run()
    ran.commit("Dan")
    ran.commit("Eve", (RULES, "More needs a", "More takes a"))
    ran.run()
    found = ran.newest("credit_low")
    assert found.author.startswith("Dan <dan@example.com>; not committed before run ")
    assert [w.author for w in found.words] == ["Eve <eve@example.com>"]


def ran_at(project: Gitted, run: str) -> object:
    ((moment,),) = project.rows(f"SELECT started FROM cdmq.runs WHERE run_id = '{run}'")
    return moment


def test_a_rule_that_comes_back_with_other_words_says_whose_they_are(ran: Gitted) -> None:
    text = (ran.root / RULES).read_text()
    ran.write({RULES: text[: text.index("  - id: mail")]})
    ran.commit("Bo")
    ran.run()
    ran.write({RULES: text})
    ran.commit("Cleo")
    by = ran.commit("Dan", (RULES, "We write to them", "We mail them"))
    back = ran.run()
    assert ran.rows(
        "SELECT author, words_author, words_commit, words_note FROM cdmq.rule_versions "
        f"WHERE rule_id = 'mail' AND from_run = '{back}'"
    ) == [("Cleo <cleo@example.com>", "Dan <dan@example.com>", by, None)]
    found = ran.newest("mail")
    assert (found.came, found.author) == ("returned", "Cleo <cleo@example.com>")
    (words,) = found.words
    assert (words.author, words.commit, words.run) == ("Dan <dan@example.com>", by[:10], back)
    assert words.changed == ("~ why: We [-write to-]{+mail+} them.",)
