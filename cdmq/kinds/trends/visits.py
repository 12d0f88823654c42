"""Whom somebody is to call: the queue's rows of those who are falling or dormant."""

from __future__ import annotations

from sqlglot import exp

from cdmq.audit.tables import QUEUE
from cdmq.datasets.rows import Rows
from cdmq.kinds.facts.numbers import after
from cdmq.kinds.running import Running
from cdmq.kinds.trends.building import join, pick, same
from cdmq.kinds.trends.words import DORMANT, FALLING, TrendRule, Visit
from cdmq.outcomes import State
from cdmq.project.zones import local
from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node, logical
from cdmq.sql.pii import stored
from cdmq.sql.text_form import text_of
from cdmq.values import Rule

COLUMNS = ("about", "key", "other", "column_name", "why", "first", "due", "asked")


def visits_query(rule: Rule, rows: Rows, made: str) -> exp.Select:
    """A row for each who is to be called, over the steps that the rule made; none where it asks for
    no visits."""
    assert isinstance(rule.spec, TrendRule)
    visit = rule.spec.visit
    steps = logical(made)
    steps.set("alias", exp.TableAlias(this=nodes.name("s")))
    low = nodes.one_of(nodes.column("step", "s"), (FALLING, DORMANT))
    shown = pick(
        "s",
        about=nodes.text("record"),
        key=nodes.column("key", "s"),
        other=nodes.cast(nodes.null(), "text"),
        column_name=nodes.cast(nodes.null(), "text"),
        why=nodes.column("step", "s"),
        first=nodes.cast(nodes.column("at_risk", "s"), "double"),
        due=after(as_of_node(), visit.within) if visit else nodes.cast(nodes.null(), "timestamp"),
        asked=_asked(rows, visit),
    )
    query = nodes.select(shown, steps, low if visit else exp.false())
    if visit and visit.by in rows.columns:
        join(query, nodes.subquery(_named(rows, visit.by), "v"), *same("v", "s", "key"), left=True)
    return query


def _asked(rows: Rows, visit: Visit | None) -> exp.Expr:
    if visit is None:
        return nodes.cast(nodes.null(), "text")
    return nodes.column("asked", "v") if visit.by in rows.columns else nodes.text(visit.by)


def _named(rows: Rows, column: str) -> exp.Select:
    """Who is named by a record; of records with one key the last by the alphabet."""
    text = text_of(nodes.column(column), rows.columns[column])
    text = stored(text, rows.dataset.spec.pii.get(column, "plain"))
    keyed = nodes.select(
        [nodes.alias(rows.key(), "key"), nodes.alias(text, "asked")], logical(rows.relation)
    )
    last = exp.Max(this=nodes.by_code_point(nodes.column("asked", "k"), rows.dialect))
    query = nodes.select(
        pick("k", "key", asked=nodes.as_usual(last, rows.dialect)), nodes.subquery(keyed, "k")
    )
    return nodes.group_by(query, [nodes.column("key", "k")])


def ask(rule: Rule, query: exp.Select, at: Running) -> None:
    """Hand over the questions, but for those that were answered since the step began; where none are
    asked any more, those that are open close."""
    answered = [
        (key, local(d.at, at.project.config.time_zone).date().isoformat())
        for d in at.decisions.of(("visit",), at.ids.get(rule.id, (rule.id,)), (rule.dataset,))
        for key in d.keys
    ]
    if answered:
        query = query.where(_unanswered(answered))
    staged, _, _ = at.make(f"{rule.id}__visits", query)
    at.states.append(State(rule.id, QUEUE, staged, COLUMNS, of_records=True))


def _unanswered(answered: list[tuple[str, str]]) -> exp.Expr:
    """Whether nobody called since the step began; `answered`: keys and days."""
    said = {
        name: nodes.call("unnest", exp.Array(expressions=[nodes.text(v) for v in values]))
        for name, values in zip(("key", "day"), zip(*answered, strict=True), strict=True)
    }
    calls = nodes.select([nodes.alias(node, name) for name, node in said.items()])
    since = exp.GTE(
        this=nodes.cast(nodes.column("day", "a"), "date"), expression=nodes.column("since", "s")
    )
    mine = nodes.every([*same("a", "s", "key"), since])
    return exp.Not(
        this=exp.Exists(this=nodes.select([nodes.number(1)], nodes.subquery(calls, "a"), mine))
    )
