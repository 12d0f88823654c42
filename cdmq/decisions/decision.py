"""A decision as it is kept, from wherever it came."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

from cdmq.project.people import OF_PAIRS, DecisionSpec
from cdmq.project.zones import utc


@dataclass(frozen=True)
class Decision:
    """One row of `decisions`. `at` is in UTC without a zone; `wrong`: why it can't be read."""

    id: str
    type: str
    rule: str | None
    dataset: str | None
    keys: tuple[str, ...]
    column: str | None
    old: str | None
    new: str | None
    where: str | None
    lasts: str | None
    withdraws: str | None
    reason: str | None
    requested_by: str | None
    by: str
    role: str | None
    at: datetime
    expires: date | None
    evidence: str | None
    origin: str | None
    wrong: str | None = None

    @property
    def pair(self) -> tuple[str, str]:
        """The two keys of a decision about two records, in the order of their code points."""
        first, second = sorted(self.keys)
        return first, second

    @property
    def ends(self) -> date | None:
        """The last day on which it counts."""
        if self.lasts and self.lasts[0].isdigit():
            return date.fromisoformat(self.lasts)
        return self.expires

    @property
    def about(self) -> tuple[Any, ...] | None:
        """What it is about, where another decision about that takes its place."""
        if self.type in OF_PAIRS:
            return "pair", self.rule or self.dataset, frozenset(self.keys)
        if self.type == "override":
            return "cell", self.dataset, self.keys, self.column
        if self.type == "waive":
            return "waiver", self.rule, self.keys, self.where
        if self.type in ("restrict", "object"):
            return self.type, self.dataset, self.keys
        return None


#: The words of a decision, without what is reckoned.
WORDS = tuple(f.name for f in fields(Decision) if f.name not in ("id", "origin", "wrong"))


def decided(spec: DecisionSpec, zone: str, origin: str | None) -> Decision:
    """A decision as somebody wrote it; its id is the digest of all that it says."""
    said = {
        **{word: getattr(spec, word) for word in WORDS},
        "keys": tuple(spec.keys),
        "at": utc(datetime.fromisoformat(spec.at), zone).astimezone(UTC).replace(tzinfo=None),
        "expires": date.fromisoformat(spec.expires) if spec.expires else None,
    }
    return Decision(id=digest(said), origin=origin, **said)


def digest(said: Mapping[str, Any]) -> str:
    """Sixteen hexadecimal digits of the SHA-256 over its words as canonical JSON."""
    told = {w: v for w, v in said.items() if v is not None and v != ()}
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
