"""The forms that values are compared in: one per compare word, as DuckDB expressions.

Everything here speaks of the internal column `v` only; a steward's name never comes near it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


def _words(text: str) -> list[str]:
    return text.split()


# Legal forms and fillers that say nothing about which company it is.
_LEGAL = _words(
    "gmbh co kg kgaa ag ohg gbr ug mbh haftungsbeschrankt ev eg se ltd limited llc llp lp plc inc "
    "incorporated corp corporation company sarl sas sasu sa eurl sprl bvba bv nv vof srl spa snc "
    "sl slu oy oyj ab as asa aps kft zrt doo sro pty pte und and et the der die das le la les"
)
# Said in full: the short form that an address is compared in.
_STREETS = {
    "st": "street saint str strasse",
    "rd": "road",
    "av": "avenue ave aven",
    "dr": "drive",
    "ln": "lane",
    "bd": "boulevard blvd",
    "pl": "place platz plaza",
    "sq": "square",
    "ct": "court crt",
    "cr": "crescent cres",
    "hw": "highway hwy",
    "tr": "terrace terr tce",
    "pk": "park pkwy parkway",
    "cl": "close",
    "all": "allee",
    "che": "chemin ch",
    "im": "impasse imp",
    "n": "north nord",
    "s": "south sud",
    "e": "east ost",
    "w": "west ouest",
}


@dataclass(frozen=True)
class Form:
    """`main`: the compared text or date; `more`: further columns by suffix; `keys`: for blocks.

    `more` and `keys` speak of `{c}`, the column that main became.
    """

    main: str
    more: dict[str, str] = field(default_factory=dict)
    keys: dict[str, tuple[str, float]] = field(default_factory=dict)


def _text(v: str) -> str:
    return f"cast({v} as varchar)"


def _folded(v: str) -> str:
    """Lower case, no accents, words of letters and digits with one blank between."""
    low = f"trim(lower({_text(v)}))"
    latin = f"replace(replace(replace({low}, 'ß', 'ss'), 'ø', 'o'), 'æ', 'ae')"
    plain = f"regexp_replace(strip_accents({latin}), '[^\\p{{L}}\\p{{N}}]+', ' ', 'g')"
    plainly = f"regexp_full_match({low}, '[a-z0-9]+( [a-z0-9]+)*')"
    return f"nullif(CASE WHEN {plainly} THEN {low} ELSE trim({plain}) END, '')"


def _without(v: str, words: list[str]) -> str:
    """The words left when some are left out; all of them where none would be."""
    some = ", ".join(f"'{word}'" for word in words)
    left = f"list_filter(string_split({v}, ' '), lambda w: w NOT IN ({some}))"
    return f"coalesce(nullif(array_to_string({left}, ' '), ''), {v})"


def _shortened(v: str) -> str:
    """Strasse, street, st. are one word; so is `ringstrasse` with `ringstr`."""
    pairs = sorted((word, short) for short, words in _STREETS.items() for word in words.split())
    known = ", ".join(f"'{word}': '{short}'" for word, short in pairs)
    v = f"regexp_replace({v}, '(strasse|str)( |$)', ' st ', 'g')"
    words = f"list_filter(string_split({v}, ' '), lambda w: w <> '')"
    return (
        f"array_to_string(list_transform({words}, lambda w: coalesce(MAP {{{known}}}[w], w)), ' ')"
    )


def _name(v: str, type_: str) -> Form:
    skeleton = "left({c}, 1) || regexp_replace({c}, '[aeiouyhw ]+', '', 'g')"
    return Form(
        _folded(v), keys={"": ("{c}", 0.85), "k": (skeleton, 0.9), "p": ("left({c}, 3)", 0.93)}
    )


def _date(v: str, type_: str) -> Form:
    main = v if type_ == "DATE" else f"try_cast({v} as date)"
    y, m, d = ("date_part('year', {c})", "date_part('month', {c})", "date_part('day', {c})")
    either = f"row({y}, least({m}, {d}), greatest({m}, {d}))"
    return Form(
        main,
        keys={
            "": ("{c}", 0.9),
            "s": (either, 0.92),
            "y": (f"row({y}, {m})", 0.93),
            "d": (f"row({m}, {d})", 0.93),
        },
    )


def _email(v: str, type_: str) -> Form:
    main = f"nullif(trim(lower({_text(v)})), '')"
    local = "regexp_replace(split_part({c}, '@', 1), '[^a-z0-9]|\\+.*$', '', 'g')"
    return Form(
        main,
        {"_u": f"nullif({local}, '')"},
        {"": ("{c}", 0.75), "u": ("{c}_u", 0.78), "p": ("left({c}_u, 5)", 0.8)},
    )


def _phone(v: str, type_: str) -> Form:
    digits = f"ltrim(regexp_replace({_text(v)}, '[^0-9]', '', 'g'), '0')"
    return Form(
        f"nullif(right({digits}, 9), '')",
        keys={"": ("{c}", 0.7), "r": ("right({c}, 6)", 0.73), "p": ("left({c}, 6)", 0.73)},
    )


def _postcode(v: str, type_: str) -> Form:
    main = f"nullif(regexp_replace(upper({_text(v)}), '[^\\p{{L}}\\p{{N}}]', '', 'g'), '')"
    return Form(main, keys={"": ("{c}", 0.85), "p": ("left({c}, 3)", 0.9)})


def _company(v: str, type_: str) -> Form:
    first = "split_part({c}, ' ', 1)"
    return Form(_without(_folded(v), _LEGAL), keys={"": ("{c}", 0.8), "w": (first, 0.88)})


def _address(v: str, type_: str) -> Form:
    numbers = "nullif(array_to_string(list_sort(regexp_extract_all({c}, '[0-9]+')), ' '), '')"
    words = "nullif(trim(regexp_replace({c}, '[0-9]+[a-z]?\\b ?', '', 'g')), '')"
    return Form(
        _shortened(_folded(v)),
        {"_n": numbers, "_w": words},
        {
            "": ("{c}", 0.75),
            "w": ("left({c}_w, 5)", 0.85),
            "n": ("row({c}_n, left({c}_w, 3))", 0.82),
        },
    )


def _exact(v: str, type_: str) -> Form:
    return Form(
        f"nullif(trim({_text(v)}), '')",
        keys={
            "": ("{c}", 0.9),
            "p": ("case when length({c}) > 5 then left({c}, length({c}) // 2) end", 0.92),
            "r": ("case when length({c}) > 5 then right({c}, length({c}) // 2) end", 0.92),
        },
    )


FORMS: dict[str, Callable[[str, str], Form]] = {
    "name": _name,
    "date": _date,
    "email": _email,
    "phone": _phone,
    "postcode": _postcode,
    "company": _company,
    "address": _address,
    "exact": _exact,
}
