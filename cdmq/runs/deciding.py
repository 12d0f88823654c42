"""Decisions that somebody gives: checked, kept at once, and told how they stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cdmq.audit.decision_tables import DECISIONS
from cdmq.audit.ledger import Ledger
from cdmq.audit.tables import audit_schema
from cdmq.decisions.book import Book, read_book, row_of, unreadable
from cdmq.decisions.decision import Decision, decided
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.project.people import OF_PAIRS, DecisionSpec
from cdmq.runs.facts import facts_of, run_facts, said
from cdmq.runs.past import Past
from cdmq.runs.registering import registered
from cdmq.stages.record import record_only
from cdmq.values import Project
from cdmq.warehouses.profiles import Target

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


@dataclass(frozen=True)
class Decided:
    """A decision, and how it stands: `aside` says why it does not, `known` that it was there."""

    decision: Decision
    aside: str | None
    known: bool = False


def decide(
    project: Project,
    warehouse: Warehouse,
    target: Target,
    cdmq_version: str,
    specs: Sequence[tuple[DecisionSpec, Span]],
    origin: str,
) -> list[Decided]:
    """Keep decisions, as a row of the runs. Raises CdmqError, and keeps none, where somebody is not
    in people.yml, or a rule or dataset is not there."""
    problems = [p for spec, span in specs for p in _wrong(spec, span, project)]
    if problems:
        raise CdmqError(problems)
    now = datetime.now(UTC)
    facts = facts_of(target, warehouse, "decide", None, now, Path(), 0)
    registered(project, warehouse, cdmq_version, facts)
    schema = audit_schema(warehouse)
    known = {d.id for d in read_book(project, warehouse, schema, now).decisions}
    zone = project.config.time_zone
    given = {d.id: d for d in (decided(spec, zone, origin) for spec, _ in specs)}
    new = [d for i, d in given.items() if i not in known]
    with warehouse.transaction():
        Ledger(warehouse, schema, facts.run_id).add(DECISIONS, [row_of(d) for d in new])
        done = run_facts(facts, warehouse, cdmq_version, 0, [], False, said(project, target))
        told = f"{len(new)} decisions" if len(new) != 1 else "1 decision"
        state = Past(project, done.run_by).state
        record_only(warehouse, project, done, datetime.now(UTC), state, f"kept {told}")
    aside = read_book(project, warehouse, schema, now).standing.aside
    return [Decided(d, aside.get(i), i in known) for i, d in given.items()]


def book(project: Project, warehouse: Warehouse, now: datetime) -> Book:
    """All decisions as they stand. Raises CdmqError where there are no audit tables yet."""
    schema = audit_schema(warehouse)
    if DECISIONS.name not in warehouse.inventory.relations(schema):
        cause = "nothing was run or decided on this target yet: it has no table decisions"
        raise CdmqError(Problem(Span("decide"), "CDMQ533", cause, "try: cdmq run"))
    return read_book(project, warehouse, schema, now)


def _wrong(spec: DecisionSpec, span: Span, project: Project) -> Iterable[Problem]:
    """What keeps a decision from ever counting."""
    logins = {p.login: p for p in project.people}
    if spec.by not in logins and spec.type != "customer_confirmed":
        cause = f"'{spec.by}' is not in people.yml, and decides nothing"
        how = (
            did_you_mean(spec.by, logins)
            if logins
            else (
                "write the file people.yml: - {login: " + spec.by + ", name: ..., roles: [steward]}"
            )
        )
        yield Problem(span, "CDMQ550", cause, how)
    rules = {n for r in project.rules.values() for n in (r.id, r.formerly) if n}
    if spec.rule and spec.rule not in rules:
        yield Problem(
            span, "CDMQ551", f"unknown rule '{spec.rule}'", did_you_mean(spec.rule, rules)
        )
    datasets = {n for d in project.datasets for n in project.names_of(d)}
    if spec.dataset and spec.dataset not in datasets:
        cause = f"unknown dataset '{spec.dataset}'"
        yield Problem(span, "CDMQ551", cause, did_you_mean(spec.dataset, datasets))
    rule = project.rules.get(spec.rule or "")
    if spec.type in OF_PAIRS and rule is not None and not hasattr(rule.spec, "makes"):
        cause = f"{spec.type} is an answer to a matching rule; {rule.id} is one of {rule.kind}"
        yield Problem(span, "CDMQ551", cause, "name the rule that asked: cdmq queue")
    if why := unreadable(spec.where):
        yield Problem(
            span, "CDMQ551", f"where: can't be read: {why}", "see: cdmq explain decisions"
        )
    if spec.type == "override" and spec.dataset and not sets_cells(project, spec.dataset):
        cause = f"no golden records are made of {spec.dataset}: an override sets a cell of those"
        yield Problem(span, "CDMQ551", cause, "name a dataset that a golden rule makes")


def sets_cells(project: Project, dataset: str) -> bool:
    """Whether overrides of a dataset are heeded: a rule makes it of others, or another of it."""
    made = (d for d in project.datasets.values() if d.made_of is not None)
    return any(dataset in project.names_of(n) for d in made for n in (d.name, d.made_of) if n)
