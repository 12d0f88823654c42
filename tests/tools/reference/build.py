"""The whole reference population, from one seed to the bytes of every file."""

from __future__ import annotations

from random import Random

from . import dirt_flags, dirt_orders, dirt_quiet, dirt_tidy, dirt_twice, logs, write
from .entities import Entity, Population
from .orders import assign_patterns, make_orders
from .planting import Garden
from .records import Record, assign_signup, assign_sources, make_records, number

SEED = 20261101


def build(seed: int = SEED) -> dict[str, bytes]:
    """Path below the repository's root -> content."""

    def stream(name: str) -> Random:
        return Random(f"{seed}:{name}")

    entities = Population(stream("population")).make()
    assign_sources(stream("sources"), entities)
    _second_accounts(stream("accounts"), entities)
    assign_patterns(stream("patterns"), entities)
    rng = stream("orders")
    orders = [order for entity in entities for order in make_orders(rng, entity)]
    records = _records(stream("records"), entities)
    dirt_orders.attach(stream("attach"), orders, records)

    garden = Garden(stream("logs"), records)
    links = logs.party_links(garden, records)
    checked = logs.verifications(garden, records)
    changes, approvals = logs.protected_changes(garden, records)
    garden.rng = stream("order errors")
    rows = dirt_orders.plant(garden, dirt_orders.write_rows(orders))
    copies = _spoil(garden, stream("errors"))

    data = {
        **write.departments(records + copies),
        **write.orders(rows),
        **write.logs({"verifications": checked, "party_links": links,
                      "protected_changes": changes, "approvals": approvals}),
    }  # fmt: skip
    truth = write.truth(entities, records, garden.planted, dirt_orders.levels(entities, rows))
    return {f"models/data/{name}": content for name, content in data.items()} | {
        f"tests/truth/reference/{name}": content for name, content in truth.items()
    }


def _second_accounts(rng: Random, entities: list[Entity]) -> None:
    """Customers who opened a second shop account with the same mail, which the shop forbids."""
    able = [e for e in entities if e.sources.count("shop") == 1 and not e.email_other]
    for entity in rng.sample(able, 45):
        entity.sources.append("shop")


def _records(rng: Random, entities: list[Entity]) -> list[Record]:
    records = []
    for entity in entities:
        assign_signup(rng, entity)
        records += make_records(rng, entity)
    return number(records)


def _spoil(garden: Garden, rng: Random) -> list[Record]:
    garden.rng = rng
    dirt_quiet.note_moves(garden)
    copies = dirt_twice.duplicates(garden)
    dirt_flags.plant(garden)
    dirt_tidy.plant(garden)
    dirt_quiet.plant(garden)
    return copies
