"""Orders as the shop's ledger has them, and the errors in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from .entities import AS_OF, Entity
from .orders import Level, Order, level_of
from .planting import Garden, Planted
from .records import Record

COLUMNS = ("order_id", "source", "customer_no", "ordered_at", "amount", "status")


@dataclass
class OrderRow:
    """An order as written. `order` is None for one of a customer whom nobody knows."""

    order: Order | None
    cells: dict[str, str]


def attach(rng: Random, orders: list[Order], records: list[Record]) -> None:
    """Each order at one of the customer numbers that its entity had on that day."""
    of: dict[str, list[Record]] = {}
    for record in records:
        if record.source != "calls":
            of.setdefault(record.entity.id, []).append(record)
    last: dict[str, str] = {}
    orders.sort(key=lambda o: (o.on, o.entity.id))
    for number, order in enumerate(orders, 1):
        on = order.on.isoformat()
        able = [r for r in of[order.entity.id] if r["signup_date"] <= on]
        record = rng.choice(able)
        order.id = f"A{number:06d}"
        order.source, order.customer_no = record.source, record.source_id
        last[record.key] = on
    for record in records:
        if record.key in last:
            record.cells["last_order_date"] = last[record.key]


def write_rows(orders: list[Order]) -> list[OrderRow]:
    return [
        OrderRow(o, dict(zip(COLUMNS, (o.id, o.source, o.customer_no, o.on.isoformat(),
                                       f"{o.cents / 100:.2f}", o.status), strict=True)))
        for o in orders
    ]  # fmt: skip


def plant(garden: Garden, rows: list[OrderRow]) -> list[OrderRow]:
    """Errors in orders, only where they leave the customer's level as it is."""
    rng = garden.rng
    small = [row for row in rows if row.order and _harmless(row.order)]
    rng.shuffle(small)

    def take(count: int) -> list[OrderRow]:
        return [small.pop() for _ in range(count)]

    for row in take(60):
        _spoil(garden, row, "amount", f"-{row.cells['amount']}", "order_negative",
               "orders.amount.accepted_range")  # fmt: skip
    for row in take(60):
        wrong = rng.choice(("versandt", "shiped", "??", "SHIPPED", "done"))
        _spoil(garden, row, "status", wrong, "order_status", "orders.status.accepted_values")
    for row in take(40):
        _spoil(garden, row, "amount", "", "missing_cell", "orders.amount.not_null")
    for row in take(25):
        wrong = rng.choice(("gratis", "12,50 EUR", "n.n.", "1.2.3"))
        _note(garden, row, "amount", wrong, "unreadable_number", "orders.amount.not_null")
        _spoil(garden, row, "amount", wrong, "unreadable_number", "orders.amount.readable")
    for row in take(40):
        late = (AS_OF + timedelta(days=rng.randint(2, 9000))).isoformat()
        _note(garden, row, "ordered_at", late, "order_future", "last_order_agrees")
        _spoil(garden, row, "ordered_at", late, "order_future", "orders.ordered_at.accepted_range")
    copies = [OrderRow(row.order, dict(row.cells)) for row in take(40)]
    for copy in copies:
        _note(garden, copy, "order_id", copy.cells["order_id"], "duplicate_key",
              "orders.order_id.unique")  # fmt: skip
    return rows + copies + _ghosts(garden, take(50), len(rows))


def _harmless(order: Order) -> bool:
    entity = order.entity
    later = order.on != entity.first_order
    return entity.pattern == "ordinary" and order.status == "shipped" and later


def _ghosts(garden: Garden, like: list[OrderRow], number: int) -> list[OrderRow]:
    """Orders of customer numbers that no department has."""
    ghosts = []
    for row in like:
        number += 1
        ghost = OrderRow(None, {**row.cells, "order_id": f"A{number:06d}"})
        wrong = f"09{garden.rng.randint(10000, 99999)}"
        ghost.cells["source"] = "crm"
        _spoil(garden, ghost, "customer_no", wrong, "order_unknown_customer",
               "orders.customer_no.relationships")  # fmt: skip
        ghosts.append(ghost)
    return ghosts


def _spoil(g: Garden, row: OrderRow, column: str, value: str, kind: str, rule: str) -> None:
    _note(g, row, column, value, kind, rule)
    row.cells[column] = value


def _note(g: Garden, row: OrderRow, column: str, value: str, kind: str, rule: str) -> None:
    cells = row.cells
    if rule == "last_order_agrees":
        dataset, source, key = "customer_orders", cells["source"], cells["customer_no"]
    else:
        dataset, source, key = "orders", "orders", cells["order_id"]
    g.planted.append(
        Planted(dataset, source, key, column, kind, value, cells[column], "yes", rule, "flag")
    )


def levels(entities: list[Entity], rows: list[OrderRow]) -> dict[str, Level]:
    """The true tier of each entity, from the rows as written."""
    written: dict[str, list[Order]] = {e.id: [] for e in entities}
    clean: dict[str, list[Order]] = {e.id: [] for e in entities}
    seen: set[str] = set()
    for row in rows:
        if row.order is None:
            continue
        order, cells = row.order, row.cells
        on = order.on if cells["ordered_at"] <= AS_OF.isoformat() else AS_OF
        number = cells["amount"].lstrip("-").replace(".", "", 1)
        cents = order.cents if number.isdigit() else 0
        signed = -cents if cells["amount"].startswith("-") else cents
        written[order.entity.id].append(Order(order.entity, on, signed, cells["status"]))
        if order.id not in seen:
            seen.add(order.id)
            clean[order.entity.id].append(order)
    found = {key: level_of(orders) for key, orders in written.items()}
    for key, level in found.items():
        if level.level != level_of(clean[key]).level:
            raise ValueError(f"errors in the orders of {key} changed its level")
    return found
