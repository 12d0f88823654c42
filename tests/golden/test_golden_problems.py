"""What is told of a golden rule that does not fit its dataset, and the columns that it makes."""

from __future__ import annotations

from typing import Any

import pytest
from golden_engines import make_dataset, make_rule

from cdmq.kinds.golden.columns import columns as golden_columns
from cdmq.kinds.golden.records import golden_problems
from cdmq.problems import Span
from cdmq.sql.types import Type

COLUMNS: dict[str, Type] = {
    "source": "text",
    "id": "text",
    "email": "text",
    "phone": "text",
    "street": "text",
    "city": "text",
    "Records": "integer",
    "changed": "timestamp",
    "email_v": "date",
    "typed_in": "text",
}
STACK = {
    "stack": {"crm": "c", "shop": "s"},
    "key": ["source", "id"],
    "changed_at": "changed",
    "verified_at": {"email": "email_v"},
}
WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "unknown column": (
        STACK,
        {"columns": {"emial": "longest"}},
        "CDMQ203 d has no column 'emial' (rule g); did you mean 'email'?",
    ),
    "unknown in a group": (
        STACK,
        {"together": {"a": ["street", "citi"]}},
        "CDMQ203 d has no column 'citi' (rule g); did you mean 'city'?",
    ),
    "key": (
        STACK,
        {"together": {"a": ["id", "city"]}},
        "CDMQ240 'id' is part of the key, which names a record and not a party: there is "
        "nothing to pick (rule g); take it out of together",
    ),
    "label": (
        {**STACK, "key": ["id"]},
        {"columns": {"source": "longest"}},
        "CDMQ240 'source' is the label of a record's source: there is nothing to pick "
        "(rule g); take it out of columns",
    ),
    "changed_at": (
        STACK,
        {"columns": {"changed": "largest"}},
        "CDMQ240 'changed' is changed_at, of which the newest is taken: there is "
        "nothing to pick (rule g); take it out of columns",
    ),
    "verified_at": (
        STACK,
        {"columns": {"email_v": "largest"}},
        "CDMQ240 'email_v' is a verified_at, and becomes <column>__verified_at: there "
        "is nothing to pick (rule g); take it out of columns",
    ),
    "twice": (
        STACK,
        {"columns": {"email": "largest", "EMAIL": "longest"}},
        "CDMQ240 'EMAIL' and 'email' are one column (rule g); keep one of them",
    ),
    "unknown label": (
        STACK,
        {"pick": "trusted", "trust": ["crm", "shpo"]},
        "CDMQ241 the stack d has no source 'shpo' (rule g); did you mean 'shop'?",
    ),
    "no dates": (
        {**STACK, "changed_at": None},
        {"pick": ["longest", "newest"]},
        "CDMQ242 newest needs to know when a record was changed, and d has no changed_at "
        "(rule g); add changed_at to the dataset, or take another word",
    ),
    "dates as text": (
        {**STACK, "changed_at": "typed_in"},
        {"pick": "oldest"},
        "CDMQ217 oldest goes by typed_in, which is text, not a date (rule g); "
        "declare it: columns: {typed_in: timestamp}",
    ),
    "never verified": (
        STACK,
        {"columns": {"phone": "verified"}},
        "CDMQ243 d does not say when phone was verified (rule g); add to the "
        "dataset: verified_at: {phone: ...}",
    ),
    "nothing verified": (
        {**STACK, "verified_at": {}},
        {"pick": "verified"},
        "CDMQ243 d has no verified_at (rule g); add verified_at to the dataset, "
        "or take another word",
    ),
    "proof as text": (
        {**STACK, "verified_at": {"email": "typed_in"}},
        {"pick": "verified"},
        "CDMQ217 verified goes by typed_in, which is text, not a date (rule g); "
        "declare it: columns: {typed_in: date}",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_told(name: str) -> None:
    declared, fields, expected = WRONG[name]
    found = golden_problems(make_rule(**fields), make_dataset(**declared), COLUMNS)
    assert [str(p) for p in found] == [f"rules/d.yml:4:5: {expected}"]


def test_a_dataset_of_one_source_trusts_nobody() -> None:
    rule, dataset = make_rule(pick="trusted", trust=["crm"]), make_dataset(table="d", key=["id"])
    columns: dict[str, Type] = {"id": "text", "email": "text"}
    assert [p.code for p in golden_problems(rule, dataset, columns)] == ["CDMQ241"]
    assert golden_problems(rule, dataset, {**columns, "source": "text"}) == []


@pytest.mark.parametrize("name", ["party_id", "Email__Verified_at"])
def test_golden_names_are_taken(name: str) -> None:
    found = golden_problems(make_rule(), make_dataset(**STACK), {**COLUMNS, name: "text"})
    assert [p.code for p in found] == ["CDMQ244"]


def test_a_problem_stands_at_its_field() -> None:
    at, group = Span("rules/d.yml", 7, 9), Span("rules/d.yml", 8, 9)
    rule = make_rule(
        {"columns": at, "together.a": group},
        columns={"mail": "longest"},
        together={"a": ["street", "town"]},
    )
    found = golden_problems(rule, make_dataset(**STACK), COLUMNS)
    assert [p.span for p in found] == [at, group]


def test_names_count_without_case_if_one_fits() -> None:
    rule = make_rule(columns={"EMAIL": "verified"}, together={"a": ["Street", "CITY"]})
    assert golden_problems(rule, make_dataset(**STACK), COLUMNS) == []


def test_the_columns_of_a_golden_dataset() -> None:
    assert golden_columns(make_rule(), make_dataset(**STACK), COLUMNS) == {
        "party_id": "text",
        "email": "text",
        "phone": "text",
        "street": "text",
        "city": "text",
        "Records": "integer",
        "changed": "timestamp",
        "typed_in": "text",
        "records_of_party": "integer",
        "email__verified_at": "date",
    }


def test_golden_of_golden() -> None:
    columns = golden_columns(make_rule(), make_dataset(**STACK), COLUMNS)
    again = make_dataset(
        table="best",
        key=["party_id"],
        changed_at="changed",
        verified_at={"email": "email__verified_at"},
    )
    del columns["Records"]
    assert golden_problems(make_rule(), again, columns) == []
    assert "email__verified_at" in golden_columns(make_rule(), again, columns)
