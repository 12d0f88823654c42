"""The conditions that stewards write in a rule, over the rows of its dataset; and the rows of which
they can't be told, as a cell does not read as they ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder
from cdmq.sql import nodes
from cdmq.sql.expressions import Bound, lower
from cdmq.sql.expressions import could_not_judge as risky
from cdmq.sql.keyed import keyed
from cdmq.sql.logical import as_of_node
from cdmq.sql.pii import stored
from cdmq.sql.text_form import text_of, values_of
from cdmq.steps import Judgement
from cdmq.values import Dataset, Rule


@dataclass(frozen=True)
class Conditions:
    """Those of a sound rule. `column` gives a column of the row, `behind` what stands behind it."""

    rule: Rule
    binder: Binder
    behind: Callable[[str, str], exp.Expr]
    column: Callable[[str], exp.Expr] = nodes.column
    as_of: exp.Expr = field(default_factory=as_of_node)

    def bound(self, name: str) -> Bound:
        """A field of the rule with names and types."""
        bound = self.binder.bound(self.rule, name)
        assert bound is not None  # a rule with an expression that does not fit is not compiled
        return bound

    def holds(self, name: str) -> exp.Expr:
        """The field as SQL: NULL where it can't be told."""
        tree = self.bound(name).expression.tree
        written = lower(tree, self.binder.dialect, self.column, self.behind, self.as_of)
        return self.binder.guarded(written)

    def could_not_judge(self, name: str) -> exp.Expr | None:
        """Where the field is NULL because a value failed in it; None where none can."""
        tree = self.bound(name).expression.tree
        found = risky(tree, self.binder.dialect, self.column, self.behind, self.as_of)
        if found is None or self.binder.guarded(found) is found:
            return found
        told = self.binder.guarded(exp.Is(this=nodes.paren(found), expression=exp.true()))
        return exp.Coalesce(this=told, expressions=[exp.true()])

    @property
    def where(self) -> exp.Expr | None:
        """The condition of the rows that the rule is about; None where all are."""
        return self.holds("where") if "where" in self.rule.expressions else None

    def unjudged(self, within: exp.Expr | None) -> exp.Expr | None:
        """Rows of which it can't be told whether `where` lets them in, and those that it lets in
        where `within` holds."""
        where = self.could_not_judge("where") if "where" in self.rule.expressions else None
        inside = within and nodes.all_of([self.where, within])
        found = [n for n in (where, inside) if n is not None]
        return nodes.any_of(found) if found else None

    def read(self, fields: Iterable[str]) -> tuple[str, ...]:
        """The columns that fields read, once each."""
        found: dict[str, None] = {}
        for name in fields:
            expression = self.bound(name).expression
            found.update(dict.fromkeys(expression.columns))
            found.update(dict.fromkeys(c for _, c in expression.behind))
        return tuple(found)


def unread(
    conditions: Conditions,
    rows: Rows,
    where: exp.Expr | None,
    fields: Iterable[str] = ("where",),
    judged: exp.Expr | None = None,
) -> Iterator[Judgement]:
    """The records that a rule can't tell anything of, as fields of it ask for cells that don't read
    as they ask: `where` holds for them. Their flags show those cells."""
    if where is None:
        return
    failing = [f for f in fields if conditions.could_not_judge(f) is not None]
    columns = conditions.read(failing)
    texts = [(c, text_of(nodes.column(c), rows.columns.get(c, "text"))) for c in columns]
    value, digest = shown(rows.dataset, texts)
    yield Judgement(
        rule=conditions.rule,
        relation=rows.relation,
        failing=exp.false(),
        could_not_judge=where,
        tested=conditions.where,
        judged=judged,
        shown=columns,
        value=value,
        digest=digest,
        scope="row",
        name="unread",
    )


def shown(dataset: Dataset, texts: list[tuple[str, exp.Expr]]) -> tuple[exp.Expr, exp.Expr]:
    """What a flag shows of cells, given as texts, by `pii`; and a digest where that hides them."""
    pii = dataset.spec.pii
    kept = [(c, stored(t, pii.get(c, "plain"))) for c, t in texts]
    digest: exp.Expr = nodes.cast(nodes.null(), "text")
    if any(pii.get(c, "plain") != "plain" for c, _ in texts):
        digest = keyed(_as_one([(c, t.copy()) for c, t in texts]))
    return _as_one(kept), digest


def _as_one(texts: list[tuple[str, exp.Expr]]) -> exp.Expr:
    """One column's text as it is, several with their names, none as NULL."""
    if not texts:
        return nodes.cast(nodes.null(), "text")
    return texts[0][1] if len(texts) == 1 else values_of(texts)
