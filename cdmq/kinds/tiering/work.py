"""A tiering rule at work: the level of everyone at a review."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlglot import exp

from cdmq.audit.latest import latest, open_first
from cdmq.audit.renames import of_rule
from cdmq.audit.tables import audit_schema
from cdmq.audit.versions import version_of
from cdmq.kinds.compiling import Compiling
from cdmq.kinds.conditions import Conditions, unread
from cdmq.kinds.facts.counted import says_of_money, uncounted
from cdmq.kinds.facts.money import mixed
from cdmq.kinds.running import Publishing, Running
from cdmq.kinds.tiering.exposure import exposed
from cdmq.kinds.tiering.exposure_words import ExposureRule
from cdmq.kinds.tiering.history import STATE, Review, clocks_of, review_at
from cdmq.kinds.tiering.moves import Moves, moves_query, moves_view
from cdmq.kinds.tiering.problems import tier_problems
from cdmq.kinds.tiering.replay import Replay
from cdmq.kinds.tiering.review import account_query, review_query
from cdmq.kinds.tiering.since import since
from cdmq.kinds.tiering.tables import TIER_HISTORY, TIER_REVIEWS
from cdmq.kinds.tiering.undoing import not_undone
from cdmq.kinds.tiering.words import NEW, TieringRule
from cdmq.kinds.working import Work
from cdmq.outcomes import Outcome, State
from cdmq.sql import nodes
from cdmq.sql.logical import LOGICAL
from cdmq.sql.relation import Relation
from cdmq.steps import DatasetSteps
from cdmq.values import Dataset, Rule

_PUBLIC = ("key", "level", "measures", "cut_offs", "reason", "from_review")


@dataclass(frozen=True)
class TierStep:
    """How a tiering rule judges: a row a record with its level, reading the levels before."""

    rule: Rule
    #: Datasets with amounts of money that it adds up.
    money: tuple[Dataset, ...]
    query: exp.Select
    #: A row a dataset of facts: how many there are, and how many no figure could count.
    account: exp.Query


def work(rule: Rule, at: Compiling) -> Work | None:
    if isinstance(rule.spec, ExposureRule):
        return exposed(rule, rule.spec, at)
    wrong = tier_problems(rule, at.rows, at.project, at.catalog, at.dialect)
    at.problems.extend(wrong)
    if wrong or at.check_only or at.project.read_by(rule.id) - set(at.catalog):
        return None
    read = (rule, at.rows, at.project, at.catalog, at.dialect)
    assert isinstance(rule.spec, TieringRule)
    money = tuple(says_of_money(rule.spec.counted.values(), at.project.datasets))
    step = TierStep(rule, money, review_query(*read), account_query(*read))
    conditions = Conditions(rule, at.binder, at.rows.behind)
    return Work(
        rule,
        run=partial(_run, step),
        shown=((f"levels by {rule.id} ({rule.span})", step.query),),
        query=step.query,
        reads=at.rows.relation,
        publishes=(f"{rule.id}__levels", f"{rule.id}__moves"),
        views=partial(_views, rule),
        judgements=tuple(unread(conditions, at.rows, conditions.unjudged(None))),
    )


def _run(step: TierStep, at: Running, steps: DatasetSteps) -> Outcome:
    if wrong := mixed(at, step.money):
        return Outcome(step.rule, error=wrong)
    return _Tiering(at).tier(step, at.as_of)


def _views(rule: Rule, at: Publishing, steps: DatasetSteps) -> Iterator[tuple[str, exp.Select]]:
    """`<rule>__levels`: the level of each customer now; `<rule>__moves`: how many moved."""
    mine = of_rule(rule.id, at.ids)
    yield f"{rule.id}__levels", at.kept(TIER_HISTORY.name, _PUBLIC, mine, open_=True)
    yield f"{rule.id}__moves", moves_view(rule.id, at.schema, at.ids)


def _real(*empty: str) -> list[exp.Expr]:
    """What a real review gave; `empty`: other columns in which nothing stands."""
    return [nodes.is_null(nodes.column(c)) for c in ("replayed", *empty)]


@dataclass(frozen=True)
class _Tiering:
    at: Running

    def tier(self, step: TierStep, as_of: datetime) -> Outcome:
        """The level of everyone at `as_of` (UTC). Between reviews who has none is judged alone."""
        rule = step.rule
        assert isinstance(rule.spec, TieringRule)
        last, version, judged = self._last_review(rule.id)
        review = review_at(rule.spec, as_of, last, judged, clocks_of(rule, self.at.project))
        if review.state == "past":
            return Outcome(rule, skipped=review.message)
        if review.state == "done" and version != version_of(rule, self.at.project).digest:
            review = replace(review, state="due", message="")
        replayed, before = self._befores(step, review, first=last is None)
        query = step.query.copy()
        judged_now = query if review.state == "due" else self._between(query, f"before:{rule.id}")
        staged, digest, seconds = self.at.make(
            f"{rule.id}__levels", since(rule.spec, judged_now, f"before:{rule.id}", review)
        )
        moves = Moves([])
        if review.state == "due":
            moves = Moves(self.at.fetch(moves_query(rule.id)))
        held = moves.too_many(rule.spec.moves_at_most) and rule.id not in self.at.said.accepted
        if held:
            self.at.drop(staged)
            staged, _, _ = self.at.make(f"{rule.id}__levels", self._open(rule.id))
        self.at.states.append(
            State(
                rule.id,
                TIER_HISTORY,
                staged,
                (*STATE, "from_review"),
                {"to_review": review.label},
                of_records=True,
            )
        )
        if review.state == "due" and not held:
            self.at.states.append(self._reviewed(rule, review, as_of, moves))
        for gone in before:
            self.at.drop(gone)
        found = self._levels(rule, rule.spec, staged, review)
        lost, facts, told = uncounted(self.at, step.account)
        return replace(
            found,
            statement=digest,
            seconds=seconds,
            could_not_judge=lost,
            uncounted=lost,
            facts=facts,
            note="; ".join(n for n in (self._moved(rule, moves), found.note, replayed, told) if n),
            held=held,
            figures={**found.figures, "facts": facts, "uncounted": lost},
        )

    def _moved(self, rule: Rule, moves: Moves) -> str:
        """What is said of moves that are more than may be."""
        assert isinstance(rule.spec, TieringRule)
        at_most = rule.spec.moves_at_most
        if at_most is None or not moves.too_many(at_most):
            return ""
        if rule.id not in self.at.said.accepted:
            return moves.refused(at_most, rule.id)
        return f"{moves.told()}; accepted by {self.at.said.by}"

    def _open(self, rule: str) -> exp.Select:
        """The levels as they are kept."""
        return nodes.select(
            [nodes.column(c) for c in (*STATE, "from_review")],
            self.at.audit(TIER_HISTORY.name),
            nodes.every([of_rule(rule, self.at.ids), nodes.is_null(nodes.column("to_run"))]),
        )

    def _reviewed(self, rule: Rule, review: Review, as_of: datetime, moves: Moves) -> State:
        """The review that this run makes, with the time that it judges by."""
        assert isinstance(rule.spec, TieringRule)
        staged, _ = self.at.names.output(f"{rule.id}__review")
        moment = nodes.cast(nodes.text(as_of.isoformat(sep=" ")), "timestamp")
        accepted = nodes.text(self.at.said.by)
        if not moves.too_many(rule.spec.moves_at_most):
            accepted = nodes.null()
        shown = {
            "review": nodes.text(review.label),
            "as_of": moment,
            "had": nodes.cast(nodes.number(moves.had), "bigint"),
            "moved": nodes.cast(nodes.number(moves.moved), "bigint"),
            "accepted_by": nodes.cast(accepted, "text"),
        }
        query = nodes.select([nodes.alias(v, c) for c, v in shown.items()])
        self.at.warehouse.run(nodes.create(staged, query).sql(self.at.warehouse.dialect))
        return State(rule.id, TIER_REVIEWS, staged, tuple(shown))

    def _last_review(self, rule: str) -> tuple[str | None, str | None, datetime | None]:
        """The label of the last review, the version of the rule that made it, and its as_of."""
        query = nodes.select(
            [nodes.column(c) for c in ("review", "version", "as_of")],
            self.at.audit(TIER_REVIEWS.name),
            nodes.every([of_rule(rule, self.at.ids), *_real("undone_run")]),
        )
        rows = self.at.warehouse.fetch(
            query.order_by(exp.Ordered(this=nodes.column("run_id"), desc=True))
            .limit(1)
            .sql(self.at.warehouse.dialect)
        )
        if not rows:
            return None, None, None
        review, version, as_of = rows[0]
        return str(review), str(version), as_of

    def _befores(self, step: TierStep, review: Review, first: bool) -> tuple[str, list[Relation]]:
        """The levels before a review: `before`, those of the real one before; `tiers`, by which it
        goes: of a first review those that a replay came to."""
        rule = step.rule
        replay = Replay(rule, step.query, self.at, clocks_of(rule, self.at.project))
        replayed, past = replay.made(self._first(rule.id, review))
        before, _, _ = self.at.make(f"{rule.id}__levels_before", self._levels_before(rule.id))
        published = self.at.names.output(f"{rule.id}__levels")[1]
        self.at.names.put(f"tiers:{rule.id}", past if past and first else before, published)
        self.at.names.put(f"before:{rule.id}", before, published)
        return replayed, [before, *([past] if past else [])]

    def _first(self, rule: str, review: Review) -> str:
        """The label of the first real review, be it the one that is made now."""
        least = nodes.select(
            [exp.Min(this=nodes.column("review"))],
            self.at.audit(TIER_REVIEWS.name),
            nodes.every([of_rule(rule, self.at.ids), *_real("undone_run")]),
        )
        ((label,),) = self.at.fetch(least)
        return str(label or review.label)

    def _levels_before(self, rule: str) -> exp.Select:
        """The level of everyone who has one, or who had one and was not there since."""
        rows = nodes.select(
            [nodes.column(c) for c in (*STATE, "from_review", "from_run", "to_run")],
            self.at.audit(TIER_HISTORY.name),
            nodes.every(
                [
                    of_rule(rule, self.at.ids),
                    not_undone(audit_schema(self.at.warehouse)),
                    *_real(),
                ]
            ),
        )
        last = latest(rows, "row_number", "key", open_first())
        return nodes.select(
            [nodes.column(c) for c in (*STATE, "from_review")], nodes.subquery(last, "b")
        )

    def _between(self, query: exp.Select, before: str) -> exp.Query:
        """Who has a level keeps it; who has none gets one."""

        def named(relation: str, as_: str) -> exp.Table:
            return nodes.table(Relation(relation, LOGICAL), as_)

        def known(alias: str, other: exp.Expr) -> exp.Expr:
            return exp.Exists(
                this=nodes.select(
                    [nodes.number(1)],
                    other,
                    nodes.equal(nodes.column("key", "o"), nodes.column("key", alias)),
                )
            )

        shown = [[nodes.column(c, alias) for c in STATE] for alias in ("n", "b")]
        new = nodes.select(
            shown[0], nodes.subquery(query, "n"), exp.Not(this=known("n", named(before, "o")))
        )
        kept = nodes.select(
            shown[1], named(before, "b"), known("b", nodes.subquery(query.copy(), "o"))
        )
        return nodes.union_all([new, kept])

    def _levels(self, rule: Rule, spec: TieringRule, staged: Relation, review: Review) -> Outcome:
        count = exp.Count(this=exp.Star())
        found = nodes.group_by(
            nodes.select([nodes.column("level"), count], nodes.table(staged)),
            [nodes.column("level")],
        )
        counts = dict(self.at.warehouse.fetch(found.sql(self.at.warehouse.dialect)))
        note = ", ".join(
            f"{counts[name]:,} {name}" for name in (NEW, *spec.level_names) if counts.get(name)
        )
        if review.message:
            note += f" ({review.message})"
        everyone = sum(counts.values())
        figures = {f"level:{name}": float(counts.get(name, 0)) for name in (NEW, *spec.level_names)}
        return Outcome(rule, tested=everyone, judged=everyone, note=note, figures=figures)
