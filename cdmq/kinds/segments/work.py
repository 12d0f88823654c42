"""A segment at work: who is in it, kept from run to run, and who is left out, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.audit.tables import RULE_VERSIONS, audit_schema
from cdmq.kinds.compiling import Compiling
from cdmq.kinds.conditions import Conditions, unread
from cdmq.kinds.exporting import Exported, Exporting
from cdmq.kinds.facts.counted import uncounted
from cdmq.kinds.running import Publishing, Running
from cdmq.kinds.segments.before import (
    asked_before,
    asked_now,
    name_living,
    were,
    xref_now,
)
from cdmq.kinds.segments.figures import counts_query, figures_of, log_query, note
from cdmq.kinds.segments.objections import with_objections
from cdmq.kinds.segments.parties import party_rule
from cdmq.kinds.segments.problems import Look
from cdmq.kinds.segments.query import COLUMNS, members_query, reasons
from cdmq.kinds.segments.recall import recall
from cdmq.kinds.segments.responses import (
    RESPONSE_TYPES,
    account_query,
    figures_of_waves,
    note_of_waves,
    responses_query,
    told,
    totals_of,
)
from cdmq.kinds.segments.scope import Named, Scope
from cdmq.kinds.segments.tables import SEGMENT_MEMBERS, SEGMENT_RESPONSES
from cdmq.kinds.segments.uses import OWN
from cdmq.kinds.segments.waves import wave
from cdmq.kinds.segments.words import Consents
from cdmq.kinds.working import Work
from cdmq.outcomes import Outcome, State
from cdmq.problems import Problem
from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.sql.text_form import identity_of
from cdmq.steps import DatasetSteps
from cdmq.values import Rule

_MEMBERS, _OUT = ("key", "part", "from_run"), ("key", "because", "more", "from_run")


@dataclass(frozen=True)
class _Segment:
    """How a segment finds its members. `twice`: the same where records have no key
    of their own."""

    scope: Scope
    twice: Scope

    @property
    def rule(self) -> Rule:
        return self.scope.rule


def work(rule: Rule, at: Compiling) -> Work | None:
    wrong: list[Problem] = []
    Look(rule, at.rows, at.project, at.catalog, wrong).at_all()
    at.problems.extend(wrong)
    if wrong or at.check_only or at.project.read_by(rule.id) - set(at.catalog):
        return None
    party = party_rule(at.dataset, at.project)
    plain, twice = _names(at)
    scope = Scope(rule, at.rows, at.project, at.catalog, at.binder, party, plain, rule.id)
    segment = _Segment(scope, replace(scope, named=twice))
    query, conditions = members_query(scope), scope.conditions
    return Work(
        rule,
        run=partial(_run, segment),
        shown=((f"members of {rule.id} ({rule.span})", query),),
        query=query,
        reads=at.rows.relation,
        publishes=tuple(f"{rule.id}__{n}" for n in _published(scope)),
        views=partial(_views, segment),
        wave=partial(_wave, segment),
        judgements=tuple(
            unread(conditions, at.rows, _not_told(conditions), _asked(conditions), exp.false())
        ),
    )


def _published(scope: Scope) -> Iterator[str]:
    """The ends of the names under which people read it."""
    yield from ("members", "left_out", "exported")
    if scope.party is not None:
        yield "asked"
    if scope.by_ids:
        yield "were"
    if scope.spec.response is not None:
        yield "responses"


def _names(at: Compiling) -> tuple[Named, Named]:
    """How the records of parties are named, and how where some have no key, or one that stands
    twice: that reads all of their cells."""
    of = at.dataset.made_of
    if of is not None:
        steps = at.before[of]
        named = Named(steps.relation, steps.key, steps.key)
        return named, replace(named, name=steps.with_identities().key)
    rows = replace(at.rows, given=())
    named = Named(rows.relation, rows.key(), rows.key())
    return named, replace(named, name=identity_of(rows.key(), at.rows.digest()))


def _asked(conditions: Conditions) -> list[str]:
    """The conditions on the records themselves."""
    return [f for f in conditions.rule.expressions if f in OWN]


def _not_told(conditions: Conditions) -> exp.Expr | None:
    """The records of which it can't be told whether they fit."""
    fields = [f for f in _asked(conditions) if f != "where"]
    found = [n for f in fields if (n := conditions.could_not_judge(f)) is not None]
    return conditions.unjudged(nodes.any_of(found) if found else None)


def _run(segment: _Segment, at: Running, steps: DatasetSteps) -> Outcome:
    rule, scope = segment.rule, _scope(segment, at)
    _name(scope, at)
    staged, digest, seconds = at.make(f"{rule.id}__judged", members_query(scope))
    at.states.append(State(rule.id, SEGMENT_MEMBERS, staged, COLUMNS, of_records=True))
    inside = nodes.select(
        [nodes.column(c) for c in ("key", "part")],
        nodes.table(staged),
        exp.NEQ(this=nodes.column("part"), expression=nodes.text("out")),
    )
    at.make(f"{rule.id}__members", inside)
    why = reasons(scope)
    counts = at.warehouse.fetch(counts_query(staged).sql(at.warehouse.dialect))
    figures = figures_of(counts, why)
    facts, lost, said, more = _log(scope, at)
    waves = _responses(scope, at)
    facts, lost, said = facts + waves[0], lost + waves[1], [*said, *waves[2]]
    more |= waves[3]
    return Outcome(
        rule,
        tested=int(figures["eligible"]),
        judged=int(figures["eligible"]),
        could_not_judge=lost,
        uncounted=lost,
        facts=facts,
        statement=digest,
        seconds=seconds,
        note="; ".join([note(figures, why), *said]),
        figures={**figures, **more},
    )


def _wave(segment: _Segment, at: Exporting) -> Exported:
    scope = _scope(segment, at.running)
    for kept in filter(None, (scope.party, scope.spec.one_per)):
        name_living(kept, at.running)
    return recall(scope, at) if at.recall else wave(scope, at)


def _scope(segment: _Segment, at: Running) -> Scope:
    """As the records are in this run, and with the first id of the segment."""
    scope = segment.scope
    if scope.party is not None and (scope.records in at.repeated or _without_key(scope, at)):
        scope = segment.twice
    return with_objections(replace(scope, salt=_first_id(segment.rule, at)), at)


def _without_key(scope: Scope, at: Running) -> bool:
    none = nodes.is_null(nodes.paren(scope.named.key.copy()))
    query = nodes.select([nodes.number(1)], logical(scope.named.relation), none)
    return bool(at.fetch(query.limit(1)))


def _name(scope: Scope, at: Running) -> None:
    """What the query reads beside datasets: as made in this run, else as the last one left it."""
    rule, spec = scope.rule.id, scope.spec
    for kept in filter(None, (scope.party, spec.one_per)):
        if kept not in at.ran:
            name_living(kept, at)
    for one in spec.never:
        other = isinstance(one, str) and one not in scope.project.datasets
        if other and f"made:{one}__members" not in at.names.staged:
            at.names.put(f"made:{one}__members", at.names.output(f"{one}__members")[1])
    _stage(f"exported:{rule}", f"{rule}__exported", scope.sent.now(at), at)
    if scope.party is not None:
        _stage(f"asked:{rule}", f"{rule}__asked", asked_now(scope.party, at), at)
    if scope.party is not None and scope.by_ids:
        schema = audit_schema(at.warehouse)
        found = were(scope.party, schema, at.ids, xref_now(scope.party, at))
        _stage(f"were:{rule}", f"{rule}__were", found, at)


def _stage(name: str, as_: str, query: exp.Select, at: Running) -> None:
    staged, final = at.names.output(as_)
    at.names.put(name, staged, final)
    at.warehouse.run(nodes.create(staged, query).sql(at.warehouse.dialect))


def _first_id(rule: Rule, at: Running) -> str:
    """The first id that a segment had: its holdout hangs on no later one."""
    if len(at.ids.get(rule.id, ())) < 2:
        return rule.id
    query = nodes.select(
        [nodes.column("rule_id")], at.audit(RULE_VERSIONS.name), of_rule(rule.id, at.ids)
    ).order_by(nodes.column("from_run"))
    rows = at.fetch(query.limit(1))
    return str(rows[0][0]) if rows else rule.id


def _log(scope: Scope, at: Running) -> tuple[int, int, list[str], dict[str, float]]:
    """What is wrong with the log: of how many rows how many could not be told, in words and as
    figures."""
    asked = scope.spec.permission
    if not isinstance(asked, Consents):
        return 0, 0, [], {}
    ((rows, unknown, nobody, bare),) = at.fetch(log_query(scope))
    words = {
        "of an unknown status, taken for a no": unknown,
        "of no known record": nobody,
        "a yes without date or proof": bare,
    }
    wrong = [f"{n:,} {what}" for what, n in words.items() if n]
    said = [f"of {rows:,} {asked.dataset} {', '.join(wrong)}"] if wrong else []
    figures = {
        "unknown status": float(unknown),
        "of no known record": float(nobody),
        "yes without date or proof": float(bare),
    }
    return rows, unknown + nobody, said, figures


def _responses(scope: Scope, at: Running) -> tuple[int, int, list[str], dict[str, float]]:
    """What became of waves whose time has passed; of how many facts how many could not be counted,
    in words and as figures."""
    asked, rule = scope.spec.response, scope.rule.id
    if asked is None:
        return 0, 0, [], {}
    totals = totals_of(scope, asked)
    rows = list(told(at.fetch(responses_query(scope, totals))))
    staged, _ = at.names.output(f"{rule}__responses")
    at.warehouse.load(staged, RESPONSE_TYPES, [row.row for row in rows])
    at.states.append(State(rule, SEGMENT_RESPONSES, staged, tuple(RESPONSE_TYPES)))
    lost, facts, words = uncounted(at, account_query(scope, totals))
    said = [*note_of_waves(rows), *([words] if words else [])]
    return facts, lost, said, dict(figures_of_waves(rows))


def _views(
    segment: _Segment, at: Publishing, steps: DatasetSteps
) -> Iterator[tuple[str, exp.Select]]:
    """`<rule>__members`: who is in it now; `<rule>__left_out`: who fits and is not; `<rule>__asked`:
    the questions that count."""
    rule, mine = segment.rule, of_rule(segment.rule.id, at.ids)
    out = nodes.equal(nodes.column("part"), nodes.text("out"))
    inside = nodes.every([mine, exp.Not(this=out)])
    yield f"{rule.id}__members", at.kept(SEGMENT_MEMBERS.name, _MEMBERS, inside, open_=True)
    left = nodes.every([mine.copy(), out.copy()])
    yield f"{rule.id}__left_out", at.kept(SEGMENT_MEMBERS.name, _OUT, left, open_=True)
    if segment.scope.party is not None:
        yield f"{rule.id}__asked", asked_before(segment.scope.party, at.schema, at.ids)
        if segment.scope.by_ids:
            yield f"{rule.id}__were", were(segment.scope.party, at.schema, at.ids)
    if segment.scope.spec.response is not None:
        shown = tuple(RESPONSE_TYPES)
        yield (
            f"{rule.id}__responses",
            at.kept(SEGMENT_RESPONSES.name, shown, mine.copy(), open_=True),
        )
    yield f"{rule.id}__exported", segment.scope.sent.query(at.schema, at.ids)
