"""Episodes: what a run found against what is open, and the rows that this opens and closes.

A row of `flags` or `changes` lasts from the run that first saw it to the run that no longer did.
Only rules that were wholly evaluated close rows. A rule whose findings have the fingerprint of
its last evaluation is not compared at all: nothing can be new or gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from sqlglot import exp

from cdmq.audit.closing import Closing
from cdmq.audit.findings_once import Found
from cdmq.audit.found_parts import FLAG_SHAPE, Part, Shape
from cdmq.audit.judgement_numbers import JudgementNumbers
from cdmq.audit.last_judged import LastJudged
from cdmq.audit.ledger import Ledger
from cdmq.audit.moved_lines import keep_numbers
from cdmq.audit.open_episodes import OpenEpisodes
from cdmq.audit.pii_key import hiding
from cdmq.audit.same_data import read_the_same
from cdmq.audit.same_episode import SameEpisode, comparable
from cdmq.audit.versions import Version
from cdmq.outcomes import Executed, RuleResult
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.steps import Judgement
from cdmq.values import Project, Rule
from cdmq.warehouses.temporary import Temporary


class Episodes:
    """Compares and writes the episodes of one table. `compare` reads, `publish` writes."""

    def __init__(
        self,
        shape: Shape,
        ledger: Ledger,
        executed: Executed,
        rules: Sequence[RuleResult],
        project: Project,
        versions: Mapping[str, Version],
        renamed: Mapping[str, str],
        last: LastJudged,
    ) -> None:
        self.shape, self.kept, self.ledger = shape, shape.kept, ledger
        self.executed, self.rules, self.versions = executed, rules, versions
        self.renamed, self.last, name = renamed, last, self.kept.shown.name
        self.temporary = Temporary(ledger.warehouse)
        self.codes = Relation(f"__cdmq_codes_{name}")
        self.now = Relation(f"__cdmq_now_{name}")
        self.open = Relation(f"__cdmq_open_{name}")
        self.closing = Relation(f"__cdmq_closing_{name}")
        self.twice = Relation(f"__cdmq_twice_{name}")
        self.found = Found(
            ledger.warehouse, shape.found, self.kept.identity, self.codes, self.twice
        )
        #: What is written of a row; and by what rows of one episode are known beside.
        self.own = ("judgement", *self.kept.identity, "records")
        self.names = (*self.own, "rule_id", "dataset", *self.kept.more)
        self.stored = OpenEpisodes(ledger, project, self.kept, self.names, renamed)
        self.numbers = JudgementNumbers(ledger, self.kept.rules)
        #: Code of what was found -> the number that its rows bear.
        self.numbered: dict[int, int] = {}
        self.same = SameEpisode(self.kept)
        self.hiding = hiding(project)
        self.opens = self.closes = False

    def compare(
        self, meaning: frozenset[str], removed: frozenset[str], rekeyed: Sequence[str]
    ) -> None:
        """Find what opens and what closes. `meaning`: rules whose verdicts may differ."""
        counts, moved = self.stored.counts()
        work = [r for r in self.rules if r.rule.id in moved or not self._unchanged(r, counts)]
        for rule in (r.rule for r in work):
            if rule.check == "lines" and counts.get(rule.id):
                ids = [rule.id, *(i for i, name in self.renamed.items() if name == rule.id)]
                keep_numbers(self.ledger, self.executed.numbers.code(rule.id), ids)
        self.same = SameEpisode.by(self.kept, (j for r in work for j in self._judges(r.rule)))
        known = {r.rule.id for r in work} | removed
        self.opens, self.closes = bool(work), any(counts.get(name, 0) for name in known)
        if not self.opens and not self.closes:
            return
        self._number(work)
        self.temporary.make(self.twice, self.found.twice())
        if not self.closes:
            return
        self.temporary.make(self.now, self.found.once(self.names))
        self.temporary.make(self.open, self.stored.of(known))
        self.temporary.make(self.closing, self._closing())
        flags = self.shape is FLAG_SHAPE
        reasons = Closing(self.ledger.warehouse, self.executed, self.closing, self.now, flags)
        reasons.say_why(work, meaning, removed, moved, rekeyed, self._of_same_data(work, meaning))

    def publish(self) -> tuple[int, int]:
        """(rows opened, rows closed). Inside the transaction of the run."""
        if not self.opens and not self.closes:
            return 0, 0
        self.numbers.write()
        shown = [*(nodes.column(n, "n") for n in self.own), nodes.text(self.ledger.run_id)]
        if self.closes:
            new = self.same.none_in(self.open, "n")
            query = nodes.select(shown, nodes.table(self.now, "n"), new)
        else:
            query = nodes.select(shown, nodes.subquery(self.found.once(self.own), "n"))
        rows = self.ledger.at(self.kept.rows)
        opened = self.ledger.run(nodes.insert(rows, [*self.own, "from_run"], query))
        return opened, self._close() if self.closes else 0

    # what is compared ----------------------------------------------------------------------

    def _unchanged(self, result: RuleResult, open_counts: Mapping[str, int]) -> bool:
        o = result.outcome
        wanted = sum({p.more[1:]: p.count for p in self._parts(result)}.values())
        if open_counts.get(o.rule.id, 0) != wanted:
            return False
        return wanted == 0 or self.last.fingerprint(o.rule.id) == o.fingerprint

    def _parts(self, result: RuleResult) -> list[Part]:
        judged = self._judges(result.rule)
        return list(self.shape.parts(result.outcome, judged, self.executed.numbers))

    def _of_same_data(self, work: Sequence[RuleResult], meaning: frozenset[str]) -> frozenset[str]:
        """The rules with another meaning that make the values of their flags themselves, from data
        that is byte by byte what it was when they were last judged."""
        made = {
            r.rule.id
            for r in work
            if r.rule.id in meaning and any(j.key is not None for j in self._judges(r.rule))
        }
        inputs = self.executed.inputs
        return frozenset(n for n in made if read_the_same(self.ledger, n, inputs, self.hiding))

    def _judges(self, rule: Rule) -> Sequence[Judgement]:
        """The judgements by which a rule was evaluated."""
        return self._judged.get((rule.dataset, rule.id), ())

    @cached_property
    def _judged(self) -> Mapping[tuple[str, str], Sequence[Judgement]]:
        found: dict[tuple[str, str], list[Judgement]] = {}
        for dataset, steps in self.executed.steps.items():
            for j in steps.judgements:
                found.setdefault((dataset, j.rule.id), []).append(j)
        return found

    def _number(self, work: Sequence[RuleResult]) -> None:
        """code -> what its rows have in common, and the number of that: one small table to join."""
        rows: list[tuple[object, ...]] = []
        for result in work:
            rule = result.rule
            for part in self._parts(result):
                common = (rule.id, self.versions[rule.id].digest, rule.dataset, *part.more)
                self.numbered[part.code] = number = self.numbers.number(common)
                rows.append((part.code, number, rule.id, rule.dataset, *part.more))
        texts = ("rule_id", "dataset", *self.kept.more)
        types = {"code": "integer", "judgement": "integer", **dict.fromkeys(texts, "text")}
        self.temporary.load(self.codes, types, rows)

    def _closing(self) -> exp.Select:
        shown = [nodes.column(n, "o") for n in self.names]
        why = nodes.alias(nodes.cast(nodes.null(), "text"), "why")
        gone = self.same.none_in(self.now, "o")
        return nodes.select([*shown, why], nodes.table(self.open, "o"), gone)

    def _close(self) -> int:
        same = [
            nodes.equal(nodes.column(n, "k"), nodes.column(n, "t"))
            for n in ("judgement", "records")
        ]
        same += [nodes.equal(comparable(n, "k"), comparable(n, "t")) for n in self.kept.identity]
        update = exp.Update(
            this=self.ledger.of(self.kept.rows, "t"),
            expressions=[
                exp.EQ(this=nodes.column("to_run"), expression=nodes.text(self.ledger.run_id)),
                exp.EQ(this=nodes.column("closed_because"), expression=nodes.column("why", "k")),
            ],
            from_=exp.From(this=nodes.table(self.closing, "k")),
            where=exp.Where(this=nodes.every([nodes.is_null(nodes.column("to_run", "t")), *same])),
        )
        return self.ledger.run(update)
