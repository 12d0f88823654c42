"""The ids that rules had before: rows of a renamed rule keep the id they were written with."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.tables import RULE_VERSIONS
from cdmq.problems import CdmqError, Problem
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.values import Rule

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


def renames(warehouse: Warehouse, schema: str, rules: Mapping[str, Rule]) -> dict[str, str]:
    """Former id -> the id of today, by every `formerly` that was ever run.

    An id that a rule of today bears is its own, whoever had it before.
    """
    next_ = _next(warehouse, schema, rules)
    found = {}
    for former in next_:
        name, seen = former, {former}
        while name not in rules and next_.get(name, name) not in seen:
            name = next_[name]
            seen.add(name)
        if name != former:
            found[former] = name
    return found


def _next(warehouse: Warehouse, schema: str, rules: Mapping[str, Rule]) -> dict[str, str]:
    """Former id -> the id after it."""
    query = nodes.select(
        [nodes.column("formerly"), nodes.column("rule_id")],
        nodes.table(Relation(RULE_VERSIONS.name, schema)),
        nodes.present(nodes.column("formerly")),
    ).order_by(nodes.column("from_run"))
    found: dict[str, str] = dict(warehouse.fetch(query.sql(warehouse.dialect)))
    return found | {r.formerly: name for name, r in rules.items() if r.formerly}


def check_reused(
    warehouse: Warehouse, schema: str, rules: Mapping[str, Rule], keeping: Container[str]
) -> None:
    """Raises CdmqError where a rule bears the former id of one that keeps parties, cells or levels
    under it: they would be the new rule's, and every party would get another id. `keeping`: the
    kinds whose rules keep such."""
    problems = [
        Problem(
            rules[former].span,
            "CDMQ211",
            f"'{former}' was the id of '{name}', which keeps its history under it",
            "give the new rule another id",
        )
        for former, name in _next(warehouse, schema, rules).items()
        if former in rules and name in rules and name != former and rules[name].kind in keeping
    ]
    if problems:
        raise CdmqError(problems)


def today(rule_id: exp.Expr, renamed: Mapping[str, str], names: Iterable[str]) -> exp.Expr:
    """`rule_id` as the id of today, for the rules `names`."""
    wanted = set(names)
    pairs = [
        (nodes.equal(rule_id.copy(), nodes.text(old)), nodes.text(new))
        for old, new in sorted(renamed.items())
        if new in wanted
    ]
    return nodes.cases(pairs, rule_id) if pairs else rule_id


def ids_of(renamed: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Rule -> every id that it ever had, for those that had another."""
    found: dict[str, tuple[str, ...]] = {}
    for old, new in sorted(renamed.items()):
        found[new] = (*found.get(new, (new,)), old)
    return found


def of_rule(rule: str, ids: Mapping[str, tuple[str, ...]], table: str | None = None) -> exp.Expr:
    """The condition that a row is a rule's, under whatever id."""
    column = nodes.column("rule_id", table)
    names = ids.get(rule, (rule,))
    if len(names) == 1:
        return nodes.equal(column, nodes.text(rule))
    return exp.In(this=column, expressions=[nodes.text(n) for n in names])
