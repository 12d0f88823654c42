"""Which rows are of one episode, though the rule may have another version and its number differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp

from cdmq.audit.narrow import Narrow
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.steps import Judgement

_NONE = "\x01"


@dataclass(frozen=True)
class SameEpisode:
    """Compares rows of temporary tables that show rule, dataset and all that is told of a row."""

    kept: Narrow
    #: Rules and columns of judgements whose value is no part of a flag's identity.
    any_value: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def by(cls, kept: Narrow, judgements: Iterable[Judgement]) -> SameEpisode:
        loose = {(j.rule.id, j.column_name) for j in judgements if not j.same_value}
        return cls(kept, frozenset(loose))

    def none_in(self, other: Relation, alias: str) -> exp.Expr:
        """The condition that there is no row of the same episode, and as many records."""
        same = [
            nodes.equal(nodes.column(c, "x"), nodes.column(c, alias))
            for c in ("rule_id", "dataset", "records")
        ]
        for name in (*self.kept.more, *self.kept.identity):
            same.append(nodes.equal(self._part(name, "x"), self._part(name, alias)))
        found = nodes.select([nodes.number(1)], nodes.table(other, "x"), nodes.every(same))
        return exp.Not(this=exp.Exists(this=found))

    def _part(self, name: str, alias: str) -> exp.Expr:
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


def comparable(name: str, table: str) -> exp.Expr:
    """A column in which NULL equals NULL: engines can hash that, but not IS NOT DISTINCT FROM."""
    return exp.Coalesce(this=nodes.column(name, table), expressions=[nodes.text(_NONE)])
