"""Expected rows against found ones: by the fields given, order-free, as a readable difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, str | None]


@dataclass(frozen=True)
class Difference:
    """One thing that is not as expected. `expected` or `found` is None where there is none.

    `note` says why the found is as it is, where the rule tells.
    """

    what: str
    expected: Row | None
    found: Row | None
    note: str = ""

    def __str__(self) -> str:
        return f"{self._said()} ({self.note})" if self.note else self._said()

    def _said(self) -> str:
        if self.expected is None:
            return f"unexpected {self.what}: {self._row(self.found)}"
        if self.found is None:
            return f"missing {self.what}: {self._row(self.expected)}"
        wrong = [k for k in self.expected if self.expected[k] != self.found.get(k)]
        if self.expected.keys() == {self.what}:
            should, is_ = self._row(self.expected), self._row(self.found)
            return f"different {self.what}: should be {should}, is {is_}"
        same = {k: v for k, v in self.expected.items() if k not in wrong}
        parts = [
            f"{k} should be {_shown(self.expected[k])}, is {_shown(self.found.get(k))}"
            for k in wrong
        ]
        return f"different {self.what}: {_said(same)}; " + "; ".join(parts)

    def _row(self, row: Row | None) -> str:
        """What is named by one word, such as a party, stands as it is written in `expect`."""
        assert row is not None
        return str(row[self.what]) if row.keys() == {self.what} else _said(row)


def differences(
    what: str, about: Sequence[str], expected: Sequence[Row], found: Sequence[Row]
) -> list[Difference]:
    """What is missing, unexpected or different; a row is used once.

    `about` are the fields that say what a row is about: two with the same there are one
    difference. Without the first of them a row is about nothing.
    """
    taken = _paired(expected, found)
    missing = [e for i, e in enumerate(expected) if i not in taken.values()]
    extra = [f for j, f in enumerate(found) if j not in taken]
    return sorted(_compared(what, about, missing, extra), key=_order)


def _compared(
    what: str, about: Sequence[str], missing: list[Row], extra: list[Row]
) -> Iterator[Difference]:
    """Rows about the same thing are one difference, not two."""
    for row in missing:
        twin = next((f for f in extra if _same_thing(about, row, f)), None)
        if twin is not None:
            extra.remove(twin)
        yield Difference(what, row, twin)
    yield from (Difference(what, None, row) for row in extra)


def _same_thing(about: Sequence[str], expected: Row, found: Row) -> bool:
    named = [k for k in about if k in expected]
    return bool(about) and about[0] in expected and all(expected[k] == found.get(k) for k in named)


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
