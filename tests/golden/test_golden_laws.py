"""Any rows, any golden rule: the same records and cells as plain Python finds, on both engines."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args

import pytest
from depth import depth
from golden_engines import Case, Engine, make_dataset, make_rule
from golden_oracle import Oracle, key_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdmq.kinds.golden.records import golden_problems
from cdmq.kinds.golden.words import Pick
from cdmq.sql.types import Type

COLUMNS: dict[str, Type] = {
    "source": "text",
    "id": "text",
    "email": "text",
    "a b": "text",
    'a"b': "integer",
    "select": "decimal",
    "city": "text",
    "Score": "double",
    "ok": "boolean",
    "day": "date",
    "changed": "timestamp",
    "email_v": "date",
    "day_v": "timestamp",
}
VALUES: dict[str, Any] = {
    "text": st.sampled_from(
        ["", "a", "B", "ä", "zz", "no", "YES", "\N{GRINNING FACE}", "a/b", "it's"]
    ),
    "integer": st.integers(-2, 12),
    "decimal": st.sampled_from([Decimal("1.50"), Decimal("-2.00"), Decimal("10.00")]),
    "double": st.sampled_from([1.5, -0.25, 3.0, 20.0]),
    "boolean": st.booleans(),
    "date": st.dates(date(2024, 1, 1), date(2024, 1, 4))
    | st.sampled_from([date(9999, 12, 31), date(2024, 12, 31), date(2025, 1, 1)]),
    "timestamp": st.datetimes(datetime(2024, 1, 1), datetime(2024, 1, 1, 0, 0, 3)).map(
        lambda t: t.replace(microsecond=0)
    )
    | st.sampled_from(
        [
            datetime(2024, 12, 31, 0, 0, 3),
            datetime(1, 1, 1),
            datetime(1900, 1, 1),
            datetime(1970, 1, 1),
        ]
    ),
}
OWN = {
    "source": st.sampled_from(["crm", "shop", "x/y", None]),
    "id": st.sampled_from(["1", "2", "3/4", "\\", None]),
}
WORDS = st.lists(st.sampled_from(get_args(Pick)), min_size=1, max_size=4, unique=True)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    free = ["email", "a b", 'a"b', "select", "city", "Score", "ok", "day"]
    shuffled = draw(st.permutations(free))
    sizes = draw(st.sampled_from([(), (2,), (3,), (4, 2)]))
    together, at = {}, 0
    for i, size in enumerate(sizes):
        together[f"g{i}"] = shuffled[at : at + size]
        at += size
    alone = shuffled[at:]
    verified = {"email": "email_v", "day": "day_v"} if draw(st.booleans()) else {}

    def words(column: str | None) -> list[str]:
        found = draw(WORDS)
        known = verified and (column is None or column in verified)
        sized = column is not None and COLUMNS[column] != "text"
        return [
            w
            for w in found
            if (w != "verified" or known) and (w not in ("largest", "smallest") or sized)
        ] or ["longest"]

    own = {c: words(c) for c in alone[: draw(st.integers(0, 4))]}
    pick = words(None)
    trusted = any("trusted" in w for w in [pick, *own.values()])
    stacked = draw(st.booleans())
    dataset = make_dataset(
        key=["source", "id"],
        changed_at="changed",
        verified_at=verified,
        **({"stack": {"crm": "c", "shop": "s", "x/y": "x"}} if stacked else {"table": "d"}),
    )
    rule = make_rule(
        pick=pick,
        columns=own,
        together=together,
        trust=draw(st.sampled_from([["shop"], ["x/y", "crm"]])) if trusted else None,
    )
    return Case(
        rule,
        dataset,
        COLUMNS,
        draw(st.sampled_from([(), ("city", "email")])),
        draw(st.sampled_from([(), ("email", "city"), ("select",)])),
    )


@st.composite
def tables(draw: st.DrawFn, case: Case) -> tuple[list[Mapping[str, Any]], dict[str, str]]:
    cells = {c: OWN[c] if c in OWN else st.none() | VALUES[t] for c, t in COLUMNS.items()}
    if case.borrowable:
        cells["__borrowed"] = st.integers(0, 3)
    rows: list[Mapping[str, Any]] = draw(st.lists(st.fixed_dictionaries(cells), max_size=14))
    keys = sorted({key_of(case, r) for r in rows})
    names = draw(
        st.lists(st.sampled_from(["p1", "P2", "p3"]), min_size=len(keys), max_size=len(keys))
    )
    return rows, dict(zip(keys, names, strict=True))


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
@settings(
    max_examples=depth(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_golden_is_what_python_finds(
    data: st.DataObject, engine: str, engines: dict[str, Engine]
) -> None:
    case = data.draw(cases())
    assert golden_problems(case.rule, case.dataset, case.columns) == []
    rows, parties = data.draw(tables(case))
    if case.flagged:
        some = st.frozensets(st.sampled_from(case.flagged), min_size=1)
        flags = st.dictionaries(st.sampled_from(sorted(parties)), some) if parties else st.just({})
        case = replace(case, flags=data.draw(flags))
    oracle = Oracle(case, rows, parties)
    run = engines[engine]
    random.Random(len(rows)).shuffle(rows)
    run.load(case, rows, parties)
    assert run.golden(case) == oracle.golden()
    assert run.cells(case) == oracle.cells()
