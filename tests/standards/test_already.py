"""`already` may spare only values that `tidy` would give back as they are."""

from __future__ import annotations

import duckdb
import pytest
from depth import depth
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from cdmq.standards import FORMS

SPARING = [name for name in FORMS if hasattr(FORMS[name], "already")]
PARTS = st.sampled_from(
    [
        "anna",
        "Anna",
        "ANNA",
        "McDonald",
        "mcdonald",
        "de",
        "Van",
        "O'Brien",
        "Müller",
        "é",
        "ß",
        " ",
        "  ",
        "\u00a0",
        "\u200b",
        ".",
        "..",
        "-",
        "@",
        "example",
        ".com",
        ".c",
        "_",
        "+",
        "1",
        "x" * 70,
        "<",
        ">",
        "mailto:",
        "\t",
        "\n",
    ]
)
TEXTS = st.one_of(st.lists(PARTS, max_size=7).map("".join), st.text(max_size=12))


def test_some_forms_spare_work() -> None:
    assert {"email", "whitespace", "name"} <= set(SPARING)


@pytest.mark.parametrize("form", SPARING)
@settings(max_examples=depth(15), deadline=None)
@given(values=st.lists(TEXTS, min_size=30, max_size=120))
def test_spared_values_have_their_form(form: str, values: list[str]) -> None:
    value = exp.column("v", quoted=True)
    tidy = FORMS[form].tidy(value, {}, "duckdb", "t").value.sql("duckdb")
    already = FORMS[form].already(value, "duckdb").sql("duckdb")
    query = f"SELECT v, {tidy} FROM (SELECT unnest($1::VARCHAR[]) AS v) WHERE {already}"
    kept = [v.replace("\0", "") for v in values]
    wrong = [row for row in duckdb.execute(query, [kept]).fetchall() if row[0] != row[1]]
    assert not wrong
