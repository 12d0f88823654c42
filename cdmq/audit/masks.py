"""Values as they may be shown: what `pii:` hides is masked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cdmq.project.spec import DatasetSpec, Pii
from cdmq.sql.pii import hides, masked, masked_again
from cdmq.sql.types import Type


@dataclass(frozen=True)
class Mask:
    """The values of one dataset, by the types that its columns have."""

    spec: DatasetSpec
    types: Mapping[str, Type]

    def shown(self, columns: str, value: str, unread: bool) -> str:
        """A value. `columns`: one, or several of which it tells; `unread`: it could not be read
        as its type."""
        if unread and hides(self.spec, columns, "text"):
            return masked_again(value, self._how(columns))
        names = columns.split(", ")
        if not any(self._hides(n) for n in names):
            return value
        if len(names) == 1:
            return self._masked(columns, value)
        marks = "|".join(re.escape(n) for n in names)
        parts = re.split(rf"(?:^|, )({marks})=", value)[1:]
        if len(parts) != 2 * len(names):
            return masked(value)
        return ", ".join(
            f"{n}={v if v == 'NULL' else self._masked(n, v)}"
            for n, v in zip(parts[::2], parts[1::2], strict=True)
        )

    def _masked(self, column: str, value: str) -> str:
        return masked_again(value, self._how(column)) if self._hides(column) else value

    def _how(self, column: str) -> Pii:
        return self.spec.pii.get(column, "mask")

    def _hides(self, column: str) -> bool:
        return hides(self.spec, column, self.types.get(column, "unknown"))
