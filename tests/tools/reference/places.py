"""Countries of the reference population: cities, postcodes, streets and telephone plans.

Telephone blocks are ones set aside for fiction where a country has them (Berlin 23125, London
7946, US 555-01xx), otherwise blocks that are valid by form and that nobody is likely to have
(subscribers 000... or 900...).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class City:
    name: str
    postcode: str  # '#' is a digit, '@' a letter
    landline: str  # with trunk prefix, as people dial it
    state: str | None = None


@dataclass(frozen=True)
class Country:
    code: str
    calling: str
    trunk: str
    weight: int
    cities: tuple[City, ...]
    mobiles: tuple[str, ...]
    streets: tuple[str, ...]
    street_form: str  # {street} {number}


def _cities(text: str) -> tuple[City, ...]:
    lines = [line.strip().split("|") for line in text.strip().splitlines()]
    return tuple(City(c[0], c[1], c[2], c[3] if len(c) > 3 else None) for c in lines)


DE = Country(
    "DE", "49", "0", 48,
    _cities("""
        Berlin|10###|030 23125###
        Berlin|12###|030 23126###
        Frankfurt am Main|60###|069 90009###
        Hamburg|20###|040 66969###
        Köln|50###|0221 4710###
        München|80###|089 99998###
        Stuttgart|70###|0711 900####
        Dresden|01###|0351 900####
        Leipzig|04###|0341 900####
        Bremen|28###|0421 900####
        Hannover|30###|0511 900####
        Wiesbaden|65###|0611 900####
    """),
    ("0151 0000####", "0152 0000####", "0160 000####", "0170 000####", "0171 000####"),
    ("Lindenweg", "Eichenstraße", "Am Mühlbach", "Rosengasse", "Birkenallee", "Schillerstraße",
     "Bahnhofstraße", "Kirchplatz", "Gartenstraße", "Hauptstraße", "Brunnenweg", "Uferstraße",
     "Goethestraße", "Ahornweg", "Marktplatz", "Sonnenhang", "Königsallee", "Bergstraße"),
    "{street} {number}",
)  # fmt: skip

AT = Country(
    "AT", "43", "0", 13,
    _cities("""
        Wien|10#0|01 900####
        Graz|80##|0316 900###
        Linz|40##|0732 900###
        Salzburg|50##|0662 900###
        Innsbruck|60##|0512 900###
        Klagenfurt|90##|0463 900###
    """),
    ("0664 000####", "0664 900####", "0676 900####", "0699 900#####"),
    ("Mozartgasse", "Donaulände", "Wiener Straße", "Lerchengasse", "Am Graben", "Feldgasse",
     "Alpenstraße", "Schlossgasse", "Rathausplatz", "Kärntner Weg", "Mühlgasse", "Ringstraße"),
    "{street} {number}",
)  # fmt: skip

CH = Country(
    "CH", "41", "0", 11,
    _cities("""
        Zürich|80##|044 000 ## ##
        Bern|30##|031 000 ## ##
        Basel|40##|061 000 ## ##
        Lausanne|10##|021 000 ## ##
        Genève|12##|022 000 ## ##
    """),
    ("079 000 ## ##", "078 000 ## ##", "076 000 ## ##"),
    ("Seestrasse", "Bergstrasse", "Rebweg", "Dorfplatz", "Limmatgasse", "Sonnenrain",
     "Rue du Lac", "Chemin des Vignes", "Zürcherstrasse", "Mattenweg", "Kreuzgasse"),
    "{street} {number}",
)  # fmt: skip

FR = Country(
    "FR", "33", "0", 8,
    _cities("""
        Paris|750##|01 99 00 ## ##
        Lyon|690##|04 65 71 ## ##
        Marseille|130##|04 65 71 ## ##
        Nantes|440##|02 61 91 ## ##
        Strasbourg|670##|03 53 01 ## ##
        Toulouse|310##|05 36 49 ## ##
    """),
    ("06 00 0# ## ##", "06 30 0# ## ##"),
    ("rue des Lilas", "avenue de la Gare", "rue Saint-Élie", "place du Marché", "rue de l'Étang",
     "boulevard des Frênes", "chemin du Moulin", "allée des Chênes", "quai du Port"),
    "{number} {street}",
)  # fmt: skip

GB = Country(
    "GB", "44", "0", 7,
    _cities("""
        London|SW#A #@@|020 7946 0###
        London|N# #@@|020 7946 0###
        Leeds|LS# #@@|0113 496 0###
        Leicester|LE# #@@|0116 496 0###
        Bristol|BS# #@@|0117 496 0###
        Birmingham|B# #@@|0121 496 0###
        Edinburgh|EH# #@@|0131 496 0###
        Glasgow|G# #@@|0141 496 0###
        Manchester|M# #@@|0161 496 0###
    """),
    ("07400 00####", "07400 01####"),
    ("Mill Lane", "Church Street", "Station Road", "Orchard Close", "King's Row", "Elm Grove",
     "High Street", "Park Avenue", "Willow Way", "Harbour Road"),
    "{number} {street}",
)  # fmt: skip

US = Country(
    "US", "1", "", 8,
    _cities("""
        New York|100##|(212) 555-01##|NY
        New York|101##|(718) 555-01##|NY
        Austin|787##|(512) 555-01##|TX
        Austin|787##|(737) 555-01##|TX
        Chicago|606##|(312) 555-01##|IL
        Chicago|606##|(773) 555-01##|IL
        San Francisco|941##|(415) 555-01##|CA
        Los Angeles|900##|(213) 555-01##|CA
        Los Angeles|900##|(323) 555-01##|CA
        Seattle|981##|(206) 555-01##|WA
        Denver|802##|(303) 555-01##|CO
        Denver|802##|(720) 555-01##|CO
        Phoenix|850##|(602) 555-01##|AZ
        Phoenix|850##|(480) 555-01##|AZ
        Boston|021##|(617) 555-01##|MA
        Boston|021##|(857) 555-01##|MA
        Miami|331##|(305) 555-01##|FL
        Miami|331##|(786) 555-01##|FL
        Atlanta|303##|(404) 555-01##|GA
        Portland|972##|(503) 555-01##|OR
    """),
    ("(917) 555-01##", "(646) 555-01##", "(347) 555-01##", "(929) 555-01##", "(332) 555-01##",
     "(214) 555-01##", "(469) 555-01##", "(972) 555-01##", "(713) 555-01##", "(832) 555-01##"),
    ("Maple Street", "Oak Avenue", "Cedar Lane", "Lake Drive", "Washington Street", "Hill Road",
     "Sunset Boulevard", "Park Place", "River Road", "Pine Court"),
    "{number} {street}",
)  # fmt: skip

NL = Country(
    "NL", "31", "0", 5,
    _cities("""
        Amsterdam|10## @@|020 900 ####
        Rotterdam|30## @@|010 900 ####
        Utrecht|35## @@|030 900 ####
        Den Haag|25## @@|070 900 ####
        Eindhoven|56## @@|040 900 ####
        Groningen|97## @@|050 900 ####
    """),
    ("06 1000####", "06 2000####", "06 5000####"),
    ("Kerkstraat", "Molenweg", "Dorpsstraat", "Tulpenlaan", "Prinsengracht", "Havenkade",
     "Beukenlaan", "Stationsplein", "Zeeweg"),
    "{street} {number}",
)  # fmt: skip

COUNTRIES = {c.code: c for c in (DE, AT, CH, FR, GB, US, NL)}
_WEIGHTED = tuple(c for c in COUNTRIES.values() for _ in range(c.weight))
LETTERS = "ABDEFGHJLNPQRTUWXYZ"  # in use at the end of British and Dutch postcodes


def pick_country(rng: Random) -> Country:
    return rng.choice(_WEIGHTED)


def fill(rng: Random, pattern: str) -> str:
    """Digits for '#', letters for '@'."""
    out = []
    for char in pattern:
        if char == "#":
            out.append(rng.choice("0123456789"))
        elif char == "@":
            out.append(rng.choice(LETTERS))
        else:
            out.append(char)
    return "".join(out)


@dataclass(frozen=True)
class Address:
    street: str
    postcode: str
    city: City
    country: Country


def pick_address(rng: Random, country: Country) -> Address:
    city = rng.choice(country.cities)
    street = rng.choice(country.streets)
    written = country.street_form.format(street=street, number=rng.randint(1, 148))
    return Address(written, fill(rng, city.postcode), city, country)
