"""The levels that a unit test expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from cdmq.kinds.expecting import Expect, Ran, Said
from cdmq.kinds.expecting_each import Each, OfOne, compared, each, misnamed
from cdmq.problems import did_you_mean
from cdmq.project.fields import Model
from cdmq.project.unit_test import UnitTest
from cdmq.sql.types import Type
from cdmq.values import Dataset, Project, Rule


class ExpectedLevel(OfOne):
    """The level of a party, named by any of its records, or of a record by itself."""

    WHAT: ClassVar[str] = "level"

    level: str


class Levels(Model):
    levels: list[ExpectedLevel] | None = Field(
        None, description="Of a tiering rule: the level of everyone."
    )


def _found(ran: Ran) -> Each:
    from cdmq.kinds.tiering.words import TieringRule

    rule = next((r for r in ran.rules if isinstance(r.spec, TieringRule)), None)
    if rule is None:
        return Each(ran.members, {}, True, {})
    kept = ran.kept(rule.id, "tier_history", "key", "level", "reason")
    levels = {key: {"level": level} for key, level, _ in kept}
    return each(ran, rule, levels, {key: reason for key, _, reason in kept})


def _wrong(project: Project, test: UnitTest, rule: Rule) -> Iterator[Said]:
    """Levels that it has not, whose level it is, and facts that cannot find their party."""
    from cdmq.kinds.facts.links import way
    from cdmq.kinds.tiering.words import NEW, TieringRule

    if not isinstance(rule.spec, TieringRule):
        return
    known = [*rule.spec.level_names, *([NEW] if rule.spec.new_for else [])]
    given = rule.dataset in test.given
    of = project.datasets[rule.dataset].made_of
    wanted = test.expect.get("levels", ())
    for level in wanted:
        if level.level not in known:
            yield (
                "CDMQ527",
                f"expect: {rule.id} has no level '{level.level}' in unit test {test.name}",
                did_you_mean(level.level, known),
            )
    yield from misnamed(project, test, rule, "judges", wanted)
    facts = [m.dataset for m in rule.spec.counted.values() if m.dataset in project.datasets]
    judged = project.datasets[rule.dataset]
    ways = {f: way(judged, project.datasets[f], project.datasets) for f in facts}
    by = [f for f, found in ways.items() if found is not None and (found or (f,))[-1] == of]
    if of and given and by:
        yield (
            "CDMQ528",
            f"given {rule.dataset}: {by[0]} finds a party by the records of {of} "
            f"(unit test {test.name})",
            f"give {of} in place of {rule.dataset}",
        )


def types(rule: Rule, dataset: Dataset) -> Mapping[str, Type]:
    """Those of its facts."""
    from cdmq.kinds.facts.counted import types_of
    from cdmq.kinds.tiering.exposure_words import ExposureRule
    from cdmq.kinds.tiering.words import TieringRule

    if isinstance(rule.spec, ExposureRule):
        found = dict(types_of([rule.spec.counted], dataset))
        if dataset.name == rule.dataset:
            found[rule.spec.exposure.limit] = "decimal"
        return found
    assert isinstance(rule.spec, TieringRule)
    return types_of(list(rule.spec.counted.values()), dataset)


EXPECTS = {
    "levels": Expect(
        Levels, "level", "levels: [{of: KEY, level: NAME}]", _found, compared, wrong=_wrong
    )
}
