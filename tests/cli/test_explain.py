"""cdmq explain: the manual pages, the problem codes, and the story of a record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from small_project import Small, small, small_ran

import cdmq
from cdmq.checks import checks
from cdmq.kinds import kinds
from cdmq.manual.codes import codes
from cdmq.manual.pages import contents, explain, pages
from cdmq.problems import CdmqError
from cdmq.sql.functions import spellings, table
from cdmq.standards import FORMS

PACKAGE = Path(cdmq.__file__).parent


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    return small(tmp_path, capsys)


@pytest.fixture
def ran(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    return small_ran(tmp_path, capsys)


def test_every_code_that_is_used_is_described_and_no_other() -> None:
    used = set()
    for path in PACKAGE.rglob("*.py"):
        used |= set(re.findall(r"CDMQ\d{3}", path.read_text("utf-8")))
    assert sorted(used - set(codes())) == []
    assert sorted(set(codes()) - used) == []


def test_codes_are_whole_and_in_order() -> None:
    assert list(codes()) == sorted(codes())
    for code in codes().values():
        assert all((code.title, code.cause, code.remedy, code.example)), code.code


def test_everything_has_a_page() -> None:
    by_sort: dict[str, set[str]] = {}
    for page in pages():
        by_sort.setdefault(page.sort, set()).add(page.name)
        assert page.title.endswith("."), (page.sort, page.name)
    assert by_sort == {
        "file": {"project", "dataset", "unit_test", "people", "decisions"},
        "check": set(checks()),
        "kind": set(kinds()),
        "form": set(FORMS),
        "function": set(table()),
        "code": set(codes()),
    }
    text = contents()
    assert all(page.name in text for page in pages())


def test_a_word_may_have_several_pages() -> None:
    assert [p.sort for p in explain("email")] == ["check", "form"]
    assert [p.sort for p in explain("form:email")] == ["form"]


@pytest.mark.parametrize("word", ["CDMQ110", "cdmq110", "110"])
def test_codes_by_number(word: str) -> None:
    assert explain(word)[0].title == "An unknown key."


def test_functions_by_any_spelling() -> None:
    assert all(explain(word)[0].sort for word in spellings())
    assert "Also written: substr" in str(explain("substr")[0])


def test_keys_come_from_the_models() -> None:
    page = explain("accepted_range")[0]
    keys = {k.name: k for k in page.keys}
    assert (keys["inclusive"].type, keys["inclusive"].default) == ("true or false", "true")
    defaults = {k.name: k for k in explain("defaults")[0].keys}
    assert defaults["column"].required
    assert defaults["column"].type == "column"
    assert defaults["where"].type == "SQL"
    assert defaults["map.seed"].required
    assert "options" not in defaults


def test_files_by_the_words_that_stand_in_them() -> None:
    assert [p.name for p in explain("datasets") + explain("unit_tests")] == ["dataset", "unit_test"]
    page = explain("dataset")[0]
    keys = {k.name: k for k in page.keys}
    assert keys["file.path"].required
    assert keys["file.delimiter"].default == '","'
    assert all(k.about for k in page.keys if k.name not in ("name", "description"))


def test_a_key_leads_to_the_page_that_has_it() -> None:
    with pytest.raises(CdmqError) as error:
        explain("delimiter")
    assert str(error.value) == (
        "explain: CDMQ530 'delimiter' is a key and has no page of its own; "
        "look at cdmq explain dataset"
    )


def test_an_unknown_word_gives_the_nearest() -> None:
    with pytest.raises(CdmqError) as error:
        explain("notnull")
    assert str(error.value) == (
        "explain: CDMQ530 nothing is known of 'notnull'; did you mean "
        "'not_null'? cdmq explain lists all"
    )


@pytest.mark.parametrize("word", ["nosuchword", "check:nosuchword", "check:email_", "CDMQ999"])
def test_a_word_like_none_names_no_codes(word: str) -> None:
    with pytest.raises(CdmqError) as error:
        explain(word)
    said = str(error.value)
    assert said.endswith("cdmq explain lists all")
    assert ("did you mean 'CDMQ" in said) is (word == "CDMQ999")


def test_two_pages_say_how_to_ask_for_one(project: Small) -> None:
    out = project.told("explain", "email").out
    said = "One of them alone: cdmq explain check:email or cdmq explain form:email"
    assert out.splitlines()[-1] == said
    assert "One of them alone" not in project.told("explain", "check:email").out


def test_the_command(project: Small) -> None:
    told = project.told("explain", "not_null")
    assert told.code == 0
    assert told.out.startswith("not_null (check)\n================\n\nThe value is there.\n")
    assert "    missing  pass or fail; default pass." in told.out
    assert "CDMQ530" in project.told("explain", "notnull").err
    assert project.told("explain", "notnull").code == 2
    assert "Problem codes" in project.told("explain").out


# --record -----------------------------------------------------------------------------------


def test_before_a_run_there_is_no_story(project: Small) -> None:
    told = project.told("explain", "--record", "2")
    assert told.code == 2
    assert "CDMQ533 nothing was run on this target yet" in told.err
    assert not (project.root / "target").exists()


def test_the_story_of_a_record(project: Small) -> None:
    project.git("init", "-q")
    project.write({".gitignore": "target/\n"})
    project.commit("first")
    first = project.run("2026-11-01")
    project.swap("data/customers.csv", ("2,n/a,Activ", "2,bo@example.com,Activ"))
    second = project.run("2026-11-02")
    told = project.told("explain", "--record", "2")
    assert told.code == 0
    out = told.out
    assert out.startswith("2 in customers\n")
    assert "change  status_form  status: 'Activ' -> 'activ' (standardise)" in out
    assert "flag    customers.status.accepted_values  status: 'activ', suggested: active" in out
    assert "flag    customers.email.not_null  email: nothing\n    first seen 2" in out
    assert f"closed by run {second}, judged as of 2026-11-02 00:00: it passes now" in out
    assert f"(run {first}, judged as of 2026-11-01 00:00)" in out
    assert "why: We write to them." in out
    assert re.search(r"rule at rules/customers.yml:\d+, Ada Steward <ada@example.com>, commit", out)
    assert "fails now (2): credit_low, customers.status.accepted_values" in out
    assert "customers.email.not_null" in out.split("passes now (")[1]


def test_where_pii_is_declared_other_text_is_masked(ran: Small) -> None:
    assert "email: 'j***'" in ran.told("explain", "--record", "3").out
    shown = ran.told("explain", "--record", "3", "--unmask").out
    assert "email: 'jo@@x'" in shown
    assert "credit: '2000'" in ran.told("explain", "--record", "2").out


def test_what_the_audit_tables_do_not_hold_is_said_to_who_asked_for_all(project: Small) -> None:
    project.swap("models/customers.yml", ("notes: omit}", "notes: omit, email: mask}"))
    project.run()
    shown = project.told("explain", "--record", "3", "--unmask").out
    assert "email: 'j***'" in shown
    assert (
        "By pii: the audit tables hold no more of these than is shown: email (mask). The "
        "values are in the dataset: cdmq show customers --stage flagged --unmask"
    ) in shown
    assert "By pii:" not in project.told("explain", "--record", "3").out
    assert "jo@@x" in project.told("show", "customers", "--stage", "flagged", "--unmask").out


def test_a_cell_that_cannot_be_read_is_text(project: Small) -> None:
    """A line that slipped by one column has an address where a date was declared."""
    project.swap("data/customers.csv", ("50,2090-01-01", "50,jo@example.com"))
    project.run()
    assert "born: 'j***'" in project.told("explain", "--record", "3").out
    assert "born: 'jo@example.com'" in project.told("explain", "--record", "3", "--unmask").out


def test_without_pii_nothing_is_masked(project: Small) -> None:
    project.swap("models/customers.yml", ("    pii: {status: plain, notes: omit}\n", ""))
    project.run()
    assert "email: 'jo@@x'" in project.told("explain", "--record", "3").out
    assert "masked" not in project.told("show", "customers").out


def test_what_pii_hides_is_masked_wherever_it_shows(project: Small) -> None:
    """Also what older runs stored plain, suggestions, keys in reports, and nearest keys."""
    project.swap("data/customers.csv", ("\n2,", "\n10002,"))
    project.run("2026-11-01")
    pii = "pii: {id: mask, email: hash, status: mask}"
    project.swap("models/customers.yml", ("pii: {status: plain, notes: omit}", pii))
    story = project.told("explain", "--record", "10002").out
    assert "status: 'A***' -> 'a***'" in story
    assert "status: 'a***', suggested: a***" in story
    assert "activ" not in story
    text = project.told("run").out
    assert "keys: 1***" in text
    results = (project.root / "target/run_results.json").read_text("utf-8")
    assert '"1***"' in results
    assert "10002" not in text + results
    assert "10002" not in project.told("explain", "--record", "1000").err
    assert re.search(r"email: '[0-9a-f]{64}'", project.told("explain", "--record", "3").out)


def test_a_renamed_rule_keeps_its_flags(ran: Small) -> None:
    renamed = ("id: credit_low", "id: credit_ok\n    formerly: credit_low")
    ran.swap("rules/customers.yml", renamed)
    second = ran.run("2026-11-02")
    out = ran.told("explain", "--record", "2").out
    assert "credit_ok (then credit_low)" in out
    assert "credit_low" not in out.split("fails now (")[1]
    assert "open, last seen 2" in out
    assert f"(run {second}, judged as of 2026-11-02 00:00)" in out


def test_a_record_that_went_has_its_story(ran: Small) -> None:
    ran.swap("data/customers.csv", ("2,n/a,Activ,2000,1990-01-01,calls often\n", ""))
    ran.run("2026-11-02")
    told = ran.told("explain", "--record", "2")
    assert told.code == 0
    assert "It is no longer in the dataset." in told.out
    assert "the record is no longer in the dataset" in told.out


def test_a_record_without_a_finding(ran: Small) -> None:
    told = ran.told("explain", "--record", "1")
    assert told.code == 0
    assert "No rule ever flagged it" in told.out
    assert "no git here" not in told.out


def test_an_unknown_key_gives_near_ones(project: Small) -> None:
    project.swap("data/customers.csv", ("\n1,", "\n0010001,"))
    project.run()
    told = project.told("explain", "--record", "10001")
    assert told.code == 2
    assert told.err == (
        "--record: CDMQ531 no record with the key '10001'; near it: 0010001 (customers)\n"
    )
    told = project.told("explain", "--record", "0010001", "--dataset", "custmers")
    assert "unknown dataset 'custmers'; did you mean 'customers'?" in told.err
