"""What must be true of a trends rule before it is compiled: its facts, columns and conditions."""

from __future__ import annotations

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder
from cdmq.kinds.facts.problems import FactsLook
from cdmq.kinds.trends.words import ENDED, TrendRule
from cdmq.problems import Problem
from cdmq.sql.types import MOMENTS
from cdmq.values import Catalog, Project, Rule


def trend_problems(
    rule: Rule, rows: Rows, project: Project, catalog: Catalog, dialect: str
) -> list[Problem]:
    """All that is wrong with one rule. A dataset of facts that is not in the catalog is another's
    problem: what hangs on its columns is not told."""
    spec, found = rule.spec, list[Problem]()
    assert isinstance(spec, TrendRule)
    look = FactsLook(rule, project, catalog, dialect, found)
    if "where" in rule.expressions:
        look.condition("where", Binder(rows.columns, dialect, found))
    of = rows.dataset.made_of or rows.dataset.name
    ended = project.datasets[of].spec.ended
    if ENDED in rule.expressions and ended is not None and of in catalog:
        look.condition(ENDED, Binder(catalog[of], dialect, found))
        look.behind(ENDED, f"ended of {of} reads clean records")
        if ended.on is not None:
            look.column(ENDED, of, ended.on, MOMENTS, "a date or timestamp", "name one that is")
    facts = spec.measure.dataset
    if look.facts(facts, "measure.from", rows) and facts in catalog:
        look.measure("measure", spec.measure)
    look.time("alert.over", spec.alert.over)
    look.time("alert.history", spec.alert.history)
    return found
