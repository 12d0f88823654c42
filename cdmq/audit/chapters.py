"""What the kinds tell of a record: chapters, which its story puts together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

#: Where a chapter stands in a story: of the party that the key names, of what happened to that, of
#: the record itself. Within a place kinds follow each other as in their list.
Place = Literal["party", "past", "record"]
PLACES: tuple[Place, ...] = ("party", "past", "record")


@dataclass(frozen=True)
class Chapter:
    """One paragraph: a frozen value, and its lines for a steward."""

    place: Place
    data: object
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Party:
    """Records that a rule says are one. `id`: what it is asked for by; `now`: the id that it leads
    to, None where no record is left; `stands_in`: the datasets in which a record stands for it."""

    #: The kind whose rule says so.
    kind: str
    id: str
    now: str | None
    #: By its present id.
    rule: str
    #: What the rule makes of records, in a word.
    makes: str
    #: Of the records.
    dataset: str
    stands_in: tuple[str, ...]

    @property
    def places(self) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """(datasets, keys) by which rules that judge records know it."""
        yield self.stands_in, (self.id,) if self.now is None else (self.id, self.now)


@dataclass(frozen=True)
class Record:
    """The record that is told of."""

    dataset: str
    key: str
    #: Those that it belongs to now.
    parties: tuple[Party, ...] = ()
    #: The one for which it stands.
    party: Party | None = None

    @property
    def places(self) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """(datasets, keys) by which rules that judge records know it, and its parties. What stands
        for a party is told with that."""
        if self.party is None:
            yield (self.dataset,), (self.key,)
            for party in self.parties:
                yield party.stands_in, (party.id,)
