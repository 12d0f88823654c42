"""A trends rule at work: the step of everyone, kept, and flagged where it is falling or dormant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.kinds.compiling import Compiling
from cdmq.kinds.conditions import Conditions, unread
from cdmq.kinds.facts.counted import says_of_money, uncounted
from cdmq.kinds.facts.money import mixed
from cdmq.kinds.running import Publishing, Running
from cdmq.kinds.trends.dataset_words import DatasetTrend
from cdmq.kinds.trends.dataset_work import dataset_work
from cdmq.kinds.trends.problems import trend_problems
from cdmq.kinds.trends.query import COLUMNS, Trend, everyone
from cdmq.kinds.trends.tables import TREND_STEPS
from cdmq.kinds.trends.visits import ask, visits_query
from cdmq.kinds.trends.words import DORMANT, FALLING, STEPS, TrendRule
from cdmq.kinds.working import Work
from cdmq.outcomes import Outcome, State
from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.steps import DatasetSteps, Judgement
from cdmq.values import Dataset, Rule


@dataclass(frozen=True)
class _Judging:
    rule: Rule
    steps: exp.Select
    account: exp.Select
    everyone: exp.Select
    visits: exp.Select
    #: The facts, where they are amounts of money.
    money: tuple[Dataset, ...]


def work(rule: Rule, at: Compiling) -> Work | None:
    if isinstance(rule.spec, DatasetTrend):
        return dataset_work(rule, at)
    wrong = trend_problems(rule, at.rows, at.project, at.catalog, at.dialect)
    at.problems.extend(wrong)
    if wrong or at.check_only or at.project.read_by(rule.id) - set(at.catalog):
        return None
    trend = Trend(rule, at.rows, at.project, at.catalog, at.dialect)
    query, about = trend.query(), Conditions(rule, at.binder, at.rows.behind)
    assert isinstance(rule.spec, TrendRule)
    money = tuple(says_of_money([rule.spec.measure], at.project.datasets))
    judging = _Judging(
        rule,
        query,
        trend.account(),
        everyone(rule, at.rows, at.binder, trend.ended),
        visits_query(rule, at.rows, _made(rule)),
        money,
    )
    return Work(
        rule,
        run=partial(_run, judging),
        shown=((f"steps by {rule.id} ({rule.span})", query),),
        query=query,
        reads=at.rows.relation,
        publishes=(f"{rule.id}__steps",),
        views=partial(_views, rule),
        judgements=(
            *(_on(rule, step) for step in (FALLING, DORMANT)),
            *unread(about, at.rows, about.unjudged(None), judged=exp.false()),
        ),
    )


def _made(rule: Rule) -> str:
    return f"made:{rule.id}__steps"


def _on(rule: Rule, step: str) -> Judgement:
    """Those who are on a step that people should know of: a flag of each, until it ends."""
    return Judgement(
        rule=rule,
        relation=_made(rule),
        failing=nodes.equal(nodes.column("step"), nodes.text(step)),
        could_not_judge=None,
        tested=None,
        judged=None,
        shown=(step,),
        value=nodes.column("reason"),
        digest=nodes.cast(nodes.null(), "text"),
        scope="row",
        key=nodes.column("key"),
        name=step,
        same_value=False,
    )


def _run(judging: _Judging, at: Running, steps: DatasetSteps) -> Outcome:
    rule = judging.rule
    if wrong := mixed(at, judging.money):
        return Outcome(rule, error=wrong)
    staged, digest, seconds = at.make(f"{rule.id}__steps", judging.steps)
    at.states.append(State(rule.id, TREND_STEPS, staged, COLUMNS, of_records=True))
    ask(rule, judging.visits, at)
    count = exp.Count(this=exp.Star())
    found = nodes.select([nodes.column("step"), count], logical(_made(rule)))
    by_step = dict(at.fetch(nodes.group_by(found, [nodes.column("step")])))
    ((tested, ended),) = at.fetch(judging.everyone)
    lost, facts, told = uncounted(at, judging.account)
    judged = sum(by_step.values())
    said = [", ".join(f"{by_step[s]:,} {s}" for s in STEPS if by_step.get(s)) or "nobody judged"]
    if ended:
        said.append(f"{ended:,} have ended")
    if tested - ended > judged:
        said.append(f"{tested - ended - judged:,} not judged: without a purchase in a whole period")
    figures = {f"step:{s}": float(by_step.get(s, 0)) for s in STEPS}
    return Outcome(
        rule,
        tested=tested,
        judged=judged,
        could_not_judge=lost,
        uncounted=lost,
        facts=facts,
        statement=digest,
        seconds=seconds,
        note="; ".join([*said, *([told] if told else [])]),
        figures={**figures, "facts": facts, "uncounted": lost},
    )


def _views(rule: Rule, at: Publishing, steps: DatasetSteps) -> Iterator[tuple[str, exp.Select]]:
    """`<rule>__steps`: the step of each customer now."""
    shown = (*COLUMNS[:-1],)
    yield f"{rule.id}__steps", at.kept(TREND_STEPS.name, shown, of_rule(rule.id, at.ids), True)
