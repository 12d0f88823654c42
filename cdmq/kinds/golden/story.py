"""What golden rules say of a record, and of a party: the cells of its golden record."""

from __future__ import annotations

from collections.abc import Iterator

from cdmq.audit.chapters import Chapter, Party, Record
from cdmq.audit.telling import Telling
from cdmq.kinds.golden.story_cells import golden
from cdmq.kinds.golden.story_text import shares, whole

HEADING = "PARTIES AND LEVELS"


def chapters(record: Record, at: Telling) -> Iterator[Chapter]:
    """What the record gave to the golden record of each of its parties."""
    for party in record.parties:
        for found in golden(at, party.rule, party.id, record.dataset, record.key):
            yield Chapter("record", found, tuple(shares(found)))


def party_chapters(party: Party, at: Telling) -> Iterator[Chapter]:
    """The golden records of a party."""
    if party.now is not None:
        for found in golden(at, party.rule, party.now, party.dataset):
            yield Chapter("party", found, tuple(whole(found)))
