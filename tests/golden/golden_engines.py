"""Runs the golden queries over plain rows, on DuckDB in process and on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from a_rule import a_rule
from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds.golden.columns import columns as golden_columns
from cdmq.kinds.golden.members import Flagged
from cdmq.kinds.golden.records import cells_query, golden_query
from cdmq.kinds.golden.words import GoldenRule
from cdmq.problems import Span
from cdmq.project.spec import DatasetSpec
from cdmq.sql import nodes
from cdmq.sql.keyed import KEY, KEY_COLUMNS, pads, spelled
from cdmq.sql.logical import AS_OF, placed
from cdmq.sql.relation import Relation
from cdmq.sql.types import Type
from cdmq.steps import DatasetSteps, Stage
from cdmq.values import Dataset, Rule

#: The time that golden records are judged by.
TODAY = datetime(2024, 12, 31, 0, 0, 2)
SQL_TYPES = {
    "text": "text",
    "integer": "bigint",
    "decimal": "decimal(18, 2)",
    "double": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}


@dataclass(frozen=True)
class Case:
    """One golden rule over a dataset `d`, matched by the rule `m`."""

    rule: Rule
    dataset: Dataset
    columns: Mapping[str, Type]
    #: The columns that a default may have borrowed.
    borrowable: tuple[str, ...] = ()
    #: The columns of which rules may flag a cell, and the flags: key -> columns.
    flagged: tuple[str, ...] = ()
    flags: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def spec(self) -> GoldenRule:
        assert isinstance(self.rule.spec, GoldenRule)
        return self.rule.spec

    @property
    def steps(self) -> DatasetSteps:
        stage = None
        if self.borrowable:
            stage = Stage(nodes.select([nodes.null()]), (), frozenset(), {}, self.borrowable)
        rows, source = (
            Rows(self.dataset, self.columns, s, dialect="duckdb") for s in (stage, None)
        )
        clean, defaulted = rows.views()
        return DatasetSteps(
            dataset=self.dataset,
            columns=self.columns,
            key=rows.key(),
            source_key=source.key(),
            digest=rows.digest(),
            source_digest=source.digest(),
            judgements=(),
            stage=stage,
            clean=clean,
            defaulted=defaulted,
        )

    @property
    def result_columns(self) -> list[str]:
        return list(golden_columns(self.rule, self.dataset, self.columns))

    def with_rule(self, **fields: Any) -> Case:
        return replace(self, rule=make_rule(**fields))


def make_rule(spans: Mapping[str, Span] | None = None, **fields: Any) -> Rule:
    words = {"id": "g", "from": "m", "into": "best", "pick": ["longest"], **fields}
    span = Span("rules/d.yml", 4, 5)
    return a_rule("golden", words, "d", span=span, spans=spans or {})


def make_dataset(**fields: Any) -> Dataset:
    spec = DatasetSpec(**{"name": "d", **fields})
    return Dataset("d", "stack" if spec.stack else "table", spec, Span("models/d.yml", 3, 5))


class Engine:
    """A connection that makes the tables of a case and runs its two queries."""

    def __init__(self, dialect: str, connection: Any) -> None:
        self.dialect, self.connection = dialect, connection
        self.tables = {name: Relation(f"golden_{name}") for name in ("rows", "xref", "flags")}

    def load(
        self, case: Case, rows: Sequence[Mapping[str, Any]], parties: Mapping[str, str]
    ) -> None:
        """`rows` by column (`__borrowed` too); `parties`: key text -> party."""
        types = {
            **{c: SQL_TYPES[t] for c, t in case.columns.items()},
            **({"__borrowed": "bigint"} if case.borrowable else {}),
        }
        self._table(self.tables["rows"], types, [[r.get(c) for c in types] for r in rows])
        self._table(self.tables["xref"], {"key": "text", "party_id": "text"}, list(parties.items()))
        self._table(
            self.tables["flags"],
            {"key": "text", **{f"z{i}": "integer" for i in range(len(case.flagged))}},
            [
                [key, *(1 if c in columns else None for c in case.flagged)]
                for key, columns in case.flags.items()
            ],
        )

    def golden(self, case: Case) -> dict[str, dict[str, Any]]:
        """party -> its golden record."""
        query = golden_query(
            case.rule,
            case.dataset,
            case.columns,
            case.steps,
            self.dialect,
            Flagged("flags", case.flagged),
        )
        found = self._fetch(case, query)
        assert all(list(r) == case.result_columns for r in found)
        assert len({r["party_id"] for r in found}) == len(found)
        return {r["party_id"]: r for r in found}

    def cells(self, case: Case) -> dict[tuple[str, str], dict[str, Any]]:
        """(party, column) -> where the cell comes from."""
        query = cells_query(
            case.rule,
            case.dataset,
            case.columns,
            case.steps,
            self.dialect,
            flagged=Flagged("flags", case.flagged),
        )
        found = self._fetch(case, query)
        by = {(r.pop("party_id"), r.pop("column_name")): r for r in found}
        assert len(by) == len(found)
        return by

    def keys(self, case: Case) -> set[str]:
        """The keys of all records."""
        key = case.steps.with_digests().key_for(case.steps.relation)
        query = nodes.select([nodes.alias(key, "key")], nodes.table(self.tables["rows"]))
        return {r["key"] for r in self._fetch(case, query)}

    def _fetch(self, case: Case, query: exp.Select) -> list[dict[str, Any]]:
        self._table(KEY, KEY_COLUMNS, [pads(b"secret")])
        own = spelled(query.copy(), self.dialect)
        sent = placed(
            own,
            {
                case.steps.relation: self.tables["rows"],
                "xref:m": self.tables["xref"],
                "flags": self.tables["flags"],
            },
        )
        for parameter in list(sent.find_all(exp.Placeholder)):
            assert parameter.name == AS_OF
            parameter.replace(nodes.text(str(TODAY)))
        cursor = self.connection.execute(sent.sql(self.dialect))
        names = [d[0] for d in cursor.description]
        return [dict(zip(names, r, strict=True)) for r in cursor.fetchall()]

    def _table(
        self, relation: Relation, types: Mapping[str, str], rows: Sequence[Sequence[Any]]
    ) -> None:
        columns = [
            exp.ColumnDef(this=nodes.name(c), kind=exp.DataType.build(t, dialect="duckdb"))
            for c, t in types.items()
        ]
        body = exp.Schema(this=nodes.table(relation), expressions=columns)
        self.connection.execute(nodes.drop(relation).sql(self.dialect))
        self.connection.execute(exp.Create(this=body, kind="TABLE").sql(self.dialect))
        if not rows:
            return
        into = nodes.table(relation).sql(self.dialect)
        if self.dialect == "duckdb":  # a row a statement takes it a while
            lists = ", ".join(f"unnest(?::{t}[])" for t in types.values())
            self.connection.execute(
                f"INSERT INTO {into} SELECT {lists}",
                [list(cells) for cells in zip(*rows, strict=True)],
            )
        else:
            marks = ", ".join(["%s"] * len(types))
            self.connection.cursor().executemany(
                f"INSERT INTO {into} VALUES ({marks})", [list(r) for r in rows]
            )
