"""null in the rows of a unit test is NULL, as it is for whoever knows YAML; in quotes it is a word."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml
from small_project import Small
from unit_people import Said, one, people, telling

from cdmq.manual.schema import schema
from cdmq.project.yaml_source import read_yaml

NULLS = ("null", "Null", "NULL", "~", "")


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    return people(tmp_path, capsys)


@pytest.fixture
def said(project: Small) -> Said:
    return telling(project)


def mail(given: str, expect: str) -> str:
    """A test of a check of the golden records, which are given."""
    rows = one("golden.mail.not_null", f"{{party_id: 1, mail: {given}}}", expect)
    return rows.replace("customers:", "golden:")


@pytest.mark.parametrize("null", NULLS)
def test_a_value_that_is_null_is_missing(said: Said, null: str) -> None:
    assert said(mail(null, f"flags: [{{key: 1, value: {null}}}]")) == []
    assert said(mail(null, "flags: [{key: 1, value: x}]")) == [
        "different flag: key '1'; value should be 'x', is NULL"
    ]


@pytest.mark.parametrize("word", ['"null"', "'NULL'", '"~"', "nil", "nUll", "none", "'no'"])
def test_a_word_is_a_word(said: Said, word: str) -> None:
    assert said(mail(word, "flags: []")) == []


def test_rows_of_a_block_and_of_an_alias(said: Said) -> None:
    rows = "\n        - party_id: &none null\n          mail: *none\n        - &two\n" + (
        "          party_id: 2\n          mail:\n            ~ # nothing\n        - *two"
    )
    text = one("golden.mail.not_null", "ROWS", "flags: [{key: 2, records: 2}, {mail: null}]")
    text = text.replace("customers: [ROWS]", f"golden:{rows}")
    assert said(text.replace("{mail: null}", "{column: mail, value: null, records: 1}")) == []


def test_a_key_that_is_null_is_none(said: Said) -> None:
    text = one("golden.mail.not_null", "{party_id: null, mail: a@x.com}, {mail: a@x.com}", "x")
    text = text.replace("customers:", "golden:").replace("{x}", "{flags: []}")
    assert said(text + text.replace("name: t", "name: u").replace("mail: a@x.com", "mail: ~")) == [
        "unexpected flag: rule 'golden.mail.not_null', key "
        "'no key: 71dac2484ac7e300cee68117eeb0cb41', column 'mail', state 'failed', records '2'"
    ]


def test_cells_of_golden_records(said: Said) -> None:
    given = '{source: crm, no: 1, first: "null", last: null, mail: a@x.com}'
    cells = "cells: [{of: crm/1, column: last, value: ~}, {of: crm/1, column: first, value: FIRST}]"
    assert said(one("golden_customer", given, cells.replace("FIRST", '"null"'))) == []
    assert said(one("golden_customer", given, cells.replace("FIRST", "null"))) == [
        "different cell: of 'crm/1', column 'first'; value should be NULL, is 'null' "
        "(of crm/1, only value)"
    ]


def test_changes(said: Said) -> None:
    given = "{source: crm, no: 1, mail: null}, {source: crm, no: 2, mail: A@X.com}"
    changes = 'changes: [{key: crm/2, new: "a***", reason: null}]'
    assert said(one("mail_form", given, changes)) == []


COMPLETENESS = """\
completeness:
  - {id: known, points: {first: 1, last: 3}, not_applicable: {first: "no = '7'", last: "no = '7'"}}
"""


def test_scores(project: Small, said: Said) -> None:
    shop = (project.root / "rules/shop.yml").read_text()
    project.write({"rules/shop.yml": shop + COMPLETENESS})
    rows = "{no: 1, first: ~, last: null}, {no: 2, first: a, last: null}, {no: 7}, {no: 3, first: "
    expect = """scores: [
        {key: 1, score: 0, missing: [last, first], ask_next: last}, {key: 2, score: 25},
        {key: 3, score: 100, missing: null, ask_next: null},
        {key: 7, score: null, missing: null, ask_next: null}]"""
    text = one("known", rows + '"null", last: b}', expect).replace("customers:", "shop:")
    assert said(text) == []
    assert said(text.replace("{key: 2, score: 25}", "{key: 2, ask_next: null}")) == [
        "different score: key '2'; ask_next should be NULL, is 'last'"
    ]


def test_what_cannot_be_null_says_so(project: Small) -> None:
    wrong = {
        "levels: [{of: crm/1, level: null}]": "'level' has no value",
        "levels: [{of: ~, level: core}]": "say whose level it is",
        "parties: [[crm/1, null]]": "entry 2 of 'parties' has no value",
        "pairs: [{a: null, b: crm/1}]": "'a' has no value",
        "flags: [null]": "entry 1 of 'flags' has no value",
        "flags: null": "'flags' in unit test t cannot be 'null'; write a list",
    }
    for expect, cause in wrong.items():
        project.write(
            {"unit_tests/t.yml": "", "rules/t.yml": "unit_tests:\n" + one("r", "", expect)}
        )
        told = project.told("unit-test")
        assert (told.code, cause in told.err) == (2, True), told.err


def test_outside_of_rows_it_is_a_word(project: Small) -> None:
    source = read_yaml("a: [null, 'null', {b: ~}]\nc: null\n", "f.yml")
    assert source.data == {"a": ["null", "null", {"b": "~"}], "c": "null"}
    assert source.nulls == {("a", 0), ("a", 2, "b"), ("c",)}
    assert source.with_nulls(source.data["a"], ("a",)) == [None, "null", {"b": None}]
    words = "\n  - {id: words, column: last, check: accepted_values, values: [null, none]}\n"
    rules = (project.root / "rules/shop.yml").read_text() + "validation:" + words
    project.write({"rules/shop.yml": rules})
    rows = "{no: 1, last: 'null'}, {no: 2, last: ~}, {no: 3, last: nil}"
    text = one("words", rows, "flags: [{key: 3}]").replace("customers:", "shop:")
    assert telling(project)(text) == []


def test_an_editor_takes_it_where_cdmq_does() -> None:
    rows = "{given: {d: [{id: 1, a: null}]}, name: t, rule: r, expect: {EXPECT}}"
    right = (
        "flags: [{key: 1, value: null}]",
        "changes: [{key: 1, old: null}]",
        "cells: [{of: 1, column: a, value: null, winner: null, because: null}]",
        "scores: [{key: 1, score: null, missing: null, ask_next: null}]",
        "scores: [{key: 1, score: 62.5, missing: a, ask_next: a}, {key: 2, missing: [a, b]}]",
    )
    wrong = ("levels: [{of: 1, level: null}]", "cells: [{of: null, column: a, value: 1}]")
    read = jsonschema.Draft202012Validator(schema("unit_tests"))
    for expect in (*right, *wrong):
        test = yaml.safe_load(rows.replace("EXPECT", expect))
        problems = [e.message for e in read.iter_errors({"unit_tests": [test]})]
        assert bool(problems) == (expect in wrong), (expect, problems)
