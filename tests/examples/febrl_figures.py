"""examples/febrl, worked out another way: its flags, its changed cells, who is who."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ran import Figures, Row

AS_OF = dt.datetime(2026, 11, 1)
SETS = ("1", "2", "3", "4a", "4b")
SIZES = {"1": 1000, "2": 5000, "3": 5000, "4a": 5000, "4b": 5000}
STATES = ("ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA")
TIDIED = {
    "given_name": "given_name_form",
    "surname": "surname_form",
    "suburb": "suburb_form",
    "address_1": "address_1_form",
    "address_2": "address_2_form",
    "state": "state_form",
}


def read_rows(root: Path) -> dict[str, Row]:
    """Key -> record, names and cells without the blank that stands before them in the file."""
    rows = {}
    for name in SETS:
        with (root / f"data/dataset{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                clean = {k.strip(): v.strip() for k, v in row.items()}
                rows[f"set_{name}/{clean['rec_id']}"] = clean
    return rows


def day_of(text: str) -> dt.date | None:
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def state_of(text: str) -> str:
    """The code, mended where swapping two neighbours makes one and only one state's code."""
    code = text.upper()
    swaps = {code[:i] + code[i + 1] + code[i] + code[i + 2 :] for i in range(len(code) - 1)}
    meant = swaps.intersection(STATES)
    return code if code in STATES or len(meant) != 1 else meant.pop()


def cut_short(text: str) -> bool:
    return "(" in text and ")" not in text[text.rindex("(") :]


def form(column: str, text: str) -> str:
    """A cell as the defaults should leave it; names are compared but for their capitals."""
    tidy = " ".join(text.split())
    if column in ("suburb", "address_1", "address_2"):
        return re.sub(r"(?:^|[ '’./&(-])[a-z]", lambda m: m.group().upper(), tidy.lower())
    return tidy.upper() if column == "state" else tidy


def changes_form(column: str, text: str) -> bool:
    """All stands in small letters, so each name that begins with a letter changes."""
    if column in ("given_name", "surname"):
        return bool(re.search(r"(?:^|[ '-])[a-z]", text))
    return form(column, text) != text


def figures(root: Path) -> Figures:
    rows = read_rows(root)
    cells = {k: {c: v or None for c, v in r.items()} for k, r in rows.items()}
    numbers = Counter((k.split("/")[0], r["soc_sec_id"]) for k, r in cells.items())
    days = {k: day_of(r["date_of_birth"] or "") for k, r in cells.items()}

    def where(fails: Callable[[str, Row], Any], column: str | None = None) -> dict[str, str | None]:
        """The failing keys; `column`: its tidied cell is the value in the flag."""
        found: dict[str, str | None] = {}
        for key, record in cells.items():
            filled = {c: v or "" for c, v in record.items()}
            if fails(key, filled):
                text = filled[column] if column else ""
                found[key] = form(column, text) if column and text else None
        return found

    def missing(column: str) -> dict[str, str | None]:
        return where(lambda _, r: not r[column])

    def odd(text: str) -> bool:
        return bool(text) and not all(c.isalpha() or c in " '-" for c in text)

    flags: dict[str, Mapping[str, str | None]] = {
        f"persons.{c}.not_null": missing(c)
        for c in ("given_name", "surname", "soc_sec_id", "suburb", "address_1", "state", "postcode")
    }
    flags |= {
        f"persons.{c}.regex": where(lambda _, r, c=c: odd(r[c]), c)
        for c in ("given_name", "surname", "suburb")
    }
    flags |= {
        f"persons.{c}.regex": where(lambda _, r, c=c: cut_short(r[c]), c)
        for c in ("address_1", "address_2")
    }
    flags |= {
        "person_key": {},
        "person_has_a_name": where(lambda _, r: not r["given_name"] and not r["surname"]),
        "persons.date_of_birth.not_null": where(lambda k, _: days[k] is None),
        "persons.date_of_birth.accepted_range": where(
            lambda k, _: days[k] and not dt.date(1900, 1, 1) <= days[k] <= AS_OF.date()
        ),
        "persons.soc_sec_id.regex": where(
            lambda _, r: not 1_000_000 <= int(r["soc_sec_id"]) <= 9_999_999, "soc_sec_id"
        ),
        "soc_sec_id_once": where(lambda k, r: numbers[k.split("/")[0], r["soc_sec_id"]] > 1),
        "persons.street_number.regex": where(
            lambda _, r: (
                r["street_number"]
                and str(int(r["street_number"])) != r["street_number"]
                or r["street_number"]
                and not 1 <= int(r["street_number"]) <= 9999
            ),
            "street_number",
        ),
        "street_has_number": where(lambda _, r: r["address_1"] and not r["street_number"]),
        "persons.state.accepted_values": where(
            lambda _, r: r["state"] and state_of(r["state"]) not in STATES, "state"
        ),
        "persons.postcode.regex": where(
            lambda _, r: not (r["postcode"].isdecimal() and len(r["postcode"]) == 4), "postcode"
        ),
        "postcode_in_use": where(
            lambda _, r: int(r["postcode"]) < 1000 and int(r["postcode"]) // 100 not in (2, 8, 9),
            "postcode",
        ),
    }
    for name in SETS:
        own = {k.split("/")[1]: r for k, r in rows.items() if k.startswith(f"set_{name}/")}
        assert len(own) == SIZES[name]
        flags |= {f"set_{name}.rec_id.{check}": {} for check in ("not_null", "unique", "regex")}
        flags[f"set_{name}_is_whole"] = {}
        flags[f"set_{name}.date_of_birth.readable"] = {
            k: r["date_of_birth"]
            for k, r in own.items()
            if r["date_of_birth"] and day_of(r["date_of_birth"]) is None
        }
    changes: dict[str, dict[str, tuple[str | None, str | None]]] = {
        rule: {
            k: (r[column], form(column, r[column]))
            for k, r in rows.items()
            if changes_form(column, r[column])
        }
        for column, rule in TIDIED.items()
    }
    upper = {k: r["state"].upper() for k, r in rows.items()}
    changes["state_slip"] = {k: (s, state_of(s)) for k, s in upper.items() if state_of(s) != s}
    changes["state_unknown"] = {k: (None, "unknown") for k, s in upper.items() if not s}
    return Figures(flags, changes, folded=frozenset({"given_name_form", "surname_form"}))


# matching: the number in rec_id says who is who -----------------------------------------------


def person(key: str) -> str:
    """The number of the person within a set, of `rec-17-dup-0` and of `a/rec-17-org`."""
    return key.split("rec-")[1].split("-")[0]


def pairs(groups: Iterable[Any]) -> int:
    """How many pairs of records are in one group; one group name a record."""
    return sum(n * (n - 1) // 2 for n in Counter(groups).values())


def f1(party_of: dict[str, str]) -> float:
    """Pairwise F1 of parties against the truth."""
    right = pairs((person(key), party) for key, party in party_of.items())
    return 2 * right / (pairs(map(person, party_of)) + pairs(party_of.values()))
