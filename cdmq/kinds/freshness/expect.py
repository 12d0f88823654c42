"""How sure values are, as a unit test expects it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from cdmq.kinds.expected import Difference, Row, differences
from cdmq.kinds.expecting import Expect, Members, Ran, Said, Told, refuse
from cdmq.kinds.expecting_each import OfOne, misnamed
from cdmq.kinds.freshness.words import FreshnessRule
from cdmq.problems import did_you_mean
from cdmq.project.fields import Bool, Model
from cdmq.project.unit_test import Cell, UnitTest
from cdmq.sql.types import Type
from cdmq.values import Dataset, Project, Rule


def _share(value: Any) -> Any:
    """As it is told: without zeros behind the last digit; the empty text is none."""
    if value is None or value == "":
        return None
    text = str(value).strip()
    try:
        number = Decimal(text.rstrip("% "))
    except InvalidOperation:
        raise ValueError("write a confidence such as 0.85 or 85%, or null for none") from None
    return f"{(number / 100 if text.endswith('%') else number).normalize():f}"


class ExpectedCell(OfOne):
    """A value of a party, named by any of its records, or of a record by itself."""

    WHAT: ClassVar[str] = "value"

    column: str = Field(description="The column.")
    confidence: Annotated[Cell, BeforeValidator(_share)] = Field(
        None, description="From 0 to 1; null where the value was never proved."
    )
    proof: Cell = Field(None, description="The day of its proof; null for none.")
    due: Bool | None = Field(None, description="Whether it is due.")

    def said(self) -> Row:
        """What is expected of it, of that which is told."""
        told = {f: v or None for f, v in super().said().items() if f != "due"}
        return {**told, **({} if self.due is None else {"due": _yes(self.due)})}


class Sure(Model):
    sure: list[ExpectedCell] | None = Field(
        None, description="Of a rule of freshness: every value that it watches."
    )


@dataclass(frozen=True)
class Found:
    """What is told of cells, by the keys of their records or of parties."""

    rows: Sequence[Row]
    members: Members
    by_key: bool


def _found(ran: Ran) -> Found:
    rule = next((r for r in ran.rules if isinstance(r.spec, FreshnessRule)), None)
    if rule is None:
        return Found((), ran.members, True)
    columns = ("key", "column_name", "confidence", "proof", "is_due")
    rows = [
        {
            "key": key,
            "column": column,
            "confidence": _share(confidence),
            "proof": None if proof is None else f"{proof:%Y-%m-%d}",
            "due": _yes(due),
        }
        for key, column, confidence, proof, due in ran.kept(rule.id, "freshness_cells", *columns)
    ]
    return Found(rows, ran.members, not ran.project.datasets[rule.dataset].made_by)


def _compared(
    expect: Expect, wanted: Sequence[ExpectedCell], found: Found, told: Told
) -> list[Difference]:
    """Parties are told of by a record that the test names, else by their first."""
    members = found.members
    refuse(members.unknown((w.of for w in wanted if w.of is not None), told))
    names = {members.party_of[w.of]: w.of for w in reversed(wanted) if w.of is not None}
    by = "key" if found.by_key else "of"
    rows: list[Row] = []
    for row in found.rows:
        who = str(row["key"])
        named = who if found.by_key else names.get(who, members.parties.get(who, [who])[0])
        rows.append({by: named, **{c: v for c, v in row.items() if c != "key"}})
    said = []
    for one in wanted:
        row = one.said()
        said.append(row if one.of is None else {**row, "of": names[members.party_of[one.of]]})
    return differences(expect.what, (by, "column"), said, rows)


def _yes(value: bool) -> str:
    return "true" if value else "false"


def _wrong(project: Project, test: UnitTest, rule: Rule) -> Iterator[Said]:
    """Columns that it does not watch."""
    assert isinstance(rule.spec, FreshnessRule)
    for cell in test.expect.get("sure", ()):
        if cell.column not in rule.spec.watched:
            yield (
                "CDMQ527",
                f"expect: {rule.id} does not watch '{cell.column}' in unit test {test.name}",
                did_you_mean(cell.column, rule.spec.watched),
            )
    yield from misnamed(project, test, rule, "watches", test.expect.get("sure", ()))


def types(rule: Rule, dataset: Dataset) -> dict[str, Type]:
    """When a value was proved, tried or changed is a time."""
    spec = rule.spec
    assert isinstance(spec, FreshnessRule)
    found: dict[str, Type] = {}
    if dataset.name == rule.dataset:
        times = [*dataset.spec.verified_at.values(), dataset.spec.changed_at]
        found |= {c: "timestamp" for c in times if c}
    if spec.proof and dataset.name == spec.proof.dataset:
        at = spec.proof.at or dataset.spec.happened_at
        found |= {at: "timestamp"} if at else {}
    return found


EXPECTS = {
    "sure": Expect(
        Sure,
        "value",
        "sure: [{key: KEY, column: email, confidence: 0.85}]",
        _found,
        _compared,
        wrong=_wrong,
    )
}
