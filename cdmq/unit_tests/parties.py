"""The pairs, parties, golden cells and levels that the rules of a unit test made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cdmq.kinds.golden.words import GoldenRule
from cdmq.kinds.matching.words import MatchingRule
from cdmq.sql.relation import Relation
from cdmq.unit_tests.check import matching_of
from cdmq.unit_tests.expected import Row
from cdmq.unit_tests.needed import Columns
from cdmq.values import Project, Rule

if TYPE_CHECKING:
    from cdmq.steps import Executed
    from cdmq.warehouses.duckdb import DuckDB


@dataclass(frozen=True)
class Parties:
    """What there is beside flags and changes, as texts.

    `party_of`: key of a record -> its party. `cells`: (party, column) -> value, winner, because.
    `levels`: party, or key of a record where `by_key` -> level, reason.
    """

    pairs: Sequence[Row] = ()
    party_of: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[tuple[str, str], Row] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    levels: Mapping[str, Row] = field(default_factory=dict)
    by_key: bool = True
    matched: str = ""

    def members(self) -> dict[str, list[str]]:
        """The records of each party, by code point."""
        found: dict[str, list[str]] = {}
        for key in sorted(self.party_of):
            found.setdefault(self.party_of[key], []).append(key)
        return found


def parties(
    project: Project,
    rules: Sequence[Rule],
    catalog: Mapping[str, Columns],
    done: Executed,
    warehouse: DuckDB,
) -> Parties | None:
    """What a run of the project of one test made; None where no rule of it makes such things."""
    matching = next((m for r in rules if (m := matching_of(project, r))), None)
    tier = next((r for r in rules if r.kind == "tiering"), None)
    if matching is None and tier is None:
        return None
    read = _Read(project, catalog, done, warehouse)
    golden = next((r for r in rules if isinstance(r.spec, GoldenRule)), None)
    cells: dict[tuple[str, str], Row] = {}
    columns: tuple[str, ...] = ()
    if golden is not None:
        columns, cells = read.cells(golden)
    return Parties(
        pairs=read.pairs(matching) if matching else (),
        party_of=dict(read.state(matching, "xref", "key", "party_id")) if matching else {},
        cells=cells,
        columns=columns,
        levels={
            key: {"level": level, "reason": reason}
            for key, level, reason in read.state(tier.id, "tier_history", "key", "level", "reason")
        }
        if tier
        else {},
        by_key=tier is None or not project.datasets[tier.dataset].made_by,
        matched=project.rules[matching].dataset if matching else "",
    )


@dataclass(frozen=True)
class _Read:
    """Reads what a run staged: the test ends before it is written."""

    project: Project
    catalog: Mapping[str, Columns]
    done: Executed
    warehouse: DuckDB

    def _rows(self, relation: Relation, shown: Sequence[Any]) -> list[tuple[Any, ...]]:
        from cdmq.sql import nodes

        return self.warehouse.fetch(nodes.select(shown, nodes.table(relation)).sql("duckdb"))

    def state(self, rule: str, table: str, *columns: str) -> Iterator[tuple[Any, ...]]:
        from cdmq.sql import nodes

        for state in self.done.states:
            if (state.rule, state.table) == (rule, table):
                yield from self._rows(state.staged, [nodes.column(c) for c in columns])

    def pairs(self, matching: str) -> list[Row]:
        """A pair that is not sure enough to merge is one for review."""
        spec = self.project.rules[matching].spec
        assert isinstance(spec, MatchingRule)
        found: list[Row] = []
        names = ("key_a", "key_b", "verdict", "probability")
        for a, b, verdict, probability in self.state(matching, "pairs", *names):
            if verdict == "score" and probability < spec.merge_above:
                verdict = "review"
            first, second = sorted((a, b))
            sure = None if verdict == "same_if" else f"{100 * probability:.1f}%"
            found.append({"a": first, "b": second, "verdict": verdict, "probability": sure})
        return found

    def cells(self, rule: Rule) -> tuple[tuple[str, ...], dict[tuple[str, str], Row]]:
        """The columns of the golden dataset, and its cells: values as they are, by no `pii`."""
        from cdmq.sql import nodes
        from cdmq.sql.text_form import text_of

        assert isinstance(rule.spec, GoldenRule)
        (key,) = self.project.datasets[rule.spec.into].key
        types = {c: t for c, t in self.catalog[rule.spec.into].items() if c != key}
        shown = [text_of(nodes.column(c), t) for c, t in types.items()]
        found: dict[tuple[str, str], Row] = {}
        for party, *values in self._rows(
            self.done.names.staged[f"source:{rule.spec.into}"], [nodes.column(key), *shown]
        ):
            found |= {(party, c): {"value": v} for c, v in zip(types, values, strict=True)}
        names = ("party_id", "column_name", "winner", "because")
        for party, column, winner, because in self.state(rule.id, "golden_cells", *names):
            if (party, column) in found:
                found[party, column] = {
                    **found[party, column],
                    "winner": winner,
                    "because": because,
                }
        return tuple(types), found
