"""A rule of levels by figures of facts, and the figures of a review."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from tiering.tiers import Tiers

AS_OF = "2026-11-01 12:00:00"
LEVELS = [{"some": "n > 0"}, {"none": "otherwise"}]
COUNT: dict[str, Any] = {"n": {"from": "orders", "count": "rows", "if_none": "0"}}
SUM: dict[str, Any] = {**COUNT, "s": {"from": "orders", "sum": "amount"}}


def figures(tiers: Tiers) -> dict[str, dict[str, Any]]:
    found = tiers.review(AS_OF)
    return {k: json.loads(r["measures"], parse_float=Decimal) for k, r in found.items()}
