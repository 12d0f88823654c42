"""What the levels of a tiering rule are judged by, each with its place: `m0` is the first as a value,
`t0` its text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cdmq.datasets.rows import Rows
from cdmq.kinds.facts.figures import Figure
from cdmq.kinds.tiering.uses import given_in_levels
from cdmq.project.spec import Pii
from cdmq.sql.types import Type
from cdmq.values import Rule


class Shown(NamedTuple):
    """A measure, or what another rule gives the record."""

    place: int
    name: str
    type: Type
    pii: Pii = "plain"


def shown_of(figures: Sequence[Figure], rule: Rule, rows: Rows) -> list[Shown]:
    """The measures, then what rules give that stands in the conditions of levels."""
    given = given_in_levels(rule, rows.given)
    return [
        *(Shown(f.place, f.name, f.type, f.pii) for f in figures),
        *(Shown(i, name, rows.columns[name]) for i, name in enumerate(given, start=len(figures))),
    ]
