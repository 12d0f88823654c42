"""One population: persons (some in households) and companies (some in concerns)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from . import names
from .phones import PhoneBook
from .places import Address, Country, fill, pick_address, pick_country

PERSONS, COMPANIES = 9_000, 3_000
AS_OF = date(2026, 11, 1)
DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com", "post.example.org")


@dataclass
class Entity:
    """A person or a company as it truly is. `old_address`: where it lived before it moved."""

    id: str
    kind: str
    address: Address
    phone: str
    first_name: str = ""
    last_name: str = ""
    birth_date: str = ""
    company: str = ""
    tax_id: str = ""
    industry: str = ""
    revenue_cents: int = 0
    email: str = ""
    email_other: str = ""
    mobile: str = ""
    old_address: Address | None = None
    household_id: str = ""
    concern_id: str = ""
    pattern: str = "prospect"
    signup: date = AS_OF
    first_order: date | None = None
    sources: list[str] = field(default_factory=list)

    @property
    def country(self) -> str:
        return self.address.country.code


class Population:
    """Draws entities one after the other from one random stream."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.book = PhoneBook(rng)
        self.entities: list[Entity] = []
        self._emails: set[str] = set()

    def make(self) -> list[Entity]:
        self._households()
        while len(self.entities) < PERSONS:
            country = pick_country(self.rng)
            address = pick_address(self.rng, country)
            self._person(address, *names.person_name(self.rng, country.code))
        self._companies()
        return self.entities

    # persons

    def _households(self) -> None:
        for number in range(1, 901):
            country = pick_country(self.rng)
            address = pick_address(self.rng, country)
            phone = self.book.new(country, (address.city.landline,))
            first, last = names.person_name(self.rng, country.code)
            used: set[str] = set()
            for member in range(self.rng.choice((2, 2, 2, 3, 3, 4))):
                if member and self.rng.random() < 0.15:
                    last = names.person_name(self.rng, country.code)[1]
                while first in used:
                    first = names.person_name(self.rng, country.code)[0]
                used.add(first)
                person = self._person(address, first, last, phone)
                person.household_id = f"H{number:04d}"

    def _person(self, address: Address, first: str, last: str, phone: str = "") -> Entity:
        rng = self.rng
        country = address.country
        person = Entity(self._id("P"), "person", address, phone, first, last)
        person.phone = phone or self._any_phone(address)
        if rng.random() < (0.7 if phone else 0.4):
            person.mobile = self.book.new(country, country.mobiles)
        born = date(1942, 1, 1) + timedelta(days=rng.randrange(60 * 365))
        person.birth_date = born.isoformat()
        person.email = self._email(f"{names.slug(first)}.{names.slug(last)}")
        if rng.random() < 0.15:
            person.email_other = self._email(f"{names.slug(last)}{born.year % 100:02d}")
        if rng.random() < 0.08:
            person.old_address = pick_address(rng, country)
        self.entities.append(person)
        return person

    def _any_phone(self, address: Address) -> str:
        country = address.country
        patterns = country.mobiles if self.rng.random() < 0.5 else (address.city.landline,)
        return self.book.new(country, patterns)

    def _email(self, local: str) -> str:
        domain = self.rng.choice(DOMAINS)
        email, number = f"{local}@{domain}", 1
        while email in self._emails:
            number += 1
            email = f"{local}{number}@{domain}"
        self._emails.add(email)
        return email

    # companies

    def _companies(self) -> None:
        brands = list(names.BRANDS)
        self.rng.shuffle(brands)
        concern = 0
        while len(self.entities) < PERSONS + COMPANIES:
            left = PERSONS + COMPANIES - len(self.entities)
            country = pick_country(self.rng)
            if concern < 160 and left > 4:
                concern += 1
                self._concern(f"K{concern:04d}", country, brands.pop())
            else:
                brand = brands.pop() if len(brands) > 40 else self._family_brand(country)
                self._company(country, brand, self._tax_id(country))

    def _family_brand(self, country: Country) -> str:
        return names.person_name(self.rng, country.code)[1]

    def _concern(self, concern_id: str, country: Country, brand: str) -> None:
        tax_id = self._tax_id(country)
        trades = list(names.TRADES)
        self.rng.shuffle(trades)
        for trade in trades[: self.rng.choice((2, 2, 3, 4))]:
            self._company(country, brand, tax_id, trade).concern_id = concern_id

    def _company(self, country: Country, brand: str, tax_id: str, trade: str = "") -> Entity:
        rng = self.rng
        address = pick_address(rng, country)
        phone = self.book.new(country, (address.city.landline, *country.mobiles))
        company = Entity(self._id("F"), "company", address, phone, tax_id=tax_id)
        company.industry = trade or rng.choice(tuple(names.TRADES))
        company.company = names.company_name(rng, country.code, brand, company.industry)
        company.first_name, company.last_name = names.person_name(rng, country.code)
        company.revenue_cents = rng.randint(80, 9_999) * 10 ** rng.choice((4, 5, 5, 6))
        local = rng.choice(("info", "office", "kontakt", "sales"))
        domain = f"{names.slug(f'{brand}-{company.industry}')}-{len(self.entities)}.example"
        company.email = f"{local}@{domain}"
        if rng.random() < 0.15:
            company.email_other = f"{names.slug(company.last_name)}@{domain}"
        self.entities.append(company)
        return company

    def _tax_id(self, country: Country) -> str:
        form = {
            "DE": "DE#########", "AT": "ATU########", "CH": "CHE#########", "FR": "FR###########",
            "GB": "GB#########", "US": "##-#######", "NL": "NL#########B0#",
        }[country.code]  # fmt: skip
        return fill(self.rng, form)

    def _id(self, letter: str) -> str:
        return f"{letter}{len(self.entities) + 1:05d}"
