"""derive: parties, golden records and levels: what a run works out beside flags and changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

import duckdb
from sqlglot import exp

from cdmq.audit.latest import latest, open_first
from cdmq.audit.renames import of_rule
from cdmq.audit.tables import audit_schema
from cdmq.audit.versions import version_of
from cdmq.kinds.golden.tables import GOLDEN_CELLS
from cdmq.kinds.golden.words import GoldenRule
from cdmq.kinds.matching.run import Matcher
from cdmq.kinds.tiering.history import STATE, Review, review_at
from cdmq.kinds.tiering.tables import TIER_HISTORY, TIER_REVIEWS
from cdmq.kinds.tiering.undoing import not_undone
from cdmq.kinds.tiering.words import NEW, TieringRule
from cdmq.sql import nodes
from cdmq.sql.logical import LOGICAL, Names, Renderer, logical
from cdmq.sql.relation import Relation
from cdmq.steps import DatasetSteps, GoldenStep, Outcome, State, TierStep
from cdmq.values import Dataset, Project, Rule
from cdmq.warehouses.base import StatementError

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

#: Why a fact is not counted, in the order of `account_query`.
_UNCOUNTED = ("without a date", "without an amount", "of no known customer")


@dataclass
class Derived:
    """Runs the rules that make something of a dataset; keeps what the audit tables will hold."""

    project: Project
    warehouse: Warehouse
    names: Names
    render: Renderer
    #: Sends a statement that is recorded; gives its digest and seconds.
    send: Callable[[exp.Expr], tuple[str, float]]
    #: Rules that were asked for, and datasets that are built.
    rules: frozenset[str]
    datasets: Iterable[str]
    #: Rule -> every id that it ever had.
    ids: Mapping[str, tuple[str, ...]]
    #: Only train models: no party is looked for.
    train: bool = False
    states: list[State] = field(default_factory=list)

    def match(self, steps: DatasetSteps) -> list[Outcome]:
        """Run the matching rules of a dataset that are wanted, or that a golden dataset needs."""
        needed = {
            self.project.rules[d.made_by].spec.matched_by  # type: ignore[union-attr]
            for n in self.datasets
            if (d := self.project.datasets[n]).made_by
        }
        matcher = Matcher(self.warehouse, self.names, self.render, self.ids)
        done = []
        for step in steps.matches:
            if step.rule.id not in self.rules | needed:
                continue
            started = time.perf_counter()
            try:
                if self.train and step.rule.id in needed:
                    matched = matcher.match(step, steps)  # what is to be learnt from stands on it
                if self.train and step.rule.id not in self.rules:
                    continue
                matched = (matcher.train if self.train else matcher.match)(step, steps)
            except (StatementError, duckdb.Error) as error:
                done.append(Outcome(step.rule, error=str(error).splitlines()[0]))
                continue
            self.states += matched.states
            done.append(replace(matched.outcome, seconds=time.perf_counter() - started))
        return done

    def unmatched(self, step: GoldenStep) -> str | None:
        """Why a golden dataset cannot be made: its matching rule found nothing to stand on."""
        spec = step.rule.spec
        assert isinstance(spec, GoldenRule)
        there = f"xref:{spec.matched_by}" in self.names.staged
        return None if there else f"it joins what {spec.matched_by} matched, which failed"

    def switched_off(self, step: GoldenStep) -> str | None:
        """Why a golden dataset is not made: a rule that it hangs on is disabled."""
        spec = step.rule.spec
        assert isinstance(spec, GoldenRule)
        for name in (step.rule.id, spec.matched_by):
            if not self.project.rules[name].enabled:
                return f"the rule {name} is disabled"
        return None

    def flagged(self, step: GoldenStep, dataset: Dataset, found: Mapping[str, int]) -> None:
        """Which cells of its records carry a flag; `found`: the codes of rules that were judged."""
        if not step.flagging:
            return
        from cdmq.kinds.flagged import flags_query

        name = f"flagged:{dataset.name}"
        staged, _ = self.names.output(f"{dataset.name}__flags")
        self.names.put(name, staged, self.names.output(f"{step.rule.id}__flags")[1])
        query = flags_query(step.flagging, audit_schema(self.warehouse), self.ids, found)
        self.warehouse.run(nodes.create(staged, query).sql(self.warehouse.dialect))

    def golden(self, steps: DatasetSteps) -> Outcome | None:
        """Where each cell of a golden dataset comes from."""
        step = steps.golden
        if step is None or self.train:
            return None
        staged, digest, seconds = self._make(f"{step.rule.id}__cells", step.cells)
        self.states.append(State(step.rule.id, GOLDEN_CELLS, staged, GOLDEN_CELLS.identity))
        if step.flagging:
            flags = self.names.staged[f"flagged:{steps.dataset.name}"]
            self.warehouse.run(nodes.drop(flags).sql(self.warehouse.dialect))
        count = exp.Count(this=exp.Star())
        found = self.warehouse.fetch(
            self.render.sent(
                nodes.select(
                    [
                        exp.Subquery(
                            this=nodes.select([count], logical(f"source:{steps.dataset.name}"))
                        ),
                        exp.Subquery(this=nodes.select([count.copy()], nodes.table(staged))),
                    ]
                )
            )
        )
        parties, cells = found[0]
        return Outcome(
            step.rule,
            tested=parties,
            judged=parties,
            statement=digest,
            seconds=seconds,
            note=f"{parties:,} golden records, {cells:,} cells",
            figures={"records": parties, "cells": cells},
        )

    def tier(self, step: TierStep, as_of: datetime) -> Outcome:
        """The level of everyone at `as_of` (UTC). Between reviews who has none is judged alone."""
        rule = step.rule
        assert isinstance(rule.spec, TieringRule)
        last, version, judged = self._last_review(rule.id)
        review = review_at(rule.spec, as_of, last, judged, self.project.config.time_zone)
        if review.state == "past":
            return Outcome(rule, skipped=review.message)
        if review.state == "done" and version != version_of(rule, self.project).digest:
            review = replace(review, state="due", message="")
        before, _, _ = self._make(f"{rule.id}__levels_before", self._levels_before(rule.id))
        self.names.put(f"tiers:{rule.id}", before, self.names.output(f"{rule.id}__levels")[1])
        query = step.query.copy()
        judged_now = query if review.state == "due" else self._between(query, f"tiers:{rule.id}")
        staged, digest, seconds = self._make(
            f"{rule.id}__levels", self._since(judged_now, f"tiers:{rule.id}", review)
        )
        self.states.append(
            State(
                rule.id,
                TIER_HISTORY,
                staged,
                (*STATE, "from_review"),
                {"to_review": review.label},
            )
        )
        if review.state == "due":
            self.states.append(self._reviewed(rule.id, review, as_of))
        self.warehouse.run(nodes.drop(before).sql(self.warehouse.dialect))
        found = self._levels(rule, rule.spec, staged, review)
        lost, facts, told = self._uncounted(step)
        return replace(
            found,
            statement=digest,
            seconds=seconds,
            could_not_judge=lost,
            facts=facts,
            note="; ".join(n for n in (found.note, told) if n),
            figures={**found.figures, "facts": facts, "uncounted": lost},
        )

    def _uncounted(self, step: TierStep) -> tuple[int, int, str]:
        """How many facts no figure could count, of how many, and in words."""
        lost, facts, told = 0, 0, []
        for name, all_, *by_why in sorted(self.warehouse.fetch(self.render.sent(step.account))):
            lost, facts = lost + sum(by_why), facts + all_
            why = [f"{n:,} {words}" for n, words in zip(by_why, _UNCOUNTED, strict=True) if n]
            if why:
                told.append(f"made without {sum(by_why):,} of {all_:,} {name}: {', '.join(why)}")
        return lost, facts, "; ".join(told)

    def _make(self, name: str, query: exp.Query) -> tuple[Relation, str, float]:
        """A staged table, with the digest of its statement and seconds."""
        staged, final = self.names.output(name)
        self.names.put(f"made:{name}", staged, final)
        digest, seconds = self.send(nodes.create(Relation(f"made:{name}", LOGICAL), query))
        return staged, digest, seconds

    def _reviewed(self, rule: str, review: Review, as_of: datetime) -> State:
        """The review that this run makes, with the time that it judges by."""
        staged, _ = self.names.output(f"{rule}__review")
        moment = nodes.cast(nodes.text(as_of.isoformat(sep=" ")), "timestamp")
        shown = {"review": nodes.text(review.label), "as_of": moment}
        query = nodes.select([nodes.alias(v, c) for c, v in shown.items()])
        self.warehouse.run(nodes.create(staged, query).sql(self.warehouse.dialect))
        return State(rule, TIER_REVIEWS, staged, tuple(shown))

    def _last_review(self, rule: str) -> tuple[str | None, str | None, datetime | None]:
        """The label of the last review, the version of the rule that made it, and its as_of."""
        query = nodes.select(
            [nodes.column(c) for c in ("review", "version", "as_of")],
            self._audit(TIER_REVIEWS.name),
            nodes.every([of_rule(rule, self.ids), nodes.is_null(nodes.column("undone_run"))]),
        )
        rows = self.warehouse.fetch(
            query.order_by(exp.Ordered(this=nodes.column("run_id"), desc=True))
            .limit(1)
            .sql(self.warehouse.dialect)
        )
        if not rows:
            return None, None, None
        review, version, as_of = rows[0]
        return str(review), str(version), as_of

    def _levels_before(self, rule: str) -> exp.Select:
        """The level of everyone who has one, or who had one and was not there since."""
        rows = nodes.select(
            [nodes.column(c) for c in (*STATE, "from_review", "from_run", "to_run")],
            self._audit(TIER_HISTORY.name),
            nodes.every([of_rule(rule, self.ids), not_undone(audit_schema(self.warehouse))]),
        )
        last = latest(rows, "row_number", "key", open_first())
        return nodes.select(
            [nodes.column(c) for c in (*STATE, "from_review")], nodes.subquery(last, "b")
        )

    def _since(self, query: exp.Query, before: str, review: Review) -> exp.Select:
        """With the review that gave each level: who returns to a level has it since then."""
        shown = [nodes.column(c, "n") for c in STATE]
        since = exp.Coalesce(
            this=nodes.column("from_review", "b"), expressions=[nodes.text(review.label)]
        )
        joined = nodes.select(
            [*shown, nodes.alias(since, "from_review")], nodes.subquery(query, "n")
        )
        same = nodes.every(
            [
                nodes.equal(
                    *(
                        exp.Coalesce(
                            this=nodes.cast(nodes.column(c, side), "text"),
                            expressions=[nodes.text("\x01")],
                        )
                        for side in ("b", "n")
                    )
                )
                for c in TIER_HISTORY.identity
            ]
        )
        nodes.left_join(joined, nodes.table(Relation(before, LOGICAL), "b"), same)
        return joined

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
        counts = dict(self.warehouse.fetch(found.sql(self.warehouse.dialect)))
        note = ", ".join(
            f"{counts[name]:,} {name}" for name in (NEW, *spec.level_names) if counts.get(name)
        )
        if review.message:
            note += f" ({review.message})"
        everyone = sum(counts.values())
        figures = {f"level:{name}": float(counts.get(name, 0)) for name in (NEW, *spec.level_names)}
        return Outcome(rule, tested=everyone, judged=everyone, note=note, figures=figures)

    def _audit(self, table: str) -> exp.Table:
        return nodes.table(Relation(table, audit_schema(self.warehouse)))
