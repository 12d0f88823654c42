"""Whether what looks like twins, or like father and son, is no more than the list's own slips.

Slips come one by one: who is sure to be one person, as a number of the person's own is equal, has
another first name in so many pairs, and the number slips in so many. So both slip in about so many
pairs of one person as the product says; all pairs that look like twins may be these. Relatives are
unlike in all that tells persons apart: where the list shows that any live at one home, or more
pairs look like twins than slips make, twins are what they look like.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: What differs -> what does not at the same time. See households.py for the words.
ALONE = {"name": "born", "older": "name"}


def unexplained(connection: DuckDBPyConnection, at_home: str) -> list[str]:
    """Which of ALONE slips do not explain in `_marked`, the pairs that are sure enough to be
    merged. `at_home`: the same of pairs of one home; empty where no column tells homes."""
    ((numbered, bare),) = connection.execute(
        "SELECT count(*) FILTER (number), count(*) FILTER (NOT number) FROM _marked "
        "WHERE NOT (name OR born OR older)"
    ).fetchall()
    odds = bare / max(numbered, 1)
    ((slipped, relatives),) = connection.execute(
        "SELECT count(*) FILTER (number), count(*) FILTER (NOT number) FROM _marked "
        "WHERE name AND born"
    ).fetchall()
    if not at_home or _more(relatives, slipped * odds):
        return [*ALONE]
    found = []
    for mark, other in ALONE.items():
        ((slipped_alone, seen),) = connection.execute(
            f"SELECT count(*) FILTER (number), count(*) FILTER (NOT number AND NOT email) "
            f"FROM _marked WHERE {mark} AND NOT {other}"
        ).fetchall()
        if _more(seen, slipped_alone * odds):
            found.append(mark)
    if len(found) < len(ALONE):
        ((relatives,),) = connection.execute(
            f"SELECT count(*) FROM ({at_home}) WHERE name AND born AND NOT number"
        ).fetchall()
        if _more(relatives, slipped * odds):
            return [*ALONE]
    return found


def _more(seen: int, expected: float) -> bool:
    """More than chance makes of what is expected: by two standard deviations."""
    return seen > expected + 2 * math.sqrt(expected)
