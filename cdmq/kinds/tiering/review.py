"""compile: a tiering rule -> one query that gives the level of everyone at a review.

Its rows are the state after the review, one for each key: `key`, `level`, `measures` (JSON),
`cut_offs` (the condition of the level as written), `reason` (for people), `missed` (in how many
reviews, one after the other, a level that is kept was missed) and `uncounted` (how many facts the
figures are made without). It reads, by logical names, the rows that are judged, `clean:<facts>`,
`xref:<matching rule>` (key, party_id) where facts refer to records of parties and, only with
keep_unless, `tiers:<rule>` (key, level, missed): the state that the review before left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.facts.counted import customers, of_facts
from cdmq.kinds.facts.facts import Totals
from cdmq.kinds.facts.figures import Figure, figures_of
from cdmq.kinds.facts.links import links
from cdmq.kinds.facts.measures import Measuring
from cdmq.kinds.facts.numbers import before
from cdmq.kinds.tiering.judging import Judging
from cdmq.kinds.tiering.keep import Keeping
from cdmq.kinds.tiering.levels import with_kept
from cdmq.kinds.tiering.reasons import Reasons, measures_json
from cdmq.kinds.tiering.shown import judged_by
from cdmq.kinds.tiering.words import TieringRule
from cdmq.problems import Problem
from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node, logical
from cdmq.sql.pii import stored, strictest
from cdmq.sql.text_form import text_of
from cdmq.sql.types import Type
from cdmq.values import Catalog, Project, Rule

COLUMNS = ("key", "level", "measures", "cut_offs", "reason", "missed", "uncounted")


def review_query(
    rule: Rule, rows: Rows, project: Project, catalog: Catalog, dialect: str
) -> exp.Select:
    """The state of everyone after a review. The rule is sound: tier_problems finds nothing."""
    return _Review(rule, rows, project, catalog, dialect).query()


def account_query(
    rule: Rule, rows: Rows, project: Project, catalog: Catalog, dialect: str
) -> exp.Query:
    """A row a dataset of facts: its name, how many the measures ask for, and how many of them were
    not counted: without a date, with a cell that `where` can't read, without an amount, of no known
    customer."""
    review = _Review(rule, rows, project, catalog, dialect)
    return nodes.union_all(
        [t.account(customers(t.link, rows, dialect)) for t in review.totals().values()]
    )


class _Review:
    """Builds the query in layers, each a subquery over the one before."""

    def __init__(
        self, rule: Rule, rows: Rows, project: Project, catalog: Catalog, dialect: str
    ) -> None:
        self.rule, self.levels = with_kept(rule)
        self.project = project
        assert isinstance(rule.spec, TieringRule)
        self.spec, self.rows, self.dialect = rule.spec, rows, dialect
        self.links = links(rows.dataset, rule.spec.facts, project, catalog, dialect)
        self.figures = figures_of(rule.spec.counted, catalog, project.datasets)
        self._problems: list[Problem] = []
        self.by = judged_by(self.figures, self.rule, rows)
        self.judging = Judging(self.rule, self.by, dialect)
        self.counting = {name: self._binder(link.types) for name, link in self.links.items()}

    def _binder(self, columns: Mapping[str, Type]) -> Binder:
        return Binder(columns, self.dialect, self._problems)

    def totals(self) -> dict[str, Totals]:
        return {
            name: Totals(
                link,
                [f for f in self.figures if f.spec.dataset == name],
                self._counts,
                self._unread,
                self.dialect,
            )
            for name, link in self.links.items()
        }

    def query(self) -> exp.Select:
        measuring = Measuring(self.figures, self.links, self.totals(), self.dialect)
        measured = self._with_given(measuring.over(self._everyone()))
        judged = self._judged(self.judging.with_all(measured))
        keeping = Keeping(self.levels, self.spec, self.rule.id, self.dialect)
        bound = {
            level.name: self.judging.bound(level.field).expression
            for level in self.levels
            if level.field is not None
        }
        reasons = Reasons(
            self.levels,
            self.spec,
            self.by,
            bound,
            self._first_fact(),
            self.judging.comparisons(self.levels),
            self._lost_by(),
        )
        shown = {
            "key": nodes.column("key", "l"),
            "level": nodes.column("level", "l"),
            "measures": measures_json(self.by.all),
            "cut_offs": reasons.cut_offs(),
            "reason": reasons.reason(),
            "missed": nodes.column("missed", "l"),
            "uncounted": nodes.column("uncounted", "l"),
        }
        return nodes.select(
            [nodes.alias(node, name) for name, node in shown.items()],
            nodes.beneath(keeping.over(judged), "l", self.dialect),
        )

    def _lost_by(self) -> str:
        """Why figures may be made without some facts."""
        why = ["no date", "no amount"]
        moneys = [link.money for link in self.links.values() if link.money]
        if any(m.counts_as for m in moneys):
            why.append("a status that counts_as does not name")
        if any(f.converted for f in self.figures):
            why.append("a currency without a rate")
        if any(self._unread(f) is not None for f in self.figures):
            why.append("a cell that where can't read")
        return f"{', '.join(why[:-1])} or {why[-1]}"

    def _first_fact(self) -> exp.Expr:
        """The day of somebody's first fact as a text, by what `pii:` says of when facts were."""
        how = strictest(
            self.project.datasets[link.dates].spec.pii.get(link.happened_at, "plain")
            for link in self.links.values()
            if link.happened_at is not None
        )
        day = nodes.cast(nodes.cast(nodes.column("first", "l"), "date"), "text")
        return exp.Coalesce(this=stored(day, how), expressions=[nodes.text("hidden")])

    def _everyone(self) -> exp.Select:
        """The keys of the rows under the rule's own `where`."""
        binder = self._binder(self.rows.columns)
        where = Conditions(self.rule, binder, self.rows.behind).where
        key = self.rows.key()
        wanted = nodes.all_of([where, nodes.present(nodes.paren(key.copy()))])
        query = nodes.select([nodes.alias(key, "key")], logical(self.rows.relation), wanted)
        return query.distinct()

    def _with_given(self, measured: exp.Select) -> exp.Select:
        """With what rules give the records, as far as levels ask for it."""
        given = self.by.given
        if not given:
            return measured
        key, values = self.rows.key(), [nodes.column(s.name) for s in given]
        rows = nodes.select([nodes.alias(key, "key"), *values], logical(self.rows.relation))
        query = nodes.select(
            [
                *(_same(c.alias) for c in measured.expressions),
                *(nodes.alias(nodes.column(s.name, "v"), f"m{s.place}") for s in given),
            ],
            nodes.beneath(measured, "l", self.dialect),
        )
        same = nodes.equal(nodes.column("key", "v"), nodes.column("key", "l"))
        nodes.left_join(query, nodes.subquery(rows.distinct(), "v"), same)
        return query

    def _counts(self, figure: Figure) -> exp.Expr | None:
        """The condition of a measure on its facts, which stand under the name `c`."""
        return self._of_facts(figure, Conditions.holds)

    def _unread(self, figure: Figure) -> exp.Expr | None:
        """Where that can't be told, as a cell can't be read as it asks."""
        return self._of_facts(figure, Conditions.could_not_judge)

    def _of_facts(
        self, figure: Figure, said: Callable[[Conditions, str], exp.Expr | None]
    ) -> exp.Expr | None:
        field = f"measures.{figure.name}.where"
        return of_facts(self.rule, field, self.counting[figure.spec.dataset], said)

    def _judged(self, measured: exp.Select) -> exp.Select:
        """The figures with their texts `t`, what each level says: `h` holds, `k` kept by."""
        shown = [_same(c.alias) for c in measured.expressions]
        for s in self.by.all:
            text = text_of(nodes.column(f"m{s.place}", "l"), s.type)
            shown.append(nodes.alias(stored(text, s.pii), f"t{s.place}"))
        for place, level in enumerate(self.levels):
            for mark, field in (("h", level.field), ("k", level.kept)):
                if field is not None:
                    shown.append(nodes.alias(self.judging.holds(field), f"{mark}{place}"))
        shown += self.judging.ends(self.levels)
        if self.spec.new_for is not None:
            since = before(as_of_node(), self.spec.new_for)
            young = exp.GT(this=nodes.column("first", "l"), expression=nodes.paren(since))
            shown.append(nodes.alias(young, "young"))
        return nodes.select(shown, nodes.beneath(measured, "l", self.dialect))


def _same(name: str) -> exp.Expr:
    return nodes.alias(nodes.column(name, "l"), name)
