"""Past reviews that nobody made, made up for: period by period, with the parties of today.

Each is judged as on the first moment of its period, and goes by the one before. What they gave
stands in `tier_history` as times that are over, marked `replayed`. A first real review that is made
in the same run goes on from them; those that were made before stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.kinds.running import Running
from cdmq.kinds.tiering.history import STATE, Clocks, Review, periods
from cdmq.kinds.tiering.since import since
from cdmq.kinds.tiering.tables import TIER_HISTORY, TIER_REVIEWS
from cdmq.kinds.tiering.words import TieringRule
from cdmq.outcomes import State
from cdmq.project.zones import utc
from cdmq.sql import nodes
from cdmq.sql.logical import AS_OF
from cdmq.sql.relation import Relation
from cdmq.values import Rule

_COLUMNS = (*STATE, "from_review", "to_review", "replayed")


@dataclass(frozen=True)
class Replay:
    """The past reviews of one rule; `query` gives the levels of everyone at a time."""

    rule: Rule
    query: exp.Select
    at: Running
    clocks: Clocks

    def made(self, first: str) -> tuple[str, Relation | None]:
        """What is said of it, and the last levels. `first`: the first real review; those before it
        are made up for."""
        spec, begin = self.rule.spec, self.at.said.review_from
        assert isinstance(spec, TieringRule)
        if begin is None or spec.review is None:
            return "", None
        known = [str(r) for (r,) in self.at.fetch(self._known())]
        until = min([first, *known])
        labels = periods(spec, begin, until, self.clocks)
        if not labels:
            return f"nothing to replay: the first review is that of {until}", None
        before = empty = self._empty()
        each = []
        for label, following in zip(labels, [*labels[1:], until], strict=True):
            name = f"tiers:{self.rule.id}"
            self.at.names.put(name, before)
            judged = since(spec, self._as_of(label), name, Review(label, "due"))
            before, _, _ = self.at.make(f"{self.rule.id}__replay_{label}", judged)
            each.append((before, label, following))
        self._states(labels, each)
        self.at.drop(empty)
        for staged, _, _ in each[:-1]:
            self.at.drop(staged)
        many = f"{len(labels):,} reviews" if len(labels) > 1 else "one review"
        return f"replayed {many} from {labels[0]} to {labels[-1]}", before

    def _known(self) -> exp.Select:
        """The reviews that there are."""
        mine = [of_rule(self.rule.id, self.at.ids), nodes.is_null(nodes.column("undone_run"))]
        return nodes.select(
            [nodes.column("review")], self.at.audit(TIER_REVIEWS.name), nodes.every(mine)
        ).distinct()

    def _empty(self) -> Relation:
        """The levels before the first of them: nobody has one."""
        rows = nodes.select(
            [nodes.column(c) for c in (*STATE, "from_review")],
            self.at.audit(TIER_HISTORY.name),
            exp.false(),
        )
        staged, _, _ = self.at.make(f"{self.rule.id}__replay", rows)
        return staged

    def _as_of(self, label: str) -> exp.Select:
        query = self.query.copy()
        for parameter in list(query.find_all(exp.Placeholder)):
            if parameter.name == AS_OF:
                parameter.replace(nodes.text(f"{label} 00:00:00"))
        return query

    def _states(self, labels: Sequence[str], each: Sequence[tuple[Relation, str, str]]) -> None:
        """Each time in which somebody had a level; and the reviews."""
        rows = [
            nodes.select(
                [
                    *(nodes.column(c) for c in (*STATE, "from_review")),
                    nodes.alias(nodes.text(label), "review"),
                    nodes.alias(nodes.text(following), "following"),
                ],
                nodes.table(staged),
            )
            for staged, label, following in each
        ]
        ends = exp.Window(
            this=exp.Max(this=nodes.column("following", "u")),
            partition_by=[nodes.column(c, "u") for c in ("key", "from_review")],
        )
        columns = (*STATE, "from_review")
        times = nodes.select(
            [
                *(nodes.alias(nodes.column(c, "u"), c) for c in (*columns, "review")),
                nodes.alias(ends, "to_review"),
                nodes.alias(exp.true(), "replayed"),
            ],
            nodes.subquery(nodes.union_all(rows), "u"),
        )
        begun = nodes.equal(nodes.column("review", "t"), nodes.column("from_review", "t"))
        shown = [nodes.alias(nodes.column(c, "t"), c) for c in _COLUMNS]
        found = nodes.select(shown, nodes.subquery(times, "t"), begun)
        staged, _, _ = self.at.make(f"{self.rule.id}__replayed", found)
        self.at.states.append(State(self.rule.id, TIER_HISTORY, staged, _COLUMNS, past=True))
        reviews, _, _ = self.at.make(
            f"{self.rule.id}__replays", nodes.union_all([self._review(x) for x in labels])
        )
        of_reviews = ("review", "as_of", "replayed")
        self.at.states.append(State(self.rule.id, TIER_REVIEWS, reviews, of_reviews))

    def _review(self, label: str) -> exp.Select:
        midnight = datetime.combine(datetime.fromisoformat(label), time())
        moment = utc(midnight, self.clocks.zone).replace(tzinfo=None).isoformat(sep=" ")
        shown = {
            "review": nodes.text(label),
            "as_of": nodes.cast(nodes.text(moment), "timestamp"),
            "replayed": exp.true(),
        }
        return nodes.select([nodes.alias(v, c) for c, v in shown.items()])
