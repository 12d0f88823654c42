"""Telephone numbers: unique valid ones, the ways people write them, and invalid ones."""

from __future__ import annotations

from random import Random

from .places import COUNTRIES, Country, fill


class PhoneBook:
    """Hands out each number once."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._used: set[str] = set()

    def new(self, country: Country, patterns: tuple[str, ...]) -> str:
        for _ in range(10_000):
            number = e164(country, fill(self._rng, self._rng.choice(patterns)))
            if number not in self._used:
                self._used.add(number)
                return number
        raise ValueError(f"no number left in {patterns}")


def digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def e164(country: Country, national: str) -> str:
    return f"+{country.calling}{digits(national).removeprefix(country.trunk)}"


def written_forms(number: str, code: str) -> list[str]:
    """How people of a country write a number that is `number` in E.164."""
    country = COUNTRIES[code]
    rest = number.removeprefix(f"+{country.calling}")
    if code == "US":
        a, b, c = rest[:3], rest[3:6], rest[6:]
        return [f"({a}) {b}-{c}", f"{a}-{b}-{c}", f"{a}.{b}.{c}", f"1-{a}-{b}-{c}", rest]
    if code == "FR":
        pairs = [rest[i : i + 2] for i in range(1, len(rest), 2)]
        tail = " ".join(pairs)
        return [f"0{rest[0]} {tail}", f"0{rest[0]}.{tail.replace(' ', '.')}", f"0{rest}",
                f"+33 {rest[0]} {tail}", f"0033{rest}"]  # fmt: skip
    area, local = _split(rest, code)
    cc = country.calling
    return [f"0{area} {local}", f"(0{area}) {local}", f"0{area}/{local}", f"0{area}-{local}",
            f"+{cc} {area} {local}", f"+{cc} (0){area} {local}", f"00{cc} {area} {local}",
            f"0{rest}"]  # fmt: skip


_AREAS = {
    "DE": ("30", "69", "40", "221", "89", "711", "351", "341", "421", "511", "611",
           "151", "152", "160", "170", "171"),
    "AT": ("316", "732", "662", "512", "463", "664", "676", "699", "1"),
    "CH": ("44", "31", "61", "21", "22", "79", "78", "76"),
    "GB": ("20", "113", "116", "117", "121", "131", "141", "161", "7400"),
    "NL": ("20", "10", "30", "70", "40", "50", "6"),
}  # fmt: skip


def _split(rest: str, code: str) -> tuple[str, str]:
    area = next(a for a in sorted(_AREAS[code], key=len, reverse=True) if rest.startswith(a))
    local = rest[len(area) :]
    if len(local) > 6:
        local = f"{local[:3]} {local[3:]}"
    return area, local


INVALID = (
    "123", "+49 999", "0301234567890123456", "555-01", "auf Anfrage", "x", "+41 12", "0770",
    "siehe Notiz", "+999 123456", "++", "02 02",
)  # fmt: skip
