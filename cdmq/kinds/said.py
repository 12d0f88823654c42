"""What the text of a rule's version says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from cdmq.sql.expressions import SqlProblem, parse
from cdmq.sql.risks import may_fail


def fields(said: str) -> Mapping[str, Any]:
    return yaml.safe_load(said) or {}


def may_be_unread(said: str, field: str = "where") -> bool:
    """Whether a cell may be one that a field of the rule can't read, or a part of that field."""
    return any(
        _may_fail(text)
        for name, text in fields(said).items()
        if name.split(".")[0] == field and isinstance(text, str)
    )


def _may_fail(text: str) -> bool:
    try:
        return may_fail(parse(text).tree)
    except SqlProblem:
        return False  # an older cdmq read it otherwise
