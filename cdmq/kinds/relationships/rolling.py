"""A measure of parties and all below them at work: a figure of everyone, kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder
from cdmq.kinds.compiling import Compiling
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.facts.along import add_below
from cdmq.kinds.facts.counted import customers, of_facts, says_of_money, uncounted
from cdmq.kinds.facts.facts import Totals
from cdmq.kinds.facts.figures import figures_of
from cdmq.kinds.facts.links import links
from cdmq.kinds.facts.measures import Measuring
from cdmq.kinds.facts.money import mixed
from cdmq.kinds.facts.problems import FactsLook
from cdmq.kinds.relationships.joined import joined
from cdmq.kinds.relationships.roll_words import RollUpRule
from cdmq.kinds.relationships.tables import ROLL_UPS
from cdmq.kinds.running import Publishing, Running
from cdmq.kinds.working import Work
from cdmq.outcomes import Outcome, State
from cdmq.problems import Problem
from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.steps import DatasetSteps
from cdmq.values import Dataset, Rule

COLUMNS = ("key", "figure", "own", "below")
_EXACT = "decimal(38, 9)"


@dataclass(frozen=True)
class _Rolling:
    """`own`: the figure of each party alone; `account`: how many facts it could not count."""

    rule: Rule
    spec: RollUpRule
    own: exp.Select
    account: exp.Select
    money: tuple[Dataset, ...]


def rolled(rule: Rule, spec: RollUpRule, at: Compiling) -> Work | None:
    at.problems.extend(wrong := _problems(rule, spec, at))
    if wrong or at.check_only or at.project.read_by(rule.id) - set(at.catalog):
        return None
    measure = spec.counted
    found = links(at.rows.dataset, [measure.dataset], at.project, at.catalog, at.dialect)
    link = found[measure.dataset]
    binder = Binder(link.types, at.dialect, [])
    figures = figures_of({rule.id: measure}, at.catalog, at.project.datasets)
    where = of_facts(rule, "measure.where", binder, Conditions.holds)
    unread = of_facts(rule, "measure.where", binder, Conditions.could_not_judge)
    totals = Totals(link, figures, lambda f: where, lambda f: unread, at.dialect)
    own = Measuring(figures, found, {link.facts: totals}, at.dialect).over(_everyone(at.rows))
    rolling = _Rolling(
        rule,
        spec,
        own,
        totals.account(customers(link, at.rows, at.dialect)),
        tuple(says_of_money([measure], at.project.datasets)),
    )
    return Work(
        rule,
        run=partial(_run, rolling),
        shown=((f"own figures of {rule.id} ({rule.span})", own),),
        query=own,
        reads=at.rows.relation,
        publishes=(f"{rule.id}__figures",),
        views=partial(_views, rule),
    )


def _problems(rule: Rule, spec: RollUpRule, at: Compiling) -> list[Problem]:
    found: list[Problem] = []
    look = FactsLook(rule, at.project, at.catalog, at.dialect, found)
    facts = spec.measure.dataset
    sound = look.facts(facts, "measure.from", at.rows, timed=spec.measure.over is not None)
    if sound and facts in at.catalog:
        look.measure("measure", spec.counted)
    look.time("measure.over", spec.measure.over)
    of = joined(rule.dataset, at.project, at.project.uses)
    if of.through is not None and not of.golden:
        cause = f"{rule.dataset} are records, of which {of.through} makes parties"
        how = "write the rule about the golden dataset that is made of them"
        look.tell("measure", "CDMQ233", cause, how)
    return found


def _everyone(rows: Rows) -> exp.Select:
    key = rows.key()
    shown = [nodes.alias(key, "key")]
    known = nodes.present(nodes.paren(key.copy()))
    return nodes.select(shown, logical(rows.relation), known).distinct()


def _run(rolling: _Rolling, at: Running, steps: DatasetSteps) -> Outcome:
    rule, spec = rolling.rule, rolling.spec
    if wrong := mixed(at, rolling.money):
        return Outcome(rule, error=wrong)
    own = f"{rule.id}__own"
    own_table, digest, seconds = at.make(own, _own(rolling.own))
    below = add_below(at, own, spec.linked_by, [spec.measure.along])
    staged, _, more = at.make(f"{rule.id}__figures", _figures(spec, own, below))
    at.drop(own_table)
    at.drop(at.names.staged[f"made:{below}"])
    at.states.append(State(rule.id, ROLL_UPS, staged, COLUMNS, of_records=True))
    lost, facts, told = uncounted(at, rolling.account)
    count = exp.Count(this=exp.Star())
    over = exp.Filter(
        this=count.copy(),
        expression=exp.Where(this=exp.GT(this=nodes.column("below"), expression=nodes.number(0))),
    )
    query = nodes.select([count, over], logical(f"made:{rule.id}__figures"))
    ((everyone, above),) = at.fetch(query)
    note = f"{everyone:,} with a figure, {above:,} of them with others below"
    return Outcome(
        rule,
        tested=everyone,
        judged=everyone,
        could_not_judge=lost,
        uncounted=lost,
        facts=facts,
        statement=digest,
        seconds=seconds + more,
        note="; ".join(n for n in (note, told) if n),
        figures={"parties": everyone, "with others below": above},
    )


def _own(measured: exp.Select) -> exp.Select:
    shown = [nodes.column("key", "m"), nodes.alias(_exact(nodes.column("m0", "m")), "own")]
    return nodes.select(shown, nodes.subquery(measured, "m"))


def _exact(node: exp.Expr) -> exp.Expr:
    return nodes.cast(node, _EXACT)


def _figures(spec: RollUpRule, own: str, below_: str) -> exp.Select:
    """Everyone's figure: with that of those below, or the own one."""
    alone, rolled_ = nodes.column("own", "o"), _exact(nodes.column("figure", "b"))
    below = exp.Coalesce(this=nodes.column("below", "b"), expressions=[nodes.number(0)])
    figure: exp.Expr = exp.Coalesce(this=rolled_, expressions=[alone])
    if spec.measure.if_none is not None:
        none = nodes.number(f"{spec.measure.if_none:f}")
        figure = exp.Coalesce(this=figure, expressions=[none])
    shown = {
        "key": nodes.column("key", "o"),
        "figure": _exact(figure),
        "own": alone.copy(),
        "below": below,
    }
    source = logical(f"made:{own}")
    source.set("alias", exp.TableAlias(this=nodes.name("o")))
    query = nodes.select([nodes.alias(node, name) for name, node in shown.items()], source)
    other = logical(f"made:{below_}")
    other.set("alias", exp.TableAlias(this=nodes.name("b")))
    return nodes.left_join(
        query, other, nodes.equal(nodes.column("key", "b"), nodes.column("key", "o"))
    )


def _views(rule: Rule, at: Publishing, steps: DatasetSteps) -> Iterator[tuple[str, exp.Select]]:
    """`<rule>__figures`: the figure of everyone now."""
    mine = of_rule(rule.id, at.ids)
    yield f"{rule.id}__figures", at.kept(ROLL_UPS.name, COLUMNS, mine, open_=True)
