"""Trends rules on small tables, on either engine.

trends = Trends("duckdb", RULE)
trends.fill("orders", [...])
trends.steps("2026-11-01")      # key -> row of the state
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a_rule import a_rule
from tiering.tiers import Tiers

from cdmq.kinds.trends.problems import trend_problems
from cdmq.kinds.trends.query import COLUMNS, Trend
from cdmq.problems import Problem
from cdmq.sql.logical import Renderer
from cdmq.values import Rule


class Trends(Tiers):
    """One rule and its tables."""

    @staticmethod
    def _rule(spec: Mapping[str, Any], dataset: str) -> Rule:
        return a_rule("trends", {"id": "declining", **spec}, dataset)

    def problems(self) -> list[Problem]:
        return trend_problems(self.rule, self.rows(), self.project, self.catalog, self.engine)

    def trend(self) -> Trend:
        return Trend(self.rule, self.rows(), self.project, self.catalog, self.engine)

    def statement(self, as_of: str) -> str:
        return Renderer(self.names, self.engine, as_of).sent(self.trend().query())

    def steps(self, as_of: str) -> dict[str, dict[str, Any]]:
        assert self.problems() == []
        found = [dict(zip(COLUMNS, r, strict=True)) for r in self.sql(self.statement(as_of))]
        assert len({r["key"] for r in found}) == len(found)
        return {r["key"]: r for r in sorted(found, key=lambda r: r["key"])}

    def account(self, as_of: str) -> list[Any]:
        """Facts, and those not counted by why."""
        query = self.trend().account()
        return list(self.sql(Renderer(self.names, self.engine, as_of).sent(query))[0][1:])
