"""A matching rule at work: it finds the parties of its dataset, or trains its model."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from sqlglot import exp

from cdmq.audit.pii_key import digester, hiding
from cdmq.audit.renames import of_rule
from cdmq.kinds.compiling import Compiling
from cdmq.kinds.conditions import Conditions, unread
from cdmq.kinds.matching.answers import TYPES, Answers, consistent
from cdmq.kinds.matching.columns import MatchStep, match_step
from cdmq.kinds.matching.tables import ANSWERS, XREF
from cdmq.kinds.matching.words import MatchingRule
from cdmq.kinds.running import Publishing, Running
from cdmq.kinds.working import Work
from cdmq.outcomes import Outcome
from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.steps import DatasetSteps
from cdmq.values import Rule
from cdmq.warehouses.base import StatementError

_PUBLIC = ("key", "party_id", "from_run", "to_run", "closed_because")


def work(rule: Rule, at: Compiling) -> Work | None:
    step = match_step(rule, at.rows, at.binder, at.problems, at.check_only)
    if step is None:
        return None
    assert isinstance(rule.spec, MatchingRule)
    party = (f"{rule.dataset}__xref",) if rule.spec.makes == "party" else ()
    conditions = Conditions(rule, at.binder, at.rows.behind)
    return Work(
        rule,
        run=partial(_run, step, _tested(conditions, at)),
        shown=((f"what {rule.id} compares ({rule.span})", step.query),),
        publishes=(f"{rule.id}__xref", *party),
        views=partial(_views, rule),
        names_records=True,
        judgements=tuple(unread(conditions, at.rows, conditions.unjudged(None))),
    )


def _tested(conditions: Conditions, at: Compiling) -> exp.Select | None:
    """How many records `where` lets in; None where it is about all."""
    if conditions.where is None:
        return None
    return nodes.select([exp.Count(this=exp.Star())], logical(at.rows.relation), conditions.where)


def _run(step: MatchStep, tested: exp.Select | None, at: Running, steps: DatasetSteps) -> Outcome:
    # Only here, so that a parse loads no engine.
    import duckdb

    from cdmq.kinds.matching.run import Matcher

    matcher = Matcher(at.warehouse, at.names, at.render, at.ids, _answers(step.rule, at))
    started = time.perf_counter()
    try:
        if not at.train or step.rule.id in at.needed:
            matched = matcher.match(step, steps)  # what is to be learnt from may stand on it
        if at.train and step.rule.id in at.rules:
            matched = matcher.train(step, steps)
    except (StatementError, duckdb.Error) as error:
        return Outcome(step.rule, error=str(error).splitlines()[0])
    if not at.train or step.rule.id in at.rules:
        at.states += matched.states
    outcome = replace(matched.outcome, seconds=time.perf_counter() - started)
    if tested is None:
        return outcome
    ((count,),) = at.fetch(tested)
    return replace(outcome, tested=count, judged=count)


def _answers(rule: Rule, at: Running) -> Answers:
    """What people said of the rule's pairs, and to which values each was bound."""
    datasets = at.project.names_of(rule.dataset)
    said = list(at.decisions.of(TYPES, at.ids.get(rule.id, (rule.id,)), datasets))
    if not said:
        return Answers()
    counts, gave_way = consistent(said, at.decisions)
    mine = nodes.every([of_rule(rule.id, at.ids), nodes.present(nodes.column("evidence"))])
    shown: list[exp.Expr] = [nodes.column(c) for c in ("decision", "evidence")]
    bound = at.fetch(nodes.select(shown, at.audit(ANSWERS.name), mine))
    hides = bool(hiding(at.project) & set(datasets))
    return Answers(counts, gave_way, digester(at.warehouse, hides), dict(bound))


def _views(rule: Rule, at: Publishing, steps: DatasetSteps) -> Iterator[tuple[str, exp.Select]]:
    """`<rule>__xref`: key to party, with from and to run. `<dataset>__xref`: the party of each
    record now."""
    assert isinstance(rule.spec, MatchingRule)
    mine = of_rule(rule.id, at.ids)
    yield f"{rule.id}__xref", at.kept(XREF.name, _PUBLIC, mine, open_=False)
    if rule.spec.makes == "party":
        name = steps.dataset.name
        named = steps.with_identities() if name in at.repeated else steps.with_digests()
        yield f"{name}__xref", _now(named, at, mine.copy())


def _now(steps: DatasetSteps, at: Publishing, mine: exp.Expr) -> exp.Select:
    """Each record's key columns, its key as text, and its party."""
    rows = steps.clean.copy()
    rows.set(
        "expressions",
        [
            *(nodes.alias(nodes.column(k), k) for k in steps.dataset.key),
            nodes.alias(steps.key.copy(), "__key"),
        ],
    )
    query = nodes.select(
        [
            *(nodes.column(k, "r") for k in steps.dataset.key if k not in ("key", "party_id")),
            nodes.alias(nodes.column("key", "x"), "key"),
            nodes.column("party_id", "x"),
        ],
        nodes.subquery(rows, "r"),
    )
    open_ = nodes.subquery(at.kept(XREF.name, ("key", "party_id"), mine, open_=True), "x")
    query.append(
        "joins",
        exp.Join(this=open_, on=nodes.equal(nodes.column("__key", "r"), nodes.column("key", "x"))),
    )
    return query
