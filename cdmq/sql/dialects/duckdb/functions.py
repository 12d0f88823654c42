"""How the functions that rules may call are written for DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.sql.dialects.duckdb.texts import PATTERNS
from cdmq.sql.functions.build import call, cast, text, this_named, try_cast, when
from cdmq.sql.functions.dates import date_text, in_range
from cdmq.sql.functions.regex import written
from cdmq.sql.types import Type

if TYPE_CHECKING:
    from cdmq.sql.functions import Render


def _abs(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call("abs", cast(args[0], "HUGEINT") if types[0] == "integer" else args[0])


def _make_date(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return when(in_range(args), try_cast(date_text(args), "DATE"))


def _searching(name: str, groups: bool) -> Render:
    def render(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
        pattern = text(written(args[1].name, PATTERNS.anchors, groups))
        return call(name, args[0], pattern, *args[2:])

    return render


#: DuckDB's own, by the names that rules call them.
_OWN = (
    "coalesce",
    "concat",
    "contains",
    "date_diff",
    "date_sub",
    "day",
    "dayofweek",
    "dayofyear",
    "ends_with",
    "greatest",
    "hour",
    "isodow",
    "least",
    "left",
    "length",
    "lower",
    "lpad",
    "ltrim",
    "minute",
    "month",
    "nullif",
    "quarter",
    "replace",
    "right",
    "rpad",
    "rtrim",
    "second",
    "split_part",
    "starts_with",
    "strpos",
    "substring",
    "trim",
    "upper",
    "week",
    "year",
)
FUNCTIONS: Mapping[str, Render] = {
    **{name: this_named(name) for name in _OWN},
    "abs": _abs,
    "make_date": _make_date,
    "regexp_extract": _searching("regexp_extract", groups=True),
    "regexp_full_match": _searching("regexp_full_match", groups=False),
    "regexp_matches": _searching("regexp_matches", groups=False),
    "regexp_replace": _searching("regexp_replace", groups=True),
}
