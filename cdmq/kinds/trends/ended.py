"""Who has ended, as the dataset of the records says: nobody calls them any more."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder, real
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.trends.building import surely
from cdmq.kinds.trends.words import ENDED
from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node, logical
from cdmq.sql.text_form import key_of
from cdmq.values import Catalog, Project, Rule


@dataclass(frozen=True)
class Ending:
    """Over the rows that are judged. Of a party every record that knows must say so; `parties`: the
    matching rule by which records belong to parties, None where records are judged."""

    rule: Rule
    rows: Rows
    project: Project
    catalog: Catalog

    @property
    def records(self) -> str:
        return self.rows.dataset.made_of or self.rows.dataset.name

    def condition(self) -> exp.Expr | None:
        """Whether somebody has ended; None where nobody says."""
        if ENDED not in self.rule.expressions:
            return None
        if self.rows.dataset.made_of is None:
            return surely(self._record())
        return nodes.among(self.rows.key(), self._parties())

    def _record(self) -> exp.Expr:
        said = self.project.datasets[self.records].spec.ended
        assert said is not None
        types = self.catalog[self.records]
        when = Conditions(self.rule, Binder(types, self.rows.dialect, []), _nothing).holds(ENDED)
        if said.on is None:
            return when
        on = nodes.cast(nodes.column(real(said.on, types)), "date")
        later = exp.GT(this=on, expression=nodes.cast(as_of_node(), "date"))
        return nodes.when(surely(later), exp.false(), when)

    def _parties(self) -> exp.Select:
        types, dataset = self.catalog[self.records], self.project.datasets[self.records]
        key = key_of([(nodes.column(k), types[k]) for k in dataset.key])
        records = nodes.select(
            [nodes.alias(key, "key"), nodes.alias(self._record(), "ended")],
            logical(f"clean:{self.records}"),
        )
        (matching,) = self.project.uses[str(self.rows.dataset.made_by)].kept
        xref = logical(f"xref:{matching}")
        xref.set("alias", exp.TableAlias(this=nodes.name("x")))
        party = nodes.column("party_id", "x")
        query = nodes.select([party], xref)
        same = nodes.equal(nodes.column("key", "r"), nodes.column("key", "x"))
        query.append("joins", exp.Join(this=nodes.subquery(records, "r"), on=same))
        nodes.group_by(query, [party.copy()])
        query.set("having", exp.Having(this=exp.LogicalAnd(this=nodes.column("ended", "r"))))
        return query


def _nothing(how: str, column: str) -> exp.Expr:
    raise AssertionError(f"{how}({column}) is refused where a trend is looked at")
