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


@pytest.mark.parametrize(("how", "volume", "reason"), [
    ("mask", "1***", "volume 1*** >= 50000"), ("omit", None, "volume hidden >= 50000"),
    ("hash", "digest", "volume digest >= 50000"),
])
def test_a_figure_goes_by_the_word_of_its_column(
    world: World, how: str, volume: str | None, reason: str
) -> None:
    digest = hmac.new(PII_SECRET.encode(), hashlib.md5(b"110000").hexdigest().encode(),
                      "sha256").hexdigest()
    people(world, MATCHING + GOLDEN, _TIERS)
    world.write({"models/m.yml": MODELS.replace(
        "key: no", f"key: no\n    pii: {{amount: {how}, day: omit}}")})
    world.run()
    held = world.audit_rows("tier_history", ("level", "measures", "reason"))
    measures, why = next((json.loads(m), r) for level, m, r in held if level == "core")
    shown = volume.replace("digest", digest) if volume else None
    assert measures == {"volume": shown, "ever": 2, "years": None}
    assert why == reason.replace("digest", digest)
    assert "110000" not in str(held)
    new = next(r for level, _, r in held if level == "new")
    assert new == "the first fact is of hidden: less than 10 months ago"


def test_a_boolean_is_masked_whole(world: World) -> None:
    world.table("raw", {"id": "integer", "vip": "boolean", "said": "text"},
                [[1, "true", "False"], [2, "false", "TRUE"], [3, "true", "truest"]])
    world.write({
        "models/m.yml": "version: 1\ndatasets:\n"
                        "  - {name: people, table: raw, key: id, pii: {vip: mask, said: mask}}\n",
        "rules/r.yml": "version: 1\ndataset: people\nvalidation:\n"
                       "  - {column: said, checks: [{accepted_values: {values: [x]}}]}\n"
                       "  - {id: v, check: expression, must: 'id > 5 and not vip'}\n",
    })
    world.run()
    flags = world.audit_rows("flags", ("rule_id", "key", "value"))
    assert [r[2] for r in flags if r[0] == "v"] == [f"id={n}, vip=***" for n in (1, 2, 3)]
    assert [r[2] for r in flags if r[0] == "people.said.accepted_values"] == ["***", "***", "t***"]
    assert [r[1:] for r in cdmq.api.show("people", world.root).rows] == [
        ("***", "***"), ("***", "***"), ("***", "t***")]
