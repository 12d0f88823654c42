"""A rule of freshness at work: what proved each value, how sure it still is, and what is due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.audit.tables import QUEUE
from cdmq.kinds.compiling import Compiling
from cdmq.kinds.conditions import unread
from cdmq.kinds.freshness import calls
from cdmq.kinds.freshness import names as of
from cdmq.kinds.freshness.account import account
from cdmq.kinds.freshness.answers import HEARD, SAID, Answers
from cdmq.kinds.freshness.answers import TYPES as ANSWERS
from cdmq.kinds.freshness.cells import cells_query
from cdmq.kinds.freshness.figures import counts_query, figures_of, note_of
from cdmq.kinds.freshness.fit import Interval
from cdmq.kinds.freshness.intervals import groups_query, intervals_query
from cdmq.kinds.freshness.log import Log, link_of
from cdmq.kinds.freshness.problems import freshness_problems
from cdmq.kinds.freshness.rates import TYPES, Fade, Group, Rates
from cdmq.kinds.freshness.records import records_query
from cdmq.kinds.freshness.shown import cells_shown, records_shown
from cdmq.kinds.freshness.standing import digests_before, kept_before
from cdmq.kinds.freshness.tables import FRESHNESS_CELLS, FRESHNESS_RATES, FRESHNESS_RECORDS
from cdmq.kinds.freshness.watched import Watched
from cdmq.kinds.freshness.words import FreshnessRule
from cdmq.kinds.running import Publishing, Running
from cdmq.kinds.working import Work
from cdmq.outcomes import Outcome, State
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.shape import Table
from cdmq.steps import DatasetSteps, Judgement
from cdmq.values import Rule


@dataclass(frozen=True)
class Step:
    """What a rule sends: over its dataset, then over what it made of that."""

    watched: Watched
    log: Log | None
    seen: exp.Select
    cells: exp.Select | None
    records: exp.Select
    #: What the log tells of how long values stay right; None where it tells nothing of it.
    intervals: exp.Select | None
    #: The rows of the queue; None where nobody is asked.
    asked: exp.Query | None

    @property
    def rule(self) -> Rule:
        return self.watched.rule


def work(rule: Rule, at: Compiling) -> Work | None:
    wrong = freshness_problems(rule, at.rows, at.project, at.catalog, at.dialect)
    at.problems.extend(wrong)
    if wrong or at.check_only or at.project.read_by(rule.id) - set(at.catalog):
        return None
    step = _step(rule, at)
    conditions = step.watched.conditions()
    shown: list[tuple[str, exp.Query]] = [(f"what {rule.id} watches ({rule.span})", step.seen)]
    if step.cells is not None:
        shown.append((f"values by {rule.id} ({rule.span})", step.cells))
    shown.append((f"records by {rule.id} ({rule.span})", step.records))
    if step.asked is not None:
        shown.append((f"calls by {rule.id} ({rule.span})", step.asked))
    return Work(
        rule,
        run=partial(_run, step),
        shown=tuple(shown),
        query=step.cells or step.records,
        reads=at.rows.relation,
        publishes=tuple(f"{rule.id}__{what}" for what in _published(step)),
        views=partial(_views, step),
        judgements=(*_bad(step), *unread(conditions, at.rows, conditions.unjudged(None))),
    )


def _step(rule: Rule, at: Compiling) -> Step:
    spec = rule.spec
    assert isinstance(spec, FreshnessRule)
    link = link_of(spec.proof, at.dataset, at.project, at.catalog) if spec.proof else None
    watched = Watched(rule, at.rows, at.binder, link)
    log = None
    if spec.proof is not None and link is not None:
        log = Log(spec.proof, link, watched.columns, at.dialect)
    cells = cells_query(watched, log) if watched.columns else None
    asked = calls.Calls(watched, spec.queue).query() if spec.queue else None
    told = intervals_query(watched, log) if log and log.spec.bad else None
    return Step(watched, log, watched.query(), cells, records_query(watched, log), told, asked)


def _published(step: Step) -> tuple[str, ...]:
    return (of.CELLS, of.RECORDS) if step.cells is not None else (of.RECORDS,)


def _bad(step: Step) -> Iterator[Judgement]:
    """The values that were proved wrong and still stand there: a judgement a column."""
    pii = step.watched.rows.dataset.spec.pii
    for column in step.watched.columns:
        hidden = pii.get(column, "plain") != "plain"
        here = nodes.equal(nodes.column("column_name"), nodes.text(column))
        bad = nodes.equal(nodes.column("result"), nodes.text("bad"))
        yield Judgement(
            rule=step.rule,
            relation=of.made(step.rule.id, of.CELLS),
            failing=nodes.every([here, bad]),
            could_not_judge=None,
            tested=None,
            judged=nodes.every([here.copy(), nodes.present(nodes.column("result"))]),
            shown=(column,),
            value=nodes.column("shown"),
            digest=nodes.column("digest") if hidden else nodes.cast(nodes.null(), "text"),
            scope="row",
            name=column,
            key=nodes.column("key"),
        )


def _run(step: Step, at: Running, steps: DatasetSteps) -> Outcome:
    rule = step.rule
    heard = _load_answers(step, at)
    seen, _, seconds = at.make(f"{rule.id}__{of.SEEN}", step.seen)
    _remember(at, rule, of.RECORDS, FRESHNESS_RECORDS)
    spent = [seconds]
    fades: list[Fade] = []
    if step.cells is not None:
        _remember(at, rule, of.CELLS, FRESHNESS_CELLS)
        fades = _load_rates(step, at)
        staged, statement, seconds = at.make(f"{rule.id}__{of.CELLS}", step.cells)
        at.states.append(State(rule.id, FRESHNESS_CELLS, staged, of.CELL_STATE, of_records=True))
        spent.append(seconds)
    staged, digest, seconds = at.make(f"{rule.id}__{of.RECORDS}", step.records)
    at.states.append(State(rule.id, FRESHNESS_RECORDS, staged, of.RECORD_STATE, of_records=True))
    _ask(step, at)
    counts = dict(at.fetch(counts_query(step.watched, step.cells is not None)))
    left_out, told = account(step.watched, step.log, at)
    for relation in (seen, *heard):
        at.drop(relation)
    figures = figures_of(counts, step.watched.columns, fades)
    note = note_of(counts, step.cells is not None, fades if step.intervals is not None else ())
    return Outcome(
        rule,
        tested=int(counts["tested"]),
        judged=int(counts["proved"] if step.cells is not None else counts["records"]),
        statement=statement if step.cells is not None else digest,
        seconds=sum([*spent, seconds]),
        note="; ".join(n for n in (note, left_out) if n),
        figures={**figures, **told},
    )


def _load_answers(step: Step, at: Running) -> list[Relation]:
    """What people answered to the rule, as its statements read it."""
    rule, zone = step.rule, at.project.config.time_zone
    ids, datasets = at.ids.get(rule.id, (rule.id,)), at.project.names_of(rule.dataset)
    answers = Answers(zone, step.watched.binder.real)
    answers.read(at.decisions.of(ANSWERS, ids, datasets))
    loaded = []
    for name, types, rows in (
        (of.SAID, SAID, answers.rows()),
        (of.HEARD, HEARD, answers.heard),
    ):
        staged, final = at.names.output(f"{rule.id}__{name}")
        at.names.put(of.made(rule.id, name), staged, final)
        at.warehouse.load(staged, types, rows)
        loaded.append(staged)
    return loaded


def _ask(step: Step, at: Running) -> None:
    """What people are asked. Without a queue whatever is open closes."""
    id_, mine = step.rule.id, of_rule(step.rule.id, at.ids)
    open_ = nodes.every([mine, nodes.is_null(nodes.column("to_run"))])
    kept = nodes.select([nodes.column(c) for c in calls.COLUMNS], at.audit(QUEUE.name), open_)
    handed = [nodes.column(c) for c in ("why", "due")]
    at.names.queries[calls.open_rows(id_)] = kept
    at.names.queries[calls.all_rows(id_)] = nodes.select(handed, at.audit(QUEUE.name), mine.copy())
    asked = step.asked
    if asked is None:
        if not at.fetch(kept.copy().limit(1)):
            return
        asked = calls.nothing_asked()
    staged, _, _ = at.make(f"{id_}__{of.CALLS}", asked)
    at.states.append(State(id_, QUEUE, staged, calls.COLUMNS))


def _remember(at: Running, rule: Rule, what: str, table: Table) -> None:
    """How what the rule kept is read by its statements."""
    mine = of_rule(rule.id, at.ids)
    kept = kept_before(at.audit(table.name), mine, table)
    at.names.queries[of.before(rule.id, what, "last")] = kept
    had = digests_before(at.audit(table.name), mine.copy(), table)
    at.names.queries[of.before(rule.id, what, "had")] = had


def _load_rates(step: Step, at: Running) -> list[Fade]:
    rule, spec = step.rule, step.watched.spec
    name = f"{rule.id}__{of.RATES}"
    staged, final = at.names.output(name)
    at.names.put(f"made:{name}", staged, final)
    told: dict[tuple[str, Group], list[Interval]] = {}
    if step.intervals is not None:
        for column, source, whom, days, bad, count in at.fetch(step.intervals):
            interval = Interval(int(days), bool(bad), int(count))
            told.setdefault((column, (source, whom)), []).append(interval)
    columns = dict(zip(spec.watched, step.watched.columns, strict=True))
    groups = {(source, whom) for source, whom in at.fetch(groups_query(step.watched))}
    fades = Rates(spec, columns, told).fades(groups)
    at.warehouse.load(staged, TYPES, [f.row() for f in fades])
    at.states.append(State(rule.id, FRESHNESS_RATES, staged, tuple(TYPES)))
    return fades


def _views(step: Step, at: Publishing, steps: DatasetSteps) -> Iterator[tuple[str, exp.Select]]:
    """`<rule>__cells` and `<rule>__records`, as of the run."""
    rule, watched = step.rule, step.watched
    if step.cells is not None:
        yield f"{rule.id}__{of.CELLS}", cells_shown(watched, at)
    yield f"{rule.id}__{of.RECORDS}", records_shown(watched, at)
