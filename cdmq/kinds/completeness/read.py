"""A completeness rule as it is written, with what makes its flags warn or fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cdmq.kinds import plain
from cdmq.kinds.completeness.uses import flags
from cdmq.kinds.completeness.words import CompletenessRule, alternatives
from cdmq.kinds.thresholds import threshold_problems, thresholds
from cdmq.problems import did_you_mean
from cdmq.values import Rule

if TYPE_CHECKING:
    from cdmq.kinds.reading import Reading

_OF_FLAGS = ("severity", "warn_above", "error_above")


def read(item: Any, at: Reading) -> Iterator[Rule]:
    """The one rule of an item; what can have no effect on its flags is told."""
    for rule in plain.read(item, at):
        spec = rule.spec
        assert isinstance(spec, CompletenessRule)
        _conditions(spec, item, at)
        given = [field for field in _OF_FLAGS if getattr(spec, field) is not None]
        if not flags(rule):
            for field in given:
                cause = f"{field} has no effect: without ask_at_least no record is flagged"
                how = f"add ask_at_least: 60, or take {field} out"
                at.problem((*at.path, field), "CDMQ130", cause, how, key=True)
        else:
            for field, code, cause, how in threshold_problems(
                spec.severity, spec.warn_above, spec.error_above, "row", at.kind.name
            ):
                at.problem((*at.path, field), code, cause, how, key=True)
        warn, error = thresholds(spec.warn_above, spec.error_above)
        yield replace(rule, warn_above=warn, error_above=error)


def _conditions(spec: CompletenessRule, item: Any, at: Reading) -> None:
    """A condition for what is no point, told where it stands."""
    for key in item.get("not_applicable") or ():
        if (point := alternatives(key)) not in spec.points:
            cause = (
                f"rule {spec.id}: not_applicable names '{point}', which is not one of the points"
            )
            remedy = did_you_mean(point, spec.points)
            at.problem((*at.path, "not_applicable", key), "CDMQ112", cause, remedy, key=True)
