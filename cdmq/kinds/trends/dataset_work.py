"""A trend of a dataset at work: its last period, or what this run finds, against the periods before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import partial
from statistics import median
from typing import Any

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.audit.tables import RULE_FIGURES, RULE_RESULTS, RUNS
from cdmq.kinds.compiling import Compiling
from cdmq.kinds.conditions import Conditions, unread
from cdmq.kinds.running import Running
from cdmq.kinds.trends.building import join, pick, same, where
from cdmq.kinds.trends.dataset_words import FEWEST, DatasetTrend
from cdmq.kinds.trends.periods import Periods
from cdmq.kinds.working import Work
from cdmq.outcomes import Outcome
from cdmq.problems import Problem, did_you_mean
from cdmq.project.zones import local
from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.steps import DatasetSteps, Judgement
from cdmq.values import Rule
from cdmq.warehouses.base import StatementError

VALUE, MEDIAN, MAD = "value", "median", "median deviation"
#: Of a median: what counts as its deviation where all values are equal.
_FLOOR = Fraction(5, 100)


@dataclass(frozen=True)
class _Observing:
    """`counts`: rows and NULLs; by the period in which rows happened, where `by_time`."""

    rule: Rule
    spec: DatasetTrend
    periods: Periods
    counts: exp.Select
    by_time: bool

    @property
    def made(self) -> str:
        return f"{self.rule.id}__observed"


def dataset_work(rule: Rule, at: Compiling) -> Work | None:
    spec = rule.spec
    assert isinstance(spec, DatasetTrend)
    before, about = len(at.problems), Conditions(rule, at.binder, at.rows.behind)
    _look(rule, spec, at)
    if len(at.problems) > before or at.check_only:
        return None
    calendar = at.dataset.spec.calendar
    periods = Periods(spec.per, calendar.first if calendar else 1)
    by_time = at.dataset.spec.happened_at is not None and spec.measure.flags is None
    observing = _Observing(rule, spec, periods, _counts(rule, spec, periods, at, by_time), by_time)
    return Work(
        rule,
        run=partial(_run, observing),
        shown=((f"figures of {rule.dataset} by {rule.id} ({rule.span})", observing.counts),),
        query=observing.counts,
        reads=at.rows.relation,
        judgements=(
            _off(observing),
            *unread(about, at.rows, about.unjudged(None), judged=exp.false()),
        ),
    )


def _look(rule: Rule, spec: DatasetTrend, at: Compiling) -> None:
    def tell(field: str, code: str, cause: str, remedy: str) -> None:
        span = rule.spans.get(field, rule.span)
        at.problems.append(Problem(span, code, f"{cause} (rule {rule.id})", remedy))

    column, other = spec.measure.nulls, spec.measure.flags
    if column is not None and at.binder.real(column) not in at.rows.columns:
        cause = f"{rule.dataset} has no column '{column}'"
        tell("measure.nulls", "CDMQ203", cause, did_you_mean(column, at.rows.columns))
    for field in rule.expressions:
        bound = at.binder.bound(rule, field)
        if bound and bound.type not in ("boolean", "unknown"):
            cause = f"'{field}' must be true or false, this is {bound.type}"
            tell(field, "CDMQ315", cause, "write a comparison, for example: amount > 0")
    known = [r.id for r in at.project.rules.values() if r.dataset == rule.dataset]
    if other is not None and (other not in known or other == rule.id):
        cause = f"{rule.dataset} has no rule '{other}'"
        tell("measure.flags", "CDMQ224", cause, did_you_mean(other, known))


def _counts(
    rule: Rule, spec: DatasetTrend, periods: Periods, at: Compiling, by_time: bool
) -> exp.Select:
    """`p`, the number of the period, `rows` and `nulls`; of all rows in one row of no period, with
    the present period, where it does not matter when they happened."""
    column = spec.measure.nulls
    none = exp.false() if column is None else nodes.is_null(nodes.column(at.binder.real(column)))
    count = exp.Count(this=exp.Star())
    about = Conditions(rule, at.binder, at.rows.behind).where
    happened = at.dataset.spec.happened_at
    shown: dict[str, exp.Expr] = {"rows": count, "nulls": where(count.copy(), none)}
    source = logical(at.rows.relation)
    if not by_time or happened is None:
        return nodes.select([nodes.alias(n, name) for name, n in shown.items()], source, about)
    day = nodes.cast(nodes.cast(nodes.column(at.binder.real(happened)), "timestamp"), "date")
    number = periods.number_of(day)
    over = exp.LT(this=day.copy(), expression=periods.begins(periods.current()))
    query = nodes.select(
        [nodes.alias(number, "p"), *(nodes.alias(n, name) for name, n in shown.items())],
        source,
        nodes.all_of([about, over]),
    )
    return nodes.group_by(query, [number.copy()])


def _off(observing: _Observing) -> Judgement:
    """The dataset is not as it was: one flag, until it is."""
    column = observing.spec.measure.nulls
    return Judgement(
        rule=observing.rule,
        relation=f"made:{observing.made}",
        failing=nodes.column("off"),
        could_not_judge=None,
        tested=None,
        judged=None,
        shown=(column,) if column else (),
        value=nodes.column("said"),
        digest=nodes.cast(nodes.null(), "text"),
        scope="row",
        key=nodes.cast(nodes.null(), "text"),
        same_value=False,
    )


def _run(observing: _Observing, at: Running, steps: DatasetSteps) -> Outcome:
    rule, other = observing.rule, observing.spec.measure.flags
    if other is not None:
        found = at.outcomes.get(other)
        if found is None or not found.evaluated:
            return Outcome(rule, skipped=f"it tells of flags of {other}, which did not run")
        value: Fraction | None = Fraction(found.failing)
        history = _of_runs(observing, at)
    elif observing.by_time:
        value, history = _of_periods(observing, at)
    else:
        ((rows, nulls),) = at.fetch(observing.counts)
        value, history = _value(observing.spec, rows, nulls), _of_runs(observing, at)
    return _told(observing, at, value, list(history.values()))


def _told(
    observing: _Observing, at: Running, value: Fraction | None, before: list[Fraction]
) -> Outcome:
    rule, spec = observing.rule, observing.spec
    usual = median(before) if before else None
    deviation = _deviation(before, usual) if usual is not None else None
    judged = len(before) >= FEWEST and value is not None
    said, off = _words(observing, value), False
    if judged and value is not None and usual is not None and deviation is not None:
        off = abs(value - usual) > Fraction(spec.alert.beyond) * deviation
        said += f", usually {_number(usual)} (median deviation {_number(deviation)})"
    elif value is not None:
        said += f"; not judged: {len(before)} of {spec.history} periods before are known"
    shown = {"off": exp.true() if off else exp.false(), "said": nodes.text(said)}
    made = nodes.select([nodes.alias(n, name) for name, n in shown.items()])
    _, digest, seconds = at.make(observing.made, made)
    figures = {VALUE: value, MEDIAN: usual, MAD: deviation}
    return Outcome(
        rule,
        tested=1 if judged else 0,
        judged=1 if judged else 0,
        statement=digest,
        seconds=seconds,
        note=said,
        figures={n: None if v is None else float(v) for n, v in figures.items()},
    )


def _deviation(values: list[Fraction], usual: Fraction) -> Fraction:
    """The median of how far each is away; where that is 0, a share of the median."""
    return median(abs(v - usual) for v in values) or abs(usual) * _FLOOR


def _words(observing: _Observing, value: Fraction | None) -> str:
    measure, when = observing.spec.measure, ""
    if observing.by_time:
        when = f" in the last whole {observing.spec.per}"
    if value is None:
        return f"no rows{when}"
    if measure.nulls is not None:
        return f"{measure.nulls} is missing in {_number(value)}%{when}"
    return f"{_number(value)} {f'flags of {measure.flags}' if measure.flags else 'rows'}{when}"


def _number(value: Fraction) -> str:
    """At most two decimals, with commas: 1,234 or 0.25."""
    text = f"{float(value):,.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _value(spec: DatasetTrend, rows: int, nulls: int) -> Fraction | None:
    if spec.measure.nulls is None:
        return Fraction(rows)
    return Fraction(100 * nulls, rows) if rows else None


def _of_periods(
    observing: _Observing, at: Running
) -> tuple[Fraction | None, Mapping[int, Fraction]]:
    """The last whole period, and those before it since there are rows; one without rows has 0."""
    spec = observing.spec
    ((current,),) = at.fetch(nodes.select([observing.periods.current()]))
    found = {p: (rows, nulls) for p, rows, nulls in at.fetch(observing.counts) if p is not None}
    first, last = min(found, default=current), current - 1
    known = range(max(first, last - spec.history), last)
    values = {p: _value(spec, *found.get(p, (0, 0))) for p in (*known, last)}
    return values.pop(last), {p: v for p, v in values.items() if v is not None}


def _of_runs(observing: _Observing, at: Running) -> Mapping[int, Fraction]:
    """What the last run of each period before said."""
    spec, zone = observing.spec, at.project.config.time_zone
    now = observing.periods.number(local(at.as_of, zone).date())
    latest: dict[int, tuple[datetime, str, Fraction]] = {}
    for run, moment, value in _recorded(observing, at):
        period = observing.periods.number(local(moment, zone).date())
        if now - spec.history <= period < now and value is not None:
            row = (moment, str(run), Fraction(str(value)))
            latest[period] = max(latest.get(period, row), row)
    return {p: latest[p][2] for p in sorted(latest)}


def _recorded(observing: _Observing, at: Running) -> list[tuple[Any, ...]]:
    """(run, as_of, value) of every run; nothing where runs are not recorded."""
    other = observing.spec.measure.flags
    table, value = (RULE_RESULTS, "failing") if other else (RULE_FIGURES, "value")
    wanted = [of_rule(other or observing.rule.id, at.ids, "f")]
    if other:
        told = exp.In(
            this=nodes.column("status", "f"),
            expressions=[nodes.text(s) for s in ("pass", "warn", "fail")],
        )
        wanted.append(told)
    else:
        wanted.append(nodes.equal(nodes.column("figure", "f"), nodes.text(VALUE)))
    runs, kept = at.audit(RUNS.name), at.audit(table.name)
    runs.set("alias", exp.TableAlias(this=nodes.name("r")))
    kept.set("alias", exp.TableAlias(this=nodes.name("f")))
    query = nodes.select(
        [*pick("r", "run_id", "as_of"), nodes.column(value, "f")], kept, nodes.every(wanted)
    )
    try:
        return at.fetch(join(query, runs, *same("r", "f", "run_id")))
    except StatementError:
        return []  # a unit test: no run stands anywhere
