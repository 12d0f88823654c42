"""Pairs that look sure but may be a household, or two firms of one group: scratch `household`.

Street, postcode, city, telephone, last name and a shared email are one piece of evidence: these two
belong together. What tells the members of a household apart is the first name and the birth date,
and what tells firms apart is the words of their names. Where these surely disagree, no number of
shared columns makes the two one: people are asked. This does not hang on how many households the
list has, which is what a model learns.

- The first name and a birth date both differ, and no number of the person's own is equal.
- One of them differs (the birth date by a generation), and nothing personal is equal: no email, no
  number of the person's own.
- The names of two firms each have words that the other has not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdmq.kinds.matching import MatchingRule
from cdmq.matching.features import FEW
from cdmq.matching.levels import LEVELS, SWAPPED
from cdmq.matching.names import FEATURES, PAIRS, Names

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Parents and children are at least so many years apart.
GENERATION = 14
#: The levels at which two emails still are one.
SAME_EMAIL = 2
#: So many others may have a number that is a person's own.
HARDLY = 9
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
    columns = connection.execute(f"SELECT * FROM {FEATURES} LIMIT 0").description or []
    sides = ", ".join(f"{side}.{_quoted(c[0])} AS {_quoted(f'{c[0]}_{side}')}"
                      for c in columns for side in "lr" if c[0] != "rid")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _sure AS SELECT p.a, p.b, {sides} FROM {PAIRS} AS p "
        f"JOIN {FEATURES} AS l ON l.rid = p.a JOIN {FEATURES} AS r ON r.rid = p.b "
        f"WHERE p.why = 'score' AND p.probability >= {float(rule.merge_above)!r}::DOUBLE")
    born = " OR ".join(f"({_unlike(d, 'date', of_word)} OR ({_generation(d)}))"
                       for d in of_word.get("date", [])) or "false"
    name = _first_name(connection, of_word, born)
    condition = _condition(of_word, born, _unlike(name, "name", of_word) if name else "false")
    connection.execute(f"INSERT INTO household SELECT a, b FROM _sure WHERE {condition}")
    connection.execute("DROP TABLE _sure")


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
        counts += [f"count(*) FILTER (WHERE ({unlike}) AND coalesce(({born}), false))",
                   f"count(*) FILTER (WHERE {unlike})"]
    (found,) = connection.execute(f"SELECT {', '.join(counts)} FROM _sure").fetchall()
    ranked = [(found[2 * i], found[2 * i + 1], -i, c) for i, c in enumerate(named)]
    return max(ranked)[3]


def _condition(of_word: dict[str, list[str]], born: str, name: str) -> str:
    """What makes a pair a household, over columns `c0_l`, `c0_r`, ..."""
    older = " OR ".join(f"({_generation(d)})" for d in of_word.get("date", [])) or "false"
    number = " OR ".join(_own_number(c) for c in of_word.get("exact", [])) or "false"
    email = " OR ".join(f"coalesce(({level.sql}), false)" for c in of_word.get("email", [])
                        for level in LEVELS["email"](c)[:SAME_EMAIL]) or "false"
    apart = [f"({name}) AND ({born}) AND NOT ({number})",
             f"(({name}) OR ({older})) AND NOT ({number} OR {email})",
             *(_two_firms(c) for c in of_word.get("company", []))]
    return " OR ".join(f"coalesce(({a}), false)" for a in apart)


def _own_number(c: str) -> str:
    """A number that hardly anybody else has, with two typing errors at most."""
    few = " AND ".join(f"tf_{c}_{side} * ((SELECT count(*) FROM {FEATURES}) + {FEW}) <= {HARDLY}"
                       for side in "lr")
    levels = " OR ".join(f"({level.sql})" for level in LEVELS["exact"](c))
    return f"coalesce(({levels}) AND {few}, false)"


def _unlike(c: str, word: str, of_word: dict[str, list[str]]) -> str:
    """Both are there, at no level of likeness, and not written the wrong way round."""
    levels = " OR ".join(f"coalesce(({level.sql}), false)" for level in LEVELS[word](c))
    swaps = [f"coalesce({c}_l = {other}_r OR {c}_r = {other}_l, false)"
             for other in of_word[word] if other != c] if word in SWAPPED else []
    return f"({_there(c)} AND NOT ({' OR '.join([levels, *swaps])}))"


def _generation(c: str) -> str:
    """So many years apart, and more than a typing error or a swapped day and month."""
    _, swapped, typo, *_ = LEVELS["date"](c)
    years = " - ".join(f"date_part('year', {c}_{side})" for side in "lr")
    return f"{_there(c)} AND abs({years}) >= {GENERATION} AND NOT ({swapped.sql}) " \
           f"AND NOT ({typo.sql})"


def _two_firms(c: str) -> str:
    one = " OR ".join(f"({level.sql})" for level in LEVELS["company"](c)[:ONE_COMPANY])
    return f"{_there(c)} AND NOT ({one})"


def _there(c: str) -> str:
    return f"{c}_l IS NOT NULL AND {c}_r IS NOT NULL"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
