"""Tiering rules on small tables: one review at a time, on either engine.

tiers = Tiers("duckdb", RULE)
tiers.fill("orders", [...])
tiers.review("2026-11-01")      # key -> row of the state; it is the state before of the next
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from a_rule import a_rule

from cdmq.datasets.rows import Rows
from cdmq.kinds.reads import At, uses_of
from cdmq.kinds.tiering.problems import tier_problems
from cdmq.kinds.tiering.review import COLUMNS, review_query
from cdmq.problems import Problem, Span
from cdmq.project.spec import DatasetSpec, ProjectFile
from cdmq.sql import nodes
from cdmq.sql.logical import Names, Renderer
from cdmq.sql.relation import Relation
from cdmq.sql.types import Type
from cdmq.values import Dataset, Project, Rule

_TYPES = {
    "text": "text",
    "integer": "bigint",
    "decimal": "decimal(20, 6)",
    "double": "double precision",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
ORDERS: dict[str, Type] = {
    "order_id": "text",
    "customer_no": "text",
    "ordered_at": "date",
    "amount": "decimal",
    "status": "text",
}
CUSTOMERS: dict[str, Type] = {"customer_no": "text", "type": "text"}
DATASETS: dict[str, dict[str, Any]] = {
    "customers": {"key": ["customer_no"]},
    "orders": {
        "key": ["order_id"],
        "happened_at": "ordered_at",
        "refers_to": {"customers": ["customer_no"]},
    },
}


def rule_of(spec: Mapping[str, Any], dataset: str = "customers") -> Rule:
    return a_rule("tiering", {"id": "customer_class", **spec}, dataset)


def golden_rule() -> Rule:
    spec = {"from": "same_customer", "into": "customers_golden", "pick": "newest"}
    return a_rule("golden", {"id": "golden_customer", **spec})


def project_of(rule: Rule, datasets: Mapping[str, Mapping[str, Any]]) -> Project:
    made = {}
    for name, spec in datasets.items():
        own = {k: v for k, v in spec.items() if k != "made_of"}
        golden = "made_of" in spec
        made[name] = Dataset(
            name,
            "rule" if golden else "table",
            DatasetSpec(name=name, **own),
            Span("models/m.yml", 3, 3),
            made_by="golden_customer" if golden else None,
            made_of=spec.get("made_of"),
        )
    rules = {rule.id: rule, "golden_customer": golden_rule()}
    uses = {name: uses_of(r, At(made, rules, {})) for name, r in rules.items()}
    return Project(Path("."), ProjectFile(name="p"), {}, made, rules, (), {}, "", (), uses=uses)


class Tiers:
    """One rule, its tables, and its reviews one after the other."""

    def __init__(
        self,
        engine: str,
        spec: Mapping[str, Any],
        *,
        uri: str | None = None,
        columns: Mapping[str, Mapping[str, Type]] | None = None,
        datasets: Mapping[str, Mapping[str, Any]] | None = None,
        dataset: str = "customers",
    ) -> None:
        self.engine, self.rule = engine, self._rule(spec, dataset)
        self.catalog = {"customers": CUSTOMERS, "orders": ORDERS, **(columns or {})}
        self.project = project_of(self.rule, {**DATASETS, **(datasets or {})})
        self.schema = f"t{secrets.token_hex(6)}"
        self.connection = _connected(engine, uri)
        self.sql(f"CREATE SCHEMA {self.schema}")
        self.names = Names(self.schema, 63, "x")
        for name, types in self.catalog.items():
            self.table(f"clean:{name}", types, [])
            self.names.put(f"source:{name}", self.names.staged[f"clean:{name}"])
        self.table("xref:same_customer", {"key": "text", "party_id": "text"}, [])
        self._state({})
        self.before: dict[str, dict[str, Any]] = {}

    @staticmethod
    def _rule(spec: Mapping[str, Any], dataset: str) -> Rule:
        return rule_of(spec, dataset)

    def fill(self, dataset: str, rows: Sequence[Sequence[Any]]) -> None:
        self.table(f"clean:{dataset}", self.catalog[dataset], rows)

    def sql(self, text: str, values: Sequence[Any] = ()) -> list[Any]:
        cursor = self.connection.cursor()
        cursor.execute(text, list(values) or None)
        return list(cursor.fetchall()) if cursor.description else []

    def table(self, logical: str, types: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> None:
        relation = Relation(logical.replace(":", "_"), self.schema)
        name = nodes.table(relation).sql(self.engine)
        self.sql(f"DROP TABLE IF EXISTS {name}")
        columns = ", ".join(
            f"{nodes.name(c).sql(self.engine)} {_TYPES[t]}" for c, t in types.items()
        )
        self.sql(f"CREATE TABLE {name} ({columns})")
        if rows:
            mark = "?" if self.engine == "duckdb" else "%s"
            cells = ", ".join(
                f"CAST(unnest(CAST({mark} AS text[])) AS {_TYPES[t]})" for t in types.values()
            )
            texts = [
                [None if v is None else str(v) for v in column]
                for column in zip(*rows, strict=True)
            ]
            self.sql(f"INSERT INTO {name} SELECT {cells}", texts)
        self.names.put(logical, relation)

    def rows(self) -> Rows:
        name = self.rule.dataset
        return Rows(self.project.datasets[name], self.catalog[name], None, self.engine)

    def problems(self) -> list[Problem]:
        return tier_problems(self.rule, self.rows(), self.project, self.catalog, self.engine)

    def statement(self, as_of: str) -> str:
        query = review_query(self.rule, self.rows(), self.project, self.catalog, self.engine)
        return Renderer(self.names, self.engine, as_of).sent(query)

    def review(self, as_of: str) -> dict[str, dict[str, Any]]:
        """The state after a review, by key; what was before is what the last one left."""
        assert self.problems() == []
        self._state(self.before)
        found = [dict(zip(COLUMNS, r, strict=True)) for r in self.sql(self.statement(as_of))]
        assert len({r["key"] for r in found}) == len(found)
        self.before = {r["key"]: r for r in sorted(found, key=lambda r: r["key"])}
        return self.before

    def _state(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        self.table(
            f"tiers:{self.rule.id}",
            {"key": "text", "level": "text", "missed": "integer"},
            [[k, r["level"], r["missed"]] for k, r in rows.items()],
        )


@cache
def _connected(engine: str, uri: str | None) -> Any:
    """One for all: each has a schema of its own, and a server does not take a connection a test."""
    if engine == "duckdb":
        import duckdb

        connection = duckdb.connect()
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        return connection
    import psycopg

    assert uri is not None
    connection = psycopg.connect(uri, autocommit=True)
    connection.execute("SET TIME ZONE 'UTC'")
    return connection
