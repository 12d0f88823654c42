"""The scores that a unit test expects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from cdmq.kinds.completeness.words import CompletenessRule, alternatives
from cdmq.kinds.expected import Row
from cdmq.kinds.expecting import Expect, Ran, Said
from cdmq.kinds.expecting_each import Each, OfOne, compared, each, misnamed
from cdmq.problems import did_you_mean
from cdmq.project.fields import Model, one_or_many
from cdmq.project.unit_test import Cell, UnitTest
from cdmq.values import Project, Rule


def _score(value: Any) -> Any:
    """As it is told: without zeros behind the last digit; the empty text is none."""
    if value is None or value == "":
        return None
    try:
        return f"{Decimal(str(value)).normalize():f}"
    except InvalidOperation:
        raise ValueError("write a score such as 62.5, or null for none") from None


def _points(value: Any) -> Any:
    found = one_or_many(value)
    return [alternatives(v) for v in found if v] if isinstance(found, list) else found


#: One point, several, or none.
_LISTED = {"type": ["array", "string", "null"], "items": {"type": "string"}}


class ExpectedScore(OfOne):
    """The score of a party, named by any of its records, or of a record by itself."""

    WHAT: ClassVar[str] = "score"

    score: Annotated[Cell, BeforeValidator(_score)] = Field(
        None, description="From 0 to 100; null where no point applies."
    )
    missing: Annotated[list[str] | None, BeforeValidator(_points), WithJsonSchema(_LISTED)] = Field(
        None, description="The points that apply and are not met, in any order; [] for none."
    )
    ask_next: Cell = Field(None, description="The point to ask next; null for none.")

    def said(self) -> Row:
        """The empty text is none."""
        told: dict[str, str | None] = {c: v or None for c, v in super().said().items()}
        listed = {"missing": _listed(self.missing or ()) or None}
        return {**told, **(listed if "missing" in self.model_fields_set else {})}


class Scores(Model):
    scores: list[ExpectedScore] | None = Field(
        None, description="Of a completeness rule: the score of everyone."
    )


def _listed(points: Sequence[str]) -> str:
    return ", ".join(sorted(points))


def _found(ran: Ran) -> Each:
    rule = next((r for r in ran.rules if isinstance(r.spec, CompletenessRule)), None)
    if rule is None:
        return Each(ran.members, {}, True, {})
    said = {
        key: {
            "score": _score(score),
            "missing": missing and _listed(missing.split(", ")),
            "ask_next": ask,
        }
        for key, score, missing, ask in ran.kept(
            rule.id, "completeness_scores", "key", "score", "missing", "ask_next"
        )
    }
    return each(ran, rule, said, {})


def _wrong(project: Project, test: UnitTest, rule: Rule) -> Iterator[Said]:
    """Points that it has not, and whose score it is."""
    assert isinstance(rule.spec, CompletenessRule)
    wanted = test.expect.get("scores", ())
    for score in wanted:
        for point in (*(score.missing or ()), *([score.ask_next] if score.ask_next else ())):
            if point not in rule.spec.points:
                yield (
                    "CDMQ527",
                    f"expect: {rule.id} has no point '{point}' in unit test {test.name}",
                    did_you_mean(point, rule.spec.points),
                )
    yield from misnamed(project, test, rule, "scores", wanted)


EXPECTS = {
    "scores": Expect(
        Scores, "score", "scores: [{of: KEY, score: 62.5}]", _found, compared, wrong=_wrong
    )
}
