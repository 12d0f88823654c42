"""What the statements of a run found: how many rows were judged, failed or changed, and samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from sqlglot import exp

from cdmq.datasets.bad_lines import FileLines, judge_lines
from cdmq.outcomes import CHANGED, CHANGED_COLUMNS, FOUND, FOUND_COLUMNS, Outcome
from cdmq.sql import nodes
from cdmq.sql.logical import Renderer
from cdmq.sql.relation import Relation
from cdmq.steps import DatasetPlan, DatasetSteps, Judgement, JudgementId, Numbers
from cdmq.values import Project, Rule
from cdmq.warehouses.base import StatementError

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


class Waived(Protocol):
    """Whose flags are waived."""

    @property
    def where(self) -> exp.Expr: ...
    @property
    def unfit(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Findings:
    """Reads the temporary tables of what was found. `send` runs a statement that is recorded, and
    gives its digest and seconds."""

    project: Project
    warehouse: Warehouse
    render: Renderer
    numbers: Numbers
    send: Callable[[exp.Expr], tuple[str, float]]
    #: Of the datasets whose files this run read.
    lines: Mapping[str, FileLines] = field(default_factory=dict)
    #: Which keys of a rule are waived, as a condition over what was found, and what does not fit.
    waived: Callable[[Rule, DatasetSteps], Waived | None] = lambda rule, steps: None

    def counted(self, plan: DatasetPlan, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Tested and judged rows, one pass for all judgements of a relation; of a rule with
        several, of the one that has no name, else of all of them."""
        found: dict[JudgementId, tuple[int, int]] = {}
        wanted: dict[str, list[JudgementId]] = {}
        for judgement in (j for counts in plan.counts for j in counts.places):
            wanted.setdefault(judgement[0], []).append(judgement)
        for counts in plan.counts:
            try:
                row = self.warehouse.fetch(self.render.sent(counts.query))[0]
            except StatementError as error:
                found.update(self._counted_singly(counts.query, counts.places, str(error)))
                continue
            found.update({j: (row[a], row[b]) for j, (a, b) in counts.places.items()})
        return [_with_counts(o, wanted.get(o.rule.id, ()), found) for o in outcomes]

    def _counted_singly(
        self, query: exp.Select, places: Mapping[JudgementId, tuple[int, int]], said: str
    ) -> dict[JudgementId, tuple[int, int]]:
        found = {}
        for judgement, (tested, judged) in places.items():
            one = query.copy()
            one.set(
                "expressions", [query.expressions[tested].copy(), query.expressions[judged].copy()]
            )
            try:
                row = self.warehouse.fetch(self.render.sent(one))[0]
            except StatementError:
                continue  # this rule is told as an error: "its rows could not be counted"
            found[judgement] = (row[0], row[1])
        if not found:
            raise StatementError(said)
        return found

    def of(self, steps: DatasetSteps, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Counts, fingerprints and sample keys of what the statements found."""
        judges = {o.rule.id: steps.judges(o.rule.id) for o in outcomes if o.evaluated}
        changing = {c.rule.id for c in steps.stage.changes} if steps.stage else set()
        ids = [j.id for own in judges.values() for j in own]
        ids += [(rule, "") for rule in judges if rule in changing]
        codes = [self.numbers.code(*id_) for id_ in ids]
        if not codes:
            return list(outcomes)
        failing = self._grouped(FOUND, FOUND_COLUMNS[1:], codes)
        changed = self._grouped(CHANGED, CHANGED_COLUMNS[1:], codes)
        done = []
        for o in outcomes:
            own = judges.get(o.rule.id)
            if not own:
                done.append(o)
            elif o.rule.check == "lines":
                done.append(judge_lines(o, self.lines.get(o.rule.dataset), self))
            elif own[0].scope == "dataset":
                done.append(self._about_the_dataset(o, own, failing))
            else:
                done.append(self._waived(self._judged(o, own, failing), own, steps))
        return [
            self._with_changes(o, changed) if o.evaluated and o.rule.id in changing else o
            for o in done
        ]

    def _with_changes(self, outcome: Outcome, found: Mapping[int, tuple[int, str]]) -> Outcome:
        count, mark = found.get(self.numbers.code(outcome.rule.id), (0, "0"))
        marks = [f"{count}:{mark}", outcome.fingerprint]
        return replace(outcome, changed=count, fingerprint="|".join(m for m in marks if m))

    def _judged(
        self, outcome: Outcome, own: Sequence[Judgement], found: Mapping[int, tuple[int, str]]
    ) -> Outcome:
        """What the judgements of a rule found, together."""
        codes = [self.numbers.code(*j.id) for j in own]
        failing = [found.get(c, (0, "0")) for c in codes]
        unjudged = [found.get(c + 1, (0, "0")) for c in codes]
        parts = [f"{n}:{m}:{u}:{w}" for (n, m), (u, w) in zip(failing, unjudged, strict=True)]
        count = sum(n for n, _ in failing)
        return replace(
            outcome,
            failing=count,
            could_not_judge=sum(n for n, _ in unjudged),
            fingerprint="|".join(parts),
            samples=self._samples(outcome.rule, codes if count else [c + 1 for c in codes])
            if count or any(n for n, _ in unjudged)
            else (),
        )

    def _waived(self, outcome: Outcome, own: Sequence[Judgement], steps: DatasetSteps) -> Outcome:
        """The outcome without the flags that somebody waived: they are counted apart."""
        found = self.waived(outcome.rule, steps)
        if found is None:
            return outcome
        codes = [self.numbers.code(*j.id) for j in own]
        counts = [self._count(codes, found.where), self._count([c + 1 for c in codes], found.where)]
        return replace(
            outcome,
            failing=outcome.failing - counts[0],
            could_not_judge=outcome.could_not_judge - counts[1],
            waived=sum(counts),
            note="; ".join(filter(None, [outcome.note, *found.unfit])),
        )

    def _count(self, codes: Sequence[int], where: exp.Expr) -> int:
        mine = exp.In(this=nodes.column("code"), expressions=[nodes.number(c) for c in codes])
        named = nodes.every([mine, where.copy()])
        query = nodes.select([exp.Count(this=exp.Star())], nodes.table(FOUND), named)
        ((count,),) = self.warehouse.fetch(self.render.sent(query))
        return int(count)

    def _grouped(
        self, relation: Relation, parts: Sequence[str], codes: Sequence[int]
    ) -> dict[int, tuple[int, str]]:
        """Per code how many rows were found, and their fingerprint."""
        code = nodes.column("code")
        mine = exp.Between(
            this=code.copy(), low=nodes.number(min(codes)), high=nodes.number(max(codes) + 1)
        )
        mark = fingerprint(self.warehouse.row_hash([nodes.column(p) for p in parts]))
        query = nodes.group_by(
            nodes.select([code, exp.Count(this=exp.Star()), mark], nodes.table(relation), mine),
            [code.copy()],
        )
        rows = self.warehouse.fetch(query.sql(self.warehouse.dialect))
        return {int(c): (int(n), str(m)) for c, n, m in rows}

    def _about_the_dataset(
        self, outcome: Outcome, own: Sequence[Judgement], found: Mapping[int, tuple[int, str]]
    ) -> Outcome:
        """A rule on the number of rows: one flag without a key, and those of the rows of which it
        could not be told whether they count."""
        count = nodes.alias(nodes.number(outcome.tested), "n")
        code = self.numbers.code(outcome.rule.id)
        none = nodes.cast(nodes.null(), "text")
        shown = [nodes.number(code), none, nodes.cast(nodes.column("n"), "text"), none.copy()]
        query = nodes.select(
            shown, nodes.subquery(nodes.select([count]), "c"), own[0].failing.copy()
        )
        insert = nodes.insert(FOUND, FOUND_COLUMNS, query)
        digest, seconds = self.send(insert)
        fails = self.warehouse.fetch(
            nodes.select(
                [exp.Count(this=exp.Star())],
                nodes.table(FOUND),
                nodes.equal(nodes.column("code"), nodes.number(code)),
            ).sql(self.warehouse.dialect)
        )[0][0]
        unread = self._judged(outcome, own[1:], found)
        marks = [f"{fails}:{outcome.tested if fails else 0}", unread.fingerprint]
        return replace(
            unread,
            judged=1,
            failing=int(fails),
            statement=digest,
            seconds=outcome.seconds + seconds,
            fingerprint="|".join(m for m in marks if m),
        )

    def _samples(self, rule: Rule, codes: Sequence[int]) -> tuple[str, ...]:
        """The first three keys, in the order of their text, as they may be shown."""
        from cdmq.sql.pii import hides_key, masked

        key = nodes.column("key")
        mine = exp.In(this=nodes.column("code"), expressions=[nodes.number(c) for c in codes])
        query = nodes.select([key], nodes.table(FOUND), mine)
        query = nodes.group_by(query, [key.copy()])
        by_text = nodes.by_code_point(key.copy(), self.warehouse.dialect)
        query = query.order_by(exp.Ordered(this=by_text))
        rows = self.warehouse.fetch(query.limit(3).sql(self.warehouse.dialect))
        hidden = hides_key(self.project.datasets[rule.dataset].spec)
        keys = (str(r[0]) for r in rows if r[0] is not None)
        return tuple(masked(k) if hidden else k for k in keys)


def _with_counts(
    outcome: Outcome,
    judgements: Sequence[JudgementId],
    found: Mapping[JudgementId, tuple[int, int]],
) -> Outcome:
    if outcome.skipped:
        return outcome
    if not outcome.evaluated or not judgements or any(j not in found for j in judgements):
        return replace(outcome, error=outcome.error or "its rows could not be counted")
    main = [j for j in judgements if not j[1]] or judgements
    tested, judged = (sum(found[j][i] for j in main) for i in (0, 1))
    return replace(outcome, tested=tested, judged=judged)


def fingerprint(row_hash: exp.Expr) -> exp.Expr:
    """One number, as text, for many rows; their order does not matter."""
    return nodes.cast(exp.Sum(this=row_hash), "text")
