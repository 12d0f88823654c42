"""Exposure at work: what everyone owes with all below, kept, and flagged where it is too much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.kinds.binding import Binder
from cdmq.kinds.compiling import Compiling
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.facts.along import add_below, linked_by
from cdmq.kinds.facts.counted import customers, of_facts, says_of_money, uncounted
from cdmq.kinds.facts.facts import Totals
from cdmq.kinds.facts.figures import figures_of
from cdmq.kinds.facts.links import links
from cdmq.kinds.facts.measures import Measuring
from cdmq.kinds.facts.money import mixed
from cdmq.kinds.facts.problems import FactsLook
from cdmq.kinds.running import Publishing, Running
from cdmq.kinds.tiering.exposure_words import ExposureRule
from cdmq.kinds.tiering.tables import EXPOSURES
from cdmq.kinds.working import Work
from cdmq.outcomes import Outcome, State
from cdmq.problems import Problem, did_you_mean
from cdmq.sql import nodes
from cdmq.sql.keyed import keyed
from cdmq.sql.logical import logical
from cdmq.sql.pii import stored, strictest
from cdmq.sql.text_form import key_of, text_of
from cdmq.sql.types import NUMBERS, a
from cdmq.steps import DatasetSteps, Judgement
from cdmq.values import Dataset, Rule

COLUMNS = ("key", "exposure", "own", "below", "credit_limit", "departments")
_EXACT = "decimal(38, 9)"


@dataclass(frozen=True)
class _Exposing:
    """`own`: the part of each party alone; `account`: how many facts it could not count."""

    rule: Rule
    spec: ExposureRule
    by: str
    own: exp.Select
    account: exp.Select
    limits: exp.Select
    #: What the departments allow together, where the dataset is made of theirs.
    departments: exp.Select | None
    money: tuple[Dataset, ...]


def exposed(rule: Rule, spec: ExposureRule, at: Compiling) -> Work | None:
    by = linked_by(rule.dataset, spec.exposure.along, at.project.rules)
    at.problems.extend(wrong := _problems(rule, spec, by, at))
    if wrong or by is None or at.check_only:
        return None
    if at.project.read_by(rule.id) - set(at.catalog):
        return None
    measure = spec.counted
    found = links(at.rows.dataset, [measure.dataset], at.project, at.catalog, at.dialect)
    link = found[measure.dataset]
    figures = figures_of({"exposure": measure}, at.catalog, at.project.datasets)
    binder = Binder(link.types, at.dialect, [])
    where = of_facts(rule, "exposure.where", binder, Conditions.holds)
    unread = of_facts(rule, "exposure.where", binder, Conditions.could_not_judge)
    totals = Totals(link, figures, lambda f: where, lambda f: unread, at.dialect)
    limits = _limits(spec, at)
    everyone = nodes.select([nodes.column("key", "e")], nodes.subquery(limits.copy(), "e"))
    own = Measuring(figures, found, {link.facts: totals}, at.dialect).over(everyone)
    exposing = _Exposing(
        rule,
        spec,
        by,
        own,
        totals.account(customers(link, at.rows, at.dialect)),
        limits,
        _departments(spec, at),
        tuple(says_of_money([measure], at.project.datasets)),
    )
    return Work(
        rule,
        run=partial(_run, exposing),
        shown=((f"own parts of {rule.id} ({rule.span})", own),),
        query=own,
        reads=at.rows.relation,
        publishes=(rule.id,),
        views=partial(_views, rule),
        judgements=tuple(_judgements(rule, spec, at)),
    )


def _problems(rule: Rule, spec: ExposureRule, by: str | None, at: Compiling) -> list[Problem]:
    found: list[Problem] = []
    look = FactsLook(rule, at.project, at.catalog, at.dialect, found)
    said = spec.exposure
    sound = look.facts(said.dataset, "exposure.from", at.rows, timed=False)
    if sound and said.dataset in at.catalog:
        look.measure("exposure", spec.counted)
    if said.limit not in at.rows.columns:
        cause = f"{rule.dataset} has no column '{said.limit}'"
        look.tell("exposure.limit", "CDMQ203", cause, did_you_mean(said.limit, at.rows.columns))
    elif at.rows.columns[said.limit] not in NUMBERS | {"unknown"}:
        cause = f"{rule.dataset}.{said.limit} is {a(at.rows.columns[said.limit])}, not a number"
        look.tell("exposure.limit", "CDMQ217", cause, "name the column with the limit")
    if by is None:
        cause = f"no rule of links between {rule.dataset} has the types {', '.join(said.along)}"
        look.tell(
            "exposure.along",
            "CDMQ234",
            cause,
            f"add relationships: with these types in a file with dataset: {rule.dataset}",
        )
    return found


def _exact(node: exp.Expr) -> exp.Expr:
    return nodes.cast(node, _EXACT)


def _limits(spec: ExposureRule, at: Compiling) -> exp.Select:
    """Everyone with the limit that was approved."""
    key, limit = at.rows.key(), nodes.column(spec.exposure.limit)
    shown = [nodes.alias(key, "key"), nodes.alias(_exact(limit), "credit_limit")]
    known = nodes.present(nodes.paren(key.copy()))
    return nodes.select(shown, logical(at.rows.relation), known).distinct()


def _departments(spec: ExposureRule, at: Compiling) -> exp.Select | None:
    """A row a party: what its records say is its limit, added up. That is the fault."""
    of = at.dataset.made_of
    if of is None or spec.exposure.limit not in at.catalog.get(of, {}):
        return None
    types = at.catalog[of]
    (through,) = at.project.uses[str(at.dataset.made_by)].kept
    key = key_of([(nodes.column(k), types[k]) for k in at.project.datasets[of].key])
    limit = _exact(nodes.column(spec.exposure.limit))
    own = nodes.select([nodes.alias(key, "key"), nodes.alias(limit, "one")], logical(f"clean:{of}"))
    party = nodes.column("party_id", "x")
    total = nodes.alias(exp.Sum(this=nodes.column("one", "r")), "departments")
    query = nodes.select([nodes.alias(party, "key"), total], nodes.subquery(own, "r"))
    xref = logical(f"xref:{through}")
    xref.set("alias", exp.TableAlias(this=nodes.name("x")))
    same = nodes.equal(nodes.column("key", "x"), nodes.column("key", "r"))
    query.append("joins", exp.Join(this=xref, on=same))
    return nodes.group_by(query, [party.copy()])


def _judgements(rule: Rule, spec: ExposureRule, at: Compiling) -> Iterator[Judgement]:
    """Who owes more than the limit, or owes without one; whose limits together are above it."""
    pii = at.dataset.spec.pii.get(spec.exposure.limit, "plain")
    facts = at.project.datasets[spec.exposure.dataset].spec.pii.get(str(spec.exposure.sum), "plain")
    limit, owed = nodes.column("credit_limit"), nodes.column("exposure")
    owes = exp.GT(this=owed, expression=nodes.number(0))
    departments = nodes.column("departments")
    above = exp.GT(this=owed.copy(), expression=limit)
    together = exp.GT(this=departments, expression=limit.copy())
    for name, shown, failing, unsaid, value, how in (
        ("exposure", "exposure", above, True, owed, strictest([pii, facts])),
        ("departments", spec.exposure.limit, together, False, departments, pii),
    ):
        said = _said(value, limit)
        none = nodes.every([nodes.is_null(limit.copy()), owes.copy()])
        yield Judgement(
            rule=rule,
            relation=f"made:{rule.id}",
            failing=exp.Coalesce(this=nodes.paren(failing), expressions=[exp.false()]),
            could_not_judge=none if unsaid else None,
            tested=None,
            judged=None,
            shown=(shown,),
            value=stored(said, how),
            digest=nodes.cast(nodes.null(), "text") if how == "plain" else keyed(said.copy()),
            scope="row",
            name=name,
            key=nodes.column("key"),
        )


def _said(value: exp.Expr, limit: exp.Expr) -> exp.Expr:
    """`1200.5 above 1000`; `1200.5 without a limit`."""
    above = nodes.concat([nodes.text(" above "), text_of(limit.copy(), "decimal")])
    end = exp.Coalesce(this=above, expressions=[nodes.text(" without a limit")])
    return nodes.concat([text_of(value.copy(), "decimal"), end])


def _run(exposing: _Exposing, at: Running, steps: DatasetSteps) -> Outcome:
    rule = exposing.rule
    if wrong := mixed(at, exposing.money):
        return Outcome(rule, error=wrong)
    own = f"{rule.id}__own"
    shown = [nodes.column("key", "m"), nodes.alias(_exact(nodes.column("m0", "m")), "own")]
    at.make(own, nodes.select(shown, nodes.subquery(exposing.own, "m")))
    below = add_below(at, own, exposing.by, exposing.spec.exposure.along)
    staged, digest, seconds = at.make(rule.id, _exposures(exposing, own, below))
    for name in (own, below):
        at.drop(at.names.staged[f"made:{name}"])
    at.states.append(State(rule.id, EXPOSURES, staged, COLUMNS, of_records=True))
    lost, facts, told = uncounted(at, exposing.account)
    count = exp.Count(this=exp.Star())
    ((everyone,),) = at.fetch(nodes.select([count], logical(f"made:{rule.id}")))
    return Outcome(
        rule,
        tested=everyone,
        judged=everyone,
        could_not_judge=lost,
        uncounted=lost,
        facts=facts,
        statement=digest,
        seconds=seconds,
        note="; ".join(n for n in (f"{everyone:,} with an exposure", told) if n),
    )


def _exposures(exposing: _Exposing, own: str, below: str) -> exp.Select:
    """Everyone's exposure beside the limit. Who has no fact owes nothing."""
    nothing = nodes.number(0)
    alone, rolled = nodes.column("own", "o"), _exact(nodes.column("figure", "b"))
    shown = {
        "key": nodes.column("key", "l"),
        "exposure": _exact(exp.Coalesce(this=rolled, expressions=[alone, nothing])),
        "own": alone.copy(),
        "below": exp.Coalesce(this=nodes.column("below", "b"), expressions=[nothing.copy()]),
        "credit_limit": nodes.column("credit_limit", "l"),
        "departments": _exact(
            nodes.column("departments", "d") if exposing.departments else nodes.null()
        ),
    }
    named = [nodes.alias(node, name) for name, node in shown.items()]
    query = nodes.select(named, nodes.subquery(exposing.limits, "l"))
    for name, alias in ((own, "o"), (below, "b")):
        other = logical(f"made:{name}")
        other.set("alias", exp.TableAlias(this=nodes.name(alias)))
        same = nodes.equal(nodes.column("key", alias), nodes.column("key", "l"))
        nodes.left_join(query, other, same)
    if exposing.departments is not None:
        same = nodes.equal(nodes.column("key", "d"), nodes.column("key", "l"))
        nodes.left_join(query, nodes.subquery(exposing.departments, "d"), same)
    return query


def _views(rule: Rule, at: Publishing, steps: DatasetSteps) -> Iterator[tuple[str, exp.Select]]:
    """`<rule>__exposure`: what everyone owes now."""
    yield rule.id, at.kept(EXPOSURES.name, COLUMNS, of_rule(rule.id, at.ids), open_=True)
