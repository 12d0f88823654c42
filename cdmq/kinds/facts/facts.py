"""The facts of a rule: from rows of orders and the like to one row of totals a customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from cdmq.kinds.facts.links import Link
from cdmq.kinds.facts.numbers import before, exact
from cdmq.kinds.facts.words import Measure
from cdmq.project.spec import DatasetSpec, Pii
from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node, logical
from cdmq.sql.text_form import key_of
from cdmq.sql.types import Type
from cdmq.values import Dataset

#: No calendar of ours begins before this; `-infinity` is left out with it.
_EARLIEST = "0001-01-01"


@dataclass(frozen=True)
class Figure:
    """One measure: its place in the rule, and how it is reckoned."""

    place: int
    name: str
    spec: Measure
    #: Of a sum: the type of the column that is added up.
    adds: Type | None
    #: What pii: says of the column that it is reckoned from, for the sum of one is that one.
    pii: Pii = "plain"

    @property
    def type(self) -> Type:
        """Counts and sums of whole numbers are whole; what is divided is not."""
        whole = self.spec.count is not None or self.adds == "integer"
        none = self.spec.if_none
        fraction = none is not None and none != none.to_integral_value()
        return "integer" if whole and not self.spec.per and not fraction else "decimal"


def figures_of(
    measures: Mapping[str, Measure],
    types: Mapping[str, Mapping[str, Type]],
    datasets: Mapping[str, Dataset] | None = None,
) -> list[Figure]:
    """The measures in their order; `types` gives the columns of each dataset of facts, `datasets`
    what they hide."""
    return [
        Figure(
            i,
            name,
            m,
            types[m.dataset][m.sum] if m.sum is not None else None,
            _hidden(m, datasets[m.dataset].spec) if datasets else "plain",
        )
        for i, (name, m) in enumerate(measures.items())
    ]


def _hidden(measure: Measure, facts: DatasetSpec) -> Pii:
    read = measure.sum or (facts.happened_at if measure.since else None)
    return facts.pii.get(read, "plain") if read else "plain"


def now(link: Link) -> exp.Expr:
    """as_of; its day at midnight where facts have a day only: the hour of a run is nothing."""
    if link.by_day:
        return nodes.cast(nodes.cast(as_of_node(), "date"), "timestamp")
    return as_of_node()


@dataclass(frozen=True)
class Totals:
    """One pass over the facts of a dataset. `where(figure)` is the engine's SQL of a measure's
    condition over the facts, which stand under the name `c`; None where it has none. `unread` is
    that of the facts in which a cell can't be read as the condition asks; None where none can be
    such."""

    link: Link
    figures: Sequence[Figure]
    where: Callable[[Figure], exp.Expr | None]
    unread: Callable[[Figure], exp.Expr | None]
    dialect: str

    def query(self) -> exp.Select:
        """A row a customer: `key`, `first` (its first fact of any kind), `lost` (how many facts
        no figure could count) and, for each figure, `s`: the sum, count or moment, and for sums
        `b`: how many amounts cannot be added up."""
        shown: list[exp.Expr] = [
            nodes.alias(exp.Min(this=nodes.column("at", "f")), "first"),
            nodes.alias(_filter(exp.Count(this=exp.Star()), self.lost()), "lost"),
        ]
        for figure in self.figures:
            shown += self._totals(figure)
        query = self.of_parties(shown)
        return nodes.group_by(query, [query.expressions[0].this.copy()])

    def of_parties(self, shown: Sequence[exp.Expr]) -> exp.Select:
        """The facts under the name `f`, a row each: `key`, whose it is, and what is `shown`."""
        key, through = nodes.column("key", "f"), self.link.through
        if through is not None:
            key = nodes.column("party_id", "x")
        query = nodes.select([nodes.alias(key, "key"), *shown], nodes.subquery(self.rows(), "f"))
        if through is not None:
            xref = logical(f"xref:{through}")
            xref.set("alias", exp.TableAlias(this=nodes.name("x")))
            query.append(
                "joins",
                exp.Join(
                    this=xref,
                    on=nodes.equal(
                        self.link.compared(nodes.column("key", "x"), self.dialect),
                        nodes.column("key", "f"),
                    ),
                ),
            )
        return query

    def account(self, customers: exp.Select) -> exp.Select:
        """One row: how many facts a measure asks for, and how many no figure could count, by why:
        without a date, with a cell that `where` can't read, without an amount, of no known
        customer. `customers`: their keys."""
        known = nodes.present(nodes.column("key", "k"))
        undated, unread = nodes.column("undated", "f"), self._unread()
        why = [undated, unread, self.unsaid(), exp.Not(this=known)]
        shown: list[exp.Expr] = [nodes.text(self.link.facts), exp.Count(this=exp.Star())]
        for i, reason in enumerate(why):
            before = [exp.Not(this=nodes.paren(_surely(w))) for w in why[:i] if w is not None]
            shown.append(
                nodes.number(0)
                if reason is None
                else _filter(exp.Count(this=exp.Star()), nodes.every([*before, _surely(reason)]))
            )
        query = nodes.select(shown, nodes.subquery(self.rows(), "f"), nodes.column("asked", "f"))
        keys = nodes.select([nodes.column("key")], nodes.subquery(customers, "c")).distinct()
        nodes.left_join(
            query,
            nodes.subquery(keys, "k"),
            nodes.equal(nodes.column("key", "k"), nodes.column("key", "f")),
        )
        return query

    def lost(self) -> exp.Expr:
        """Whether no figure can count a fact."""
        found = [
            nodes.every([nodes.column("undated", "f"), nodes.column("asked", "f")]),
            self._unread(),
            self.unsaid(),
        ]
        return nodes.any_of([_surely(n) for n in found if n is not None])

    def unsaid(self) -> exp.Expr | None:
        """Whether a fact has no amount, though a sum asks for it."""
        sums = [
            nodes.every(
                [nodes.column(f"c{f.place}", "f"), nodes.is_null(nodes.column(f"r{f.place}", "f"))]
            )
            for f in self.figures
            if f.spec.sum is not None
        ]
        return nodes.any_of(sums) if sums else None

    def rows(self) -> exp.Select:
        """The facts until as_of, and those without a date: whose, when, whether a measure asks for
        them, whether one can't tell if it does, and for each figure whether it counts, and what."""
        link = self.link
        key = link.compared(
            key_of([(nodes.column(c, "c"), link.types[c]) for c in link.columns]), self.dialect
        )
        at = nodes.cast(nodes.column(link.happened_at, "c"), "timestamp")
        wheres, unread = [self.where(f) for f in self.figures], self._not_told(at)
        asked = (
            nodes.any_of([_surely(w) for w in (*wheres, unread) if w is not None])
            if None not in wheres
            else exp.true()
        )
        shown: list[exp.Expr] = [
            nodes.alias(key, "key"),
            nodes.alias(at, "at"),
            nodes.alias(nodes.is_null(at.copy()), "undated"),
            nodes.alias(asked, "asked"),
        ]
        if unread is not None:
            shown.append(nodes.alias(unread, "unread"))
        for f, where in zip(self.figures, wheres, strict=True):
            counts = nodes.every(
                [
                    nodes.present(at.copy()),
                    *(n for n in (where, self._in_window(f, at)) if n is not None),
                ]
            )
            shown.append(nodes.alias(_surely(counts), f"c{f.place}"))
            if f.spec.sum is not None and f.adds is not None:
                amount = nodes.column(f.spec.sum, "c")
                shown.append(nodes.alias(amount, f"r{f.place}"))
                shown.append(nodes.alias(exact(amount.copy(), f.adds, self.dialect), f"a{f.place}"))
        source = logical(f"clean:{link.facts}")
        source.set("alias", exp.TableAlias(this=nodes.name("c")))
        return nodes.select(
            shown,
            source,
            nodes.any_of(
                [self._in_time(), nodes.is_null(nodes.column(self.link.happened_at, "c"))]
            ),
        )

    def _unread(self) -> exp.Expr | None:
        """Whether a measure can't tell of a fact if it counts; None where each always can."""
        told = all(self.unread(f) is None for f in self.figures)
        return None if told else nodes.column("unread", "f")

    def _not_told(self, at: exp.Expr) -> exp.Expr | None:
        """The same over the facts themselves; those outside the window don't count anyway."""
        found = []
        for f in self.figures:
            if (risk := self.unread(f)) is not None:
                window = self._in_window(f, at)
                late = window and exp.Coalesce(this=nodes.paren(window), expressions=[exp.true()])
                found.append(nodes.every([n for n in (risk, late) if n is not None]))
        return _surely(nodes.any_of(found)) if found else None

    def _in_time(self) -> exp.Expr:
        """Not after as_of. Compared in the column's own type: a day may be no timestamp."""
        happened = nodes.column(self.link.happened_at, "c")
        type_ = "date" if self.link.by_day else "timestamp"
        return nodes.every(
            [
                exp.GTE(this=happened, expression=nodes.cast(nodes.text(_EARLIEST), type_)),
                exp.LTE(this=happened.copy(), expression=nodes.cast(as_of_node(), type_)),
            ]
        )

    def _in_window(self, f: Figure, at: exp.Expr) -> exp.Expr | None:
        if f.spec.over is None:
            return None
        begin = nodes.paren(before(now(self.link), f.spec.over))
        return exp.GT(this=at.copy(), expression=begin)

    def _totals(self, f: Figure) -> list[exp.Expr]:
        counts = nodes.column(f"c{f.place}", "f")
        if f.spec.since is not None:
            aggregate = exp.Min if f.spec.since == "first" else exp.Max
            moment = aggregate(this=nodes.column("at", "f"))
            return [nodes.alias(_filter(moment, counts), f"s{f.place}")]
        if f.spec.count is not None:
            return [nodes.alias(_filter(exp.Count(this=exp.Star()), counts), f"s{f.place}")]
        amount = nodes.column(f"a{f.place}", "f")
        lost = nodes.every(
            [counts, nodes.present(nodes.column(f"r{f.place}", "f")), nodes.is_null(amount)]
        )
        return [
            nodes.alias(_filter(exp.Sum(this=amount.copy()), counts), f"s{f.place}"),
            nodes.alias(_filter(exp.Count(this=exp.Star()), lost), f"b{f.place}"),
        ]


def _surely(condition: exp.Expr) -> exp.Expr:
    """What is not known is not so."""
    return exp.Coalesce(this=nodes.paren(condition.copy()), expressions=[exp.false()])


def _filter(aggregate: exp.Expr, condition: exp.Expr | None) -> exp.Expr:
    if condition is None:
        return aggregate
    return exp.Filter(this=aggregate, expression=exp.Where(this=condition.copy()))
