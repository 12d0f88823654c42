"""cdmq unit-test: given rows, expected flags and changes, by the real pipeline in memory."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from small_project import Small, small

from cdmq.problems import CdmqError, Span
from cdmq.unit_tests.tests import UnitTestRun, unit_test

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    return small(tmp_path, capsys)


def run(project: Small, text: str, **more: str) -> UnitTestRun:
    project.write({"unit_tests/tests.yml": "version: 1\nunit_tests:\n" + text})
    return unit_test(project.root, **more)  # type: ignore[arg-type]


def said(project: Small, text: str) -> list[str]:
    """The differences and messages of tests."""
    return [
        line
        for r in run(project, text).results
        for line in [*map(str, r.differences), *r.message.splitlines()]
    ]


TEST = """\
  - name: {name}
    rule: {rule}
    given:
      customers: [{given}]
    expect: {{{expect}}}
"""


def one(rule: str, given: str, expect: str, name: str = "t") -> str:
    """A unit test in YAML."""
    return TEST.format(rule=rule, given=given, expect=expect, name=name)


def test_flags_are_compared(project: Small) -> None:
    rows = "{id: 1, email: a@example.com}, {id: 2, email: a@@b}, {id: 3}"
    good = one("customers.email.email", rows, "flags: [{key: 2, value: a@@b}]")
    assert run(project, good).exit_code == 0
    assert said(project, one("customers.email.email", rows, "flags: []")) == [
        "unexpected flag: rule 'customers.email.email', key '2', column 'email', value 'a@@b', "
        "state 'failed', records '1'"
    ]
    assert said(project, one("customers.email.email", rows, "flags: [{key: 2}, {key: 3}]")) == [
        "missing flag: key '3'"
    ]
    assert said(project, one("customers.email.email", rows, "flags: [{key: 2, value: x}]")) == [
        "different flag: key '2'; value should be 'x', is 'a@@b'"
    ]


def test_changes_are_compared(project: Small) -> None:
    rows = "{id: 1, status: Active}, {id: 2, status: active}, {id: 3, status: n/a}"
    good = "changes: [{key: 1, old: Active, new: active, act: standardise}]"
    assert run(project, one("status_form", rows, good)).exit_code == 0
    assert said(project, one("status_form", rows, "changes: [{key: 1, new: ACTIVE}]")) == [
        "different change: key '1'; new should be 'ACTIVE', is 'active'"
    ]


def test_defaults_and_missing_tokens_run_before_validation(project: Small) -> None:
    rows = "{id: 1, status: ACTIVE}, {id: 2, status: Activ}, {id: 3, status: n/a}"
    expect = "flags: [{key: 2, value: activ, suggestion: active}]"
    assert run(project, one("customers.status.accepted_values", rows, expect)).exit_code == 0
    rows = "{id: 1, email: n/a}, {id: 2}, {id: 3, email: x}"
    expect = "flags: [{key: 1}, {key: 2}]"
    assert run(project, one("customers.email.not_null", rows, expect)).exit_code == 0


def test_a_file_is_read_as_the_file_says(project: Small) -> None:
    project.swap(
        "models/customers.yml",
        (
            "file: data/customers.csv",
            "file: {path: data/customers.csv, dates: DD.MM.YYYY, decimal: ','}",
        ),
    )
    rows = "{id: 1, born: 24.12.1990, credit: '1.200,50'}, {id: 2, born: 31.02.1990, credit: 'x'}"
    text = one("customers.born.readable", rows, "flags: [{key: 2, value: 31.02.1990}]", "a")
    text += one("customers.credit.readable", rows, "flags: [{key: 2}]", "b")
    text += one("credit_low", rows, "flags: [{key: 1, value: '1200.5'}]", "c")
    assert said(project, text) == []


def test_the_rows_of_a_seed_are_those_of_the_test(project: Small) -> None:
    project.swap("models/customers.yml", ("notes: omit", "notes: plain"))
    project.write(
        {
            "seeds/countries.csv": "name,code\nGermany,DE\n",
            "rules/codes.yml": "dataset: customers\ndefaults:\n  - {id: code, column: notes, "
            "map: {seed: countries, from: name, to: code}}\n",
        }
    )

    def code(name: str, country: str, expect: str, more: str = "") -> str:
        text = one("code", f"{{id: 1, notes: {country}}}", f"changes: [{expect}]", name)
        return text.replace("    expect", f"{more}    expect")

    given = "      countries: [{name: France, code: FR}]\n"
    text = code("before", "Germany", "{key: 1, new: DE}")
    text += code("given", "France", "{key: 1, new: FR}", given)
    text += code("other", "France", "{key: 1, new: FX}", given.replace("FR", "FX"))
    text += code("after", "France", "")
    assert said(project, text) == []


def test_set_rules_and_counts(project: Small) -> None:
    project.swap("rules/customers.yml", ("checks: [not_null, email]", "checks: [email, unique]"))
    rows = "{id: 1, email: a}, {id: 2, email: a}, {id: 2, email: a}, {id: 3, email: b}"
    expect = "flags: [{key: 2, records: 2}, {key: 1}]"
    assert said(project, one("customers.email.unique", rows, expect)) == []


def test_keys_are_told_apart(project: Small) -> None:
    text = "".join(
        one(
            "customers.email.email",
            f"{{id: '{key}', email: x}}",
            f"flags: [{{key: '{key}'}}]",
            name=f"t{i}",
        )
        for i, key in enumerate(("a/b", "a\\\\b", "1", "", "0/", "é"))
    )
    text = text.replace("\\\\", "\\")
    assert said(project, text) == []


def test_tables_and_models_need_no_warehouse(project: Small) -> None:
    project.write(
        {
            "models/orders.yml": "datasets:\n  - name: orders\n    table: raw.orders\n    key: no\n"
            "    columns: {amount: decimal}\n",
            "models/totals.sql": "select customer, sum(amount) as total from {{ ref('orders') }} "
            "group by customer",
            "models/totals.yml": "datasets: [{name: totals, key: customer}]\n",
            "rules/totals.yml": "dataset: totals\nvalidation:\n  - {id: big, check: expression, "
            'must: "total < 100"}\n',
        }
    )
    given = (
        "    given: {orders: [{no: 1, customer: a, amount: 60}, {no: 2, customer: a, amount: "
        "60}, {no: 3, customer: b, amount: 5}]}\n"
    )
    built = f"  - name: built\n    rule: big\n{given}    expect: {{flags: [{{key: a}}]}}\n"
    direct = (
        "  - name: direct\n    rule: big\n    given: {totals: [{customer: c, total: 500}]}\n"
        "    expect: {flags: [{key: c}]}\n"
    )
    assert said(project, built + direct) == []


def test_as_of(project: Small) -> None:
    project.swap("rules/customers.yml", ("must: credit <= 500", "must: born <= as_of"))
    text = one("credit_low", "{id: 1, born: 2026-01-02}", "flags: [{key: 1}]")
    assert said(project, text + "    as_of: 2026-01-01\n") == []
    assert said(project, text + "    as_of: 2026-01-02\n") == ["missing flag: key '1'"]
    assert "CDMQ520 as_of: 'soon' is no time" in said(project, text + "    as_of: soon\n")[0]


@pytest.mark.parametrize(
    ("rule", "given", "expect", "message"),
    [
        (
            "credit_low",
            "{id: 1, credt: 5}",
            "flags: []",
            "CDMQ521 given customers: the dataset has no column 'credt'; did you mean 'credit'?",
        ),
        ("credit_low", "{id: 1}", "flags: [{id: 1}]", "CDMQ524 expect: flags have no 'id'"),
        ("credit_low", "{id: 1}", "changes: []", "CDMQ525 the unit test t expects nothing"),
        ("status_form", "{id: 1}", "flags: []", "add expect: {changes: []}"),
        ("credit_low", "{id: 1}", "", "CDMQ525"),
    ],
)
def test_mistakes_in_a_test_are_told(
    project: Small, rule: str, given: str, expect: str, message: str
) -> None:
    text = one(rule, given, expect) + one("credit_low", "{id: 1}", "flags: []", "other")
    done = run(project, text)
    assert message in done.results[0].message
    assert [r.status for r in done.results] == ["error", "pass"]
    assert done.exit_code == 2
    assert done.results[0].span == Span("unit_tests/tests.yml", 3, 5)


def test_a_rule_that_cannot_be_compiled_errs_alone(project: Small) -> None:
    project.swap("rules/customers.yml", ("must: credit <= 500", "must: crdit <= 500"))
    text = one("credit_low", "{id: 1}", "flags: []", "a")
    text += one("customers.email.email", "{id: 1, email: x}", "flags: [{key: 1}]", "b")
    done = run(project, text)
    assert [r.status for r in done.results] == ["error", "pass"]
    assert "CDMQ312" in done.results[0].message


def test_disabled_rules_are_skipped(project: Small) -> None:
    project.swap(
        "rules/customers.yml", ("must: credit <= 500", "must: credit <= 500\n    enabled: false")
    )
    done = run(project, one("credit_low", "{id: 1}", "flags: []"))
    assert [(r.status, r.message) for r in done.results] == [
        ("skipped", "the rule credit_low is disabled")
    ]
    assert done.exit_code == 0


def test_selection(project: Small) -> None:
    text = (
        one("credit_low", "{id: 1}", "flags: []", "low")
        + one("status_form", "{id: 1}", "changes: []", "form")
        + one("customers.email.email", "{id: 1}", "flags: []", "mail")
    )

    def names(select: str) -> list[str]:
        return [r.test.name for r in run(project, text, select=select).results]

    assert names("low") == ["low"]
    assert names("l* mail") == ["low", "mail"]
    assert names("kind:defaults") == ["form"]
    assert names("column:email form") == ["form", "mail"]
    with pytest.raises(CdmqError, match="CDMQ522"):
        names("customers.email.not_null")
    with pytest.raises(CdmqError, match="did you mean 'credit_low'"):
        names("credit_lo")


def test_the_command(project: Small) -> None:
    text = one("credit_low", "{id: 1, credit: 900}", "flags: [{key: 1}]", "good")
    text += one("credit_low", "{id: 1, credit: 900}", "flags: []", "bad")
    project.write({"unit_tests/t.yml": "unit_tests:\n" + text})
    told = project.told("unit-test", "--coverage")
    lines = told.out.splitlines()
    assert told.code == 1
    assert lines[0] == "pass     good"
    assert lines[1] == "fail     bad  (credit_low)  unit_tests/t.yml:7"
    assert lines[2].startswith("         unexpected flag: rule 'credit_low', key '1'")
    assert lines[3].startswith("2 unit tests: 1 passed, 1 failed (")
    assert lines[4] == "Rules without a unit test (4):"
    assert lines[5].strip().startswith("status_form  rules/customers.yml:")
    assert project.told("unit-test", "-s", "good").code == 0
    assert "good" not in project.told("unit-test", "-q").out
    assert not (project.root / "target").exists()


def test_no_tests_at_all(project: Small) -> None:
    told = project.told("unit-test")
    assert (told.code, told.out[:23]) == (0, "0 unit tests: 0 passed ")


@pytest.mark.projects
def test_the_reference_project_passes_and_covers_every_rule() -> None:
    done = unit_test(ROOT)
    assert [
        (r.test.name, [*map(str, r.differences), r.message])
        for r in done.results
        if r.status != "pass"
    ] == []
    assert done.uncovered == ()


def test_hundreds_of_tests_in_a_few_seconds(project: Small) -> None:
    text = "".join(
        one(
            "credit_low",
            f"{{id: {i}, credit: {i}}}, {{id: x, credit: 1}}",
            f"flags: [{'' if i <= 500 else f'{{key: {i}}}'}]",
            f"t{i}",
        )
        for i in range(300, 700)
    )
    started = time.process_time()
    done = run(project, text)
    assert {r.status for r in done.results} == {"pass"}
    assert len(done.results) == 400
    assert time.process_time() - started < 5
