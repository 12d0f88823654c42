"""What each department has written down about an entity: right values, in one common form."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from .entities import AS_OF, Entity
from .places import Address

SOURCES = ("crm", "shop", "calls")
_SETS = (
    (("crm",), 21), (("shop",), 20), (("calls",), 8), (("crm", "shop"), 20), (("crm", "calls"), 12),
    (("shop", "calls"), 8), (("crm", "shop", "calls"), 11),
)  # fmt: skip
_WEIGHTED_SETS = tuple(s for s, weight in _SETS for _ in range(weight))
LAST_DAY = AS_OF - timedelta(days=1)


@dataclass
class Record:
    """One row of a department. Cells have the names of `customers`; "" is missing."""

    source: str
    entity: Entity
    cells: dict[str, str]
    source_id: str = ""
    touched: set[str] = field(default_factory=set)

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    @property
    def key(self) -> str:
        return f"{self.source}/{self.source_id}"


def assign_sources(rng: Random, entities: list[Entity]) -> None:
    for entity in entities:
        entity.sources = list(rng.choice(_WEIGHTED_SETS))
        again = entity.sources[-1]
        if rng.random() < 0.05 and (again != "shop" or entity.email_other):
            entity.sources.append(again)


def assign_signup(rng: Random, entity: Entity) -> None:
    latest = entity.first_order or AS_OF - timedelta(days=31)
    days = (latest - date(2016, 1, 1)).days
    entity.signup = latest - timedelta(days=min(rng.randrange(days), rng.randrange(days)))


def make_records(rng: Random, entity: Entity) -> list[Record]:
    records = []
    for position, source in enumerate(entity.sources):
        signup = entity.signup
        if position:
            signup = min(signup + timedelta(days=rng.randrange(400)), LAST_DAY)
        second = source in entity.sources[:position]
        cells = _common(rng, entity, position, signup)
        {"crm": _crm, "shop": _shop, "calls": _calls}[source](rng, entity, cells, signup)
        if second or (position and entity.email_other and rng.random() < 0.3 and source != "shop"):
            cells["email"] = entity.email_other or cells["email"]
        _keep_reachable(entity, cells)
        records.append(Record(source, entity, cells))
    return records


def number(records: list[Record]) -> list[Record]:
    """Source ids in the order of signing up, as departments hand them out; text with its zeros."""
    starts = {"crm": 10_000, "shop": 500_000, "calls": 1_000}
    forms = {"crm": "{:07d}", "shop": "{}", "calls": "C{:05d}"}
    ordered = sorted(records, key=lambda r: (r["signup_date"], r.entity.id))
    for record in ordered:
        starts[record.source] += 1 + (len(record.entity.last_name) % 3 == 0)
        record.source_id = forms[record.source].format(starts[record.source])
    return ordered


def _common(rng: Random, entity: Entity, position: int, signup: date) -> dict[str, str]:
    cells = {
        "type": entity.kind,
        "first_name": entity.first_name,
        "last_name": entity.last_name,
        "company": entity.company,
        "email": entity.email,
        "phone": entity.phone,
        "consent": rng.choice(("yes", "yes", "no")),
        "signup_date": signup.isoformat(),
        "changed_on": (signup + timedelta(days=rng.randrange((AS_OF - signup).days))).isoformat(),
    }
    moved = entity.old_address is not None and position > 0 and rng.random() < 0.7
    old = entity.old_address if moved else None
    cells.update(address_cells(old or entity.address))
    return cells


def address_cells(address: Address) -> dict[str, str]:
    return {
        "street": address.street,
        "postcode": address.postcode,
        "city": address.city.name,
        "state": address.city.state or "",
        "country": address.country.code,
    }


def _birth(rng: Random, entity: Entity, share: float) -> str:
    return entity.birth_date if rng.random() < share else ""


def _crm(rng: Random, entity: Entity, cells: dict[str, str], signup: date) -> None:
    cells["mobile"] = entity.mobile
    cells["birth_date"] = _birth(rng, entity, 0.75)
    cells["status"] = rng.choice(("active",) * 8 + ("inactive", "blocked"))
    cells["changed_by"] = rng.choice(("mhuber", "kweiler", "tkamp", "import", "sbrandt"))
    if entity.kind == "company" or rng.random() < 0.15:
        cells["billing_address"] = f"{cells['street']}, {cells['postcode']} {cells['city']}"
    if rng.random() < 0.08:
        cells["email"] = ""
    if rng.random() < 0.08:
        cells["phone"] = ""
    if entity.kind == "company":
        cells["tax_id"] = entity.tax_id
        cells["industry"] = entity.industry
        cells["trade"] = entity.industry if rng.random() < 0.5 else ""
        cells["annual_revenue"] = f"{entity.revenue_cents / 100:.2f}"
        cells["credit_limit"] = f"{rng.choice((500, 1000, 2500, 5000, 10000, 25000, 50000))}.00"
    if rng.random() < 0.06:
        cells["notes"] = rng.choice(
            ("Bitte nur vormittags anrufen", "Rechnung per Post; Kopie per E-Mail", "Stammkunde",
             'Nennt sich am Telefon "der Chef"', "Lieferung über Hintereingang\nHund im Hof",
             "Messekontakt Frühjahr, möchte Katalog")
        )  # fmt: skip


def _shop(rng: Random, entity: Entity, cells: dict[str, str], signup: date) -> None:
    cells["phone"] = rng.choice((entity.phone, entity.mobile or entity.phone, entity.phone, ""))
    cells["birth_date"] = _birth(rng, entity, 0.5)
    cells["status"] = rng.choice(("active",) * 9 + ("inactive",))
    cells["tax_id"] = entity.tax_id
    if rng.random() < 0.8:
        verified = min(signup + timedelta(days=rng.randrange(4)), LAST_DAY)
        cells["email_verified_at"] = verified.isoformat()


def _calls(rng: Random, entity: Entity, cells: dict[str, str], signup: date) -> None:
    cells["birth_date"] = _birth(rng, entity, 0.4)
    cells["phone"] = rng.choice((entity.phone, entity.phone, entity.mobile or entity.phone))
    cells["changed_by"] = f"agent{rng.randint(1, 24):02d}"
    if rng.random() < 0.35:
        cells["email"] = ""
    if rng.random() < 0.5:
        checked = min(signup + timedelta(days=rng.randrange(200)), LAST_DAY)
        cells["phone_verified_at"] = checked.isoformat()


def _keep_reachable(entity: Entity, cells: dict[str, str]) -> None:
    if not cells["email"] and not cells["phone"]:
        cells["phone"] = entity.phone
