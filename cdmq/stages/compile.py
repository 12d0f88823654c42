"""compile: rules and their datasets' columns -> conditions and relations as SQL nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

from sqlglot import exp

from cdmq.checks.base import Check
from cdmq.datasets.rows import Rows
from cdmq.files.missing import tokens_of
from cdmq.graph.order import graph_of
from cdmq.graph.unfit import Unfit, made_without, of_columns
from cdmq.kinds import kinds
from cdmq.kinds.binding import Binder
from cdmq.kinds.compiling import Compiling
from cdmq.kinds.defaults.cells import Cells
from cdmq.kinds.defaults.chains import Order
from cdmq.kinds.defaults.offers import Offers
from cdmq.kinds.defaults.problems import default_problems
from cdmq.kinds.given import given_columns, read_by, rows_with
from cdmq.kinds.validation.context import RuleContext
from cdmq.kinds.validation.never import check_where_and_check
from cdmq.kinds.working import Work
from cdmq.problems import CdmqError, Problem, did_you_mean
from cdmq.project.column_names import folded
from cdmq.sql import nodes
from cdmq.sql.expressions import lower as lowered
from cdmq.sql.keyed import keyed
from cdmq.sql.literals import literal
from cdmq.sql.logical import as_of_node, logical
from cdmq.sql.pii import stored
from cdmq.sql.text_form import values_of
from cdmq.sql.thousands import ambiguous
from cdmq.sql.types import NUMBERS, Type
from cdmq.steps import DatasetSteps, Judgement, Stage
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


def _work(rule: Rule, at: Compiling) -> Work | None:
    return kinds()[rule.kind].work(rule, at)


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
        self.given = {
            name: given
            for name, given in given_columns(project, dataset.name).items()
            if name.lower() not in {c.lower() for c in self.columns}
        }
        types = {name: given.type for name, given in self.given.items()}
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
        rules = [r for r in self.project.rules_of(self.dataset.name, "validation") if r.enabled]
        judgements = [
            j
            for r in rules
            if only is None or r.id in only
            if (j := self._apart(r, partial(self._judgement, r, self._seen_by(r, rows))))
        ]
        self._twice(rules)
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
        works = tuple(
            w
            for r in self._at_work(only)
            if (w := self._apart(r, partial(_work, r, replace(at, rows=self._seen_by(r, rows)))))
        )
        return DatasetSteps(
            dataset=self.dataset,
            columns=self.columns,
            key=rows.key(),
            source_key=source.key(),
            digest=rows.digest(),
            source_digest=source.digest(),
            judgements=(*judgements, *(j for w in works for j in w.judgements)),
            stage=rows.stage,
            clean=clean,
            defaulted=defaulted,
            joined=self.joined,
            validated=any(r.check not in ("delivered", "lines") for r in rules),
            works=works,
            maker=self._maker(at),
        )

    def _seen_by(self, rule: Rule, rows: Rows) -> Rows:
        """The rows with the columns of other rules that this one reads."""
        read = read_by(rule, self.project, self.columns)
        seen = rows_with(rows, read)
        if read:
            self.joined[seen.relation] = tuple(read[name] for name in seen.given)
        return seen

    def _at_work(self, only: frozenset[str] | None) -> list[Rule]:
        """The rules of the dataset that may make more than flags and changed cells, kind by kind:
        those that are wanted, or that another dataset needs. What makes a dataset is not among
        them."""
        order = list(kinds())
        return sorted(
            (
                r
                for r in self.project.rules.values()
                if r.dataset == self.dataset.name
                and r.enabled
                and (only is None or r.id in only | self.needed)
                and not any(n.startswith("source:") for n in self.project.uses[r.id].makes)
            ),
            key=lambda r: order.index(r.kind),
        )

    def _maker(self, at: Compiling) -> Work | None:
        """How the dataset is made, where a rule makes it."""
        if self.dataset.made_of not in at.before:
            return None
        rule = self.project.rules[str(self.dataset.made_by)]
        return self._apart(rule, partial(_work, rule, at))

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

    # the clean stage -----------------------------------------------------------------------

    def _stage(self) -> Stage | None:
        defaults = self.project.rules_of(self.dataset.name, "defaults")
        rules = tuple(
            r for r in defaults if r.enabled and self._apart(r, partial(self._default_is_sound, r))
        )
        copied = self.dataset.source == "table" and self.dataset.may_be_held
        if not rules and not self.dataset.spec.missing_values and not copied:
            return None
        self.kept_raw = self._wanted_raw({r.columns[0] for r in rules})
        off: dict[str, frozenset[str]] = {}
        for rule in defaults:
            if not rule.enabled:
                off[rule.columns[0]] = off.get(rule.columns[0], frozenset()) | {rule.id}
        keys = {name: d.key for name, d in self.project.datasets.items()}
        cells = Cells(
            dataset=self.dataset,
            columns=self.columns,
            source=logical(f"source:{self.dataset.name}"),
            lower=self._lower_default,
            literal=self._placeholder,
            keep_raw=self.kept_raw,
            order=Order(self.dataset, rules, off, self.problems),
            offers=Offers(self.dataset, self.columns, self.binder.dialect, logical, keys),
        )
        return self._whole(rules, cells)

    def _whole(self, rules: tuple[Rule, ...], cells: Cells) -> Stage | None:
        """The stage; what does not fit in it, such as a placeholder, is of its first default."""
        return self._apart(rules[0], cells.build) if rules else cells.build()

    def _wanted_raw(self, written: set[str]) -> frozenset[str]:
        """The columns that a rule reaches behind with raw(), and a key that tokens may empty. What
        neither rules nor tokens change is as it came."""
        found = set(self.dataset.key) if self.dataset.spec.missing_values else set()
        for rule in self.project.rules.values():
            if rule.dataset == self.dataset.name:
                for expression in rule.expressions.values():
                    found |= {c for how, c in expression.behind if how == "raw"}
                if rule.kind == "validation" and rule.stage == "raw":
                    found |= set(rule.columns)
        return frozenset(
            r
            for c in found
            if (r := self.binder.real(c)) in self.columns
            and (r in written or tokens_of(self.dataset, r))
        )

    def _default_is_sound(self, rule: Rule) -> bool:
        """Columns, types and seeds of a default exist; what is wrong is told."""
        found = default_problems(rule, self.dataset, self.columns, self.project, self.catalog)
        self.problems += found
        bound = all(self.binder.bound(rule, f) for f in rule.expressions)
        return not found and bound

    def _lower_default(self, rule: Rule, own: exp.Expr | None) -> exp.Expr:
        """A default's `where`, reading the layer below (`l`); or the finished stage, where `own`
        is what stood in the column that the rule writes."""
        bound = self.binder.bound(rule, "where")
        assert bound is not None
        table = "l" if own is None else None

        def column(c: str) -> exp.Expr:
            here = own is not None and c == rule.columns[0]
            return own.copy() if own is not None and here else nodes.column(c, table)

        return self.binder.guarded(
            lowered(
                bound.expression.tree,
                self.binder.dialect,
                column,
                lambda how, c: nodes.column(f"__raw_{c}" if c in self.kept_raw else c, table),
                self.as_of,
            )
        )

    def _placeholder(self, rule: Rule, text: str, type_: Type) -> exp.Expr:
        found = literal(text, type_)
        if type_ in NUMBERS and (how := ambiguous(text)):
            self.binder.tell(
                rule,
                "set" if "set" in rule.spans else "otherwise",
                "CDMQ132",
                f"{text} may be of thousands, or have three decimals",
                how,
            )
        if found is None:
            field = "set" if "set" in rule.spans else "otherwise"
            self.binder.tell(
                rule,
                field,
                "CDMQ216",
                f"'{text}' is no {type_}, the type of {rule.columns[0]}",
                "set a value of the column's type",
            )
            return nodes.null()
        return found

    # one validation rule -------------------------------------------------------------------

    def _judgement(self, rule: Rule, rows: Rows) -> Judgement | None:
        check = rule.spec
        assert isinstance(check, Check)
        columns = self._columns_of(rule)
        if columns is None:
            return None
        at = RuleContext(
            rule, rows, self.binder, self.project, self.catalog, self.as_of, self.check_only
        )
        before = len(self.problems)
        try:
            for column in columns:
                at.check_type(column)
            failing = check.failing(columns, at)
            check_where_and_check(rule, columns, at, self.binder)
            if check.missing == "fail" and columns:
                failing = nodes.any_of([failing, *(nodes.is_null(at.column(c)) for c in columns)])
            judgement = Judgement(
                rule=rule,
                relation=at.relation,
                failing=failing,
                could_not_judge=at.unjudged(check.could_not_judge(columns, at)),
                tested=at.tested(),
                judged=check.judged(columns, at),
                shown=columns or self._columns_in(rule),
                value=nodes.null(),
                digest=nodes.null(),
                scope=check.SCOPE,
            )
        except CdmqError as error:
            self.problems += error.problems
            return None
        if len(self.problems) > before:
            return None
        return judgement if self.check_only else self._with_value(judgement, at)

    def _columns_of(self, rule: Rule) -> tuple[str, ...] | None:
        """The rule's columns as the dataset names them; None where something does not fit."""
        before = len(self.problems)
        columns = tuple(self.binder.real(c) for c in rule.columns)
        for name, real in zip(rule.columns, columns, strict=True):
            if real not in self.binder.columns:
                self.binder.tell(
                    rule,
                    "column",
                    "CDMQ203",
                    f"{self.dataset.name} has no column '{name}' (rule {rule.id})",
                    did_you_mean(name, self.binder.columns),
                )
        for field in rule.expressions:
            bound = self.binder.bound(rule, field)
            if bound and bound.type not in ("boolean", "unknown"):
                self.binder.tell(
                    rule,
                    field,
                    "CDMQ315",
                    f"'{field}' must be true or false, this is {bound.type}",
                    "write a comparison, for example: amount > 0",
                )
        return columns if len(self.problems) == before else None

    def _columns_in(self, rule: Rule) -> tuple[str, ...]:
        """The columns that a rule's own SQL reads, besides its `where`."""
        found: dict[str, None] = {}
        for field in rule.expressions:
            bound = self.binder.bound(rule, field) if field != "where" else None
            if bound:
                found.update(dict.fromkeys(bound.expression.columns))
                found.update(dict.fromkeys(c for _, c in bound.expression.behind))
        return tuple(found)

    def _with_value(self, judgement: Judgement, at: RuleContext) -> Judgement:
        """What the flag shows of the row, by `pii`, and a digest where that hides it."""
        pii = self.dataset.spec.pii
        texts = [(c, at.shown_text(c)) for c in judgement.shown]
        kept = [(c, stored(t, pii.get(c, "plain"))) for c, t in texts]
        digest: exp.Expr = nodes.cast(nodes.null(), "text")
        if any(pii.get(c, "plain") != "plain" for c, _ in texts):
            digest = keyed(_as_one([(c, t.copy()) for c, t in texts]))
        return replace(judgement, value=_as_one(kept), digest=digest)


def _as_one(texts: list[tuple[str, exp.Expr]]) -> exp.Expr:
    """One column's text as it is, several with their names, none as NULL."""
    if not texts:
        return nodes.cast(nodes.null(), "text")
    return texts[0][1] if len(texts) == 1 else values_of(texts)
