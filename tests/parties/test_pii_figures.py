"""A figure made of hidden values, and a boolean, show nothing that pii: hides."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from people import GOLDEN, MATCHING, MODELS, people
from runner import PII_SECRET, World

import cdmq.api

_TIERS = """
version: 1
dataset: persons
tiering:
  - id: class
    measures:
      volume: {from: orders, sum: amount}
      ever: {from: orders, count: rows, if_none: 0}
      years: {from: orders, since: first}
    levels: [{core: "volume >= 50000"}, {some: "years >= 0"}, {ordinary: otherwise}]
    new_for: 10 months
    review: monthly
"""


def begin(world: World) -> None:
    """Orders whose amounts are hidden in each way, and a rule of levels for each."""
    people(world, MATCHING + GOLDEN)
    of_orders = MODELS[MODELS.index("  - name: orders") :]
    models, rules = MODELS.replace(of_orders, ""), _TIERS[: _TIERS.index("  - id: class")]
    for how in HOW:
        models += of_orders.replace("name: orders", f"name: {how}_orders").replace(
            "key: no", f"key: no\n    pii: {{amount: {how}, day: omit}}"
        )
        rules += (
            _TIERS[_TIERS.index("  - id: class") :]
            .replace("class", how)
            .replace("from: orders", f"from: {how}_orders")
        )
    world.write({"models/m.yml": models, "rules/persons.yml": rules})
    world.run()


#: How amounts are hidden: what a figure made of them shows, and what the reason for a level says.
HOW = {
    "mask": ("1***", "volume 1*** >= 50000"),
    "omit": (None, "volume hidden >= 50000"),
    "hash": ("digest", "volume digest >= 50000"),
}


@pytest.mark.parametrize("how", HOW)
def test_a_figure_goes_by_the_word_of_its_column(left: World, how: str) -> None:
    digest = hmac.new(
        PII_SECRET.encode(), hashlib.md5(b"110000").hexdigest().encode(), "sha256"
    ).hexdigest()
    volume, reason = HOW[how]
    held = left.audit_rows("tier_history", ("level", "measures", "reason"), f"rule_id = '{how}'")
    measures, why = next((json.loads(m), r) for level, m, r in held if level == "core")
    shown = volume.replace("digest", digest) if volume else None
    assert measures == {"volume": shown, "ever": 2, "years": None}
    assert why == reason.replace("digest", digest)
    assert "110000" not in str(held)
    new = next(r for level, _, r in held if level == "new")
    assert new == "the first fact is of hidden: less than 10 months ago"


def test_a_boolean_is_masked_whole(world: World) -> None:
    world.table(
        "raw",
        {"id": "integer", "vip": "boolean", "said": "text"},
        [[1, "true", "False"], [2, "false", "TRUE"], [3, "true", "truest"]],
    )
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n"
            "  - {name: people, table: raw, key: id, pii: {vip: mask, said: mask}}\n",
            "rules/r.yml": "version: 1\ndataset: people\nvalidation:\n"
            "  - {column: said, checks: [{accepted_values: {values: [x]}}]}\n"
            "  - {id: v, check: expression, must: 'id > 5 and not vip'}\n",
        }
    )
    world.run()
    flags = world.audit_rows("flags", ("rule_id", "key", "value"))
    assert [r[2] for r in flags if r[0] == "v"] == [f"id={n}, vip=***" for n in (1, 2, 3)]
    assert [r[2] for r in flags if r[0] == "people.said.accepted_values"] == ["***", "***", "t***"]
    assert [r[1:] for r in cdmq.api.show("people", world.root).rows] == [
        ("***", "***"),
        ("***", "***"),
        ("***", "t***"),
    ]
