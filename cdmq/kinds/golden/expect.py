"""The cells of golden records that a unit test expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import Field, model_validator

from cdmq.kinds.expected import Difference, Row
from cdmq.kinds.expecting import Expect, Members, Ran, Said, Told, refuse
from cdmq.problems import Problem, did_you_mean
from cdmq.project.fields import Model
from cdmq.project.unit_test import Cell, UnitTest
from cdmq.values import Project, Rule


class ExpectedCell(Model):
    """A cell of a golden record, named by any record of its party."""

    of: str = Field(description="The key of any record of the party.")
    column: str
    value: Cell = Field(None, description="The value; null where it is missing.")
    winner: Cell = Field(None, description="The key of the record that it came from.")
    because: Cell = Field(None, description="The word of pick that decided.")

    @model_validator(mode="after")
    def _something(self) -> ExpectedCell:
        if not self.model_fields_set & set(_TOLD):
            raise ValueError(f"say what {self.column} of {self.of} is: value, winner or because")
        return self


_TOLD = ("value", "winner", "because")


class Cells(Model):
    """Of golden cells those that are named."""

    cells: list[ExpectedCell] | None = Field(
        None, description="Of a golden rule: the cells that you care about."
    )


@dataclass(frozen=True)
class _Found:
    """`cells`: (party, column) -> value, winner, because."""

    members: Members
    columns: Sequence[str] = ()
    cells: Mapping[tuple[str, str], Row] = field(default_factory=dict)


def _found(ran: Ran) -> _Found:
    """The columns of the golden dataset, and its cells: values as they are, by no `pii`."""

    from cdmq.kinds.golden.words import GoldenRule
    from cdmq.sql import nodes
    from cdmq.sql.text_form import text_of

    rule = next((r for r in ran.rules if r.kind == "golden"), None)
    if rule is None:
        return _Found(ran.members)
    assert isinstance(rule.spec, GoldenRule)
    into = rule.spec.into
    (key,) = ran.project.datasets[into].key
    types = {c: t for c, t in ran.catalog[into].items() if c != key}
    shown = [key, *(text_of(nodes.column(c), t) for c, t in types.items())]
    cells: dict[tuple[str, str], Row] = {}
    for party, *values in ran.rows(ran.done.names.staged[f"source:{into}"], shown):
        cells |= {(party, c): {"value": v} for c, v in zip(types, values, strict=True)}
    kept = ran.kept(rule.id, "golden_cells", "party_id", "column_name", "winner", "because")
    for party, column, winner, because in kept:
        if (party, column) in cells:
            told = {"winner": winner, "because": because}
            cells[party, column] = {**cells[party, column], **told}
    return _Found(ran.members, tuple(types), cells)


def _compared(
    expect: Expect, wanted: Sequence[ExpectedCell], found: _Found, told: Told
) -> list[Difference]:
    named = [c.of for c in wanted] + [c.winner for c in wanted if c.winner is not None]
    refuse([*found.members.unknown(named, told), *_no_columns(wanted, found, told)])
    wrong = []
    for cell in wanted:
        given: dict[str, str | None] = {
            k: getattr(cell, k) for k in _TOLD if k in cell.model_fields_set
        }
        row: Row = {"of": cell.of, "column": cell.column, **given}
        made = found.cells.get((found.members.party_of[cell.of], cell.column))
        if made is None:
            wrong.append(Difference(expect.what, row, None))
        elif any(made.get(k) != v for k, v in given.items()):
            wrong.append(Difference(expect.what, row, {**row, **made}, _from(made, given)))
    return wrong


def _no_columns(wanted: Sequence[ExpectedCell], found: _Found, told: Told) -> Iterator[Problem]:
    """Columns that a golden record has not."""
    for cell in wanted:
        if cell.column not in found.columns:
            cause = f"expect: a golden record has no column '{cell.column}'"
            yield told.problem("CDMQ527", cause, did_you_mean(cell.column, found.columns))


def _from(made: Row, told: Mapping[str, str | None]) -> str:
    """Where a cell comes from, as far as the difference does not tell it."""
    parts = [
        f"of {made['winner']}" if made.get("winner") and "winner" not in told else "",
        str(made["because"]) if made.get("because") and "because" not in told else "",
    ]
    return ", ".join(filter(None, parts))


def _wrong(project: Project, test: UnitTest, rule: Rule) -> Iterator[Said]:
    """What it makes is given: nothing is left to test."""

    from cdmq.kinds.golden.words import GoldenRule

    assert isinstance(rule.spec, GoldenRule)
    into = rule.spec.into
    of = project.datasets[into].made_of if into in project.datasets else None
    if of is not None and into in test.given:
        yield (
            "CDMQ528",
            f"given {into}: {rule.id} makes it of {of} (unit test {test.name})",
            f"give {of} in place of {into}",
        )


EXPECTS = {
    "cells": Expect(
        Cells,
        "cell",
        "cells: [{of: KEY, column: NAME, value: TEXT}]",
        _found,
        _compared,
        whole=False,
        bare=True,
        wrong=_wrong,
    )
}
