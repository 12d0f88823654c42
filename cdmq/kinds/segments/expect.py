"""The members that a unit test expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field

from cdmq.kinds.expected import Row
from cdmq.kinds.expecting import Expect, Ran, Said
from cdmq.kinds.expecting_each import Each, OfOne, compared, each, misnamed
from cdmq.kinds.facts.counted import types_of
from cdmq.kinds.segments.words import Consents, SegmentRule
from cdmq.project.fields import Model
from cdmq.project.unit_test import Cell, UnitTest
from cdmq.sql.types import Type
from cdmq.values import Dataset, Project, Rule


class ExpectedMember(OfOne):
    """What becomes of a party, named by any of its records, or of a record by itself."""

    WHAT: ClassVar[str] = "member"

    part: Literal["in", "contact", "holdout", "comparison", "out"] = Field(
        description="contact, holdout, comparison or out (who fits, and is left out); in: contact "
        "or holdout, whatever chance says."
    )
    because: Cell = Field(None, description="Of out: the reason, such as no permission.")

    def said(self) -> Row:
        told = dict(super().said())
        return {("in" if k == "part" and v == "in" else k): v for k, v in told.items()}


class Members(Model):
    members: list[ExpectedMember] | None = Field(
        None, description="Of a segment: everybody who fits it, and what becomes of him."
    )


def _found(ran: Ran) -> Each:
    rule = next((r for r in ran.rules if isinstance(r.spec, SegmentRule)), None)
    if rule is None:
        return Each(ran.members, {}, True, {})
    kept = ran.kept(rule.id, "segment_members", "key", "part", "because", "more")
    said: dict[str, Row] = {}
    for key, part, because, _ in kept:
        inside = "in" if part in ("contact", "holdout") else part
        said[key] = {"part": part, "in": inside, "because": because}
    why = {key: more for key, _, _, more in kept}
    found = each(ran, rule, said, why)
    return found


def _wrong(project: Project, test: UnitTest, rule: Rule) -> Iterator[Said]:
    yield from misnamed(project, test, rule, "tells of", test.expect.get("members", ()))


def types(rule: Rule, dataset: Dataset) -> Mapping[str, Type]:
    """When something was said, who was born when, and when a response happened."""
    spec = rule.spec
    assert isinstance(spec, SegmentRule)
    asked, found = spec.permission, dict[str, Type]()
    if isinstance(asked, Consents) and asked.dataset == dataset.name:
        found[asked.at] = "timestamp"
    if spec.adults is not None and rule.dataset == dataset.name:
        found[spec.adults.born] = "date"
    if spec.response is not None:
        found |= types_of([spec.response.facts], dataset)
    return found


EXPECTS = {
    "members": Expect(
        Members, "member", "members: [{of: KEY, part: contact}]", _found, compared, wrong=_wrong
    )
}
