"""People whose texts are written in two ways, and what is flagged of them."""

from __future__ import annotations

import unicodedata
from typing import Any

from runner import World

TWO_WAYS = ["Ren\u00e9", "Rene\u0301"]
ZUERICH = "Zu\u0308rich"
BLANKS = ["", " ", "\t\n", "\u00a0", "\u200b", "\u3000", "\u00ad", "\u0085", "\u2060\u202f", "\x01"]


def composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def flagged(world: World) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for rule, key, *_ in world.flags():
        found.setdefault(rule, []).append(key)
    return {r: sorted(k) for r, k in found.items()}


def people(world: World, rows: list[list[Any]], rules: str, **dataset: str) -> None:
    world.table("people_src", {"id": "text", "name": "text", "city": "text"}, rows)
    more = "".join(f"    {k}: {v}\n" for k, v in dataset.items())
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - name: people\n    table: people_src\n"
            f"    key: id\n{more}",
            "rules/people.yml": f"version: 1\ndataset: people\n{rules}",
        }
    )
