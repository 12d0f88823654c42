"""36 months of orders: core, growing, seasonal, falling and ordinary customers, and prospects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from .entities import AS_OF, Entity

START = date(2023, 11, 1)
LATEST_FIRST = date(2026, 7, 31)
WINDOW = date(2024, 11, 1)  # 24 months before AS_OF
CORE, GROWING = 50_000_00, 10_000_00
_SHARES: dict[str, dict[str, float]] = {
    "company": {"core": 9, "growing": 11, "seasonal": 5, "falling": 5, "ordinary": 36},
    "person": {"core": 0.3, "growing": 1.7, "seasonal": 2.5, "falling": 2.5, "ordinary": 46},
}


@dataclass
class Order:
    entity: Entity
    on: date
    cents: int
    status: str
    source: str = ""
    customer_no: str = ""
    id: str = ""


@dataclass(frozen=True)
class Level:
    level: str
    volume_cents: int
    orders_ever: int
    first_order: date | None


def assign_patterns(rng: Random, entities: list[Entity]) -> None:
    for entity in entities:
        if "crm" not in entity.sources and "shop" not in entity.sources:
            continue  # a voice on the phone has not ordered yet
        draw = rng.random() * 100
        for pattern, share in _SHARES[entity.kind].items():
            if draw < share:
                entity.pattern = pattern
                break
            draw -= share


def make_orders(rng: Random, entity: Entity) -> list[Order]:
    """The orders of one entity, far enough from every border between two levels."""
    orders = sorted(_draw(rng, entity), key=lambda o: o.on)
    for _ in range(80):
        if not orders or _clear_of_borders(orders):
            break
        for order in orders:
            order.cents = order.cents * 9 // 10
    entity.first_order = orders[0].on if orders else None
    return orders


def level_of(orders: list[Order]) -> Level:
    """The tier by the example of the language page, at AS_OF."""
    known = [o for o in orders if o.on < AS_OF]
    if not known:
        return Level("prospect", 0, 0, None)
    first = min(o.on for o in known)
    volume = sum(o.cents for o in known if o.on >= WINDOW and o.status != "cancelled")
    level = _level(volume // 2, (AS_OF - first).days)
    return Level(level, volume, len(known), first)


def _level(annual_cents: int, days: int) -> str:
    if annual_cents >= CORE and days >= 731:
        return "core"
    return "growing" if annual_cents >= GROWING else "ordinary"


def _clear_of_borders(orders: list[Order]) -> bool:
    """Twenty-four months or only the months observed: both give the same level, by five percent."""
    days = (AS_OF - orders[0].on).days
    volume = sum(o.cents for o in orders if o.on >= WINDOW and o.status != "cancelled")
    plain, observed = volume // 2, volume * 365 // min(730, days)
    if max(plain, observed) > CORE * 9 // 10 and abs(days - 730) < 45:
        return False
    near = any(abs(v - b) * 20 < b for v in (plain, observed) for b in (CORE, GROWING))
    return not near and _level(plain, days) == _level(observed, days)


def _draw(rng: Random, entity: Entity) -> list[Order]:
    if entity.pattern == "prospect":
        return []
    return {"core": _core, "growing": _growing, "seasonal": _seasonal, "falling": _falling}.get(
        entity.pattern, _ordinary
    )(rng, entity)


def _order(rng: Random, entity: Entity, on: date, cents: int) -> Order:
    draw = rng.random()
    status = "cancelled" if draw < 0.06 else "returned" if draw < 0.09 else "shipped"
    if status == "shipped" and (AS_OF - on).days < 20:
        status = "open"
    return Order(entity, on, max(cents, 500), status)


def _spread(cents: int, rng: Random) -> int:
    return cents * rng.randint(70, 130) // 100


def _steps(rng: Random, first: date, gap: int) -> list[date]:
    days, day = [], first
    while day < AS_OF:
        days.append(day)
        day += timedelta(days=max(4, gap * rng.randint(60, 140) // 100))
    return days


def _core(rng: Random, entity: Entity) -> list[Order]:
    gap = rng.randint(32, 60)
    each = rng.randint(60_000_00, 300_000_00) * gap // 365
    first = START + timedelta(days=rng.randrange(240))
    return [_order(rng, entity, day, _spread(each, rng)) for day in _steps(rng, first, gap)]


def _growing(rng: Random, entity: Entity) -> list[Order]:
    gap = rng.randint(40, 80)
    each = rng.randint(13_000_00, 38_000_00) * gap // 365
    first = START + timedelta(days=rng.randrange(900))
    days = _steps(rng, first, gap)
    span = max(1, len(days))
    return [
        _order(rng, entity, day, _spread(each * (span + 2 * i) // (2 * span), rng))
        for i, day in enumerate(days)
    ]


def _seasonal(rng: Random, entity: Entity) -> list[Order]:
    month = rng.choice((3, 5, 9, 11))
    each = rng.randint(150_00, 2_500_00) * (4 if entity.kind == "company" else 1)
    orders = []
    for year in (2023, 2024, 2025, 2026):
        for _ in range(rng.randint(1, 3)):
            on = date(year, month, 1) + timedelta(days=rng.randrange(50))
            if START <= on < AS_OF:
                orders.append(_order(rng, entity, on, _spread(each, rng)))
    return orders


def _falling(rng: Random, entity: Entity) -> list[Order]:
    gap = rng.randint(80, 130)
    each = rng.randint(300_00, 2_500_00) * (3 if entity.kind == "company" else 1)
    first = START + timedelta(days=rng.randrange(300))
    turn = date(2026, 4, 1)
    days = [d for d in _steps(rng, first, gap) if d < turn or rng.random() < 0.5]
    return [
        _order(rng, entity, day, _spread(each if day < turn else each * 3 // 10, rng))
        for day in days
    ]


def _ordinary(rng: Random, entity: Entity) -> list[Order]:
    count = rng.choice((1, 1, 1, 2, 2, 3) if entity.kind == "person" else (1, 2, 3, 4, 5))
    each = rng.randint(20_00, 450_00) * (4 if entity.kind == "company" else 1)
    room = (LATEST_FIRST - START).days
    first = START + timedelta(days=rng.randrange(room))
    days = [first]
    while len(days) < count:
        days.append(first + timedelta(days=rng.randrange((AS_OF - first).days)))
    return [_order(rng, entity, day, _spread(each, rng)) for day in days]
