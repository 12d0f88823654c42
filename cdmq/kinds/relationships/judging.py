"""The links of a rule judged, in a DuckDB beside the warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from cdmq.kinds.relationships import statements as ask
from cdmq.kinds.relationships.crowds import Of, too_many
from cdmq.kinds.relationships.loops import Link, depths, loops
from cdmq.kinds.relationships.words import RelationshipsRule
from cdmq.sql.equality import nfc

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: So many parties of a path or list are told, and how many there are in all.
_TOLD = 8
#: Before and after all times.
_EVER, _NEVER = -(2**62), 2**62


@dataclass(frozen=True)
class Counts:
    """How many links there are, how many of them could not be judged, and what became of them."""

    links: int
    unjudged: int
    followed: int
    parties: int
    to_itself: int
    fell_together: int
    loops: int

    @property
    def figures(self) -> dict[str, float | None]:
        return {
            "links": self.followed,
            "parties": self.parties,
            "to itself": self.to_itself,
            "fell together": self.fell_together,
            "loops": self.loops,
        }

    @property
    def note(self) -> str:
        """`1,204 links of 2,011 parties; 3 of a party to itself left out`."""
        told = [f"{self.followed:,} links of {self.parties:,} parties"]
        if self.to_itself:
            told.append(f"{self.to_itself:,} of a party to itself left out")
        if self.fell_together:
            told.append(f"{self.fell_together:,} fell together with others as parties are one")
        return "; ".join(told)


def judge(at: DuckDBPyConnection, spec: RelationshipsRule, as_of: int) -> Counts:
    """From the tables `links`, `names` and `sorts` to `faults`, a row a link, and `kept`, a row a
    link that is followed. `as_of` is in microseconds."""
    _read(at, spec)
    for statement in (ask.OVERLAPS, ask.MERGED, ask.SIDES, ask.PARTIES, ask.SAID, ask.DEPTHS):
        at.execute(statement)
    for said, type_ in spec.types.items():
        name = nfc(said)
        for side, at_most in (("to", type_.to_at_most), ("from", type_.from_at_most)):
            if at_most is not None:
                _add(at, side, _crowds(at, name, side, at_most))
        if type_.loops == "refused":
            _add(at, "loop", _loops(at, name))
        found = depths(_links(at, ask.HOLDING, name, as_of))
        columns = [list(found), [d for d, _ in found.values()], [r for _, r in found.values()]]
        at.execute(ask.ADD_DEPTHS, columns)
    at.execute(ask.FAULTS)
    at.execute(ask.KEPT, [_EVER, _NEVER])
    (counted,) = at.execute(ask.COUNTS).fetchall()
    return Counts(*map(int, counted))


def _read(at: DuckDBPyConnection, spec: RelationshipsRule) -> None:
    """Each link with its parties, what is wrong with it by itself, and those that are followed."""
    types = spec.types.values()
    columns = [
        [nfc(name) for name in spec.types],
        [t.from_sort for t in types],
        [t.to_sort for t in types],
        [t.dated for t in types],
    ]
    at.execute(ask.TYPES, columns)
    at.execute(ask.CALLED)
    at.execute(ask.READ)
    at.execute(ask.ENDS, [_EVER, _NEVER])
    at.execute(ask.NO_SORTS)
    at.execute(ask.SORTS)
    at.execute(ask.SORTED)
    at.execute(ask.FOLLOWED)


def _crowds(
    at: DuckDBPyConnection, type_: str, side: str, at_most: int
) -> Iterator[tuple[int, str]]:
    rows = at.execute(ask.CROWDED, [type_, side, at_most]).fetchall()
    for _, own in groupby(rows, key=lambda row: row[0]):
        for link, others in too_many([Of(*row[1:]) for row in own], at_most):
            yield link.number, f"at most {at_most} at a time: beside {_listed(others, ', ')}"


def _loops(at: DuckDBPyConnection, type_: str) -> Iterator[tuple[int, str]]:
    """The youngest link of each loop, of several the last by its key, and its path."""
    for loop in loops(_links(at, ask.OF_TYPE, type_)):
        path = [link.from_ for link in loop]
        told = path if len(path) <= _TOLD else [*path[: _TOLD - 1], path[-1]]
        named = [n for (n,) in at.execute(ask.NAMED, [told, list(range(len(told)))]).fetchall()]
        if len(told) < len(path):
            named.insert(_TOLD - 1, "...")
        youngest = max(loop, key=lambda link: (link.starts, link.number))
        yield youngest.number, f"a loop of {len(path):,} links: {' -> '.join([*named, named[0]])}"


def _links(at: DuckDBPyConnection, statement: str, *given: str | int) -> list[Link]:
    return [Link(*row) for row in at.execute(statement, list(given)).fetchall()]


def _add(at: DuckDBPyConnection, side: str, found: Iterable[tuple[int, str]]) -> None:
    said = list(found)
    columns = [[n for n, _ in said], [side] * len(said), [text for _, text in said]]
    at.execute(ask.ADD_SAID, columns)


def _listed(parties: list[str], between: str) -> str:
    told = between.join(parties[:_TOLD])
    more = len(parties) - _TOLD
    return f"{told} and {more:,} more" if more > 0 else told
