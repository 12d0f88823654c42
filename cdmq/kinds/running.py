"""What a kind is given where its rules run, and where what they left is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.audit.tables import audit_schema
from cdmq.decisions.standing import Standing
from cdmq.kinds.given import values_of
from cdmq.outcomes import Outcome, State
from cdmq.sql import nodes
from cdmq.sql.logical import LOGICAL, Names, Renderer, logical
from cdmq.sql.relation import Relation
from cdmq.steps import DatasetSteps, Numbers
from cdmq.values import Given, Project

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


@dataclass(frozen=True)
class Said:
    """What somebody says for one run alone: rules of which more may move than they allow, from
    which day on past reviews are made up for, and who says so."""

    accepted: frozenset[str] = frozenset()
    review_from: date | None = None
    by: str = ""


@dataclass
class Running:
    """One run, as the rules that make something see it; what they leave stands in `states`."""

    project: Project
    warehouse: Warehouse
    names: Names
    render: Renderer
    #: Sends a statement that is recorded; gives its digest and seconds.
    send: Callable[[exp.Expr], tuple[str, float]]
    #: The run's time (UTC).
    now: datetime
    #: Rules that were asked for; rules that a dataset needs; rule -> every id that it ever had.
    rules: frozenset[str]
    needed: frozenset[str]
    ids: Mapping[str, tuple[str, ...]]
    numbers: Numbers
    #: What was found so far.
    outcomes: Mapping[str, Outcome]
    #: Only train models.
    train: bool = False
    said: Said = Said()
    states: list[State] = field(default_factory=list)
    #: Datasets in which a key stands twice, where somebody asked; rules that made what they make.
    repeated: set[str] = field(default_factory=set)
    ran: set[str] = field(default_factory=set)
    #: What rules told that changed cells of a dataset as it was made.
    laid: dict[str, Outcome] = field(default_factory=dict)
    #: What people decided.
    decisions: Standing = field(default_factory=Standing)

    @property
    def as_of(self) -> datetime:
        """The run's time (UTC); the run remembers that somebody asked."""
        self.render.asked()
        return self.now

    def make(self, name: str, query: exp.Query) -> tuple[Relation, str, float]:
        """A staged table, known as `made:NAME`, with the digest of its statement and seconds."""
        staged, final = self.names.output(name)
        self.names.put(f"made:{name}", staged, final)
        digest, seconds = self.send(nodes.create(Relation(f"made:{name}", LOGICAL), query))
        return staged, digest, seconds

    def drop(self, relation: Relation) -> None:
        self.warehouse.run(nodes.drop(relation).sql(self.warehouse.dialect))

    def fetch(self, query: exp.Query) -> list[tuple[Any, ...]]:
        """The rows of a query over logical names, and of audit tables."""
        return self.warehouse.fetch(self.render.sent(query))

    def audit(self, table: str) -> exp.Table:
        return nodes.table(Relation(table, audit_schema(self.warehouse)))

    def given(self, given: Given, made: bool) -> exp.Select:
        """(key, value) of the column that a rule gives: as made in this run, or as kept."""
        if made:
            return values_of(given, logical(f"made:{given.made}"))
        if given.drifts:
            return values_of(given, nodes.table(self.names.output(given.made)[1]))
        return values_of(given, self.audit(given.table), self._open(given))

    def has_kept(self, given: Given) -> bool:
        """Whether an earlier run left values of the column."""
        any_ = nodes.select([nodes.number(1)], self.audit(given.table), self._open(given))
        return bool(self.fetch(any_.limit(1)))

    def _open(self, given: Given) -> exp.Expr:
        return nodes.every([of_rule(given.rule, self.ids), nodes.is_null(nodes.column("to_run"))])

    def named(self, steps: DatasetSteps) -> DatasetSteps:
        """The steps with a name of its own for each record, where a key stands twice."""
        if self._repeats(steps.with_digests()):
            self.repeated.add(steps.dataset.name)
            return steps.with_identities()
        return steps

    def _repeats(self, steps: DatasetSteps) -> bool:
        """Whether a key, or a record without one, stands twice."""
        twice = nodes.group_by(
            nodes.select([nodes.number(1)], logical(steps.relation)), [steps.key.copy()]
        )
        twice.set(
            "having",
            exp.Having(this=exp.GT(this=exp.Count(this=exp.Star()), expression=nodes.number(1))),
        )
        return bool(self.fetch(twice.limit(1)))


@dataclass(frozen=True)
class Publishing:
    """Where views of what rules keep are made."""

    #: The audit schema, and rule -> every id that it ever had.
    schema: str
    ids: Mapping[str, tuple[str, ...]]
    repeated: frozenset[str]
    #: The run's time as the project's clocks show it.
    as_of: str = ""

    def kept(self, table: str, columns: tuple[str, ...], mine: exp.Expr, open_: bool) -> exp.Select:
        """Columns of an audit table; `open_`: what is true now."""
        where = nodes.every([mine, nodes.is_null(nodes.column("to_run"))]) if open_ else mine
        return nodes.select(
            [nodes.column(c) for c in columns], nodes.table(Relation(table, self.schema)), where
        )
