"""What a golden record is made of: its columns, and the units that are picked together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cdmq.kinds.binding import real
from cdmq.kinds.golden.words import PARTY, GoldenRule
from cdmq.sql.types import Type
from cdmq.values import Dataset, Rule

#: The label of a record's source: a column of every stack.
SOURCE = "source"
VERIFIED = "__verified_at"


@dataclass(frozen=True)
class Unit:
    """Columns that come from one record: a group of `together`, or one column by itself."""

    columns: tuple[str, ...]
    picks: tuple[str, ...]
    group: str | None = None


@dataclass(frozen=True)
class Layout:
    """The cells of a golden record.

    `columns` are all of the matched dataset; `picked` those with a winner each, in its order.
    """

    dataset: Dataset
    columns: Mapping[str, Type]
    picked: tuple[str, ...]
    units: tuple[Unit, ...]
    trust: tuple[str, ...]
    changed_at: str | None
    #: Picked column -> the column that says when it was verified.
    verified: Mapping[str, str]
    records: str

    def types(self) -> dict[str, Type]:
        """The golden dataset's columns."""
        found: dict[str, Type] = {PARTY: "text"}
        found |= {
            c: self.columns[c] for c in self.columns if c in self.picked or c == self.changed_at
        }
        found[self.records] = "integer"
        return found | {f"{c}{VERIFIED}": self.columns[v] for c, v in self.verified.items()}


def not_picked(dataset: Dataset, column: str) -> str | None:
    """Why a golden record has no winner for a column of the matched dataset; None if it has."""
    spec = dataset.spec
    if column in dataset.key:
        return "is part of the key, which names a record and not a party"
    if column == SOURCE and dataset.source == "stack":
        return "is the label of a record's source"
    if column == spec.changed_at:
        return "is changed_at, of which the newest is taken"
    if column in spec.verified_at.values():
        return f"is a verified_at, and becomes <column>{VERIFIED}"
    return None


def layout(rule: Rule, dataset: Dataset, columns: Mapping[str, Type]) -> Layout:
    """How a golden rule lays out its records. Names that do not fit are passed over: they are
    told by `golden_problems`."""
    spec = rule.spec
    assert isinstance(spec, GoldenRule)
    picked = tuple(c for c in columns if not_picked(dataset, c) is None)
    units = []
    grouped: set[str] = set()
    for name, group in spec.together.items():
        members = tuple(dict.fromkeys(r for c in group if (r := real(c, columns)) in picked))
        grouped.update(members)
        if members:
            units.append(Unit(members, tuple(spec.pick), name))
    own = {real(c, columns): tuple(words) for c, words in spec.columns.items()}
    units += [Unit((c,), own.get(c, tuple(spec.pick))) for c in picked if c not in grouped]
    changed = dataset.spec.changed_at
    taken = {c.lower() for c in picked}
    return Layout(
        dataset=dataset,
        columns=columns,
        picked=picked,
        units=tuple(units),
        trust=tuple(spec.trust or ()),
        changed_at=changed if changed in columns and changed not in dataset.key else None,
        verified={
            c: v for c, v in dataset.spec.verified_at.items() if c in picked and v in columns
        },
        records="records_of_party" if "records" in taken else "records",
    )
