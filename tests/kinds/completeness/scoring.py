"""Completeness rules on small tables of clean rows, on either engine.

scoring = Scoring("duckdb", {"points": {"name": 2}}, COLUMNS, reasons=["name"])
scoring.scores([Record("1", {"name": "Ada"})])      # key -> (score, missing, ask_next)
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from a_rule import a_rule
from kinds.completeness.oracle import Record, Told
from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder
from cdmq.kinds.completeness.figures import counts_query, figures_query
from cdmq.kinds.completeness.problems import completeness_problems
from cdmq.kinds.completeness.query import COLUMNS, scores_query
from cdmq.kinds.conditions import Conditions
from cdmq.problems import Problem, Span
from cdmq.project.spec import DatasetSpec
from cdmq.sql import nodes
from cdmq.sql.logical import Names, Renderer, logical
from cdmq.sql.relation import Relation
from cdmq.sql.types import Type
from cdmq.steps import Stage
from cdmq.values import Dataset, Rule

ENGINES = ("duckdb", "postgres")
KEY = "customer no"
FLAGS, MADE = "flagged:profile", "made:profile__scores"
_TYPES = {
    "text": "text",
    "integer": "bigint",
    "decimal": "decimal(20, 6)",
    "date": "date",
    "boolean": "boolean",
}


def rule_of(spec: Mapping[str, Any]) -> Rule:
    rule = a_rule("completeness", {"id": "profile", **spec})
    spans = {name: Span("rules/c.yml", 9, i) for i, name in enumerate(rule.expressions)}
    spans |= {f"points.{p}": Span("rules/c.yml", 5, i) for i, p in enumerate(spec["points"])}
    return replace(rule, spans=spans)


class Scoring:
    """One rule and its table of clean rows. `reasons`: the columns in which a default may set a
    placeholder; `flagged`: those of which flags are looked up."""

    def __init__(
        self,
        engine: str,
        spec: Mapping[str, Any],
        columns: Mapping[str, Type],
        uri: str | None = None,
        reasons: Sequence[str] = (),
        flagged: Sequence[str] = (),
    ) -> None:
        self.engine, self.rule = engine, rule_of(spec)
        self.columns, self.reasons, self.flagged = {KEY: "text", **columns}, reasons, flagged
        self.schema = f"c{secrets.token_hex(6)}"
        self.connection = _connected(engine, uri)
        self.sql(f"CREATE SCHEMA {self.schema}")
        self.names = Names(self.schema, 63, "x")
        dataset = Dataset(
            "customers", "table", DatasetSpec(name="customers", key=[KEY]), Span("models/m.yml", 3)
        )
        none = nodes.select([nodes.number(1)])
        placeholders = {c: nodes.text("?") for c in reasons}
        stage = Stage(none, (), frozenset(), placeholders, ()) if reasons else None
        self.rows = Rows(dataset, self.columns, stage, engine)

    def problems(self) -> list[Problem]:
        return completeness_problems(self.rule, self.rows)

    def scores(self, records: Sequence[Record]) -> dict[str, Told]:
        assert self.problems() == []
        kept = {f"__reason_{c}": c for c in self.reasons}
        self.table(
            self.rows.relation,
            {**self.columns, **dict.fromkeys(kept, "text")},
            [
                [
                    r.key,
                    *(r.values.get(c) for c in self.columns if c != KEY),
                    *(r.reasons.get(c) for c in kept.values()),
                ]
                for r in records
            ],
        )
        marks = {f"z{i}": "integer" for i in range(len(self.flagged))}
        flags = {
            r.key: [1 if c in r.flagged else None for c in self.flagged]
            for r in records
            if r.flagged
        }
        self.table(FLAGS, {"key": "text", **marks}, [[k, *v] for k, v in flags.items()])
        made = Relation("made_scores", self.schema)
        self.names.put(MADE, made)
        self.sql(f"DROP TABLE IF EXISTS {nodes.table(made).sql(self.engine)}")
        self.sql(f"CREATE TABLE {nodes.table(made).sql(self.engine)} AS {self.statement()}")
        found = self.asked(nodes.select([nodes.column(c) for c in COLUMNS], logical(MADE)))
        assert len({r[0] for r in found}) == len(found)
        return {key: (score, missing, ask) for key, score, missing, ask in found}

    def figures(self) -> dict[str, float | None]:
        """Of the scores that were asked for last."""
        return dict(self.asked(figures_query(self.rule.spec, MADE, self.engine)))

    def counts(self) -> tuple[int, int, int, int]:
        binder = Binder(self.columns, self.engine, [])
        conditions = Conditions(self.rule, binder, self.rows.behind)
        return tuple(self.asked(counts_query(MADE, self.rows, conditions))[0])

    def statement(self) -> str:
        told: list[Problem] = []
        binder = Binder(self.columns, self.engine, told)
        query = scores_query(self.rule, self.rows, binder, FLAGS, self.flagged)
        assert tuple(query.named_selects)[: len(COLUMNS)] == COLUMNS
        assert told == []
        return self.rendered(query)

    def rendered(self, query: exp.Query) -> str:
        return Renderer(self.names, self.engine, "2026-11-01 12:00:00").sent(query)

    def asked(self, query: exp.Query) -> list[Any]:
        return self.sql(self.rendered(query))

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


@cache
def _connected(engine: str, uri: str | None) -> Any:
    """One for all: each has a schema of its own."""
    if engine == "duckdb":
        import duckdb

        return duckdb.connect()
    import psycopg

    assert uri is not None
    return psycopg.connect(uri, autocommit=True)
