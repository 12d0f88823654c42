"""Episodes: what a run found against what is open, and the rows that this opens and closes.

A row of `flags` or `changes` lasts from the run that first saw it to the run that no longer did.
Only rules that were wholly evaluated close rows. A rule whose findings have the fingerprint of
its last evaluation is not compared at all: nothing can be new or gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.closing import Closing, comparable
from cdmq.audit.findings_once import Found
from cdmq.audit.flag_numbers import FlagNumbers
from cdmq.audit.flag_tables import FLAG_ROWS
from cdmq.audit.latest import last_fingerprints
from cdmq.audit.moved_lines import keep_numbers
from cdmq.audit.open_episodes import OpenEpisodes
from cdmq.audit.suggestions import suggestions
from cdmq.audit.tables import CHANGES, FLAGS
from cdmq.audit.versions import Version
from cdmq.outcomes import CHANGED, FOUND, Executed, RuleResult
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.shape import Table
from cdmq.steps import Judgement
from cdmq.values import Project, Rule
from cdmq.warehouses.temporary import Temporary

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


@dataclass(frozen=True)
class Shape:
    """What tells one episode from another, and what else its row holds."""

    table: Table
    found: Relation
    #: Besides rule and column.
    identity: tuple[str, ...]
    #: Whether an odd code means that the row could not be judged.
    has_state: bool


FLAG_SHAPE = Shape(FLAGS, FOUND, ("key", "value", "digest"), True)
CHANGE_SHAPE = Shape(
    CHANGES,
    CHANGED,
    ("key", "old_value", "new_value", "act", "reason", "digest"),
    False,
)


class Episodes:
    """Compares and writes the episodes of one table. `compare` reads, `publish` writes."""

    def __init__(
        self,
        shape: Shape,
        warehouse: Warehouse,
        schema: str,
        executed: Executed,
        rules: Sequence[RuleResult],
        project: Project,
        versions: Mapping[str, Version],
        run_id: str,
        renamed: Mapping[str, str],
    ) -> None:
        self.shape, self.warehouse, self.executed = shape, warehouse, executed
        self.rules, self.steps, self.project = rules, executed.steps, project
        self.versions, self.run_id, self.renamed = versions, run_id, renamed
        self.table = Relation(shape.table.name, schema)
        self.temporary = Temporary(warehouse)
        self.dialect = warehouse.dialect
        name = shape.table.name
        self.codes = Relation(f"__cdmq_codes_{name}")
        self.now = Relation(f"__cdmq_now_{name}")
        self.open = Relation(f"__cdmq_open_{name}")
        self.closing = Relation(f"__cdmq_closing_{name}")
        self.twice = Relation(f"__cdmq_twice_{name}")
        names = ["column_name", *shape.identity] + (["state"] if shape.has_state else [])
        self.identity = tuple(names)
        #: What is asked of what was found; the number is that of flags.
        self.names = ("rule_id", "version", "dataset", *self.identity, "records", "judgement")
        self.found = Found(warehouse, shape.found, shape.identity, self.codes, self.twice)
        self.opens = self.closes = False
        #: Of flags, which are kept by the numbers of what they have in common.
        self.numbers = FlagNumbers(warehouse, schema, run_id) if shape.has_state else None
        self.number = ("judgement",) if self.numbers else ()
        self.stored = OpenEpisodes(
            warehouse, project, self.table, bool(self.numbers), shape.identity, renamed
        )
        #: Rules with open rows about a dataset that they judge no more.
        self.moved: set[str] = set()
        #: Rules and columns of judgements whose value is no part of a flag's identity.
        self.any_value: set[tuple[str, str]] = set()

    def compare(
        self, meaning: frozenset[str], removed: frozenset[str], rekeyed: Sequence[str]
    ) -> None:
        """Find what opens and what closes. `meaning`: rules whose verdicts may differ."""
        open_counts, self.moved = self.stored.counts()
        work = [r for r in self.rules if not self._unchanged(r, open_counts)]
        for result in work:
            if result.rule.check == "lines" and open_counts.get(result.rule.id):
                ids = [i for i, name in self.renamed.items() if name == result.rule.id]
                keep_numbers(
                    self.warehouse,
                    str(self.table.schema),
                    self.executed.numbers.code(result.rule.id),
                    [result.rule.id, *ids],
                )
        self.any_value = {
            (j.rule.id, j.column_name)
            for r in work
            for j in self._judges(r.rule)
            if not j.same_value
        }
        known = {r.rule.id for r in work} | removed
        self.opens, self.closes = bool(work), any(open_counts.get(name, 0) for name in known)
        if not self.opens and not self.closes:
            return
        self._codes_table(work)
        self._suggest(work)
        self.temporary.make(self.twice, self.found.twice())
        if not self.closes:
            return
        self.temporary.make(self.now, self.found.once(self.names))
        shown = (*self.number, "records", *self.identity)
        self.temporary.make(self.open, self.stored.of(known, shown))
        self.temporary.make(self.closing, self._closing())
        reasons = Closing(self.warehouse, self.executed, self.closing, self.now)
        reasons.say_why(work, meaning, removed, self.moved, rekeyed)

    def publish(self) -> tuple[int, int]:
        """(rows opened, rows closed). Inside the transaction of the run."""
        if not self.opens and not self.closes:
            return 0, 0
        source: exp.Expr = (
            nodes.table(self.now, "n")
            if self.closes
            else nodes.subquery(self.found.once(self.names), "n")
        )
        where = self._not_in(self.open, "n") if self.closes else None
        names = ["rule_id", "version", "dataset", *self.identity, "records"]
        table = self.table
        if self.numbers:
            self.numbers.write()
            names = ["judgement", *self.shape.identity, "records"]
            table = Relation(FLAG_ROWS.name, table.schema)
        query = nodes.select(
            [*(nodes.column(n, "n") for n in names), nodes.text(self.run_id)], source, where
        )
        opened = self._run(nodes.insert(table, [*names, "from_run"], query))
        return opened, self._close() if self.closes else 0

    # what is compared ----------------------------------------------------------------------

    def _unchanged(self, result: RuleResult, open_counts: Mapping[str, int]) -> bool:
        o = result.outcome
        wanted = o.changed
        if self.shape.has_state:
            wanted = o.failing + o.could_not_judge if self._judges(o.rule) else 0
        if open_counts.get(o.rule.id, 0) != wanted or o.rule.id in self.moved:
            return False
        return wanted == 0 or self._last_fingerprints.get(o.rule.id) == o.fingerprint

    @cached_property
    def _last_fingerprints(self) -> Mapping[str, str]:
        return last_fingerprints(self.warehouse, str(self.table.schema))

    def _codes_table(self, work: Sequence[RuleResult]) -> None:
        """code -> rule, version, dataset, columns, state: one small table to join; of flags with
        the number of all that."""
        rows: list[tuple[object, ...]] = []
        for result in work:
            rule, o = result.rule, result.outcome
            head = (rule.id, self.versions[rule.id].digest, rule.dataset)
            if not self.numbers:
                code = self.executed.numbers.code(rule.id)
                rows.append((code, *head, ", ".join(rule.columns), "", 0))
                continue
            for judgement in self._judges(rule):
                code = self.executed.numbers.code(*judgement.id)
                counts = {"failed": o.failing, "could_not_judge": o.could_not_judge}
                for more, (state, count) in enumerate(counts.items()):
                    common = (*head, judgement.column_name, state)
                    number = self.numbers.number(common) if count else 0
                    rows.append((code + more, *common, number))
        texts = ("rule_id", "version", "dataset", "column_name", "state")
        types = {"code": "integer", **dict.fromkeys(texts, "text"), "judgement": "integer"}
        self.temporary.load(self.codes, types, rows)

    def _judges(self, rule: Rule) -> Sequence[Judgement]:
        """The judgements by which a rule was evaluated."""
        steps = self.steps.get(rule.dataset)
        return steps.judges(rule.id) if steps else ()

    def _closing(self) -> exp.Select:
        shown = [
            nodes.column(n, "o")
            for n in (
                "rule_id",
                "stored_id",
                "dataset",
                "stored_dataset",
                *self.number,
                "records",
                *self.identity,
            )
        ]
        why = nodes.alias(nodes.cast(nodes.null(), "text"), "why")
        return nodes.select([*shown, why], nodes.table(self.open, "o"), self._not_in(self.now, "o"))

    def _not_in(self, other: Relation, alias: str) -> exp.Expr:
        found = nodes.select([nodes.number(1)], nodes.table(other, "x"), self._same("x", alias))
        return exp.Not(this=exp.Exists(this=found))

    def _same(self, a: str, b: str) -> exp.Expr:
        """Equal identity and count. NULLs are made comparable, so that every engine can hash."""
        pairs = [
            nodes.equal(nodes.column(n, a), nodes.column(n, b))
            for n in ("rule_id", "dataset", "records")
        ]
        for name in self.identity:
            pairs.append(nodes.equal(self._identity(name, a), self._identity(name, b)))
        return nodes.every(pairs)

    def _identity(self, name: str, alias: str) -> exp.Expr:
        """A part of the identity; of a judgement whose value is none, what stands there counts for
        nothing."""
        found = comparable(name, alias)
        if name not in ("value", "digest") or not self.any_value:
            return found
        loose = [
            nodes.every(
                [
                    nodes.equal(nodes.column("rule_id", alias), nodes.text(rule)),
                    nodes.equal(nodes.column("column_name", alias), nodes.text(columns)),
                ]
            )
            for rule, columns in sorted(self.any_value)
        ]
        return nodes.when(exp.Not(this=nodes.paren(nodes.any_of(loose))), found, nodes.text(""))

    def _close(self) -> int:
        update = exp.Update(
            this=nodes.table(
                Relation(FLAG_ROWS.name, self.table.schema) if self.numbers else self.table, "t"
            ),
            expressions=[
                exp.EQ(this=nodes.column("to_run"), expression=nodes.text(self.run_id)),
                exp.EQ(this=nodes.column("closed_because"), expression=nodes.column("why", "k")),
            ],
            from_=exp.From(this=nodes.table(self.closing, "k")),
            where=exp.Where(
                this=nodes.every(
                    [
                        nodes.is_null(nodes.column("to_run", "t")),
                        self._same_stored(),
                    ]
                )
            ),
        )
        return self._run(update)

    def _same_stored(self) -> exp.Expr:
        pairs = [("stored_id", "rule_id"), ("stored_dataset", "dataset"), ("records", "records")]
        names = self.identity
        if self.numbers:
            pairs, names = [(c, c) for c in ("judgement", "records")], self.shape.identity
        return nodes.every(
            [
                *(nodes.equal(nodes.column(k, "k"), nodes.column(t, "t")) for k, t in pairs),
                *(nodes.equal(comparable(n, "k"), comparable(n, "t")) for n in names),
            ]
        )

    # suggestions ---------------------------------------------------------------------------

    def _suggest(self, work: Sequence[RuleResult]) -> None:
        """The nearest allowed value of each wrong one, for `suggest: true`."""
        for rule in (result.rule for result in work if self.numbers):
            hidden = self.project.datasets[rule.dataset].spec.pii
            for judgement in self._judges(rule) if getattr(rule.spec, "suggest", False) else ():
                if self.numbers and all(hidden.get(c, "plain") == "plain" for c in judgement.shown):
                    common = (rule.id, self.versions[rule.id].digest, rule.dataset)
                    number = self.numbers.number((*common, judgement.column_name, "failed"))
                    code = self.executed.numbers.code(*judgement.id)
                    found = suggestions(rule, code, self.project, self.warehouse)
                    self.numbers.suggest(number, found)

    # sending -------------------------------------------------------------------------------

    def _run(self, node: exp.Expr) -> int:
        return self.warehouse.run(node.sql(self.dialect))
