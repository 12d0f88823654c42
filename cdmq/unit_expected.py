"""Expected rows against found ones: by the fields given, order-free, as a readable difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cdmq.problems import CdmqError, Problem, Span, did_you_mean

if TYPE_CHECKING:
    from cdmq.spec import UnitTest
    from cdmq.values import Rule

Row = Mapping[str, str | None]
What = Literal["flag", "change"]

FLAG_FIELDS = ("rule", "key", "column", "value", "state", "suggestion", "records")
CHANGE_FIELDS = ("rule", "key", "column", "old", "new", "act", "reason", "records")


@dataclass(frozen=True)
class Difference:
    """One thing that is not as expected. `expected` or `found` is None where there is none."""

    what: What
    expected: Row | None
    found: Row | None

    def __str__(self) -> str:
        if self.expected is None:
            assert self.found is not None
            return f"unexpected {self.what}: {_said(self.found)}"
        if self.found is None:
            return f"missing {self.what}: {_said(self.expected)}"
        wrong = [k for k in self.expected if self.expected[k] != self.found.get(k)]
        same = {k: v for k, v in self.expected.items() if k not in wrong}
        parts = [f"{k} should be {_shown(self.expected[k])}, is {_shown(self.found.get(k))}"
                 for k in wrong]
        return f"different {self.what}: {_said(same)}; " + "; ".join(parts)


def differences(what: What, expected: Sequence[Row], found: Sequence[Row]) -> list[Difference]:
    """What is missing, unexpected or different; a row is used once."""
    taken = _paired(expected, found)
    missing = [e for i, e in enumerate(expected) if i not in taken.values()]
    extra = [f for j, f in enumerate(found) if j not in taken]
    return sorted(_compared(what, missing, extra), key=_order)


def _compared(what: What, missing: list[Row], extra: list[Row]) -> Iterator[Difference]:
    """Rows about the same cell are one difference, not two."""
    for row in missing:
        twin = next((f for f in extra if _same_cell(row, f)), None)
        if twin is not None:
            extra.remove(twin)
        yield Difference(what, row, twin)
    yield from (Difference(what, None, row) for row in extra)


def _same_cell(expected: Row, found: Row) -> bool:
    named = [k for k in ("rule", "key", "column") if k in expected]
    return "key" in named and all(expected[k] == found.get(k) for k in named)


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


def check_expected(test: UnitTest, rules: Sequence[Rule], span: Span) -> None:
    """Fields that no flag or change has, and a test that could never fail."""
    problems = []
    for what, rows, fields in (("flags", test.expect.flags, FLAG_FIELDS),
                               ("changes", test.expect.changes, CHANGE_FIELDS)):
        unknown = dict.fromkeys(k for row in rows or () for k in row if k not in fields)
        problems += [
            Problem(span, "CDMQ524", f"expect: {what} have no '{k}' in unit test {test.name}",
                    did_you_mean(k, fields)) for k in unknown
        ]
    kinds = {r.kind for r in rules}
    if ("defaults" not in kinds or test.expect.changes is None) and (
            "validation" not in kinds or test.expect.flags is None):
        wanted = "changes" if kinds == {"defaults"} else "flags"
        problems.append(Problem(span, "CDMQ525", f"the unit test {test.name} expects nothing of "
                                "the rules it names", f"add expect: {{{wanted}: []}}"))
    if problems:
        raise CdmqError(problems)
