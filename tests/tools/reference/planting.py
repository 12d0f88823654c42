"""Picks cells that nothing has touched yet, spoils them, and writes down what it did."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from .records import Record

SET = "unavailable"
DATASETS = {"crm": "crm_export", "shop": "shop_users", "calls": "call_contacts"}
#: Names of columns in the departments' own files.
OWN = {
    "crm": {
        "source_id": "customer_no", "type": "Kundenart", "first_name": "Vorname",
        "last_name": "Nachname", "company": "Firma", "street": "Straße", "postcode": "PLZ",
        "city": "Ort", "state": "Region", "country": "Land", "email": "E-Mail", "phone": "Telefon",
        "mobile": "Mobil", "birth_date": "Geburtsdatum", "tax_id": "USt-IdNr",
        "industry": "Branche", "trade": "Gewerbe", "annual_revenue": "Umsatz",
        "credit_limit": "Kreditlimit", "billing_address": "Rechnungsadresse",
        "consent": "Werbung", "status": "Status", "signup_date": "Angelegt am",
        "last_order_date": "Letzte Bestellung", "changed_on": "Geändert am",
        "changed_by": "Geändert von", "notes": "Bemerkung",
    },
    "shop": {
        "source_id": "id", "type": "account_type", "first_name": "first_name",
        "last_name": "last_name", "company": "company", "email": "mail", "phone": "phone",
        "street": "street", "postcode": "zip", "city": "city", "state": "state",
        "country": "country", "birth_date": "birthday", "tax_id": "vat_id",
        "consent": "newsletter", "status": "status", "signup_date": "created_at",
        "last_order_date": "last_order_at", "email_verified_at": "mail_verified_at",
        "changed_on": "updated_at",
    },
    "calls": {
        "source_id": "contact_id", "type": "kind", "first_name": "given", "last_name": "family",
        "company": "org", "phone": "tel", "email": "mail", "street": "addr", "postcode": "plz",
        "city": "town", "state": "region", "country": "land", "birth_date": "dob",
        "consent": "ok", "signup_date": "since", "changed_on": "last",
        "changed_by": "agent", "phone_verified_at": "tel_checked",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """One planted error. `expected`: the value a default makes of it, where that is not `true`."""

    dataset: str
    source: str
    source_id: str
    column: str
    kind: str
    planted: str
    true: str
    certain: str = "no"
    rule: str = ""
    effect: str = ""
    expected: str = ""


class Garden:
    """The records, and what has been planted in them."""

    def __init__(self, rng: Random, records: list[Record]) -> None:
        self.rng = rng
        self.records = records
        self.planted: list[Planted] = []

    def pick(
        self, count: int, columns: Iterable[str], fits: Callable[[Record], object]
    ) -> list[Record]:
        """Up to `count` fitting records with none of `columns` touched; they are touched now."""
        columns = set(columns)
        free = [r for r in self.records if not columns & r.touched and fits(r)]
        chosen = self.rng.sample(free, min(count, len(free)))
        for record in chosen:
            record.touched |= columns
        return chosen

    def spoil(self, record: Record, column: str, value: str, kind: str, rule: str = "",
              effect: str = "", expected: str = "") -> None:  # fmt: skip
        """Write a wrong value. With a rule, the rule must find it on `customers`."""
        self.note(record, column, kind, value, rule, effect, expected)
        record.cells[column] = value

    def note(self, record: Record, column: str, kind: str, value: str, rule: str = "",
             effect: str = "", expected: str = "", dataset: str = "customers") -> None:  # fmt: skip
        own = column if dataset in ("customers", "customer_orders") else OWN[record.source][column]
        self.planted.append(
            Planted(dataset, record.source, record.source_id, own, kind, value, record[column],
                    "yes" if rule else "no", rule, effect if rule else "", expected)
        )  # fmt: skip


def filled(column: str, more_than: int = 0) -> Callable[[Record], bool]:
    """Whether a record has something in the column."""
    return lambda record: len(record[column]) > more_than


def typo(rng: Random, text: str) -> str:
    """One slip of the finger behind the first letter; never the same text again."""
    for _ in range(20):
        place = rng.randrange(1, max(2, len(text) - 1))
        slip = rng.randrange(3)
        letter = text[place : place + 1]
        if slip == 0:
            out = text[:place] + text[place + 1 :]
        elif slip == 1:
            out = text[:place] + letter + text[place:]
        else:
            out = text[:place] + text[place + 1 : place + 2] + letter + text[place + 2 :]
        if out != text and letter.isalpha() and " " not in text[max(0, place - 1) : place + 2]:
            return out
    return text + text[-1]
