"""Expected rows against found ones: by the fields given, order-free, as a readable difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Row = Mapping[str, str | None]
What = Literal["flag", "change", "pair", "party", "cell", "level"]

#: What rows are about: two with the same here are one difference.
_ABOUT: Mapping[What, tuple[str, ...]] = {
    "flag": ("rule", "key", "column"),
    "change": ("rule", "key", "column"),
    "pair": ("a", "b"),
}


@dataclass(frozen=True)
class Difference:
    """One thing that is not as expected. `expected` or `found` is None where there is none.

    `note` says why the found is as it is, where the rule tells.
    """

    what: What
    expected: Row | None
    found: Row | None
    note: str = ""

    def __str__(self) -> str:
        return f"{self._said()} ({self.note})" if self.note else self._said()

    def _said(self) -> str:
        if self.what == "party":
            return self._party()
        if self.expected is None:
            assert self.found is not None
            return f"unexpected {self.what}: {_said(self.found)}"
        if self.found is None:
            return f"missing {self.what}: {_said(self.expected)}"
        wrong = [k for k in self.expected if self.expected[k] != self.found.get(k)]
        same = {k: v for k, v in self.expected.items() if k not in wrong}
        parts = [
            f"{k} should be {_shown(self.expected[k])}, is {_shown(self.found.get(k))}"
            for k in wrong
        ]
        return f"different {self.what}: {_said(same)}; " + "; ".join(parts)

    def _party(self) -> str:
        """Parties as they are written in `expect`."""
        expected, found = (r["party"] if r else None for r in (self.expected, self.found))
        if expected and found:
            return f"different party: should be {expected}, is {found}"
        return f"missing party: {expected}" if expected else f"unexpected party: {found}"


def differences(what: What, expected: Sequence[Row], found: Sequence[Row]) -> list[Difference]:
    """What is missing, unexpected or different; a row is used once."""
    taken = _paired(expected, found)
    missing = [e for i, e in enumerate(expected) if i not in taken.values()]
    extra = [f for j, f in enumerate(found) if j not in taken]
    return sorted(_compared(what, missing, extra), key=_order)


def _compared(what: What, missing: list[Row], extra: list[Row]) -> Iterator[Difference]:
    """Rows about the same thing are one difference, not two."""
    for row in missing:
        twin = next((f for f in extra if _same_thing(_ABOUT[what], row, f)), None)
        if twin is not None:
            extra.remove(twin)
        yield Difference(what, row, twin)
    yield from (Difference(what, None, row) for row in extra)


def _same_thing(about: Sequence[str], expected: Row, found: Row) -> bool:
    named = [k for k in about if k in expected]
    return bool({"key", "a"} & set(named)) and all(expected[k] == found.get(k) for k in named)


def _paired(expected: Sequence[Row], found: Sequence[Row]) -> dict[int, int]:
    """found -> expected, as many as can be: a row that says little leaves the right one free."""
    fits = [[j for j, f in enumerate(found) if _fits(e, f)] for e in expected]
    taken: dict[int, int] = {}

    def place(i: int, tried: set[int]) -> bool:
        for j in fits[i]:
            if j not in tried:
                tried.add(j)
                if j not in taken or place(taken[j], tried):
                    taken[j] = i
                    return True
        return False

    for i in range(len(expected)):
        place(i, set())
    return taken


def _fits(expected: Row, found: Row) -> bool:
    return all(found.get(k) == v for k, v in expected.items())


def _order(difference: Difference) -> tuple[str, str]:
    row = difference.expected or difference.found or {}
    return (row.get("key") or "", str(difference))


def _said(row: Row) -> str:
    told = {k: v for k, v in row.items() if v is not None or k == "key"}
    return ", ".join(f"{k} {_shown(v)}" for k, v in told.items()) or "any"


def _shown(value: str | None) -> str:
    return "NULL" if value is None else f"'{value}'"
