"""A rule of freshness as it is written, with the levels that it asks for, and what makes its flags
warn or fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cdmq.kinds import plain
from cdmq.kinds.freshness.words import FreshnessRule
from cdmq.kinds.thresholds import threshold_problems, thresholds
from cdmq.values import Rule

if TYPE_CHECKING:
    from cdmq.kinds.reading import Reading


def read(item: Any, at: Reading) -> Iterator[Rule]:
    """The one rule of an item. Each level that it names becomes a condition of it, `level.NAME`,
    with the place where the level is named first."""
    for rule in plain.read(item, at):
        spec = rule.spec
        assert isinstance(spec, FreshnessRule)
        for field, code, cause, how in threshold_problems(
            spec.severity, spec.warn_above, spec.error_above, "row", at.kind.name
        ):
            at.problem((*at.path, field), code, cause, how, key=True)
        texts = {f"level.{name}": condition(name) for name in spec.levels}
        places = {f"level.{n}": at.source.at_key(_place(spec, n, at)) for n in spec.levels}
        parsed = at.expressions(texts, places)
        warn, error = thresholds(spec.warn_above, spec.error_above)
        yield replace(
            rule,
            warn_above=warn,
            error_above=error,
            expressions={**rule.expressions, **parsed},
            spans={**rule.spans, **places},
        )


def condition(level: str) -> str:
    """`customer_class.core` as a condition on the column that the rule of the level gives."""
    rule, _, name = level.partition(".")
    return f"\"{rule}\" = '{name}'"


def _place(spec: FreshnessRule, level: str, at: Reading) -> tuple[str | int, ...]:
    if level in (spec.recheck_after or ()):
        return (*at.path, "recheck_after", level)
    return (*at.path, "queue", "first")
