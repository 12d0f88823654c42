"""Flags that somebody waived: which, as a condition over what a run found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from cdmq.decisions.decision import Decision
from cdmq.decisions.standing import Standing
from cdmq.kinds.binding import Binder
from cdmq.sql import nodes
from cdmq.sql.expressions import SqlProblem, bind, lower, parse
from cdmq.sql.logical import as_of_node, logical
from cdmq.sql.never import check_where
from cdmq.steps import DatasetSteps
from cdmq.values import Rule

#: Keys in one list of a statement.
_MOST = 1_000


@dataclass(frozen=True)
class Waived:
    """The condition that the column `key` names a record whose flags are waived; and of waivers
    whose condition does not fit the dataset, why."""

    where: exp.Expr
    unfit: tuple[str, ...] = ()


def waivers(
    decisions: Standing, ids: Mapping[str, tuple[str, ...]], dialect: str
) -> Callable[[Rule, DatasetSteps], Waived | None]:
    """Gives what is waived of a rule; None where nothing is."""
    by_rule: dict[str, list[Decision]] = {}
    for d in decisions.stand:
        if d.type == "waive" and d.rule:
            by_rule.setdefault(d.rule, []).append(d)

    def of(rule: Rule, steps: DatasetSteps) -> Waived | None:
        named = ids.get(rule.id, (rule.id,))
        mine = [d for name in named for d in by_rule.get(name, ())]
        return _waived(mine, steps, dialect) if mine else None

    return of


def _waived(mine: Iterable[Decision], steps: DatasetSteps, dialect: str) -> Waived:
    keys, parts, unfit = list[str](), list[exp.Expr](), list[str]()
    for d in mine:
        if d.where is None:
            keys += d.keys
            continue
        try:
            parts.append(nodes.among(nodes.column("key"), _records(d.where, steps, dialect)))
        except SqlProblem as error:
            unfit.append(f"the waiver {d.id} does not count: {error.cause}")
    keys = sorted(set(keys))
    for first in range(0, len(keys), _MOST):
        some = [nodes.text(k) for k in keys[first : first + _MOST]]
        parts.append(exp.In(this=nodes.column("key"), expressions=some))
    return Waived(nodes.any_of(parts) if parts else exp.false(), tuple(unfit))


def _records(where: str, steps: DatasetSteps, dialect: str) -> exp.Select:
    """The keys of the records for which a condition holds. Raises SqlProblem."""
    bound = bind(parse(where), steps.columns)
    check_where(bound.expression.tree)
    tree = lower(bound.expression.tree, dialect, nodes.column, _behind, as_of_node())
    guarded = Binder(steps.columns, dialect, []).guarded(tree)
    return nodes.select([steps.key.copy()], logical(steps.relation), guarded)


def _behind(how: str, column: str) -> exp.Expr:
    raise SqlProblem("CDMQ301", f"{how}({column}) reaches behind the defaults", "name the column")
