"""The steps that a unit test expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from cdmq.kinds.expecting import Expect, Ran, Said
from cdmq.kinds.expecting_each import Each, OfOne, compared, each, misnamed
from cdmq.problems import did_you_mean
from cdmq.project.fields import Model
from cdmq.project.unit_test import Cell, UnitTest
from cdmq.sql.types import Type
from cdmq.values import Dataset, Project, Rule


class ExpectedStep(OfOne):
    """The step of a party, named by any of its records, or of a record by itself."""

    WHAT: ClassVar[str] = "step"

    step: str = Field(description="new, active, falling, dormant or back.")
    since: Cell = Field(None, description="The day from which it is so, such as 2026-10-01.")


class Steps(Model):
    steps: list[ExpectedStep] | None = Field(
        None, description="Of a trends rule: the step of everyone with a purchase."
    )


def _found(ran: Ran) -> Each:
    from cdmq.kinds.trends.words import TrendRule

    rule = next((r for r in ran.rules if isinstance(r.spec, TrendRule)), None)
    if rule is None:
        return Each(ran.members, {}, True, {})
    kept = ran.kept(rule.id, "trend_steps", "key", "step", "since", "reason")
    told = {key: {"step": step, "since": str(since)} for key, step, since, _ in kept}
    return each(ran, rule, told, {key: reason for key, _, _, reason in kept})


def _wrong(project: Project, test: UnitTest, rule: Rule) -> Iterator[Said]:
    """Steps that there are not, whose step it is, and facts that cannot find their party."""
    from cdmq.kinds.trends.words import STEPS, TrendRule

    if not isinstance(rule.spec, TrendRule):
        return
    wanted = test.expect.get("steps", ())
    for one in wanted:
        if one.step not in STEPS:
            yield (
                "CDMQ527",
                f"expect: {rule.id} has no step '{one.step}' in unit test {test.name}",
                did_you_mean(one.step, STEPS),
            )
    yield from misnamed(project, test, rule, "judges", wanted)
    of, facts = project.datasets[rule.dataset].made_of, rule.spec.measure.dataset
    finds = facts in project.datasets and of in project.datasets[facts].spec.refers_to
    if of and rule.dataset in test.given and finds:
        yield (
            "CDMQ528",
            f"given {rule.dataset}: {facts} finds a party by the records of {of} "
            f"(unit test {test.name})",
            f"give {of} in place of {rule.dataset}",
        )


def types(rule: Rule, dataset: Dataset) -> Mapping[str, Type]:
    """Those of its facts."""
    from cdmq.kinds.facts.counted import types_of
    from cdmq.kinds.trends.words import TrendRule

    if not isinstance(rule.spec, TrendRule):
        return {}
    return types_of([rule.spec.measure], dataset)


EXPECTS = {
    "steps": Expect(Steps, "step", "steps: [{of: KEY, step: NAME}]", _found, compared, wrong=_wrong)
}
