"""A rule of change_control at work: what is approved, what waits, and who approved what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.audit.tables import QUEUE
from cdmq.kinds.change_control.problems import change_problems
from cdmq.kinds.change_control.query import (
    APPROVED,
    Logs,
    cells_query,
    judged_query,
    now_approved,
    put_back,
    records_query,
)
from cdmq.kinds.change_control.tables import (
    APPROVALS_READ,
    APPROVED_CELLS,
    CHANGE_APPROVALS,
    HELD_CHANGES,
)
from cdmq.kinds.change_control.words import ChangeControlRule
from cdmq.kinds.compiling import Compiling
from cdmq.kinds.conditions import Conditions, unread
from cdmq.kinds.running import Publishing, Running
from cdmq.kinds.working import Work
from cdmq.outcomes import Outcome, State
from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.sql.types import Type
from cdmq.steps import DatasetSteps, Judgement
from cdmq.values import Rule

_HELD = (
    "key",
    "column_name",
    "change_id",
    "old_value",
    "new_value",
    "changed_by",
    "changed_at",
    "why",
)
_ASKED = ("about", "key", "other", "column_name", "why")


@dataclass(frozen=True)
class Controlling:
    """How a rule finds what changed."""

    rule: Rule
    spec: ChangeControlRule
    #: The protected columns with their types.
    types: dict[str, Type]
    cells: exp.Query
    records: exp.Select
    logs: Logs | None
    #: The key of a record of its dataset.
    key: exp.Expr
    #: The matching rule by which its records are parties; None where they are not.
    through: str | None


def work(rule: Rule, at: Compiling) -> Work | None:
    spec = rule.spec
    assert isinstance(spec, ChangeControlRule)
    at.problems.extend(wrong := change_problems(rule, at.rows, at.binder, at.project, at.catalog))
    if wrong or at.check_only:
        return None
    columns = [at.binder.real(c) for c in spec.protect]
    made = at.dataset.made_by is not None
    # What a rule makes is judged as it was made, before approved values are put back.
    rows = replace(at.rows, stage=None, given=()) if made else at.rows
    conditions = Conditions(rule, at.binder, rows.behind)
    cells = cells_query(rows, conditions, columns)
    controlling = Controlling(
        rule,
        spec,
        {c: at.rows.columns[c] for c in columns},
        cells,
        records_query(rows, conditions),
        _logs(rule, spec, at),
        rows.key(),
        next(iter(at.project.uses[rule.id].kept), None),
    )
    return Work(
        rule,
        run=partial(_run, controlling),
        shown=((f"cells protected by {rule.id} ({rule.span})", cells),),
        query=cells,
        reads=rows.relation,
        publishes=(f"{rule.id}__approved", f"{rule.id}__held"),
        views=partial(_views, rule),
        lays=partial(_lay, controlling) if made else None,
        judgements=(
            *_judgements(rule, columns),
            *unread(conditions, rows, conditions.unjudged(None), judged=exp.false()),
        ),
    )


def _logs(rule: Rule, spec: ChangeControlRule, at: Compiling) -> Logs | None:
    log, said = spec.changes, spec.approvals
    if log is None:
        return None
    return Logs(
        log,
        at.project.datasets[log.dataset].key,
        at.catalog[log.dataset],
        next(iter(at.project.uses[rule.id].kept), None),
        said,
        at.catalog[said.dataset] if said else {},
    )


def _judgements(rule: Rule, columns: Sequence[str]) -> Iterator[Judgement]:
    """A record is flagged for each of its cells in which a change waits."""
    for i, column in enumerate(columns):
        why = nodes.column(f"w{i}")
        yield Judgement(
            rule=rule,
            relation=f"made:{rule.id}__judged",
            failing=nodes.present(why),
            could_not_judge=None,
            tested=None,
            judged=None,
            shown=(column,),
            value=why.copy(),
            digest=nodes.column(f"d{i}"),
            scope="row",
            name=column,
            key=nodes.column("key"),
        )


def _lay(of: Controlling, at: Running, steps: DatasetSteps) -> None:
    """Put the approved values back into the dataset that was just made. In a run that did not ask
    for the rule nothing is approved: all that differs is put back."""
    from cdmq.kinds.change_control.finding import Finding

    rule = of.rule
    asked = rule.id in at.rules and not at.train
    if asked:
        at.laid[rule.id] = _found(of, at, steps)
        back = f"made:{rule.id}__approved"
    else:
        cells, _, _ = at.make(f"{rule.id}__cells", of.cells)
        finding = Finding(of, at)
        finding.make_kept()
        back = f"made:{rule.id}__kept"
    for column, type_ in of.types.items():
        query = put_back(steps.dataset.name, of.key, column, type_, f"made:{rule.id}__cells", back)
        at.warehouse.run(at.render.sent(query))
    at.drop(at.names.staged[f"made:{rule.id}__cells"])
    if not asked:
        at.drop(at.names.staged[back])


def _run(of: Controlling, at: Running, steps: DatasetSteps) -> Outcome:
    if of.rule.id in at.laid:
        return at.laid[of.rule.id]
    outcome = _found(of, at, steps)
    at.drop(at.names.staged[f"made:{of.rule.id}__cells"])
    return outcome


def _found(of: Controlling, at: Running, steps: DatasetSteps) -> Outcome:
    from cdmq.kinds.change_control.finding import Finding

    rule = of.rule
    _, digest, seconds = at.make(f"{rule.id}__cells", of.cells)
    finding = Finding(of, at)
    found = finding.found()
    moved = finding.load("moved", APPROVED, found.moved)
    held = finding.load("held", (*_HELD, "digest"), found.held)
    used = finding.load("used", CHANGE_APPROVALS.names[2:-1], found.used)
    read = finding.load("read", APPROVALS_READ.names[1:-1], found.read)
    how, since = ("new", None) if finding.begun else ("baseline", of.spec.begins)
    made = f"made:{rule.id}__"
    query = now_approved(f"{made}cells", finding.approved(), f"{made}moved", how, since)
    approved, _, _ = at.make(f"{rule.id}__approved", query)
    columns = list(of.types)
    at.make(f"{rule.id}__judged", judged_query(of.records.copy(), f"{made}held", columns))
    asked, _, _ = at.make(f"{rule.id}__asked", _asked(f"{made}held"))
    at.drop(moved)
    at.states += [
        State(rule.id, APPROVED_CELLS, approved, APPROVED),
        State(rule.id, QUEUE, asked, _ASKED),
        State(rule.id, HELD_CHANGES, held, (*_HELD, "digest")),
        State(rule.id, CHANGE_APPROVALS, used, CHANGE_APPROVALS.names[2:-1]),
        State(rule.id, APPROVALS_READ, read, APPROVALS_READ.names[1:-1]),
    ]
    count = exp.Count(this=exp.Star())
    ((records,),) = at.fetch(nodes.select([count], logical(f"{made}judged")))
    return Outcome(
        rule,
        tested=records,
        judged=records,
        statement=digest,
        seconds=seconds,
        note=found.note(records),
        figures=found.figures,
    )


def _asked(held: str) -> exp.Select:
    """A question for each change that waits and that nobody rejected."""
    none = nodes.cast(nodes.null(), "text")
    shown = {
        "about": nodes.text("change"),
        "key": nodes.column("key"),
        "other": none,
        "column_name": nodes.column("column_name"),
        "why": nodes.text("held"),
    }
    rejected = exp.Like(this=nodes.column("why"), expression=nodes.text("rejected by %"))
    columns = [nodes.alias(node, name) for name, node in shown.items()]
    return nodes.select(columns, logical(held), exp.Not(this=rejected))


def _views(rule: Rule, at: Publishing, steps: DatasetSteps) -> Iterator[tuple[str, exp.Select]]:
    """`<rule>__approved`: the approved values now; `<rule>__held`: the changes that wait."""
    mine = of_rule(rule.id, at.ids)
    yield f"{rule.id}__approved", at.kept(APPROVED_CELLS.name, APPROVED, mine, True)
    yield f"{rule.id}__held", at.kept(HELD_CHANGES.name, _HELD, mine.copy(), True)
