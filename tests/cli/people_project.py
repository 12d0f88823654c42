"""A small project whose people stand in two lists: matched, joined and sorted."""

from __future__ import annotations

import re
from collections.abc import Mapping

FILES: Mapping[str, str] = {
    "cdmq_project.yml": "name: small\n",
    "profiles.yml": "small:\n  target: dev\n  outputs:\n"
    "    dev: {type: duckdb, path: target/small.duckdb}\n",
    "models/people.yml": """\
version: 1
datasets:
  - name: crm
    file: data/crm.csv
    key: id
  - name: shop
    file: data/shop.csv
    key: id
  - name: people
    stack: {crm: crm, shop: shop}
    key: [source, id]
    pii: {mail: plain, phone: plain, last: plain, city: plain, vat: mask}
  - name: orders
    file: data/orders.csv
    key: no
    happened_at: day
    refers_to: {people: [source, customer]}
    columns: {day: date, amount: decimal}
""",
    "data/crm.csv": """\
id,last,mail,phone,city,vat
1,Meyer,anna@example.com,111,Bonn,DE1
2,Meyer,bert@example.com,222,Bonn,
3,Huber,carl@example.com,333,Köln,
""",
    "data/shop.csv": """\
id,last,mail,phone,city,vat
1,Maier,anna@example.com,,,DE123456
2,Meyer,bert@example.com,,Trier,
""",
    "data/orders.csv": """\
no,source,customer,day,amount
1,crm,1,2026-01-01,30000
2,shop,1,2026-02-01,30000
""",
    "rules/people.yml": """\
version: 1
dataset: people
matching:
  - id: same_person
    why: Two lists of the same people.
    same_if: [[mail], [phone]]
  - id: namesakes
    makes: group
    same_if: [[last, city]]
golden:
  - id: golden_person
    from: same_person
    into: persons
    trust: [crm, shop]
    pick: trusted
    columns: {vat: longest}
""",
    "rules/persons.yml": """\
version: 1
dataset: persons
validation:
  - column: vat
    checks: [not_null]
tiering:
  - id: class
    measures:
      bought: {from: orders, sum: amount, if_none: 0}
    levels:
      - core: bought >= 50000
      - ordinary: otherwise
    review: monthly
""",
}
_VARIES = (
    (r"\d{8}T\d{9}-[0-9a-f]{6}", "RUN"),
    (r"\d{4}-\d{2}-\d{2} \d{2}:\d{2} \(run RUN, judged as of (\d{4}-\d{2}-\d{2}) 00:00\)", r"<\1>"),
)


def steady(text: str, ids: Mapping[str, str] | None = None) -> str:
    """What a command said, a run as the day by which it judged, and ids by names of their own."""
    for pattern, word in _VARIES:
        text = re.sub(pattern, word, text)
    for id_, name in (ids or {}).items():
        text = text.replace(id_, name)
    return text
