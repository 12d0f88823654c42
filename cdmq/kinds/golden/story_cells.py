"""The cells of golden records: what stands in each, where it came from, what it stood against."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cdmq.audit.reading import Row, same
from cdmq.audit.record_values import values_of
from cdmq.audit.telling import Telling, When, still
from cdmq.kinds import kinds
from cdmq.kinds.golden.tables import GOLDEN_CELLS
from cdmq.kinds.golden.words import GoldenRule
from cdmq.sql import nodes
from cdmq.sql.pii import hides_key, masked

#: In a larger party the records that lost are not told apart.
_MOST = 1000
Role = Literal["won", "agreed", "lost", "empty"]


@dataclass(frozen=True)
class Loser:
    """A value that did not become the golden one, with one of the records that have it."""

    key: str
    value: str | None


@dataclass(frozen=True)
class Cell:
    """A golden cell. `value` and the losers by pii; `own`: what the record asked for has there."""

    column: str
    value: str | None
    winner: str
    because: str
    losers: tuple[Loser, ...]
    since: When
    role: Role = "empty"
    own: str | None = None


@dataclass(frozen=True)
class Golden:
    """The cells of one golden record."""

    rule: str
    dataset: str
    party: str
    cells: tuple[Cell, ...]


def _rules_over(telling: Telling, matched_by: str) -> dict[str, str]:
    """The golden rules of today over a matching rule -> the dataset that each makes."""
    return {
        r.id: r.spec.into
        for r in telling.project.rules.values()
        if isinstance(r.spec, GoldenRule) and r.spec.matched_by == telling.now(matched_by)
    }


def golden(
    telling: Telling, matched_by: str, party: str, dataset: str, key: str | None = None
) -> list[Golden]:
    """The golden records of a party. `key`: what one of its records of `dataset` has there."""
    found = []
    for rule, into in _rules_over(telling, matched_by).items():
        rows = telling.rows(GOLDEN_CELLS, nodes.every([same("party_id", party), still()]))
        own = [r for r in rows if telling.now(r["rule_id"]) == rule]
        if own:
            found.append(
                Golden(rule, into, party, _cells(telling, own, matched_by, dataset, into, key))
            )
    return found


def _cells(
    telling: Telling,
    rows: Sequence[Row],
    matched_by: str,
    dataset: str,
    into: str,
    key: str | None,
) -> tuple[Cell, ...]:
    columns = telling.audit.warehouse.columns(telling.output(into)) or {}
    place = {c: i for i, c in enumerate(columns)}
    party = rows[0]["party_id"]
    keys = _keys(telling, matched_by, party)
    best = values_of(telling, telling.output(into), into, party)
    mine = values_of(telling, telling.output(f"{dataset}__clean"), dataset, key) if key else {}
    found = []
    for row in sorted(
        rows, key=lambda r: (place.get(r["column_name"], len(place)), r["column_name"])
    ):
        column = row["column_name"]
        role, own = _role(telling, dataset, row, key, best, mine) if key else ("empty", None)
        # What pii: hides is hidden in the audit tables too: all of it is in the dataset alone.
        told = best.get(column, row["value"]) if telling.unmask else row["value"]
        found.append(
            Cell(
                column,
                telling.shown(into, column, told),
                telling.shown_key(dataset, row["winner"]),
                row["because"],
                _losers(telling, row["losers"], keys, dataset, column),
                telling.when(row["from_run"]),
                role,
                telling.shown(dataset, column, own),
            )
        )
    return tuple(found)


def _role(
    telling: Telling,
    dataset: str,
    row: Row,
    key: str,
    best: Mapping[str, str | None],
    mine: Mapping[str, str | None],
) -> tuple[Role, str | None]:
    """What became of a record's own value, and the value."""
    column = row["column_name"]
    own = mine.get(column)
    spec = telling.project.datasets[dataset].spec
    same_value = own is not None and own == best.get(column, row["value"])
    # An older cdmq kept masked keys here: by one the value decides.
    if row["winner"] == key or (hides_key(spec) and row["winner"] == masked(key) and same_value):
        return "won", own
    if own is None:
        return "empty", None
    return ("agreed" if same_value else "lost"), own


def _keys(telling: Telling, matched_by: str, party: str) -> list[str]:
    """The members' keys, the longest first; none of a party with very many."""
    kind = kinds()[telling.project.rules[telling.now(matched_by)].kind]
    found = kind.tells.members(matched_by, party, telling, _MOST)
    return sorted(found, key=len, reverse=True) if len(found) < _MOST else []


def _losers(
    telling: Telling, told: str | None, keys: Iterable[str], dataset: str, column: str
) -> tuple[Loser, ...]:
    """The losers of a cell, which stand in one text: `key: value; key: value`."""
    if not told:
        return ()
    spec = telling.project.datasets[dataset].spec
    known = {*keys, *(masked(k) for k in keys if hides_key(spec))}
    marks = "|".join(re.escape(k) for k in sorted(known, key=len, reverse=True))
    parts = re.split(rf"(?:^|; )({marks}): ", told, flags=re.DOTALL) if marks else []
    if len(parts) < 3 or parts[0]:
        whole = telling.shown(dataset, column, told)
        return (Loser("others", whole),)
    return tuple(
        Loser(telling.shown_key(dataset, k), telling.shown(dataset, column, v))
        for k, v in zip(parts[1::2], parts[2::2], strict=True)
    )
