"""Which limits `keep_unless` moves, and by which date a review is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from cdmq.kinds.tiering.history import Clocks, Review, label_of, review_at
from cdmq.kinds.tiering.levels import pieces, relaxed
from cdmq.kinds.tiering.words import TieringRule
from cdmq.sql.expressions import bind, parse
from cdmq.sql.tokens import tokens


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("a >= 50000", "a >= 45000"),
        ("a > 1.5", "a > 1.35"),
        ("a > 1.25", "a > 1.1250"),
        ("a < 500.5", "a < 550.55"),
        ("a > 0.5", "a > 0.45"),
        ("a <= 30", "a <= 33"),
        ("a < -30", "a < -27"),
        ("a >= -30", "a >= -33"),
        ("50 <= a", "45 <= a"),
        ("50 > a", "55 > a"),
        ("a + b >= 10 and c > 0", "a + b >= 9 and c > 0"),
        ("a between 10 and 20", "a between 9 and 22"),
        ("not a < 10", "not a < 9"),
        ("not (a between 10 and 20)", "not (a between 11 and 18)"),
        ("not (a >= 10 or not b >= 10)", "not (a >= 11 or not b >= 9)"),
        ("a >= 1e40", "a >= 9e+39"),
        ("a = 10", None),
        ("a <> 10 or a in (1, 2)", None),
        ("a > b", None),
        ("1 > 2", None),
        ("a is null", None),
        ("as_of >= '2026-01-01'", None),
        ("a >= 10 and b = 3 and as_of > '2026-01-01'", "a >= 9 and b = 3 and as_of > '2026-01-01'"),
    ],
)
def test_relaxed(condition: str, kept: str | None) -> None:
    found = relaxed(parse(condition), Decimal("0.1"))
    assert (found and tokens(found.tree)) == (kept and tokens(parse(kept).tree))
    if found is not None and "as_of" not in condition:
        bind(found, {"a": "decimal", "b": "integer", "c": "decimal"})


def test_relaxing_leaves_the_condition_alone() -> None:
    read = parse("a >= 10 and not b < 3")
    before = tokens(read.tree)
    relaxed(read, Decimal("0.5"))
    assert tokens(read.tree) == before


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        ("a >= 5 and B < 3", "a {a} >= 5 and B {b} < 3"),
        ('"a"+a > 2 or b is null', '"a" {a}+a > 2 or b {b} is null'),
        ("1 = 1", "1 = 1"),
        ("coalesce(a, b) > 'a' ", "coalesce(a {a}, b {b}) > 'a' "),
        ("as_of > '2026-01-01'", "as_of > '2026-01-01'"),
    ],
)
def test_pieces(condition: str, shown: str) -> None:
    bound = bind(parse(condition.replace("'a'", "1")), {"a": "integer", "b": "integer"})
    text = "".join(
        t + (f" {{{name}}}" if name else "") for t, name in pieces(bound.expression, ["a", "b"])
    )
    assert text == shown.replace("'a'", "1")


def spec(review: str | None) -> TieringRule:
    return TieringRule.model_validate(
        {
            "id": "t",
            "measures": {"n": {"from": "o", "count": "rows"}},
            "levels": [{"a": "n > 1"}, {"b": "otherwise"}],
            "review": review,
        }
    )


@pytest.mark.parametrize(
    ("review", "label"),
    [
        ("daily", "2026-11-05"),
        ("weekly", "2026-11-02"),
        ("monthly", "2026-11-01"),
        ("quarterly", "2026-10-01"),
        ("yearly", "2026-01-01"),
        (None, "2026-11-05 23:30:00"),
    ],
)
def test_label(review: str | None, label: str) -> None:
    moment = datetime(2026, 11, 5, 23, 30, tzinfo=UTC)
    assert label_of(spec(review), moment) == label
    assert label_of(spec(review), moment.replace(tzinfo=None)) == label
    ahead = moment.astimezone(timezone(timedelta(hours=2)))
    assert label_of(spec(review), ahead) == label


@pytest.mark.parametrize(
    ("review", "day", "label"),
    [
        ("yearly", "2026-03-31", "2025-04-01"),
        ("yearly", "2026-04-01", "2026-04-01"),
        ("quarterly", "2026-03-31", "2026-01-01"),
        ("quarterly", "2026-12-31", "2026-10-01"),
        ("monthly", "2026-03-31", "2026-03-01"),
    ],
)
def test_a_year_of_the_books(review: str, day: str, label: str) -> None:
    assert label_of(spec(review), datetime.fromisoformat(day), Clocks(first=4)) == label
    in_february = label_of(spec("quarterly"), datetime(2026, 1, 31), Clocks(first=2))
    assert in_february == "2025-11-01"


def test_when_a_review_is_due() -> None:
    monthly, as_of = spec("monthly"), datetime(2026, 11, 5)
    assert review_at(monthly, as_of, None) == Review("2026-11-01", "due")
    assert review_at(monthly, as_of, "2026-10-01").state == "due"
    done = review_at(monthly, as_of, "2026-11-01")
    assert (done.state, done.message) == (
        "done",
        "judged already in the monthly review of 2026-11-01",
    )
    past = review_at(monthly, as_of, "2026-12-01")
    assert (past.state, past.message) == (
        "past",
        "as_of is before the last review, 2026-12-01: the history of levels is not "
        "rewritten (was it a mistake: cdmq clean --reviews-after DAY)",
    )
    assert review_at(spec(None), as_of, "2026-11-05 00:00:00").state == "due"
    assert review_at(spec(None), as_of, "2026-11-05 00:00:01").state == "past"
