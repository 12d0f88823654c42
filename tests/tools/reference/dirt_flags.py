"""Errors that validation flags: what cannot be put right without asking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from .entities import AS_OF
from .places import fill
from .planting import DATASETS, OWN, Garden
from .records import Record

TOKENS = ("n/a", "unknown", "unbekannt", "-", "k.A.")
_DIGITS = {"e": "3", "i": "1", "o": "0", "a": "4"}


def plant(garden: Garden) -> None:
    _missing(garden)
    _contact(garden)
    _places(garden)
    _dates(garden)
    _unreadable(garden)
    _numbers(garden)
    _tax_ids(garden)
    _digits_in_names(garden)


def _flag(garden: Garden, record: Record, column: str, value: str, kind: str, rule: str) -> None:
    garden.spoil(record, column, value, kind, rule, "flag")


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _missing(garden: Garden) -> None:
    wanted: tuple[tuple[str, str, int, Callable[[Record], object]], ...] = (
        ("last_name", "person_has_last_name", 90, lambda r: r.entity.kind == "person"),
        ("company", "company_has_name", 60, lambda r: r.entity.kind == "company"),
        ("city", "customers.city.not_blank", 70, lambda r: True),
        ("signup_date", "customers.signup_date.not_null", 50, lambda r: not r["last_order_date"]),
    )
    for column, rule, count, fits in wanted:
        for record in garden.pick(count, [column, "type"], fits):
            value = garden.rng.choice(("", "", *TOKENS))
            _flag(garden, record, column, value, _kind_of(value), rule)
    for record in garden.pick(40, ["country", "phone", "postcode", "tax_id", "state"], _e164):
        _flag(garden, record, "country", garden.rng.choice(("", "n/a")), "missing_cell",
              "customers.country.not_null")  # fmt: skip
    fits_call = lambda r: r.source == "calls" and r["email"]  # noqa: E731
    for record in garden.pick(90, ["phone", "email"], fits_call):
        value = garden.rng.choice(("", "0000000000", "unbekannt"))
        garden.note(record, "phone", _kind_of(value), value, "call_contacts.tel.not_null", "flag",
                    dataset="call_contacts")  # fmt: skip
        record.cells["phone"] = value


def _kind_of(value: str) -> str:
    return "sentinel_token" if value else "missing_cell"


def _e164(record: Record) -> bool:
    return record["phone"].startswith("+") and not record["mobile"]


def _contact(garden: Garden) -> None:
    rng = garden.rng
    for record in garden.pick(240, ["email"], lambda r: r["email"]):
        local, domain = record["email"].split("@")
        forms = [f"{local}(at){domain}", f"{local}@@{domain}", f"{local}.{domain}",
                 f"{local} x@{domain}"]  # fmt: skip
        if record.source != "shop":  # the shop's mails must stay apart
            forms += [f"{local}@", f"@{domain}", f"{local}@example", f"{local}@example..org"]
        wrong = rng.choice(forms)
        _flag(garden, record, "email", wrong, "email_invalid", "customers.email.email")
    for record in garden.pick(70, ["email", "phone"], _two_ways):
        _flag(garden, record, "email", "", "unreachable", "contactable")
        record.cells["phone"] = rng.choice(("", "", "0000000000", "n/a"))


def _two_ways(record: Record) -> bool:
    """Whether email and phone are the only ways to reach it."""
    both = bool(record["email"] and record["phone"])
    return both and record.source != "calls" and not record["mobile"]


def _places(garden: Garden) -> None:
    rng = garden.rng
    for record in garden.pick(90, ["country", "phone", "postcode", "tax_id", "state"], _e164):
        wrong = rng.choice(("XX", "ZZ", "Atlantis", "QQ", "Nirgendwo"))
        _flag(garden, record, "country", wrong, "country_unknown",
              "customers.country.accepted_values")  # fmt: skip
    for record in garden.pick(70, ["state", "country"], lambda r: r["state"]):
        wrong = rng.choice(("ZZ", "XY", "Calfornia", "Texs", "N Y"))
        _flag(garden, record, "state", wrong, "state_unknown", "customers.state.accepted_values")
    forms = {
        "DE": ("####", "######", "1O###"), "FR": ("####", "######"), "AT": ("#####", "###"),
        "CH": ("#####", "###"), "US": ("####", "######"), "GB": ("#####", "@@@@"),
        "NL": ("1###", "#####"),
    }  # fmt: skip
    for record in garden.pick(260, ["postcode", "country"], lambda r: r["postcode"]):
        country = record.entity.country
        wrong = fill(rng, rng.choice(forms[country]))
        rule = f"postcode_{country.lower()}"
        _flag(garden, record, "postcode", wrong, "postcode_wrong", rule)


def _dates(garden: Garden) -> None:
    rng = garden.rng
    born = lambda r: r["birth_date"]  # noqa: E731
    for record in garden.pick(80, ["birth_date"], born):
        future = AS_OF + timedelta(days=rng.randint(1, 9000))
        _flag(garden, record, "birth_date", future.isoformat(), "birth_future",
              "birth_date_plausible")  # fmt: skip
    for record in garden.pick(120, ["birth_date"], born):
        _flag(garden, record, "birth_date", "1900-01-01", "birth_sentinel", "birth_date_plausible")
    signed = lambda r: r["birth_date"] and r["signup_date"]  # noqa: E731
    for record in garden.pick(60, ["birth_date", "signup_date"], signed):
        young = _day(record["signup_date"]) - timedelta(days=rng.randint(1, 3000))
        _flag(garden, record, "birth_date", young.isoformat(), "birth_too_late", "old_enough")
    for record in garden.pick(60, ["birth_date", "type"], lambda r: r["type"] == "company"):
        _flag(garden, record, "birth_date", "1971-07-01", "company_with_birth_date",
              "birth_date_of_persons")  # fmt: skip
    ordered = lambda r: (  # noqa: E731
        r["last_order_date"] and r["signup_date"] and r["status"] == "active"
    )
    for record in garden.pick(90, ["last_order_date", "signup_date", "status"], ordered):
        early = _before(garden, record["signup_date"])
        garden.note(record, "last_order_date", "order_before_signup", early, "last_order_agrees",
                    "flag", dataset="customer_orders")  # fmt: skip
        _flag(garden, record, "last_order_date", early, "order_before_signup", "order_after_signup")
    for record in garden.pick(70, ["changed_on", "signup_date"], lambda r: r["signup_date"]):
        early = _before(garden, record["signup_date"])
        _flag(garden, record, "changed_on", early, "changed_before_signup", "changed_after_signup")
    new = lambda r: r["signup_date"] and not r["last_order_date"]  # noqa: E731
    for record in garden.pick(40, ["signup_date", "birth_date", "changed_on"], new):
        late = AS_OF + timedelta(days=rng.randint(1, 3000))
        _flag(garden, record, "signup_date", late.isoformat(), "signup_future",
              "customers.signup_date.accepted_range")  # fmt: skip


def _before(garden: Garden, day: str) -> str:
    return (_day(day) - timedelta(days=garden.rng.randint(1, 900))).isoformat()


def _unreadable(garden: Garden) -> None:
    wrong = {
        "crm": ("31.02.1980", "00.00.1975", "1975", "ca. 1970", "12/1980"),
        "shop": ("1980-02-31", "1975-13-01", "0000-00-00", "about 1970"),
        "calls": ("31/02/1980", "99/99/1975", "refused"),
    }
    for record in garden.pick(110, ["birth_date"], lambda r: r["birth_date"]):
        value = garden.rng.choice(wrong[record.source])
        _readable(garden, record, "birth_date", value, "unreadable_date")
    for record in garden.pick(50, ["annual_revenue"], lambda r: r["annual_revenue"]):
        value = garden.rng.choice(("ca. 5 Mio", "s. Bilanz", "1.2.3", "12,5 TEUR", "zwei Mio"))
        _readable(garden, record, "annual_revenue", value, "unreadable_number")


def _readable(garden: Garden, record: Record, column: str, value: str, kind: str) -> None:
    dataset = DATASETS[record.source]
    rule = f"{dataset}.{OWN[record.source][column]}.readable"
    garden.note(record, column, kind, value, rule, "flag", dataset=dataset)
    record.cells[column] = value


def _numbers(garden: Garden) -> None:
    rng = garden.rng
    for record in garden.pick(60, ["annual_revenue"], lambda r: r["annual_revenue"]):
        wrong = f"-{record['annual_revenue']}"
        _flag(garden, record, "annual_revenue", wrong, "revenue_negative",
              "customers.annual_revenue.accepted_range")  # fmt: skip
    for record in garden.pick(50, ["credit_limit"], lambda r: r["credit_limit"]):
        wrong = rng.choice(("-500.00", "9999999.00", "-1.00", "50000000.00"))
        _flag(garden, record, "credit_limit", wrong, "credit_limit_range",
              "customers.credit_limit.accepted_range")  # fmt: skip


def _tax_ids(garden: Garden) -> None:
    rng = garden.rng
    for record in garden.pick(110, ["tax_id", "country"], lambda r: r["tax_id"]):
        tax_id = record["tax_id"]
        wrong = rng.choice((tax_id[:-1], tax_id + "7", tax_id[:4] + "X" + tax_id[5:]))
        _flag(garden, record, "tax_id", wrong, "tax_id_form", "tax_id_form")
    for record in garden.pick(60, ["tax_id", "country"], lambda r: r["tax_id"]):
        form = "ATU########" if record.entity.country == "DE" else "DE#########"
        _flag(garden, record, "tax_id", fill(rng, form), "tax_id_country", "tax_id_of_country")
    for record in garden.pick(90, ["tax_id", "type"], lambda r: r["tax_id"]):
        value = rng.choice(("", "", "n/a", "unbekannt"))
        _flag(garden, record, "tax_id", value, _kind_of(value), "company_has_tax_id")


def _digits_in_names(garden: Garden) -> None:
    def fits(record: Record) -> bool:
        return any(letter in record["last_name"] for letter in _DIGITS)

    for record in garden.pick(110, ["last_name"], fits):
        name = record["last_name"]
        letter = next(x for x in name if x in _DIGITS)
        wrong = name.replace(letter, _DIGITS[letter], 1)
        _flag(garden, record, "last_name", wrong, "digit_in_name", "last_name_without_digits")
