"""Random histories of a small project: what two departments deliver, from run to run.

Records come, leave and return, get another key, are corrected, merged and parted again; a key is
missing or stands twice; a delivery is short, empty or shuffled.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import runner

Row = dict[str, Any]
#: Who is of one family shares an address or a card, or may come to.
FAMILIES = 14
PEOPLE = ("id", "email", "card", "age", "city")
_TYPES = {c: "integer" if c == "age" else "text" for c in PEOPLE}
_ORDERS = {"no": "text", "source": "text", "customer": "text", "day": "date", "amount": "integer"}
FILES = {
    "models/m.yml": """
version: 1
datasets:
  - {name: crm, file: data/crm.csv, key: id, columns: {age: integer}, missing_values: [""],
     holds: [crm_is_whole]}
  - {name: shop, table: shop_source, key: id, may_be_empty: true}
  - {name: people, stack: {crm: crm, shop: shop}, key: [source, id]}
  - {name: orders, table: orders_source, key: no, happened_at: day,
     refers_to: {people: [source, customer]}}
""",
    "rules/crm.yml": """
version: 1
dataset: crm
validation:
  - {id: crm_is_whole, check: row_count, min: 3}
""",
    "rules/people.yml": """
version: 1
dataset: people
defaults:
  - {id: city_default, column: city, set: unknown, reason: not_asked}
validation:
  - {column: email, checks: [not_null, unique]}
  - {id: age_range, column: age, check: accepted_range, min: 0, max: 120, where: "city = 'Bonn'"}
matching:
  - {id: same, same_if: [[email], [card]]}
golden:
  - {id: best, from: same, into: customers, pick: most_complete}
""",
    "rules/customers.yml": """
version: 1
dataset: customers
tiering:
  - id: class
    measures: {volume: {from: orders, sum: amount, if_none: 0}}
    levels: [{big: "volume >= 100"}, {small: otherwise}]
    review: monthly
    keep_unless: {below_by: 50%, for: 2 reviews}
""",
}


@dataclass(frozen=True)
class Delivery:
    """What stands in the sources when a run begins, and the day by which it judges."""

    rows: dict[str, list[Row]]
    as_of: dt.date
    #: After this run its reviews are undone: the day was a mistake.
    mistaken: bool = False

    def write(self, world: runner.World) -> None:
        lines = [",".join(PEOPLE)] + [
            ",".join("" if row[c] is None else str(row[c]) for c in PEOPLE)
            for row in self.rows["crm"]
        ]
        world.write({"data/crm.csv": "\n".join(lines) + "\n"})
        for name, columns in (("shop", _TYPES), ("orders", _ORDERS)):
            world.table(
                f"{name}_source", columns, [[row[c] for c in columns] for row in self.rows[name]]
            )

    def shuffled(self, chance: random.Random) -> Delivery:
        return replace(self, rows={n: chance.sample(r, len(r)) for n, r in self.rows.items()})


@dataclass
class Story:
    """What is so in the world; a delivery shows more or less of it."""

    chance: random.Random
    day: dt.date = dt.date(2026, 11, 3)
    there: list[Row] = field(default_factory=list)
    away: list[Row] = field(default_factory=list)
    orders: list[Row] = field(default_factory=list)
    numbers: int = 0

    def __post_init__(self) -> None:
        for what, times in ((self.comes, 36), (self.doubled, 3), (self.keyed, 3), (self.buys, 24)):
            for _ in range(times):
                what()

    # what happens --------------------------------------------------------------------------

    def happens(self) -> None:
        """Some things, and time goes by; or the clock is set back."""
        things = [
            self.comes,
            self.leaves,
            self.returns,
            self.corrected,
            self.merged,
            self.parted,
            self.keyed,
            self.doubled,
            self.buys,
            self.returned_goods,
        ]
        for thing in self.chance.choices(things, [1, 3, 3, 4, 3, 2, 1, 1, 2, 2], k=25):
            thing()
        self.day += dt.timedelta(days=self.chance.choice([0, 2, 31, 31, 31, -31]))

    def comes(self) -> None:
        self.numbers += 1
        row = {"source": self.chance.choice(["crm", "shop"]), "id": str(self.numbers)}
        family = self.chance.randrange(FAMILIES)
        row |= {c: self.cell(row, c, family) for c in PEOPLE[1:]}
        row["first"] = {"email": row["email"], "card": row["card"]}
        self.there.append(row)

    def cell(self, row: Row, column: str, family: int) -> Any:
        odd = "x" if row["source"] == "crm" else None  # no number: it cannot be read
        return self.chance.choice(
            {
                "email": [f"{family}@x.de", f"{family}b@x.de", None],
                "card": [f"c{family}", None, None],
                "city": ["Bonn", "Bonn", "Ulm", None],
                "age": [30, 40, -1, 200, None, odd],
            }[column]
        )

    def leaves(self) -> None:
        if self.there:
            self.away.append(self.there.pop(self.chance.randrange(len(self.there))))

    def returns(self) -> None:
        if self.away:
            self.there.append(self.away.pop(self.chance.randrange(len(self.away))))

    def corrected(self) -> None:
        for row in self._some(self.there):
            column = self.chance.choice(PEOPLE[1:])
            row[column] = self.cell(row, column, self.chance.randrange(FAMILIES))

    def merged(self) -> None:
        for row in self._some(self.there):
            for other in self._some(self.there):
                column = self.chance.choice(["email", "card"])
                row[column] = other[column]

    def parted(self) -> None:
        """Who was merged is as at first."""
        for row in self.there:
            if self.chance.random() < 0.5:
                row.update(row["first"])

    def keyed(self) -> None:
        """A record gets another key, or none."""
        for row in self._some(self.there):
            self.numbers += 1
            row["id"] = self.chance.choice([str(self.numbers), str(self.numbers), None])

    def doubled(self) -> None:
        """A key stands twice: the record is equal in all, or differs in a cell."""
        for row in self._some(self.there):
            self.there.append(dict(row))
            if self.chance.random() < 0.6:
                self.there[-1]["card"] = self.cell(row, "card", self.chance.randrange(FAMILIES))

    def buys(self) -> None:
        for row in self._some(self.there):
            self.numbers += 1
            self.orders.append(
                {
                    "no": f"o{self.numbers}",
                    "source": row["source"],
                    "customer": row["id"],
                    "day": self.day
                    + dt.timedelta(days=self.chance.choice([-40, -1, -1, 0, 5, 40])),
                    "amount": self.chance.choice([60, 100, 120, 120, 120, None]),
                }
            )

    def returned_goods(self) -> None:
        for order in self._some(self.orders):
            order["amount"] = self.chance.choice([0, 40, 70, 70, None])

    def _some(self, rows: Sequence[Row]) -> list[Row]:
        return [self.chance.choice(rows)] if rows else []

    # what is delivered ---------------------------------------------------------------------

    def whole(self) -> Delivery:
        return self.delivery(self.there)

    def delivery(self, people: Sequence[Row]) -> Delivery:
        rows = {
            name: [{c: r[c] for c in PEOPLE} for r in people if r["source"] == name]
            for name in ("crm", "shop")
        }
        rows["orders"] = [dict(order) for order in self.orders]
        return Delivery(rows, self.day).shuffled(self.chance)

    def delivered(self) -> Delivery:
        """All that is there, or a part; at times hardly any of a source, or by a wrong clock."""
        found = self.whole()
        for name in ("crm", "shop", "orders"):
            how, rows = self.chance.random(), found.rows[name]
            if how < 0.1:
                found.rows[name] = []
            elif how < 0.35 and rows:
                found.rows[name] = rows[: self.chance.randint(1, len(rows))]
        if self.chance.random() < 0.2:
            found = replace(found, as_of=found.as_of.replace(year=2062), mistaken=True)
        return found
