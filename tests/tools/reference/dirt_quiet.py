"""Errors that no rule can know for certain: they make matching hard, and no rule may flag them."""

from __future__ import annotations

from .planting import Garden, filled, typo
from .records import Record, address_cells


def plant(garden: Garden) -> None:
    _names(garden)
    _addresses(garden)
    _numbers(garden)
    _tokens(garden)


def note_moves(garden: Garden) -> None:
    """Records that still have the address from before a move."""
    for record in garden.records:
        if record.entity.old_address and record["street"] == record.entity.old_address.street:
            _note_old(garden, record)


def _names(garden: Garden) -> None:
    rng = garden.rng
    person = lambda r: r.entity.kind == "person"  # noqa: E731
    for column, count in (("last_name", 500), ("first_name", 400), ("company", 150)):
        for record in garden.pick(count, [column], filled(column, 4)):
            garden.spoil(record, column, typo(rng, record[column]), "typo")
    for record in garden.pick(130, ["first_name", "last_name"], person):
        first, last = record["first_name"], record["last_name"]
        garden.spoil(record, "first_name", last, "name_swapped")
        garden.spoil(record, "last_name", first, "name_swapped")
    for record in garden.pick(200, ["first_name"], person):
        garden.spoil(record, "first_name", f"{record['first_name'][0]}.", "abbreviation")
    for record in garden.pick(220, ["company"], lambda r: " " in r["company"]):
        short = record["company"].rpartition(" ")[0]
        garden.spoil(record, "company", short, "abbreviation")
    for record in garden.pick(250, ["first_name"], person):
        garden.spoil(record, "first_name", "", "missing_optional")


def _addresses(garden: Garden) -> None:
    rng = garden.rng
    words = (("straße", "str."), ("strasse", "str."), ("Street", "St"), ("Avenue", "Ave"),
             ("avenue", "av."), ("boulevard", "bd"), ("gasse", "g."))  # fmt: skip
    for record in garden.pick(900, ["street"], lambda r: any(w in r["street"] for w, _ in words)):
        long, short = next(pair for pair in words if pair[0] in record["street"])
        garden.spoil(record, "street", record["street"].replace(long, short), "abbreviation")
    for column, count in (("street", 400), ("city", 150)):
        for record in garden.pick(count, [column], filled(column)):
            garden.spoil(record, column, typo(rng, record[column]), "typo")
    for record in garden.pick(250, ["street"], lambda r: True):
        garden.spoil(record, "street", "", "missing_optional")


def _note_old(garden: Garden, record: Record) -> None:
    now = address_cells(record.entity.address)
    written = record.cells
    for column in ("street", "postcode", "city", "state"):
        if written[column] != now[column]:
            record.cells = {**written, column: now[column]}
            garden.note(record, column, "old_address", written[column])
            record.cells = written
    record.touched |= {"street", "city"}


def _numbers(garden: Garden) -> None:
    rng = garden.rng
    for record in garden.pick(200, ["phone"], lambda r: r["phone"][-1:] != r["phone"][-2:-1]):
        phone = record["phone"]
        garden.spoil(record, "phone", phone[:-2] + phone[-1] + phone[-2], "phone_digits_swapped")
    for record in garden.pick(200, ["email"], lambda r: r["email"]):
        local, _, domain = record["email"].partition("@")
        wrong = typo(rng, local).replace("..", ".")
        garden.spoil(record, "email", f"{wrong}@{domain}", "typo")

    def swappable(r):
        """Day and month of the birth date can be taken for each other."""
        month, day = r["birth_date"][5:7], r["birth_date"][8:]
        return r["birth_date"] and int(day) <= 12 and month != day

    for record in garden.pick(120, ["birth_date"], swappable):
        year, month, day = record["birth_date"].split("-")
        garden.spoil(record, "birth_date", f"{year}-{day}-{month}", "day_month_swapped")


def _tokens(garden: Garden) -> None:
    """Tokens that mean missing, in cells that may be missing."""
    rng = garden.rng
    spare = lambda r: r.source != "calls" and r["phone"] and r["email"]  # noqa: E731
    for record in garden.pick(160, ["phone", "email"], spare):
        token = rng.choice(("0000000000", "n/a", "unbekannt", "-"))
        garden.spoil(record, "phone", token, "sentinel_optional")
    for record in garden.pick(120, ["phone", "email"], spare):
        garden.spoil(record, "email", rng.choice(("n/a", "unknown", "-")), "sentinel_optional")
    for record in garden.pick(120, ["birth_date"], lambda r: r["birth_date"]):
        garden.spoil(record, "birth_date", "n/a", "sentinel_optional")
