"""cdmq history: versions, words that changed, authors from git, and what each version found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
from people_project import FILES as PEOPLE
from small_project import Small, small, small_ran

import cdmq
from cdmq.explaining.history import histories, history
from cdmq.problems import CdmqError


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    return small(tmp_path, capsys)


@pytest.fixture
def ran(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    return small_ran(tmp_path, capsys)


@pytest.fixture(scope="module")
def three_runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str, str]:
    """Before the last one Bo renamed and loosened a rule of Ada's."""
    project = small(tmp_path_factory.mktemp("three"), cast(Any, None))
    project.git("init", "-q")
    project.write({".gitignore": "target/\n"})
    project.commit("first")
    first = project.run("2026-11-01")
    second = project.run("2026-11-02")
    project.swap(
        "rules/customers.yml",
        ("id: credit_low", "id: credit_ok\n    formerly: credit_low"),
        ("credit <= 500", "credit <= 5000"),
        ("More needs a guarantee", "More needs a signature"),
    )
    project.commit("more credit", "Bo Head", "2026-10-02")
    return project.root, first, second, project.run("2026-11-03")


@pytest.fixture
def two_authors(
    three_runs: tuple[Path, str, str, str], capsys: pytest.CaptureFixture[str]
) -> tuple[Small, str, str, str]:
    """The project of three runs, to be looked at."""
    return Small(three_runs[0], capsys), *three_runs[1:]


def test_the_versions_of_a_rule(two_authors: tuple[Small, str, str, str]) -> None:
    project, first, second, third = two_authors
    found = history(project.root, "credit_ok")
    assert found.names == ("credit_ok", "credit_low")
    new, old = found.versions
    assert (new.author, old.author) == ("Bo Head <bo@example.com>", "Ada Steward <ada@example.com>")
    assert len(new.commit) == 10
    assert new.commit != old.commit
    assert new.changed == (
        "~ id: [-credit_low-]{+credit_ok+}",
        "~ must: credit <= [-500-]{+5000+}",
        "~ why: More needs a [-guarantee-]{+signature+}.",
        "+ formerly: credit_low",
    )
    assert (old.came, new.came) == ("new", "changed")
    assert (old.first_run, old.last_run, old.runs, old.in_use) == (first, second, 2, False)
    assert (new.first_run, new.last_run, new.runs, new.in_use) == (third, third, 1, True)
    assert (old.found_before, old.found_after) == (None, 1)
    assert (new.found_before, new.found_after) == (1, 0)
    assert (new.file, new.line) == ("rules/customers.yml", 22)


def test_by_a_former_name_it_is_the_same(two_authors: tuple[Small, str, str, str]) -> None:
    project = two_authors[0]
    assert history(project.root, "credit_low") == history(project.root, "credit_ok")


def test_the_command(two_authors: tuple[Small, str, str, str]) -> None:
    project, first, second, _ = two_authors
    told = project.told("history", "credit_ok")
    assert told.code == 0
    assert told.out.startswith("credit_ok (validation), 2 versions\nformerly credit_low\n")
    assert "    found    0 records flagged, before it 1\n" in told.out
    assert "        ~ must: credit <= [-500-]{+5000+}\n" in told.out
    assert re.search(
        rf"    used     2 runs\n    first    {first}, ran 20[-0-9]+ [0-9:]+, "
        r"judged as of 2026-11-01 00:00\n",
        told.out,
    )
    assert f"until run {second}" in told.out
    table = project.told("history").out.splitlines()
    assert table[0].split() == ["rule", "versions", "last", "change", "open", "author"]
    line = next(t for t in table if t.startswith("credit_ok"))
    assert line.split()[1] == "2"
    assert line.endswith("0  Bo Head <bo@example.com>")
    assert not any(t.startswith("credit_low") for t in table)


def test_as_of(ran: Small) -> None:
    then = history(ran.root, "credit_low").versions[0].first_used
    ran.swap("rules/customers.yml", ("credit <= 500", "credit <= 5000"))
    ran.run()
    assert then is not None
    moment = then.isoformat(sep=" ")
    old = history(ran.root, "credit_low", as_of=moment).versions
    assert ["credit <= 500" in v.text and "5000" not in v.text for v in old] == [True]
    now = history(ran.root, "credit_low", as_of=f"{then:%Y-%m-%d}").versions
    assert ["5000" in v.text for v in now] == [True]
    told = ran.told("history", "credit_low", "--as-of", "2020-01-01")
    assert told.code == 2
    assert "CDMQ535 no version of 'credit_low' was in force at 2020-01-01" in told.err
    assert "CDMQ534" in ran.told("history", "credit_low", "--as-of", "soon").err


def test_blanks_are_honest(ran: Small) -> None:
    version = history(ran.root, "credit_low").versions[0]
    assert (version.author, version.commit) == ("no git here", "no git here")


def test_what_is_not_committed_says_so(project: Small) -> None:
    project.git("init", "-q")
    project.write({".gitignore": "target/\n"})
    project.commit("first")
    project.swap("rules/customers.yml", ("credit <= 500", "credit <= 400"))
    project.run()
    lines = {r.rule: r.author for r in histories(project.root)}
    assert lines["credit_low"] == "not committed"
    assert lines["status_form"] == "Ada Steward <ada@example.com>"


def test_words_about_a_rule_are_not_its_meaning(project: Small) -> None:
    first = project.run()
    then = history(project.root, "status_form").versions[0]
    project.swap("rules/customers.yml", ("One word, one case", "One word in one case"))
    second = cdmq.run(project.root)
    assert (second.new_versions, second.new_words) == ((), ("status_form",))
    (version,) = history(project.root, "status_form").versions
    assert (version.changed, version.runs, version.first_run) == ((), 2, first)
    assert (version.why, then.why) == ("One word in one case.", "One word, one case.")
    (words,) = version.words
    assert words.changed == ("~ why: One word[-,-]{+ in+} one case.",)
    assert words.run == second.run_id
    told = project.told("history", "status_form").out
    assert "1 version\n" in told
    assert "    words changed, not the meaning\n" in told
    line = next(t for t in project.told("history").out.splitlines() if "status_form" in t)
    assert line.split()[1] == "1"
    assert history(project.root, "status_form", as_of=str(then.first_used)).versions[0].words == ()
    project.swap("rules/customers.yml", ("One word in one case", "One word"))
    assert "rule versions: 0 new, words: 1 changed" in project.told("run").out


def test_a_rule_that_came_back(ran: Small) -> None:
    text = (ran.root / "rules/customers.yml").read_text()
    ran.write({"rules/customers.yml": text[: text.index("  - id: credit_low")]})
    ran.run()
    ran.write({"rules/customers.yml": text})
    ran.run()
    assert [v.came for v in history(ran.root, "credit_low").versions] == ["returned", "new"]
    told = ran.told("history", "credit_low").out
    assert "it had been removed, and came back" in told
    assert "words changed" not in told


def test_a_rule_that_was_away_says_when(ran: Small) -> None:
    """Its version of then ends with the run without it, and nothing was in force until it came."""
    text = (ran.root / "rules/customers.yml").read_text()
    ran.write({"rules/customers.yml": text[: text.index("  - id: credit_low")]})
    away = ran.run()
    (before,) = history(ran.root, "credit_low").versions
    ends = f"until run {before.last_run}, removed: run {away} was the first without it\n"
    assert ends in ran.told("history", "credit_low").out
    ran.write({"rules/customers.yml": text})
    ran.run()
    new, old = history(ran.root, "credit_low").versions
    assert (old.removed, new.removed) == (away, None)
    assert ends in ran.told("history", "credit_low").out
    with duckdb.connect(str(ran.root / "target/small.duckdb"), read_only=True) as connection:
        (found,) = connection.execute(
            "SELECT started FROM cdmq.runs WHERE run_id = ?", [away]
        ).fetchall()
    told = ran.told("history", "credit_low", "--as-of", str(found[0]))
    assert told.code == 2
    assert "it was removed: the first run without it was on" in told.err
    assert "; it came back on 20" in told.err
    ran.swap("rules/customers.yml", ("credit <= 500", "credit <= 400"))
    ran.run()
    assert [v.removed for v in history(ran.root, "credit_low").versions] == [None, None, away]


def test_a_change_outside_the_text_is_told(ran: Small) -> None:
    ran.swap("models/customers.yml", ('["", n/a]', '["", n/a, none]'))
    ran.run()
    assert "changed  not its text" in ran.told("history", "credit_low").out


def test_a_removed_rule_stays_in_the_table(ran: Small) -> None:
    text = (ran.root / "rules/customers.yml").read_text()
    ran.write({"rules/customers.yml": text[: text.index("  - id: credit_low")]})
    ran.run()
    assert [r.rule for r in histories(ran.root) if r.removed] == ["credit_low"]
    line = next(t for t in ran.told("history").out.splitlines() if t.startswith("credit_low"))
    assert "removed" in line
    assert ran.told("history", "credit_low").out.endswith(
        "\n\nremoved; who took it out says git log\n"
    )
    told = ran.told("history", "credit_low", "--as-of", "2062-01-01")
    assert "it was removed: the first run without it was on" in told.err
    with duckdb.connect(str(ran.root / "target/small.duckdb"), read_only=True) as connection:
        assert connection.execute(
            "SELECT author, author_note FROM cdmq.judgements WHERE rule = 'credit_low' "
            "AND status = 'removed'"
        ).fetchall() == [(None, "who took it out says git log")]


def test_an_unknown_rule(project: Small) -> None:
    with pytest.raises(CdmqError, match="CDMQ533"):
        history(project.root, "credit_low")
    project.run()
    told = project.told("history", "credit_lo")
    assert told.code == 2
    assert told.err == (
        "history: CDMQ532 no run knows the rule 'credit_lo'; did you mean 'credit_low'?\n"
    )


def test_a_rule_that_flags_nothing_says_what_it_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = Small(tmp_path, capsys)
    project.write(PEOPLE)
    project.run("2026-11-01")
    (version,) = history(project.root, "same_person").versions
    assert str(version.said).startswith("5 records are 3 parties, ")
    told = project.told("history", "same_person").out
    assert f"    said     {version.said}\n" in told
    assert "    found " not in told
    figures = {f.name: (f.value, f.before) for f in version.figures}
    assert (figures["records"], figures["parties"]) == ((5, None), (3, None))
    assert "\n    figures\n        asked " in told
    assert "\n        records  5\n" in told
    project.swap("rules/people.yml", ("[[mail], [phone]]", "[[phone]]"))
    project.run("2026-11-02")
    new = history(project.root, "same_person").versions[0]
    assert [(f.value, f.before) for f in new.figures if f.name == "parties"] == [(5, 3)]
    assert "\n        parties  5, before it 3\n" in project.told("history", "same_person").out
    told = project.told("history", "people.key").out
    assert "    found    0 records flagged\n" in told
    assert "    said " not in told
