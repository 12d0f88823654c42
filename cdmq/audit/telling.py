"""What every story needs: values and keys by pii, rules by the id of today, and near keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlglot import exp

from cdmq.audit.masks import Mask
from cdmq.audit.meanings import names_of
from cdmq.audit.reading import Audit, Row
from cdmq.audit.tables import RULE_VERSIONS
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.sql import nodes
from cdmq.sql.logical import short
from cdmq.sql.pii import hides_key, masked
from cdmq.sql.relation import Relation
from cdmq.sql.shape import Table
from cdmq.sql.text_form import key_of
from cdmq.sql.types import Type
from cdmq.values import Dataset, Project


@dataclass(frozen=True)
class When:
    """A run: when it ran, and the time that it judged by."""

    run: str
    ran: datetime | None
    as_of: datetime | None


class Telling:
    """A project and the audit tables of one target, told to a person. `unmask`: with all values.

    Raises CdmqError where `pii:` names a column that its dataset does not have.
    """

    def __init__(self, project: Project, audit: Audit, unmask: bool) -> None:
        from cdmq.datasets.catalog import check_pii
        from cdmq.datasets.remembered import seen, stored_catalog

        for name, columns in () if unmask else seen(project).items():
            if name in project.datasets:
                check_pii(project.datasets[name], columns)
        self.project, self.audit, self.unmask = project, audit, unmask
        self.types = stored_catalog(project)[0]
        self._masks = {
            name: Mask(dataset.spec, {**self.types.get(name, {}), **_given(project, name)})
            for name, dataset in project.datasets.items()
        }
        self.versions: dict[str, list[Row]] = {}
        for row in sorted(audit.rows(RULE_VERSIONS), key=lambda r: r["from_run"]):
            self.versions.setdefault(row["rule_id"], []).append(row)
        self._tables = set(audit.warehouse.inventory.relations(audit.schema))

    # the audit tables ------------------------------------------------------------------------

    def rows(
        self,
        table: Table,
        where: exp.Expr,
        order: Sequence[exp.Expr] = (),
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """Rows of a table; none where an older cdmq made the audit tables without it."""
        names = self.audit.names(table)
        found = self.select(table, [nodes.column(c) for c in names], where, order, limit)
        return [
            {**dict.fromkeys(table.names), **dict(zip(names, row, strict=True))} for row in found
        ]

    def count(self, table: Table, where: exp.Expr) -> int:
        found = self.select(table, [exp.Count(this=exp.Star())], where)
        return int(found[0][0]) if found else 0

    def select(
        self,
        table: Table,
        shown: Sequence[exp.Expr],
        where: exp.Expr,
        order: Sequence[exp.Expr] = (),
        limit: int | None = None,
    ) -> list[tuple[Any, ...]]:
        if table.name not in self._tables:
            return []
        query = nodes.select(shown, self.audit.source(table), where)
        if order:
            query = query.order_by(*order)
        return self.audit.fetch(query.limit(limit) if limit is not None else query)

    def by_code_point(self, column: str) -> exp.Expr:
        return nodes.by_code_point(nodes.column(column), self.audit.warehouse.dialect)

    def when(self, run: str) -> When:
        return When(run, self.audit.started(run), self.audit.as_of(run))

    # rules -----------------------------------------------------------------------------------

    def names_of(self, rule: str) -> tuple[str, ...]:
        """The ids of a rule through time, the present one first."""
        return names_of(rule, [v for versions in self.versions.values() for v in versions])

    def now(self, rule: str) -> str:
        """The present id of a rule."""
        return self.names_of(rule)[0]

    def rules_on(self, dataset: str, kind: str | None = None) -> list[str]:
        """The rules, of one kind or all, that any run used on a dataset, by every id they had."""
        return sorted(
            n
            for n, v in self.versions.items()
            if v[-1]["dataset"] in self.project.names_of(dataset) and kind in (None, v[-1]["kind"])
        )

    def dataset_of(self, rule: str) -> str | None:
        """The dataset that a rule was about when it was last run."""
        if rule not in self.versions:
            return None
        name = str(self.versions[rule][-1]["dataset"])
        return next((n for n in self.project.datasets if name in self.project.names_of(n)), name)

    def made_of(self, rule: str) -> tuple[str, ...]:
        """The datasets in which a record stands for each party of a rule."""
        rules, wanted = self.project.rules, self.now(rule)
        return tuple(
            sorted(
                d.name
                for d in self.project.datasets.values()
                if (maker := rules.get(d.made_by or "")) is not None
                and getattr(maker.spec, "matched_by", None) == wanted
            )
        )

    # values by pii ---------------------------------------------------------------------------

    def shown(
        self, dataset: str, columns: str | None, value: str | None, unread: bool = False
    ) -> str | None:
        """A value as it may be shown. `columns`: one, or several of which the value tells."""
        if value is None or self.unmask or not columns or dataset not in self.project.datasets:
            return value
        return self._masks[dataset].shown(columns, value, unread)

    def shown_key(self, dataset: str | None, key: str) -> str:
        """The key of another record than the one that was asked for."""
        if self.unmask or dataset is None or dataset not in self.project.datasets:
            return key
        return masked(key) if hides_key(self.project.datasets[dataset].spec) else key

    # keys ------------------------------------------------------------------------------------

    def named(self, dataset: str | None) -> list[str]:
        """The dataset that was asked for, or all with keys. Raises CdmqError for an unknown one."""
        known = self.project.datasets
        if dataset is not None and dataset not in known:
            raise CdmqError(
                Problem(
                    Span("--dataset"),
                    "CDMQ202",
                    f"unknown dataset '{dataset}'",
                    did_you_mean(dataset, known),
                )
            )
        return (
            [dataset] if dataset else [n for n, d in known.items() if d.key and d.source != "seed"]
        )

    def output(self, name: str) -> Relation:
        """A relation that a run made."""
        warehouse = self.audit.warehouse
        return Relation(short(name, warehouse.traits.longest_name), warehouse.schema)

    def keyed(self, dataset: Dataset, relation: Relation) -> exp.Expr | None:
        """The text of a key over the rows of a relation; None where that has no such rows."""
        columns = self.audit.warehouse.columns(relation)
        if not columns or not dataset.key or any(k not in columns for k in dataset.key):
            return None
        return key_of([(nodes.column(k), columns[k]) for k in dataset.key])

    def keys_of(self, dataset: Dataset) -> tuple[Relation, exp.Expr] | None:
        """Where a dataset's records stand and the text of their key; None before a run."""
        from cdmq.datasets.catalog import relation_of

        table = dataset.source == "table"
        relation = relation_of(dataset) if table else self.output(dataset.name)
        key = self.keyed(dataset, relation)
        return None if key is None else (relation, key)

    def there(self, name: str, key: str) -> bool | None:
        """Whether the dataset has the record now; None before a run."""
        found = self.records(name, key)
        return None if found is None else found > 0

    def records(self, name: str, key: str) -> int | None:
        """How many records of the dataset have the key now, counted up to two; None before a run."""
        place = self.keys_of(self.project.datasets[name])
        if place is None:
            return None
        query = nodes.select(
            [nodes.number(1)],
            nodes.table(place[0]),
            nodes.equal(nodes.paren(place[1]), nodes.text(key)),
        )
        return len(self.audit.fetch(query.limit(2)))


def _given(project: Project, dataset: str) -> dict[str, Type]:
    """The columns that rules give to a dataset's records, as of a type that `pii:` hides only where
    it names them: what a rule says is none of the record's own words."""
    return dict.fromkeys(project.given(dataset).values(), "decimal")


def ended(row: Row, at: Telling) -> When | None:
    """The run that closed a row; None while it is open."""
    return at.when(row["to_run"]) if row["to_run"] else None


def one_of(column: str, values: Iterable[str]) -> exp.Expr:
    """The condition that a column has one of some values, of which there is one at least."""
    return exp.In(this=nodes.column(column), expressions=[nodes.text(v) for v in values])


def still() -> exp.Expr:
    """The condition that a row holds true now."""
    return nodes.is_null(nodes.column("to_run"))
