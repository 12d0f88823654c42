"""A completeness rule at work: the score of each record, kept, and flagged where it is too low."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.kinds.compiling import Compiling
from cdmq.kinds.completeness.figures import MEAN, MEDIAN, counts_query, figures_query
from cdmq.kinds.completeness.points import points_of
from cdmq.kinds.completeness.problems import completeness_problems
from cdmq.kinds.completeness.query import COLUMNS, scores_query, unscored
from cdmq.kinds.completeness.tables import COMPLETENESS_SCORES
from cdmq.kinds.completeness.words import CompletenessRule
from cdmq.kinds.conditions import Conditions, unread
from cdmq.kinds.flagged import Flagging, find_flags, flagging, flags_query
from cdmq.kinds.running import Publishing, Running
from cdmq.kinds.working import Work
from cdmq.outcomes import Outcome, State
from cdmq.sql import nodes
from cdmq.sql.text_form import text_of
from cdmq.steps import DatasetSteps, Judgement
from cdmq.values import Rule


@dataclass(frozen=True)
class _Scoring:
    """How a rule scores. `flagging`: column -> the rules whose flags make a value in it missing."""

    rule: Rule
    scores: exp.Select
    figures: exp.Select
    counts: exp.Select
    flagging: Flagging


def work(rule: Rule, at: Compiling) -> Work | None:
    wrong = completeness_problems(rule, at.rows)
    at.problems.extend(wrong)
    if wrong or at.check_only:
        return None
    spec = rule.spec
    assert isinstance(spec, CompletenessRule)
    minded, conditions = _minded(spec, at), Conditions(rule, at.binder, at.rows.behind)
    query = scores_query(rule, at.rows, at.binder, f"flagged:{rule.id}", tuple(minded))
    scoring = _Scoring(
        rule,
        query,
        figures_query(spec, _made(rule), at.dialect),
        counts_query(_made(rule), at.rows, conditions),
        minded,
    )
    return Work(
        rule,
        run=partial(_run, scoring),
        shown=((f"scores by {rule.id} ({rule.span})", query),),
        query=query,
        reads=at.rows.relation,
        publishes=(f"{rule.id}__scores", *((f"{rule.id}__flags",) if minded else ())),
        views=partial(_views, scoring),
        judgements=(*_low(rule, spec), *_unread(conditions, at)),
    )


def _made(rule: Rule) -> str:
    return f"made:{rule.id}__scores"


def _minded(spec: CompletenessRule, at: Compiling) -> Flagging:
    """The rules that say of a value of a point that it is wrong."""
    if spec.invalid == "counts":
        return {}
    read = {c for p in points_of(spec, at.binder) for c in p.columns}
    found = flagging(at.dataset.name, at.rows.columns, at.project)
    return {column: rules for column, rules in found.items() if column in read}


def _low(rule: Rule, spec: CompletenessRule) -> Iterator[Judgement]:
    """The records that people should ask about."""
    if spec.ask_at_least is None:
        return
    score = nodes.column("score")
    least = nodes.cast(nodes.number(str(spec.ask_at_least)), "decimal(5, 2)")
    yield Judgement(
        rule=rule,
        relation=_made(rule),
        failing=exp.LT(this=score, expression=least),
        could_not_judge=None,
        tested=None,
        judged=nodes.present(score.copy()),
        shown=(),
        value=text_of(score.copy(), "decimal"),
        digest=nodes.cast(nodes.null(), "text"),
        scope="row",
        key=nodes.column("key"),
    )


def _unread(conditions: Conditions, at: Compiling) -> Iterator[Judgement]:
    """The records that can't be scored, with the cells that are asked."""
    rule = conditions.rule
    assert isinstance(rule.spec, CompletenessRule)
    judged = exp.false() if rule.spec.ask_at_least else None
    yield from unread(conditions, at.rows, unscored(conditions), rule.expressions, judged)


def _run(scoring: _Scoring, at: Running, steps: DatasetSteps) -> Outcome:
    rule, flagged = scoring.rule, None
    if scoring.flagging:
        flagged = find_flags(at, f"flagged:{rule.id}", f"{rule.id}__flags", scoring.flagging)
    staged, digest, seconds = at.make(f"{rule.id}__scores", scoring.scores)
    if flagged:
        at.drop(flagged)
    at.states.append(State(rule.id, COMPLETENESS_SCORES, staged, COLUMNS, of_records=True))
    ((tested, scored, without, unnamed),) = at.fetch(scoring.counts)
    figures = {name: value for name, value in at.fetch(scoring.figures) if value is not None}
    return Outcome(
        rule,
        tested=tested,
        judged=scored,
        statement=digest,
        seconds=seconds,
        note=_note(scored, without, unnamed, figures),
        figures=figures,
    )


def _note(scored: int, without: int, unnamed: int, figures: dict[str, float]) -> str:
    """`9,812 scored: mean 63.2, median 66.7; 3 to whom no point applies`."""
    told = [f"{scored:,} scored"]
    if scored:
        told[0] += f": mean {figures[MEAN]:.1f}, median {figures[MEDIAN]:.1f}"
    if without:
        told.append(f"{without:,} to whom no point applies")
    if unnamed:
        told.append(f"{unnamed:,} not judged: without a key, or it stands twice")
    return "; ".join(told)


def _views(
    scoring: _Scoring, at: Publishing, steps: DatasetSteps
) -> Iterator[tuple[str, exp.Select]]:
    """`<rule>__scores`: the score of each record now; `<rule>__flags`: what carries a flag that
    makes a value missing."""
    mine = of_rule(scoring.rule.id, at.ids)
    yield f"{scoring.rule.id}__scores", at.kept(COMPLETENESS_SCORES.name, COLUMNS, mine, open_=True)
    if scoring.flagging:
        yield f"{scoring.rule.id}__flags", flags_query(scoring.flagging, at.schema, at.ids)
