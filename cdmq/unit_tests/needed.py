"""What the rules of a unit test need: datasets, their columns, and the rules that make them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cdmq.kinds import kinds
from cdmq.kinds.reads import minded
from cdmq.project.unit_test import UnitTest
from cdmq.sql.types import Type
from cdmq.values import ALL, Project, Rule

Columns = Mapping[str, Type]
#: Dataset or seed -> the rows that a test gives it.
GivenRows = Mapping[str, Sequence[Mapping[str, object]]]


@dataclass(frozen=True)
class Needed:
    """What a test needs: datasets in order, the rules that write or make what its rules read, and
    the seeds that they look into. Those of `also` run too: for the flags that they
    find, the column that they give, or the rows that they keep.

    `columns` are those that are read of each dataset, in lower case; None stands for all.
    """

    datasets: tuple[str, ...]
    columns: Mapping[str, set[str] | None]
    rules: frozenset[str]
    seeds: frozenset[str]
    also: frozenset[str]

    def narrow(
        self, project: Project, test: UnitTest, catalog: Mapping[str, Columns]
    ) -> dict[str, Columns]:
        """The catalog with only what is needed, given or a key: small tables bind fast."""
        found: dict[str, Columns] = {}
        for name in self.datasets:
            wanted, all_ = self.columns[name], catalog[name]
            kept = {*project.datasets[name].key, *(c for r in test.given.get(name, ()) for c in r)}
            found[name] = (
                all_
                if wanted is None
                else {c: t for c, t in all_.items() if c in kept or c.lower() in wanted}
            )
        return found


def needed(project: Project, rules: Sequence[Rule], given: GivenRows) -> Needed:
    """The closure of some rules: what they read and make, and what writes or makes that. A column
    that is given stands in the place of what a rule would give."""
    walk = _Walk(project, given)
    for rule in rules:
        walk.of(rule.id)
        for name in project.uses[rule.id].makes:
            how, _, made = name.partition(":")
            if how == "source":
                walk.want(made, None)
    walk.go()
    return Needed(
        tuple(n for n in project.datasets if n in walk.columns),
        walk.columns,
        frozenset(walk.rules),
        frozenset(walk.seeds),
        frozenset(walk.also),
    )


class _Walk:
    """Datasets with the columns that are read of them; None stands for all."""

    def __init__(self, project: Project, given: GivenRows) -> None:
        self.project, self.given = project, given
        self.columns: dict[str, set[str] | None] = {}
        self.waiting: list[str] = []
        self.rules: set[str] = set()
        self.also: set[str] = set()
        self.seeds: set[str] = set()

    def want(self, dataset: str, columns: Iterable[str] | None) -> None:
        before = self.columns.get(dataset, set())
        if before is None:
            return
        after = None if columns is None else before | {c.lower() for c in columns}
        if dataset not in self.columns or after != before:
            self.columns[dataset] = after
            self.waiting.append(dataset)

    def of(self, rule: str) -> None:
        """All that a rule reads."""
        for name, columns in self.project.uses[rule].reads.items():
            how, _, own = name.partition(":")
            if how == "flags":
                self._judged(own, columns)
            elif how == "kept":
                if not self._stood_on(own):
                    self.also.add(own)
                self._also(own)
            elif how == "seed":
                self.seeds.add(own)
            elif own in self.project.datasets:
                self._given_by_rules(own, columns)
                self.want(own, None if ALL in columns else columns)

    def go(self) -> None:
        while self.waiting:
            name = self.waiting.pop()
            columns = self.columns[name]
            for rule in self._layers(name):
                written = {c.lower() for c in rule.columns}
                if rule.enabled and (columns is None or written & columns):
                    self._also(rule.id)
            dataset = self.project.datasets[name]
            if name in self.given:
                continue
            if dataset.source in ("stack", "model"):
                inputs = (dataset.spec.stack or {}).values() or dataset.depends_on
                for source in inputs:
                    self.want(source, None)
            elif dataset.made_by is not None:
                self._also(dataset.made_by)

    def _stood_on(self, rule: str) -> bool:
        """Whether a dataset is made of what a rule keeps: it runs where that is made."""
        uses = self.project.uses.values()
        makers = (u for u in uses if any(m.startswith("source:") for m in u.makes))
        return any(f"kept:{rule}" in u.reads for u in makers)

    def _given_by_rules(self, dataset: str, columns: Iterable[str]) -> None:
        """The rules that give columns which are named and not given."""
        there = {c.lower() for row in self.given.get(dataset, ()) for c in row}
        named = {c.lower() for c in columns} - there
        for column, giver in self.project.given(dataset).items():
            if column in named and giver not in self.also:
                self.also.add(giver)
                self._also(giver)

    def _also(self, rule: str) -> None:
        """A rule that writes or makes what is read."""
        self.rules.add(rule)
        self.of(rule)

    def _layers(self, dataset: str) -> Iterable[Rule]:
        """The rules that write cells of a dataset."""
        layers = [name for name, kind in kinds().items() if kind.layer is not None]
        return (r for name in layers for r in self.project.rules_of(dataset, name))

    def _judged(self, dataset: str, columns: frozenset[str]) -> None:
        """The rules that flag values of its columns, but for those that look into what is not
        given: they would find everything wrong."""
        wanted = {c.lower() for c in columns}
        for judge in self.project.rules.values():
            uses = self.project.uses[judge.id]
            about = {c.lower() for c in uses.makes.get(f"flags:{dataset}", ())}
            if not minded(judge) or not (about & wanted or (about and ALL in wanted)):
                continue
            others = uses.datasets - {dataset, *self.given}
            if others <= set(self.project.seeds):
                self.also.add(judge.id)
                self._also(judge.id)
