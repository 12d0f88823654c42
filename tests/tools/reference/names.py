"""Invented names: family names are put together from parts, so that none is anybody's."""

from __future__ import annotations

from random import Random


def _words(text: str) -> list[str]:
    return text.split()


FIRST = {
    "de": _words(
        "Anna Lena Katharina Sabine Petra Jürgen Günter Björn Thomas Stefan Markus Ulrike Heike "
        "Monika Jörg Käthe Lukas Felix Jonas Sophie Marie Greta Emil Oskar Matthias Andreas Ingrid "
        "Renate Wolfgang Dieter Birgit Susanne Claudia Frank Uwe Ralf Holger Silke Anja Tanja Nils "
        "Hannah Mia Leon Paul Moritz Charlotte Friederike Johannes Sebastian Tobias Vera Clara"
    ),
    "fr": _words(
        "Élodie Céline Françoise René André Hélène Jérôme Luc Mathieu Chloé Amélie Théo Camille "
        "Julien Noémie Bastien Margaux Lucie Antoine Étienne Sylvie Thérèse Gaël Inès Maël"
    ),
    "en": _words(
        "James Mary Robert Patricia John Jennifer Michael Linda William Elizabeth David Barbara "
        "Richard Susan Joseph Jessica Charles Karen Daniel Nancy Matthew Betty Anthony Helen Mark "
        "Sandra Steven Ashley Andrew Emily Kevin Donna Brian Michelle George Carol Edward Amanda"
    ),
    "nl": _words(
        "Daan Sem Lotte Fleur Sanne Pieter Jeroen Maarten Femke Anouk Bram Thijs Roos Noor Joris "
        "Willem Hendrik Marieke Saskia Ruud Wouter Iris Eline"
    ),
}

_PARTS = {
    "de": (
        "Linden Eichen Birken Stein Grün Mühl Rößl Wald Feld Brunn Kirch Neu Alten Hohen Silber "
        "Roten Schwarz Weiden Tannen Buchen Ober Nieder Bären Falken Lerch Mön Kräh Süß Wolken "
        "Distel Hasel Kranz Morgen Winter",
        "hofer mann bauer berger müller meier egger huber rieder thaler bacher wieser steiner "
        "brunner lechner kofler moser reuter brandt kämper weiler kamp dorfer felder acker",
    ),
    "fr": (
        "Beau Mont Val Roche Haut Bois Clair Font Grand Belle Petit Mar Saint-Ro Cour Char Lam",
        "champ clair vert mont val rieu court ville lieu fort pré noir blanc sol",
    ),
    "en": (
        "Ash Black Brook Green Hart Long Marsh Oak Stone Thorn West Whit Wood Fair Hazel Kings Red "
        "Lock Mill North",
        "worth ham field ley ford well ton bourne wick combe hurst dale land shaw by gate stead",
    ),
    "nl": (
        "Water Molen Linde Duin Zand Hout Groene Berg Kerk Veen Olden Hage Wilge Noorder Zuider",
        "man stra veld kamp huis brink meer dijk horst berg sma poort laar beek",
    ),
}


def _combine(language: str) -> tuple[str, ...]:
    heads, tails = (part.split() for part in _PARTS[language])
    return tuple(h + t for h in heads for t in tails)


LAST = {language: _combine(language) for language in _PARTS}
LANGUAGES = {"DE": "de", "AT": "de", "CH": "de", "FR": "fr", "GB": "en", "US": "en", "NL": "nl"}

_BRAND_HEADS = _words(
    "Nord Silber Kranich Fels Quell Morgen Ost Gold Kristall Tau Sturm Kupfer Weit Hafen Schiefer "
    "Alpen Rhein Blue Grey Fox Lark Iron Red Summer Bois Clair Rose Duin Water Wind Tulpen Klaver "
    "Ahorn Stern Turm Efeu Wiesen Dach Enzian Salbei Zirbel Feder Amber Cobalt Onyx Lumen Vega"
)
_BRAND_TAILS = _words(
    "licht bach tor hof rot wind grün regen blick kiesel stone field gate bridge line wing hill "
    "vert val roos haus mark werk form tal quell punkt bogen ring"
)
BRANDS = tuple(h + t for t in _BRAND_TAILS for h in _BRAND_HEADS)

TRADES = {
    "machinery": "Maschinenbau",
    "logistics": "Logistik",
    "retail": "Handel",
    "software": "Software",
    "construction": "Bau",
    "food": "Feinkost",
    "energy": "Energie",
    "health": "Medizintechnik",
    "textiles": "Textil",
    "consulting": "Beratung",
    "printing": "Druck",
    "chemicals": "Chemie",
}
TRADES_ENGLISH = {
    "machinery": "Machines",
    "logistics": "Logistics",
    "retail": "Trading",
    "software": "Software",
    "construction": "Construction",
    "food": "Foods",
    "energy": "Energy",
    "health": "Medical",
    "textiles": "Textiles",
    "consulting": "Consulting",
    "printing": "Print",
    "chemicals": "Chemicals",
}
FORMS = {
    "DE": ("GmbH", "AG", "GmbH & Co. KG", "KG"),
    "AT": ("GmbH", "AG", "OG"),
    "CH": ("AG", "GmbH", "SA"),
    "FR": ("SARL", "SA", "SAS"),
    "GB": ("Ltd", "PLC"),
    "US": ("Inc.", "LLC", "Corp."),
    "NL": ("B.V.", "N.V."),
}

_ASCII = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e", "ê": "e", "ë": "e", "ç": "c",
     "ï": "i", "î": "i", "ô": "o", "â": "a", "à": "a", " ": "", "'": "", "&": "", ".": ""}
)  # fmt: skip


def slug(text: str) -> str:
    """Lower-case ASCII, for the part of an email before or after the @."""
    lowered = text.lower().translate(_ASCII)
    return "".join(c for c in lowered if c.isascii() and (c.isalnum() or c == "-"))


def person_name(rng: Random, country: str) -> tuple[str, str]:
    language = LANGUAGES[country]
    if rng.random() < 0.06:
        language = rng.choice(("de", "fr", "en", "nl"))
    first = rng.choice(FIRST[language])
    if rng.random() < 0.05:
        first = f"{first} {rng.choice(FIRST[language])}"
    last = rng.choice(LAST[language])
    if rng.random() < 0.04:
        last = f"{last}-{rng.choice(LAST[language])}"
    elif language == "nl" and rng.random() < 0.3:
        last = f"{rng.choice(('van', 'de', 'van der'))} {last}"
    return first, last


def company_name(rng: Random, country: str, brand: str, trade: str) -> str:
    words = TRADES if country in ("DE", "AT", "CH") else TRADES_ENGLISH
    return f"{brand} {words[trade]} {rng.choice(FORMS[country])}"
