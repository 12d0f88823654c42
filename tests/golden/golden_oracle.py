"""What golden records are, in plain Python: slow, and easy to believe."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from golden_engines import TODAY, Case

Row = Mapping[str, Any]
NO, YES = {"no", "false"}, {"yes", "true"}


def in_time(moment: Any) -> Any:
    """A date; None where it is to come, or an end of time."""
    if moment is None:
        return None
    at = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)
    zeros = (datetime(1970, 1, 1),)
    return moment if datetime(1900, 1, 1) < at <= TODAY and at not in zeros else None


def strict(value: Any) -> int:
    if value is None:
        return 3
    said = text(value).lower().strip()
    return 0 if said in NO else 2 if said in YES else 1


def text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, (datetime, date)):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return str(value)


def key_of(case: Case, row: Row) -> str:
    parts = [row[k] for k in case.dataset.key]
    if None in parts or not parts:
        whole = "".join(("\x01" if row[c] is None else text(row[c])) + "\x02" for c in case.columns)
        return "no key: " + hashlib.md5(whole.encode()).hexdigest()
    if len(parts) == 1:
        return text(parts[0])
    return "/".join(text(p).replace("\\", "\\\\").replace("/", "\\/") for p in parts)


class Oracle:
    """The golden records of some rows. `parties`: key text -> party."""

    def __init__(self, case: Case, rows: Sequence[Row], parties: Mapping[str, str]) -> None:
        self.case, self.spec, self.of = case, case.spec, case.dataset.spec
        self.members: dict[str, list[Row]] = {}
        for row in rows:
            self.members.setdefault(parties[key_of(case, row)], []).append(row)
        gone = {*self.of.key, *self.of.verified_at.values(), self.of.changed_at}
        if self.of.stack:
            gone.add("source")
        self.picked = [c for c in case.columns if c not in gone]
        grouped = {c: tuple(g) for g in self.spec.together.values() for c in g}
        self.unit = {c: grouped.get(c, (c,)) for c in self.picked}

    def golden(self) -> dict[str, dict[str, Any]]:
        return {p: self._record(p, rows) for p, rows in self.members.items()}

    def _record(self, party: str, rows: list[Row]) -> dict[str, Any]:
        found: dict[str, Any] = {"party_id": party}
        for column in self.picked:
            order = self.ranked(rows, column)
            found[column] = order[0][column] if order else None
        if self.of.changed_at:
            found[self.of.changed_at] = max(
                (r[self.of.changed_at] for r in rows if in_time(r[self.of.changed_at]) is not None),
                default=None,
            )
        found["records"] = len({key_of(self.case, r) for r in rows})
        for column, proof in self.of.verified_at.items():
            found[f"{column}__verified_at"] = max(
                (
                    r[proof]
                    for r in rows
                    if self._own(r, column)
                    and in_time(r[proof]) is not None
                    and r[column] == found[column]
                ),
                default=None,
            )
        return {c: found[c] for c in self.case.result_columns}

    def cells(self) -> dict[tuple[str, str], dict[str, Any]]:
        found = {}
        for party, rows in self.members.items():
            for column in self.picked:
                order = self.ranked(rows, column)
                if order and order[0][column] is not None:
                    found[party, column] = self._cell(column, order, rows)
        return found

    def _cell(self, column: str, order: list[Row], rows: list[Row]) -> dict[str, Any]:
        best = order[0]
        others = [r for r in order if r[column] is not None and r[column] != best[column]]
        because = "only value"
        if others:
            because = next((w for w, c in self._steps(column, rows) if c(best, others[0])), "key")
        lost: dict[str, str] = {}
        for row in others:
            key, value = key_of(self.case, row), text(row[column])
            lost[value] = min(key, lost.get(value, key))
        losers = sorted(f"{k}: {v}" for v, k in lost.items())
        return {
            "value": text(best[column]),
            "digest": None,
            "winner": key_of(self.case, best),
            "because": because,
            "losers": "; ".join(losers) if losers else None,
        }

    def ranked(self, rows: list[Row], column: str) -> list[Row]:
        """The records that have a value of the column's unit, the best first."""
        there = [r for r in rows if any(r[c] is not None for c in self.unit[column])]
        steps = [c for _, c in self._steps(column, rows)]

        def compare(a: Row, b: Row) -> int:
            for step in steps:
                if found := step(a, b):
                    return found
            key_a, key_b = key_of(self.case, a), key_of(self.case, b)
            if key_a == key_b:  # a key that stands twice: by the digest of the record
                key_a, key_b = self._digest(a), self._digest(b)
            return (key_a > key_b) - (key_a < key_b)

        return sorted(there, key=cmp_to_key(compare))

    def _digest(self, row: Row) -> str:
        whole = "".join(
            ("\x01" if row[c] is None else text(row[c])) + "\x02" for c in self.case.columns
        )
        return hashlib.md5(whole.encode()).hexdigest()

    def _own(self, row: Row, column: str) -> bool:
        if row[column] is None:
            return False
        borrowable = self.case.borrowable
        return column not in borrowable or not row["__borrowed"] >> borrowable.index(column) & 1

    def _steps(self, column: str, rows: list[Row]) -> list[tuple[str, Callable[[Row, Row], int]]]:
        """(word, a comparison that is negative where the first is better)."""
        unit = self.unit[column]
        group = len(unit) > 1
        steps: list[tuple[str, Callable[[Row, Row], int]]] = [
            ("valid", _down(lambda r: self._valid(r, unit))),
            ("own value", _down(lambda r: any(self._own(r, c) for c in unit))),
        ]
        if group:
            steps.append(
                ("fuller", _down(lambda r: 2 * sum(r[c] is not None for c in unit) >= len(unit)))
            )
        words = self.spec.columns.get(column, self.spec.pick)
        picked = [(w, self._step(w, unit, group, rows)) for w in words]
        first = int(words[0] == "strictest")
        return [*picked[:first], *steps, *picked[first:]]

    def _valid(self, row: Row, unit: tuple[str, ...]) -> bool:
        if not set(unit) & set(self.case.flagged):
            return True
        flags = self.case.flags.get(key_of(self.case, row), frozenset())
        full = len(unit) < 3 or 2 * sum(row[c] is not None for c in unit) >= len(unit)
        return full and not flags & set(unit)

    def _step(
        self, word: str, unit: tuple[str, ...], group: bool, rows: list[Row]
    ) -> Callable[[Row, Row], int]:
        changed = self.of.changed_at
        trust = self.spec.trust or []
        counted = unit if group else tuple(self.case.columns)

        def verified(r: Row) -> Any:
            proofs = [
                in_time(r[self.of.verified_at[c]])
                for c in unit
                if c in self.of.verified_at and self._own(r, c)
            ]
            proofs = [
                datetime(p.year, p.month, p.day) if not isinstance(p, datetime) else p
                for p in proofs
                if p is not None
            ]
            return max(proofs, default=None)

        def held(r: Row) -> int:
            return len(
                {
                    key_of(self.case, o)
                    for o in rows
                    if all(o[c] == r[c] and self._own(o, c) == self._own(r, c) for c in unit)
                }
            )

        def length(r: Row) -> int:
            return sum(len(text(r[c])) for c in unit if r[c] is not None)

        return {
            "trusted": _up(
                lambda r: trust.index(r["source"]) if r["source"] in trust else len(trust)
            ),
            "newest": _down(lambda r: in_time(r[str(changed)])),
            "oldest": _up(lambda r: in_time(r[str(changed)])),
            "verified": _down(verified),
            "most_complete": _down(
                lambda r: (
                    sum(r[c] is not None for c in counted),
                    sum(r[c] is not None for c in self.case.columns),
                )
            ),
            "most_common": _down(held),
            "longest": _down(length),
            "shortest": _up(length),
            "largest": _each(_down, unit),
            "smallest": _each(_up, unit),
            "strictest": _up(lambda r: min(strict(r[c]) for c in said))
            if (said := [c for c in unit if self.case.columns[c] in ("text", "boolean")])
            else _each(_up, unit),
        }[word]


def _up(of: Callable[[Row], Any]) -> Callable[[Row, Row], int]:
    """The smaller is better; None comes last."""

    def compare(a: Row, b: Row) -> int:
        x, y = of(a), of(b)
        if x is None or y is None:
            return (x is None) - (y is None)
        return (x > y) - (x < y)

    return compare


def _down(of: Callable[[Row], Any]) -> Callable[[Row, Row], int]:
    def compare(a: Row, b: Row) -> int:
        x, y = of(a), of(b)
        if x is None or y is None:
            return (x is None) - (y is None)
        return (x < y) - (x > y)

    return compare


def _each(
    way: Callable[..., Callable[[Row, Row], int]], unit: tuple[str, ...]
) -> Callable[[Row, Row], int]:
    steps = [way(lambda r, c=c: r[c]) for c in unit]
    return lambda a, b: next((f for s in steps if (f := s(a, b))), 0)
