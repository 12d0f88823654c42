"""A rule as `resolve` leaves one, for tests of what comes after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdmq.kinds import kinds
from cdmq.problems import Span
from cdmq.sql.expressions import parse
from cdmq.values import Rule


def a_rule(kind: str, spec: Mapping[str, Any], dataset: str = "customers", **words: Any) -> Rule:
    """A rule with the words of its kind; `words` are fields of Rule that are to be other ones."""
    typed = kinds()[kind].rule.model_validate(spec)
    nested = getattr(typed, "nested_sql", dict)()
    texts = {name: text for name, (_, text) in nested.items()}
    if typed.where:
        texts["where"] = typed.where
    fields: dict[str, Any] = {
        "id": typed.id or f"{dataset}.{kind}",
        "kind": kind,
        "check": kind,
        "dataset": dataset,
        "columns": (),
        "spec": typed,
        "severity": "error",
        "dimension": None,
        "where": typed.where,
        "why": None,
        "owner": None,
        "tags": (),
        "enabled": True,
        "formerly": None,
        "meta": {},
        "stage": "clean",
        "warn_above": "0",
        "error_above": "0",
        "span": Span("rules/t.yml", 1, 1),
        "last_line": 9,
        "expressions": {name: parse(text) for name, text in texts.items()},
        "spans": {name: Span("rules/t.yml", 2, 2) for name in texts},
    }
    return Rule(**{**fields, **words})
