"""What people answered about values: it is right, it is wrong, nobody could be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cdmq.decisions.decision import Decision
from cdmq.project.zones import local
from cdmq.sql.equality import nfc
from cdmq.sql.types import Type

TYPES = ("verified", "wrong", "unreachable")
#: What an answer proves: of a `value`, or where there is none of the one that stood there, which
#: is not `but`.
SAID: dict[str, Type] = {
    "key": "text",
    "column_name": "text",
    "value": "text",
    "but": "text",
    "good_at": "timestamp",
    "bad_at": "timestamp",
}
#: That somebody was asked: `reached` or not.
HEARD: dict[str, Type] = {
    "key": "text",
    "column_name": "text",
    "at": "timestamp",
    "reached": "boolean",
}


@dataclass
class Answers:
    """The answers that stand, as rows of two relations. `real`: the column that a name means."""

    zone: str
    real: Callable[[str], str]
    said: dict[tuple[str, str, str | None, str | None], dict[bool, datetime]] = field(
        default_factory=dict
    )
    heard: list[list[object]] = field(default_factory=list)

    def read(self, decisions: Iterable[Decision]) -> Answers:
        for d in decisions:
            at = local(d.at.replace(tzinfo=UTC), self.zone).replace(tzinfo=None)
            column = self.real(d.column) if d.column else None
            self.heard.append([d.keys[0], column, at, d.type != "unreachable"])
            if column is None:
                continue
            if d.type == "verified":
                self._tell(d.keys[0], column, d.new or d.old, None, True, at)
            elif d.type == "wrong":
                self._tell(d.keys[0], column, d.old, None if d.old else d.new, False, at)
                if d.new:
                    self._tell(d.keys[0], column, d.new, None, True, at)
        return self

    def rows(self) -> list[list[object]]:
        """A row a value (or none) of a cell: when it was last said to be right, and wrong."""
        return [
            [key, column, value, but, when.get(True), when.get(False)]
            for (key, column, value, but), when in self.said.items()
        ]

    def _tell(
        self, key: str, column: str, value: str | None, but: str | None, good: bool, at: datetime
    ) -> None:
        named = (key, column, nfc(value) if value else None, nfc(but) if but else None)
        when = self.said.setdefault(named, {})
        when[good] = max(at, when.get(good, at))
