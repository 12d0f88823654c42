"""compile: rules and their datasets' columns -> conditions and relations as SQL nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

from cdmq.datasets.rows import Rows
from cdmq.graph.order import graph_of
from cdmq.graph.unfit import Unfit, made_without, of_columns
from cdmq.kinds import kinds
from cdmq.kinds.binding import Binder
from cdmq.kinds.compiling import Compiling, Layering
from cdmq.kinds.given import given_columns, read_by, rows_with, two_of_one_name
from cdmq.kinds.working import Work
from cdmq.problems import CdmqError, Problem
from cdmq.project.column_names import folded
from cdmq.sql.logical import as_of_node
from cdmq.steps import DatasetSteps, Stage
from cdmq.values import Catalog, Dataset, Given, Project, Rule

T = TypeVar("T")


def compile_rules(
    project: Project,
    catalog: Catalog,
    dialect: str,
    only: frozenset[str] | None = None,
    *,
    check_only: bool = False,
    unfit: Unfit | None = None,
) -> dict[str, DatasetSteps]:
    """The steps of every dataset whose columns are known. Raises CdmqError with all problems.

    With `check_only` names and types are looked at, and the SQL of expressions is left out. With
    `unfit` what does not fit the columns of a delivery goes there, and the rest is compiled.
    """
    problems: list[Problem] = []
    steps: dict[str, DatasetSteps] = {}
    needed = graph_of(project).needed_by(project.datasets)
    for dataset in project.datasets.values():
        if dataset.name in catalog:
            compiler = _Compiler(
                project, catalog, dataset, dialect, problems, check_only, unfit, needed
            )
            found = compiler.steps(only, steps)
            if found:
                steps[dataset.name] = found
    if problems:
        raise CdmqError(dict.fromkeys(problems))
    return steps


class _Compiler:
    """Compiles the rules of one dataset."""

    def __init__(
        self,
        project: Project,
        catalog: Catalog,
        dataset: Dataset,
        dialect: str,
        problems: list[Problem],
        check_only: bool,
        unfit: Unfit | None,
        needed: frozenset[str],
    ) -> None:
        self.needed = needed
        self.project, self.catalog, self.dataset = project, catalog, dataset
        self.problems, self.check_only, self.unfit = problems, check_only, unfit
        self.columns = catalog[dataset.name]
        delivered = {c.lower() for c in self.columns}
        known = given_columns(project, dataset.name)
        self.given = [g for g in known if g.rule.lower() not in delivered]
        #: Those that cannot be told from a column that the dataset has anyway.
        self.doubtful = [g for g in known if g not in self.given and project.rules[g.rule].enabled]
        types = {g.rule: g.type for g in self.given}
        self.binder = Binder({**self.columns, **types}, dialect, problems)
        #: By their relation, the rows with such columns that some rule reads.
        self.joined: dict[str, tuple[Given, ...]] = {}
        self.as_of = as_of_node()

    def steps(
        self, only: frozenset[str] | None, before: Mapping[str, DatasetSteps]
    ) -> DatasetSteps | None:
        """What is done for the dataset; `only` leaves out the rules that are not wanted.

        `before`: the steps of the datasets that it may stand on.
        """
        source = Rows(self.dataset, self.columns, None, dialect=self.binder.dialect)
        rows = replace(source, stage=self._stage())
        if any(k not in self.columns for k in self.dataset.key):
            return None
        rules = self._rules()
        flagging = [r for r in rules if self._makes(r, "flags:")]
        self._twice(flagging)
        clean, defaulted = rows.views()
        at = Compiling(
            self.project,
            self.catalog,
            self.dataset,
            rows,
            self.binder,
            self.problems,
            self.check_only,
            before,
        )
        works = [
            w
            for r in self._in_order(rules)
            if only is None or r.id in only | self.needed
            if (w := self._apart(r, partial(self._work, r, at)))
        ]
        return DatasetSteps(
            dataset=self.dataset,
            columns=self.columns,
            key=rows.key(),
            source_key=source.key(),
            digest=rows.digest(),
            source_digest=source.digest(),
            judgements=tuple(j for w in works for j in w.judgements),
            stage=rows.stage,
            clean=clean,
            defaulted=defaulted,
            joined=self.joined,
            validated=any(r.check not in ("delivered", "lines") for r in flagging),
            works=tuple(w for w in works if w.run),
            maker=self._maker(at),
            layers=self._layers(rules, at),
        )

    def _rules(self) -> list[Rule]:
        """The rules that judge the dataset's records, or keep something of them."""
        return [
            r
            for r in self.project.rules.values()
            if r.dataset == self.dataset.name and r.enabled and not self._makes(r, "source:")
        ]

    def _work(self, rule: Rule, at: Compiling) -> Work | None:
        if twice := read_by(rule, self.project, self.doubtful):
            self.problems.append(two_of_one_name(rule, twice[0], self.dataset.name))
            return None
        return kinds()[rule.kind].work(rule, replace(at, rows=self._seen_by(rule, at.rows)))

    def _seen_by(self, rule: Rule, rows: Rows) -> Rows:
        """The rows with the columns of other rules that this one reads."""
        read = read_by(rule, self.project, self.given)
        seen = rows_with(rows, read)
        if read:
            self.joined[seen.relation] = tuple(read)
        return seen

    def _makes(self, rule: Rule, what: str) -> bool:
        return any(n.startswith(what) for n in self.project.uses[rule.id].makes)

    def _in_order(self, rules: Iterable[Rule]) -> list[Rule]:
        """Kind by kind."""
        order = list(kinds())
        return sorted(rules, key=lambda r: order.index(r.kind))

    def _stage(self) -> Stage | None:
        """What the rules of a layer make of its cells: before any rule gives them a column."""
        at = Layering(
            self.project,
            self.catalog,
            self.dataset,
            self.columns,
            Binder(self.columns, self.binder.dialect, self.problems),
            self.problems,
            self._apart,
        )
        found = (k.stage(at) for k in kinds().values() if k.layer is not None)
        return next((stage for stage in found if stage), None)

    def _maker(self, at: Compiling) -> Work | None:
        """How the dataset is made, where a rule makes it."""
        if self.dataset.made_of not in at.before:
            return None
        rule = self.project.rules[str(self.dataset.made_by)]
        return self._apart(rule, partial(kinds()[rule.kind].work, rule, at))

    def _layers(self, rules: Iterable[Rule], at: Compiling) -> tuple[Work, ...]:
        """What changes cells of the dataset as it is made, asked for or not."""
        if self.dataset.made_by is None:
            return ()
        laying = (r for r in rules if kinds()[r.kind].layer is not None)
        works = (self._apart(r, partial(self._work, r, at)) for r in laying)
        return tuple(w for w in works if w and w.lays)

    def _twice(self, rules: Iterable[Rule]) -> None:
        """A rule whose id differs from another's by the letter case of one and the same column."""
        seen: dict[str, Rule] = {}
        for rule in rules:
            first = seen.setdefault(folded(rule.id), rule)
            if first is not rule and [*map(self.binder.real, rule.columns)] == [
                *map(self.binder.real, first.columns)
            ]:
                self.problems.append(
                    Problem(
                        rule.span,
                        "CDMQ201",
                        f"'{rule.id}' and '{first.id}' are one rule: the names "
                        "of their column differ by letter case alone",
                        f"keep one of them (the other is at {first.span})",
                    )
                )

    def _apart(self, rule: Rule, compiled: Callable[[], T | None]) -> T | None:
        """What a rule is compiled to; None where it does not fit the columns."""
        if self.unfit is not None and rule.id in self.unfit.rules:
            return None
        before = len(self.problems)
        found = compiled()
        told = self.problems[before:]
        if self.unfit is None or not told or not of_columns(told):
            return found
        del self.problems[before:]
        self.unfit.take(rule, told, made_without(rule, self.project, self.columns))
        return None
