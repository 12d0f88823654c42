"""What a kind is given where something of a rule is handed out, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cdmq.kinds.running import Running

if TYPE_CHECKING:
    from cdmq.audit.ledger import Ledger
    from cdmq.audit.register import Register


@dataclass(frozen=True)
class Exporting:
    """One wave that is handed out. What is there is as the last run left it, under the names of
    `running`."""

    running: Running
    ledger: Ledger
    register: Register
    #: How the wave is called, who takes it, and the version of the rule.
    wave: str
    by: str
    version: str
    #: Nothing is handed out: it is asked who of the wave must not be written to any more.
    recall: bool = False


@dataclass(frozen=True)
class Exported:
    """What is handed out: a row a person, all cells as texts; and what there is to say of it."""

    rule: str
    wave: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    #: SHA-256 of the rows as a csv.
    digest: str
    #: Of the wave as it was frozen: how many fit, are out for each reason, and remain.
    figures: Mapping[str, float] = field(default_factory=dict)
    #: It was there before: the same once more.
    again: bool = False
    note: str = ""
