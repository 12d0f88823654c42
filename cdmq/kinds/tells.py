"""How the rules of a kind are told: the part `story` of its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cdmq.audit.chapters import Chapter, Party, Record
    from cdmq.audit.reading import Row
    from cdmq.audit.telling import Telling


class Tells:
    """What a kind tells of its rules, of records and of parties."""

    def __init__(self, name: str, part: Callable[[str, str], Any]) -> None:
        self.name, self._part = name, part

    # what a report says of a rule -----------------------------------------------------------------

    @property
    def plural(self) -> str:
        """Its rules, where they are counted: what is a plural says it already."""
        plural = self.name.endswith("s") and not self.name.endswith("ss")
        return self.name if plural else f"{self.name} rules"

    @property
    def heading(self) -> str | None:
        """Over what its rules say in the report of a run. None: what a rule says is about what it
        found, and is told with that."""
        heading: str | None = self._part("story", "HEADING")
        return self.name.upper().replace("_", " ") if heading == "" else heading

    @property
    def group(self) -> str:
        """Under what the findings of a rule without a dimension stand."""
        return self._part("story", "GROUP")  # type: ignore[no-any-return]

    @property
    def changes(self) -> bool:
        """Its rules change cells: how many is said of each, though it be none."""
        return self._part("story", "CHANGES")  # type: ignore[no-any-return]

    @property
    def counts(self) -> tuple[str, str]:
        """What the number counts that `history` says a version found: one, and several."""
        return self._part("story", "COUNTS")  # type: ignore[no-any-return]

    # what `explain --record` tells ---------------------------------------------------------------

    def judges(self, said: str) -> bool:
        """Whether a rule of it may flag records, by the text of its version: a story says which of
        them the record passes. Of a rule that the project has what it uses says so."""
        return self._part("story", "judges")(said)  # type: ignore[no-any-return]

    def chapters(self, record: Record, at: Telling) -> Iterator[Chapter]:
        """What its rules say of a record, beside the flags and changes that are told of all."""
        return self._part("story", "chapters")(record, at)  # type: ignore[no-any-return]

    def party(self, id_: str, at: Telling) -> Party | None:
        """The party to which a rule of it gave an id."""
        return self._part("story", "party")(id_, at)  # type: ignore[no-any-return]

    def party_chapters(self, party: Party, at: Telling) -> Iterator[Chapter]:
        """What its rules say of a party."""
        return self._part("story", "party_chapters")(party, at)  # type: ignore[no-any-return]

    def parties(self, dataset: str, key: str, at: Telling) -> Iterable[Party]:
        """The parties in which its rules put a record now."""
        return self._part("story", "parties")(dataset, key, at)  # type: ignore[no-any-return]

    def members(self, rule: str, party: str, at: Telling, most: int) -> list[str]:
        """The keys of the first records of a party."""
        return self._part("story", "members")(rule, party, at, most)  # type: ignore[no-any-return]

    def lasting(self, dataset: str, key: str, at: Telling) -> Iterable[Row]:
        """Rows of its audit tables that hold true while a record is in the dataset."""
        return self._part("story", "lasting")(dataset, key, at)  # type: ignore[no-any-return]
