"""Errors that defaults put right: other words, other forms, missing cells with a known remedy."""

from __future__ import annotations

from collections.abc import Callable

from .names import TRADES
from .phones import INVALID, written_forms
from .planting import SET, Garden, filled
from .records import Record

COUNTRY_WORDS = {
    "DE": ("Deutschland", "Germany", "GER", "D", "de", "BRD", "Allemagne"),
    "AT": ("Österreich", "Austria", "AUT", "A", "at", "Oesterreich"),
    "CH": ("Schweiz", "Suisse", "Switzerland", "CHE", "ch"),
    "FR": ("Frankreich", "France", "FRA", "F", "fr"),
    "GB": ("Großbritannien", "UK", "United Kingdom", "England", "GBR", "gb"),
    "US": ("USA", "U.S.A.", "United States", "Vereinigte Staaten", "us"),
    "NL": ("Niederlande", "Netherlands", "Holland", "NLD", "nl"),
}
STATE_WORDS = {
    "NY": ("New York", "N.Y."), "TX": ("Texas", "Tex."), "IL": ("Illinois", "Ill."),
    "CA": ("California", "Calif."), "WA": ("Washington", "Wash."), "CO": ("Colorado", "Colo."),
    "AZ": ("Arizona", "Ariz."), "MA": ("Massachusetts", "Mass."), "FL": ("Florida", "Fla."),
    "GA": ("Georgia", "Ga."), "OR": ("Oregon", "Ore."),
}  # fmt: skip
STATUS_WORDS = {
    "active": ("aktiv", "Active", "A", "ok"),
    "inactive": ("inaktiv", "ruhend", "I"),
    "blocked": ("gesperrt", "locked", "X"),
}
TYPE_WORDS = {"person": ("Privat", "B2C", "P"), "company": ("Firma", "B2B", "F")}


def plant(garden: Garden) -> None:
    _countries(garden)
    _words(garden)
    _phones(garden)
    _emails(garden)
    _names(garden)
    _postcodes(garden)
    _missing(garden)


def _change(garden: Garden, record: Record, column: str, value: str, kind: str, rule: str,
            expected: str = "") -> None:  # fmt: skip
    garden.spoil(record, column, value, kind, rule, "change", expected)


def _countries(garden: Garden) -> None:
    for record in garden.pick(1700, ["country"], lambda r: True):
        word = garden.rng.choice(COUNTRY_WORDS[record["country"]])
        _change(garden, record, "country", word, "country_spelling", "country_code")


def _words(garden: Garden) -> None:
    rng = garden.rng
    for record in garden.pick(140, ["state"], lambda r: r["state"]):
        word = rng.choice(STATE_WORDS[record["state"]])
        _change(garden, record, "state", word, "state_spelling", "state_code")
    for record in garden.pick(260, ["status"], lambda r: r["status"]):
        word = rng.choice(STATUS_WORDS[record["status"]])
        _change(garden, record, "status", word, "status_word", "status_code")
    for record in garden.pick(180, ["type"], lambda r: True):
        word = rng.choice(TYPE_WORDS[record["type"]])
        _change(garden, record, "type", word, "type_word", "customer_type")
    for record in garden.pick(180, ["industry", "trade"], lambda r: r["industry"]):
        word = TRADES[record["industry"]]
        _change(garden, record, "industry", word, "industry_word", "industry_code")


def _phones(garden: Garden) -> None:
    rng = garden.rng
    for source, column, count in (
        ("crm", "phone", 1600), ("shop", "phone", 400), ("calls", "phone", 1200),
        ("crm", "mobile", 300),
    ):  # fmt: skip

        def fits(r: Record, source: str = source, column: str = column) -> bool:
            return r.source == source and bool(r[column])

        for record in garden.pick(count, [column], fits):
            form = rng.choice(written_forms(record[column], record.entity.country))
            _change(garden, record, column, form, "phone_national", f"{column}_form")
    for record in garden.pick(220, ["phone", "email"], lambda r: r["phone"] and r["email"]):
        wrong = rng.choice(INVALID)
        _change(garden, record, "phone", wrong, "phone_invalid", "phone_form", SET)


def _emails(garden: Garden) -> None:
    rng = garden.rng
    for record in garden.pick(420, ["email"], lambda r: r["email"]):
        email = record["email"]
        local, domain = email.split("@")
        form = rng.choice(
            (email.upper(), f" {email}", f"{email} ", f"{local}@{domain.upper()}",
             f"<{email}>", f"mailto:{email}", f"{local.title()}@{domain}")
        )  # fmt: skip
        _change(garden, record, "email", form, "email_form", "email_form")


def _names(garden: Garden) -> None:
    rng = garden.rng
    for column in ("last_name", "first_name"):
        for record in garden.pick(220, [column], _plain(column)):
            form = rng.choice((record[column].upper(), record[column].lower()))
            _change(garden, record, column, form, "name_casing", f"{column}_form")
        for record in garden.pick(120, [column], filled(column)):
            form = rng.choice((f" {record[column]}", f"{record[column]}  "))
            _change(garden, record, column, form, "whitespace", f"{column}_form")
    for column in ("company", "city"):
        for record in garden.pick(120, [column], filled(column)):
            text = record[column]
            form = rng.choice((f" {text}", f"{text} ", text.replace(" ", "  ") + "  "))
            _change(garden, record, column, form, "whitespace", f"{column}_spaces")


def _plain(column: str) -> Callable[[Record], bool]:
    """Whether a name comes back from all capitals: one word, no sharp s."""
    return lambda r: bool(r[column]) and " " not in r[column] and "ß" not in r[column]


def _postcodes(garden: Garden) -> None:
    rng = garden.rng
    for record in garden.pick(
        160, ["postcode"], lambda r: r.entity.country in ("NL", "GB") and r["postcode"]
    ):
        code = record["postcode"]
        form = rng.choice((code.lower(), code.replace(" ", ""), code.lower().replace(" ", "")))
        _change(garden, record, "postcode", form, "postcode_spacing", "postcode_form")


def _missing(garden: Garden) -> None:
    rng = garden.rng
    for record in garden.pick(160, ["industry", "trade"], lambda r: r["industry"]):
        value = rng.choice(("", "", "n/a", "unbekannt"))
        kind = "sentinel_token" if value else "missing_cell"
        expected = record["trade"] or SET
        _change(garden, record, "industry", value, kind, "industry_default", expected)
    for record in garden.pick(260, ["consent"], lambda r: True):
        value = rng.choice(("", "", "?", "n/a"))
        kind = "sentinel_token" if value else "missing_cell"
        _change(garden, record, "consent", value, kind, "consent_default", "unknown")
