"""Whether a wave helped: how many of those who were written to, held out and compared responded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from cdmq.kinds.binding import Binder
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.facts.counted import customers, of_facts
from cdmq.kinds.facts.facts import Totals
from cdmq.kinds.facts.figures import Figure, figures_of
from cdmq.kinds.facts.links import links
from cdmq.kinds.facts.words import Measure
from cdmq.kinds.segments.intervals import difference
from cdmq.kinds.segments.scope import Scope, join, named
from cdmq.kinds.segments.words import Response
from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node
from cdmq.sql.types import Type

RESPONSE_TYPES: dict[str, Type] = {
    "wave": "text",
    "part": "text",
    "people": "integer",
    "responded": "integer",
    **dict.fromkeys(("rate", "difference", "low", "high"), "double"),
}
#: Figures of a wave are told to so many decimals.
_DECIMALS = 6


@dataclass(frozen=True)
class Told:
    """A row of the responses of a wave; `difference` is what contact has more than this part."""

    wave: str
    part: str
    people: int
    responded: int
    rate: float
    difference: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def row(self) -> list[str | int | float | None]:
        return [getattr(self, c) for c in RESPONSE_TYPES]


def totals_of(scope: Scope, asked: Response) -> Totals:
    """The facts that are responses."""
    rule, rows = scope.rule, scope.rows
    name = asked.dataset
    (link,) = links(rows.dataset, [name], scope.project, scope.catalog, scope.dialect).values()
    said = asked.facts.model_dump(by_alias=True, exclude_none=True)
    figures = figures_of({"n": Measure.model_validate(said)}, scope.catalog, scope.project.datasets)
    binder = Binder(link.types, scope.dialect, [])

    def holds(figure: Figure) -> exp.Expr | None:
        return of_facts(rule, "response.where", binder, Conditions.holds)

    def unread(figure: Figure) -> exp.Expr | None:
        return of_facts(rule, "response.where", binder, Conditions.could_not_judge)

    return Totals(link, figures, holds, unread, scope.dialect)


def account_query(scope: Scope, totals: Totals) -> exp.Select:
    """How many facts there are, and how many could not be counted, by why."""
    return totals.account(customers(totals.link, scope.rows, scope.dialect))


def responses_query(scope: Scope, totals: Totals) -> exp.Select:
    """(wave, part, people, responded) of the waves of this segment whose time has passed."""
    facts = totals.of_parties(
        [nodes.alias(nodes.column(c, "f"), c) for c in ("at", "c0")],
    )
    key: exp.Expr = nodes.column("key", "e")
    if totals.link.through is None:
        key = totals.link.compared(key, scope.dialect)
    begins = nodes.cast(nodes.cast(nodes.column("exported_at", "e"), "date"), "timestamp")
    hits = nodes.select([nodes.column(c, "e") for c in ("wave", "member")], _exported(scope))
    join(hits, nodes.subquery(facts, "r"), nodes.equal(nodes.column("key", "r"), key))
    within = [
        nodes.column("c0", "r"),
        exp.GTE(this=nodes.column("at", "r"), expression=begins),
        exp.LT(this=nodes.column("at", "r"), expression=nodes.column("until", "e")),
    ]
    hits.set("where", exp.Where(this=nodes.every(within)))
    shown = [nodes.column(c, "e") for c in ("wave", "part")]
    passed = [
        nodes.column("mine", "e"),
        exp.LTE(this=nodes.column("until", "e"), expression=as_of_node()),
    ]
    counts = [
        exp.Count(this=exp.Distinct(expressions=[nodes.column("member", t)])) for t in ("e", "h")
    ]
    query = nodes.select([*shown, *counts], _exported(scope), nodes.every(passed))
    same = [nodes.equal(nodes.column(c, "h"), nodes.column(c, "e")) for c in ("wave", "member")]
    nodes.left_join(query, nodes.subquery(hits.distinct(), "h"), nodes.every(same))
    return nodes.group_by(query, [n.copy() for n in shown])


def _exported(scope: Scope) -> exp.Table:
    return named(f"exported:{scope.rule.id}", "e")


def told(counts: Sequence[tuple[str, str, int, int]]) -> Iterator[Told]:
    """Rates, and how far contact is from the others, wave by wave."""
    by_wave: dict[str, dict[str, tuple[int, int]]] = {}
    for wave, part, people, responded in counts:
        by_wave.setdefault(wave, {})[part] = responded, people
    for wave, parts in sorted(by_wave.items()):
        for part, (responded, people) in sorted(parts.items()):
            found = None
            if part != "contact" and "contact" in parts:
                found = difference(parts["contact"], (responded, people))
            rate = round(responded / people, _DECIMALS)
            apart = [round(n, _DECIMALS) for n in found] if found else []
            yield Told(wave, part, people, responded, rate, *apart)


def figures_of_waves(rows: Sequence[Told]) -> Iterator[tuple[str, float]]:
    """The same as figures of a run, in 100."""
    for row in rows:
        yield f"wave {row.wave}: {row.part}", 100 * row.rate
        if row.difference is not None:
            for name, value in (("more", row.difference), ("low", row.low), ("high", row.high)):
                yield f"wave {row.wave}: {name} than {row.part}", 100 * (value or 0.0)


def note_of_waves(rows: Sequence[Told]) -> Iterator[str]:
    """`wave 2026-11: 4.1 more of 100 than the holdout (1.2 to 7.0)`."""
    for row in rows:
        if row.difference is not None:
            more, low, high = (100 * (v or 0.0) for v in (row.difference, row.low, row.high))
            whom = {"holdout": "the holdout", "comparison": "the comparison"}[row.part]
            yield f"wave {row.wave}: {more:.1f} more of 100 than {whom} ({low:.1f} to {high:.1f})"
