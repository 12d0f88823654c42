"""What the rules of a unit test need: datasets, their columns, and the rules that make them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cdmq.kinds.defaults.words import DefaultRule
from cdmq.kinds.flagged import minded
from cdmq.kinds.golden.words import GoldenRule
from cdmq.kinds.matching.words import MatchingRule
from cdmq.kinds.tiering.words import TieringRule
from cdmq.project.spec import UnitTest
from cdmq.sql.types import Type
from cdmq.values import Dataset, Project, Rule

Columns = Mapping[str, Type]
#: (dataset, the columns that are read of it; None stands for all).
Reads = tuple[str, set[str] | None]


@dataclass(frozen=True)
class Needed:
    """What a test needs: datasets in order, the rules that write or make what its rules read (the
    defaults, and the matching and golden rules of golden datasets), the seeds that defaults map by.

    `columns` are those that are read of each dataset, in lower case; None stands for all.
    """

    datasets: tuple[str, ...]
    columns: Mapping[str, set[str] | None]
    rules: frozenset[str]
    seeds: frozenset[str]

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


def needed(project: Project, rules: Sequence[Rule], given: Iterable[str]) -> Needed:
    """The closure of some rules: what they read, and what writes or makes that."""
    walk = _Walk(project, frozenset(given))
    for rule in rules:
        for dataset, columns in reads_of(project, rule):
            walk.want(dataset, columns)
        if isinstance(rule.spec, GoldenRule):
            walk.judging(rule, rule.spec)
    walk.go()
    return Needed(
        tuple(n for n in project.datasets if n in walk.columns),
        walk.columns,
        frozenset(walk.rules),
        frozenset(walk.seeds),
    )


def reads_of(project: Project, rule: Rule) -> Iterator[Reads]:
    """The datasets that a rule reads, and of a golden rule the one that it makes."""
    spec = rule.spec
    if isinstance(spec, GoldenRule):
        yield spec.into, None
    elif isinstance(spec, TieringRule):
        yield from _facts(project, rule, spec)
    elif isinstance(spec, MatchingRule):
        yield rule.dataset, {*spec.columns, *expression_columns(rule)}
    else:
        yield rule.dataset, {*rule.columns, *expression_columns(rule)}
    other = getattr(spec, "to", None)
    if isinstance(other, str) and other in project.datasets:
        field = getattr(spec, "field", None)
        yield other, {field} if field else set(project.datasets[other].key)


def _facts(project: Project, rule: Rule, spec: TieringRule) -> Iterator[Reads]:
    """The judged dataset, and of each measure its facts: when, whose, how much."""
    yield rule.dataset, expression_columns(rule, "where")
    for name, measure in spec.measures.items():
        if measure.dataset not in project.datasets:
            continue
        facts = project.datasets[measure.dataset].spec
        wanted = {c for c in (facts.happened_at, measure.sum) if c}
        wanted |= {c for columns in facts.refers_to.values() for c in columns}
        yield measure.dataset, wanted | expression_columns(rule, f"measures.{name}.where")


def expression_columns(rule: Rule, field: str | None = None) -> set[str]:
    """The columns that a rule's SQL reads: all of it, or that of one field."""
    return {
        c
        for name, e in rule.expressions.items()
        if field in (None, name)
        for c in (*e.columns, *(b for _, b in e.behind))
    }


class _Walk:
    """Datasets with the columns that are read of them; None stands for all."""

    def __init__(self, project: Project, given: frozenset[str]) -> None:
        self.project, self.given = project, given
        self.columns: dict[str, set[str] | None] = {}
        self.waiting: list[str] = []
        self.rules: set[str] = set()
        self.seeds: set[str] = set()

    def want(self, dataset: str, columns: set[str] | None) -> None:
        before = self.columns.get(dataset, set())
        if before is None:
            return
        after = None if columns is None else before | {c.lower() for c in columns}
        if dataset not in self.columns or after != before:
            self.columns[dataset] = after
            self.waiting.append(dataset)

    def go(self) -> None:
        while self.waiting:
            name = self.waiting.pop()
            dataset = self.project.datasets[name]
            for rule in self.project.rules_of(name, "defaults"):
                columns = self.columns[name]
                if rule.enabled and (columns is None or rule.columns[0].lower() in columns):
                    self._default(rule, dataset)
            if name in self.given:
                continue
            if dataset.source in ("stack", "model"):
                inputs = (dataset.spec.stack or {}).values() or dataset.depends_on
                for source in inputs:
                    self.want(source, None)
            elif dataset.source == "rule":
                self._golden(dataset)

    def judging(self, rule: Rule, spec: GoldenRule) -> None:
        """The rules whose flags make a value lose, but for those that look into what is not given:
        they would find everything wrong."""
        for judge in self.project.rules_of(rule.dataset, "validation") if spec.valid_only else ():
            others = {n for n, _ in reads_of(self.project, judge)} - {rule.dataset, *self.given}
            if minded(judge) and others <= set(self.project.seeds):
                self.rules.add(judge.id)
                for name, columns in reads_of(self.project, judge):
                    self.want(name, columns)

    def _golden(self, dataset: Dataset) -> None:
        """A golden dataset stands on the records that it joins, and on the rule that matches."""
        maker = self.project.rules[str(dataset.made_by)]
        assert isinstance(maker.spec, GoldenRule)
        self.rules |= {maker.id, maker.spec.matched_by}
        self.want(str(dataset.made_of), None)

    def _default(self, rule: Rule, dataset: Dataset) -> None:
        spec = rule.spec
        assert isinstance(spec, DefaultRule)
        self.rules.add(rule.id)
        own = {*expression_columns(rule), *(c for c in spec.fill_from if "." not in c)}
        own |= {str(v) for v in spec.options.values()}
        for source in spec.fill_from:
            other, dot, column = source.partition(".")
            if dot and other in self.project.datasets:
                own |= set(dataset.spec.refers_to.get(other, ()))
                self.want(other, {column, *self.project.datasets[other].key})
        if spec.map:
            self.seeds.add(spec.map.seed)
        self.want(dataset.name, own)
