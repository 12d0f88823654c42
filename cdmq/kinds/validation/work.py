"""A rule of validation as conditions over the rows of its dataset."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cdmq.checks.base import Check
from cdmq.kinds.compiling import Compiling
from cdmq.kinds.conditions import shown, unread
from cdmq.kinds.validation.context import RuleContext
from cdmq.kinds.validation.never import check_where_and_check
from cdmq.kinds.working import Work
from cdmq.problems import CdmqError, did_you_mean
from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node
from cdmq.steps import Judgement
from cdmq.values import Rule


def work(rule: Rule, at: Compiling) -> Work | None:
    judgements = _Judging(at).judgements(rule)
    return Work(rule, judgements=judgements) if judgements else None


@dataclass(frozen=True)
class _Judging:
    at: Compiling

    def judgements(self, rule: Rule) -> tuple[Judgement, ...]:
        """What it says of rows, and the rows of which its `where` can't be told; empty where
        something does not fit."""
        check = rule.spec
        assert isinstance(check, Check)
        columns = self._columns_of(rule)
        if columns is None:
            return ()
        at = RuleContext(
            rule,
            self.at.rows,
            self.at.binder,
            self.at.project,
            self.at.catalog,
            as_of_node(),
            self.at.check_only,
        )
        before = len(self.at.problems)
        try:
            for column in columns:
                at.check_type(column)
            failing = check.failing(columns, at)
            check_where_and_check(rule, columns, at, self.at.binder)
            if check.missing == "fail" and columns:
                failing = nodes.any_of([failing, *(nodes.is_null(at.column(c)) for c in columns)])
            judgement = Judgement(
                rule=rule,
                relation=at.relation,
                failing=failing,
                could_not_judge=at.inside(check.could_not_judge(columns, at)),
                tested=at.tested(),
                judged=check.judged(columns, at),
                shown=columns or at.conditions.read(f for f in rule.expressions if f != "where"),
                value=nodes.null(),
                digest=nodes.null(),
                scope=check.SCOPE,
            )
        except CdmqError as error:
            self.at.problems.extend(error.problems)
            return ()
        if len(self.at.problems) > before:
            return ()
        if self.at.check_only:
            return (judgement,)
        if check.SCOPE == "dataset":
            return (replace(judgement, could_not_judge=None), *self._unread(at))
        return (self._with_value(judgement, at), *self._unread(at))

    def _unread(self, at: RuleContext) -> Iterator[Judgement]:
        """The records of which it can't be told whether the rule is about them; without a key where
        it guards the dataset: they are of a delivery that may be held back."""
        for judgement in unread(at.conditions, at.rows, at.conditions.unjudged(None)):
            guards = at.rule.id in self.at.dataset.guards
            yield replace(judgement, key=nodes.cast(nodes.null(), "text")) if guards else judgement

    def _columns_of(self, rule: Rule) -> tuple[str, ...] | None:
        """The rule's columns as the dataset names them; None where something does not fit."""
        before = len(self.at.problems)
        columns = tuple(self.at.binder.real(c) for c in rule.columns)
        for name, real in zip(rule.columns, columns, strict=True):
            if real not in self.at.binder.columns:
                self.at.binder.tell(
                    rule,
                    "column",
                    "CDMQ203",
                    f"{self.at.dataset.name} has no column '{name}' (rule {rule.id})",
                    did_you_mean(name, self.at.binder.columns),
                )
        for field in rule.expressions:
            bound = self.at.binder.bound(rule, field)
            if bound and bound.type not in ("boolean", "unknown"):
                self.at.binder.tell(
                    rule,
                    field,
                    "CDMQ315",
                    f"'{field}' must be true or false, this is {bound.type}",
                    "write a comparison, for example: amount > 0",
                )
        return columns if len(self.at.problems) == before else None

    def _with_value(self, judgement: Judgement, at: RuleContext) -> Judgement:
        """What the flag shows of the row, by `pii`, and a digest where that hides it."""
        texts = [(c, at.shown_text(c)) for c in judgement.shown]
        value, digest = shown(self.at.dataset, texts)
        return replace(judgement, value=value, digest=digest)
