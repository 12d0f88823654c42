"""Pairs that look sure but may be a household, or two firms of one group: scratch `household`.

Street, postcode, city, telephone, last name and a shared email are one piece of evidence: these two
belong together. What tells the members of a household apart is the first name and the birth date,
and what tells firms apart is the words of their names. Where these surely disagree, no number of
shared columns makes the two one: people are asked. This does not hang on how many households the
list has, which is what a model learns.

- The first name and a birth date both differ, and no number of the person's own is equal. (Of
  three hundred couples one has the same day and month: then the year alone may be a slip.)
- One of them differs (the birth date by a generation), and nothing personal is equal: no email, no
  number of the person's own. Unless the list's own slips explain it, see slips.py.
- The names of two firms each have words that the other has not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cdmq.kinds.matching.engine.features import FEW
from cdmq.kinds.matching.engine.levels import LEVELS, SWAPPED
from cdmq.kinds.matching.engine.names import FEATURES, PAIRS, Names
from cdmq.kinds.matching.engine.slips import unexplained
from cdmq.kinds.matching.words import MatchingRule

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Parents and children are at least so many years apart.
GENERATION = 14
#: The levels at which two emails still are one.
SAME_EMAIL = 2
#: So many others may have a number that is a person's own.
HARDLY = 9
#: A number of fewer digits is a house's or a floor's, however rare it is in the list; one of so few
#: tells apart who lives in one street.
DIGITS, HOUSE = 5, 3
#: Of two company names: the levels at which they are still one name, written in two ways.
ONE_COMPANY = 5


def mark_households(connection: DuckDBPyConnection, rule: MatchingRule) -> None:
    """Makes `household(a, b)` of the pairs of `pairs` that are sure enough to be merged."""
    connection.execute("CREATE OR REPLACE TABLE household(a INTEGER, b INTEGER)")
    names = Names.of(rule)
    of_word: dict[str, list[str]] = {}
    for column, word in rule.compare.items():
        of_word.setdefault(word, []).append(names.compared[column])
    if not {"name", "date", "company"} & set(of_word):
        return
    sure = (
        f"SELECT a, b FROM {PAIRS} WHERE why = 'score' "
        f"AND probability >= {float(rule.merge_above)!r}::DOUBLE"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _sure AS {_sides(connection, sure)}")
    born = _any(_unlike(d, "date", of_word) for d in of_word.get("date", []))
    first = _first_name(connection, of_word, born)
    marks = _marks(of_word, born, _unlike(first, "name", of_word) if first else "false")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _marked AS SELECT a, b, {marks} FROM _sure")
    homes = _homes(of_word)
    alone = unexplained(
        connection, f"SELECT a, b, {marks} FROM ({_sides(connection, homes)})" if homes else ""
    )
    connection.execute(
        "INSERT INTO household SELECT a, b FROM _marked WHERE (name AND born AND NOT number) "
        f"OR (({_any(alone)}) AND NOT number AND NOT email) OR firms"
    )
    connection.execute("DROP TABLE _sure; DROP TABLE _marked")


def _sides(connection: DuckDBPyConnection, pairs: str) -> str:
    """Pairs with the features of both records: `c0_l`, `c0_r`, ..."""
    columns = connection.execute(f"SELECT * FROM {FEATURES} LIMIT 0").description or []
    sides = ", ".join(
        f"{side}.{_quoted(c[0])} AS {_quoted(f'{c[0]}_{side}')}"
        for c in columns
        for side in "lr"
        if c[0] != "rid"
    )
    return (
        f"SELECT p.a, p.b, {sides} FROM ({pairs}) AS p "
        f"JOIN {FEATURES} AS l ON l.rid = p.a JOIN {FEATURES} AS r ON r.rid = p.b"
    )


def _homes(of_word: dict[str, list[str]]) -> str:
    """Neighbours among the records of one home: all lines of the address are equal, or a phone."""
    lines = of_word.get("address", [])
    houses = [
        f"CASE WHEN {_digits(c)} BETWEEN 1 AND {HOUSE} THEN {c} END"
        for c in of_word.get("exact", [])
    ]
    homes = [[*lines, *of_word.get("postcode", []), *houses]] if lines else []
    homes += [[phone] for phone in of_word.get("phone", [])]
    drawn = [
        f"SELECT rid AS b, lag(rid) OVER (PARTITION BY {', '.join(home)} ORDER BY hash(rid)) "
        f"AS a FROM {FEATURES} WHERE {home[0]} IS NOT NULL"
        for home in homes
    ]
    union = " UNION ".join(drawn)
    return f"SELECT a, b FROM ({union}) WHERE a IS NOT NULL" if drawn else ""


def _first_name(
    connection: DuckDBPyConnection, of_word: dict[str, list[str]], born: str
) -> str | None:
    """The name that tells people apart who look like one: of all names the one that differs most
    often where the birth date does, then at all. Last names and towns are shared in a household."""
    named = of_word.get("name", [])
    if len(named) < 2:
        return named[0] if named else None
    counts = []
    for c in named:
        unlike = _unlike(c, "name", of_word)
        counts += [
            f"count(*) FILTER (WHERE ({unlike}) AND coalesce(({born}), false))",
            f"count(*) FILTER (WHERE {unlike})",
        ]
    (found,) = connection.execute(f"SELECT {', '.join(counts)} FROM _sure").fetchall()
    ranked = [(found[2 * i], found[2 * i + 1], -i, c) for i, c in enumerate(named)]
    return max(ranked)[3]


def _marks(of_word: dict[str, list[str]], born: str, name: str) -> str:
    """What a pair's two records differ in for sure, and what they share: yes or no."""
    marks = {
        "name": name,
        "born": born,
        "older": _any(f"({_generation(d)})" for d in of_word.get("date", [])),
        "number": _any(_own_number(c) for c in of_word.get("exact", [])),
        "email": _any(
            f"coalesce(({level.sql}), false)"
            for c in of_word.get("email", [])
            for level in LEVELS["email"](c)[:SAME_EMAIL]
        ),
        "firms": _any(f"coalesce(({_two_firms(c)}), false)" for c in of_word.get("company", [])),
    }
    return ", ".join(f"coalesce(({sql}), false) AS {mark}" for mark, sql in marks.items())


def _own_number(c: str) -> str:
    """A number that hardly anybody else has, with two typing errors at most."""
    few = " AND ".join(
        f"tf_{c}_{side} * ((SELECT count(*) FROM {FEATURES}) + {FEW}) <= {HARDLY}"
        f" AND {_digits(f'{c}_{side}')} >= {DIGITS}"
        for side in "lr"
    )
    return f"coalesce(({_any(f'({level.sql})' for level in LEVELS['exact'](c))}) AND {few}, false)"


def _digits(c: str) -> str:
    return f"length(regexp_replace({c}, '[^0-9]+', '', 'g'))"


def _unlike(c: str, word: str, of_word: dict[str, list[str]]) -> str:
    """Both are there, at no level of likeness, and not written the wrong way round."""
    levels = " OR ".join(f"coalesce(({level.sql}), false)" for level in LEVELS[word](c))
    swaps = (
        [
            f"coalesce({c}_l = {other}_r OR {c}_r = {other}_l, false)"
            for other in of_word[word]
            if other != c
        ]
        if word in SWAPPED
        else []
    )
    return f"({_there(c)} AND NOT ({' OR '.join([levels, *swaps])}))"


def _generation(c: str) -> str:
    """So many years apart, and more than a typing error or a swapped day and month."""
    _, swapped, typo, *_ = LEVELS["date"](c)
    years = " - ".join(f"date_part('year', {c}_{side})" for side in "lr")
    return (
        f"{_there(c)} AND abs({years}) >= {GENERATION} AND NOT ({swapped.sql}) AND NOT ({typo.sql})"
    )


def _two_firms(c: str) -> str:
    one = " OR ".join(f"({level.sql})" for level in LEVELS["company"](c)[:ONE_COMPANY])
    return f"{_there(c)} AND NOT ({one})"


def _any(conditions: Iterable[str]) -> str:
    return " OR ".join(conditions) or "false"


def _there(c: str) -> str:
    return f"{c}_l IS NOT NULL AND {c}_r IS NOT NULL"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
