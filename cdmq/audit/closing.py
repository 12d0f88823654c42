"""Why an episode closes: fixed, changed, gone, rekeyed (the dataset's key was declared anew),
out_of_scope, rule_changed (what stood there stands there still), both_changed (either of them may
have done it) or rule_removed."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.same_episode import comparable
from cdmq.datasets.bad_lines import may_be
from cdmq.outcomes import Executed, RuleResult
from cdmq.sql import nodes
from cdmq.sql.logical import Renderer, logical
from cdmq.sql.relation import Relation
from cdmq.steps import DatasetSteps, Judgement

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


@dataclass(frozen=True)
class Closing:
    """The rows that a run closes stand in `closing`; what it found in their place, in `now`."""

    warehouse: Warehouse
    executed: Executed
    closing: Relation
    now: Relation
    #: Whether they are flags: what judgements found.
    flags: bool

    def say_why(
        self,
        work: Sequence[RuleResult],
        meaning: frozenset[str],
        removed: frozenset[str],
        moved: Container[str],
        rekeyed: Sequence[str],
        same_data: frozenset[str],
    ) -> None:
        """Give every row of `closing` its reason; the first that holds.

        `moved`: rules with rows about a dataset that they judge no more. `rekeyed`: datasets whose
        records have other keys than before. `same_data`: rules whose values are made by the rule,
        which is another, from the very data of before.
        """
        if removed:
            self._why("rule_removed", _of_rules(removed))
        for rule in (r.rule for r in work if r.rule.id in moved):
            elsewhere = exp.Not(this=_of_dataset(rule.dataset))
            self._why("rule_changed", nodes.every([_of_rules([rule.id]), elsewhere]))
        for name in rekeyed:
            self._why("rekeyed", _of_records(name))
        if not self._any_left():
            return
        for name in sorted({r.rule.dataset for r in work} & self.executed.steps.keys()):
            self._gone(name)
        lines = frozenset(r.rule.id for r in work if r.rule.check == "lines") - meaning
        if lines:  # each is a flag of its own: none stands in the place of another
            self._why("fixed", _of_rules(lines))
        if same_data:
            self._why("rule_changed", _of_rules(same_data))
        self._why("changed", self._found_in_its_place())
        for result in work:
            if result.rule.id in meaning:
                self._value_changed(result)
        if meaning:
            self._why("rule_changed", _of_rules(meaning))
        for result in work:
            self._out_of_scope(result)
        self._why("fixed", exp.true())

    def _any_left(self) -> bool:
        left = nodes.select([nodes.number(1)], nodes.table(self.closing)).limit(1)
        return bool(self.warehouse.fetch(left.sql(self.warehouse.dialect)))

    def _gone(self, dataset: str) -> None:
        """Of records that are no longer in the dataset."""
        steps = self.executed.steps[dataset]
        keys = nodes.select([steps.key.copy()], logical(steps.relation))
        none = exp.Not(this=nodes.among(nodes.column("key", "k"), keys))
        self._why("gone", nodes.every([_of_records(dataset), none]))
        self._keep_open(dataset)

    def _found_in_its_place(self) -> exp.Expr:
        """The run found something else of the same rule, record and columns."""
        same = [
            nodes.equal(nodes.column("rule_id", "x"), nodes.column("rule_id", "k")),
            *(nodes.equal(comparable(c, "x"), comparable(c, "k")) for c in ("key", "column_name")),
        ]
        found = nodes.select([nodes.number(1)], nodes.table(self.now, "x"), nodes.every(same))
        return exp.Exists(this=found)

    def _keep_open(self, dataset: str) -> None:
        """What closes because its record is gone stays open where that may be a line that could
        not be read."""
        values = self.executed.lost.get(dataset)
        if not values:
            return
        why = nodes.equal(nodes.column("why"), nodes.text("gone"))
        gone = nodes.every([_of_dataset(dataset), why])
        query = nodes.select([nodes.column("key")], nodes.table(self.closing), gone)
        found = self.warehouse.fetch(query.distinct().sql(self.warehouse.dialect))
        keys = sorted(str(k) for (k,) in found if may_be(str(k), values))
        for at in range(0, len(keys), 1_000):
            some = exp.In(
                this=nodes.column("key"), expressions=[nodes.text(k) for k in keys[at : at + 1_000]]
            )
            delete = exp.Delete(
                this=nodes.table(self.closing),
                where=exp.Where(this=nodes.every([gone.copy(), some])),
            )
            self.warehouse.run(delete.sql(self.warehouse.dialect))

    def _value_changed(self, result: RuleResult) -> None:
        """Rows of a changed rule in whose place something else stands now."""
        steps = self.executed.steps.get(result.rule.dataset)
        own = self._judgements(result)
        for j in own:
            if steps is None or j.scope != "row":
                continue
            key, mine = steps.key_of(j), _of(j, len(own) == 1)
            asked = nodes.select([nodes.column("key")], nodes.table(self.closing), mine.copy())
            shown = [
                nodes.alias(e.copy(), n)
                for n, e in (("key", key), ("value", j.value), ("digest", j.digest))
            ]
            now = nodes.select(
                shown, logical(j.relation), exp.In(this=key.copy(), query=exp.Subquery(this=asked))
            )
            compared = ("key", "value", "digest") if j.same_value else ("key",)
            same = nodes.select(
                [nodes.number(1)],
                nodes.subquery(now, "x"),
                nodes.every(
                    [nodes.equal(comparable(c, "x"), comparable(c, "k")) for c in compared]
                ),
            )
            where = [
                mine.copy(),
                nodes.present(nodes.column("key")),
                exp.Not(this=exp.Exists(this=same)),
            ]
            if j.key is not None:  # of whom the rule makes nothing any more, nothing stands there
                made = nodes.select([key.copy()], logical(j.relation))
                where.append(nodes.among(nodes.column("key", "k"), made))
            self._why("both_changed", nodes.every(where))

    def _out_of_scope(self, result: RuleResult) -> None:
        """Rows that the rule's `where` no longer lets in; of a judgement over rows that the rule
        made, those that are not among them."""
        steps = self.executed.steps.get(result.rule.dataset)
        if steps is None:
            return
        rule, own = _of_rules([result.rule.id]), self._judgements(result)
        for j in own:
            mine = _of(j, len(own) == 1)
            if j.key is not None:
                self._why("changed", nodes.every([mine.copy(), self._unjudged(result.rule.id)]))
                tested = nodes.select([j.key.copy()], logical(j.relation), _copied(j.tested))
                self._leave(mine, exp.Not(this=nodes.among(nodes.column("key", "k"), tested)))
            elif j.tested is not None:
                self._leave(mine, _outside(steps, j.relation, j.tested))
        for change in steps.stage.changes if steps.stage else ():
            if change.rule.id == result.rule.id and change.tested is not None:
                self._leave(rule, _outside(steps, steps.relation, change.tested))

    def _judgements(self, result: RuleResult) -> Sequence[Judgement]:
        """Those that found the rows of a rule: none where these are changes."""
        steps = self.executed.steps.get(result.rule.dataset)
        return steps.judges(result.rule.id) if steps and self.flags else ()

    def _unjudged(self, rule: str) -> exp.Expr:
        """The condition that a key is of a record that the rule could not judge now."""
        told = nodes.equal(nodes.column("state"), nodes.text("could_not_judge"))
        keys = nodes.select(
            [nodes.column("key")], nodes.table(self.now), nodes.every([_of_rules([rule]), told])
        )
        return nodes.among(nodes.column("key", "k"), keys)

    def _leave(self, mine: exp.Expr, where: exp.Expr) -> None:
        self._why(
            "out_of_scope", nodes.every([mine.copy(), nodes.present(nodes.column("key")), where])
        )

    def _why(self, word: str, where: exp.Expr) -> None:
        update = exp.Update(
            this=nodes.table(self.closing, "k"),
            expressions=[exp.EQ(this=nodes.column("why"), expression=nodes.text(word))],
            where=exp.Where(this=nodes.every([nodes.is_null(nodes.column("why")), where])),
        )
        render = Renderer(self.executed.names, self.warehouse.dialect, self.executed.as_of)
        self.warehouse.run(render.sent(update))


def _outside(steps: DatasetSteps, relation: str, tested: exp.Expr) -> exp.Expr:
    """The condition that a key is of a record that `tested` does not let in."""
    outside = exp.Not(this=exp.Coalesce(this=nodes.paren(tested.copy()), expressions=[exp.false()]))
    keys = nodes.select([steps.key_for(relation)], logical(relation), outside)
    return exp.In(this=nodes.column("key"), query=exp.Subquery(this=keys))


def _copied(node: exp.Expr | None) -> exp.Expr | None:
    return None if node is None else node.copy()


def _of(judgement: Judgement, only: bool) -> exp.Expr:
    """The rows of a judgement; where it is the only one of its rule, all of the rule."""
    mine = _of_rules([judgement.rule.id])
    if only:
        return mine
    own = nodes.equal(nodes.column("column_name"), nodes.text(judgement.column_name))
    return nodes.every([mine, own])


def _of_rules(names: Sequence[str] | frozenset[str]) -> exp.Expr:
    return exp.In(this=nodes.column("rule_id"), expressions=[nodes.text(n) for n in sorted(names)])


def _of_dataset(name: str) -> exp.Expr:
    return nodes.equal(nodes.column("dataset"), nodes.text(name))


def _of_records(dataset: str) -> exp.Expr:
    """The rows about records of a dataset, not about all of it."""
    return nodes.every([_of_dataset(dataset), nodes.present(nodes.column("key"))])
