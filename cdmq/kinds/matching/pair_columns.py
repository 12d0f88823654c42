"""The columns of two records side by side, and what of them is evidence for a matching rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp

from cdmq.audit.episode_tables import CHANGES
from cdmq.audit.reading import same
from cdmq.audit.record_values import values_of_all
from cdmq.audit.telling import Telling, one_of, still
from cdmq.kinds.binding import real
from cdmq.kinds.matching.pair_values import Compared, How
from cdmq.kinds.matching.words import MatchingRule
from cdmq.sql import nodes
from cdmq.sql.text_form import text_of


class Evidence:
    """The values of two records as the last run left them, and those a rule goes by."""

    def __init__(self, telling: Telling, dataset: str, spec: MatchingRule, a: str, b: str) -> None:
        self.telling, self.dataset, self.spec = telling, dataset, spec
        self.clean = telling.output(f"{dataset}__clean")
        found = values_of_all(telling, self.clean, dataset, (a, b))
        self.there = (a in found, b in found)
        types = telling.audit.warehouse.columns(self.clean) or {}
        #: A column as the rule names it -> as the dataset does.
        self.real = {c: real(c, types) for c in spec.columns}
        self.values = [
            {c: own.get(r) for c, r in self.real.items()}
            for own in (found.get(k, {}) for k in (a, b))
        ]
        self.borrowed = [
            {c for c, r in self.real.items() if r in self._borrowed(k)} for k in (a, b)
        ]
        self.common = self._common()

    def columns(self, weights: Mapping[str, float]) -> tuple[Compared, ...]:
        """The columns that are scored, then the others that the rule goes by."""
        spec = self.spec
        roles = {
            "same_if": {c for some in spec.same_if or () for c in some},
            "never_if_differs": set(spec.never_if_differs or ()),
        }
        named = [
            *spec.compare,
            *(c for some in spec.same_if or () for c in some),
            *(spec.never_if_differs or ()),
        ]
        return tuple(
            Compared(
                c,
                c in spec.compare,
                self._shown(c, 0),
                self._shown(c, 1),
                self._how(c, weights.get(c)),
                weights.get(c),
                tuple(r for r, columns in roles.items() if c in columns),
            )
            for c in dict.fromkeys(named)
        )

    def _shown(self, column: str, side: int) -> str | None:
        return self.telling.shown(self.dataset, self.real[column], self.values[side].get(column))

    def equal(self, lists: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
        """The lists of columns in which both have the same evidence."""
        return tuple(
            tuple(some)
            for some in lists
            if all(x is not None and x == y for x, y in map(self._evidence, some))
        )

    def differing(self, columns: Iterable[str]) -> tuple[str, ...]:
        return tuple(
            c for c in columns if None not in (pair := self._evidence(c)) and pair[0] != pair[1]
        )

    def _evidence(self, column: str) -> tuple[str | None, str | None]:
        one, two = (
            None
            if column in borrowed or (value := values.get(column)) in self.common.get(column, ())
            else value
            for values, borrowed in zip(self.values, self.borrowed, strict=True)
        )
        return one, two

    def _how(self, column: str, weight: float | None) -> How:
        values = [v.get(column) for v in self.values]
        if None in values:
            return "missing"
        if any(column in b for b in self.borrowed):
            return "borrowed"
        if any(v in self.common.get(column, ()) for v in values):
            return "too common"
        if values[0] == values[1]:
            return "same"
        if column not in self.spec.compare:
            return "differs"
        if not weight:
            return "unequal"
        return "alike" if weight > 0 else "differs"

    def _borrowed(self, key: str) -> set[str]:
        """The columns in which the record's value was borrowed by a default."""
        rows = self.telling.rows(
            CHANGES,
            nodes.every(
                [
                    one_of("dataset", self.telling.project.names_of(self.dataset)),
                    same("key", key),
                    same("act", "fill_from"),
                    still(),
                ]
            ),
        )
        return {r["column_name"] for r in rows}

    def _common(self) -> dict[str, set[str]]:
        """Column -> its values of these that too many records share to be evidence."""
        ignored = self.spec.ignore_values.shared_by_more_than if self.spec.ignore_values else {}
        types = self.telling.audit.warehouse.columns(self.clean) or {}
        found: dict[str, set[str]] = {}
        for column, most in ignored.items():
            wanted = sorted({v for values in self.values if (v := values.get(column)) is not None})
            own = self.real[column]
            if not wanted or own not in types:
                continue
            told = nodes.alias(nodes.paren(text_of(nodes.column(own), types[own])), "v")
            rows = nodes.subquery(nodes.select([told], nodes.table(self.clean)), "r")
            query = nodes.select(
                [nodes.column("v"), exp.Count(this=exp.Star())], rows, one_of("v", wanted)
            )
            counts = self.telling.audit.fetch(nodes.group_by(query, [nodes.column("v")]))
            found[column] = {v for v, n in counts if n > most}
        return found
