"""The value of a constant that a rule writes out."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlglot import exp

from cdmq.sql.fitting import strip


class Null(Enum):
    """What NULL is among the values of constants."""

    NULL = "NULL"


NULL = Null.NULL


def constant(node: exp.Expr) -> Any:
    """Decimal, text, truth, moment or NULL; None where the node is no constant."""
    node = strip(node)
    if isinstance(node, exp.Null):
        return NULL
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Neg):
        inner = constant(node.this)
        return -inner if isinstance(inner, Decimal) else None
    if isinstance(node, exp.Cast):
        return _moment(node)
    if not isinstance(node, exp.Literal):
        return None
    return unicodedata.normalize("NFC", node.name) if node.is_string else Decimal(node.name)


def _moment(node: exp.Expr) -> Any:
    """A written date or time; NULL of any type."""
    inner, to = constant(node.this), node.args["to"].this
    if inner is NULL:
        return NULL
    dated = (exp.DType.DATE, exp.DType.TIMESTAMP)
    if to not in dated or not isinstance(inner, str):
        return None
    try:
        return datetime.fromisoformat(inner)
    except ValueError:
        return None
