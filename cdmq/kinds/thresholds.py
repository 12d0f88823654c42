"""warn_above and error_above of one rule: what they come to, and those that can never speak."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from cdmq.checks.base import Scope

#: A threshold that nothing is above: of two, the one that was not given.
NEVER = "never"
#: field, code, cause, remedy
Told = tuple[str, str, str, str]


def thresholds(warn: str | None, error: str | None) -> tuple[str, str]:
    """What speaks: without any, every failing row; one alone for its own severity only."""
    if warn is None and error is None:
        return "0", "0"
    return warn or NEVER, error or NEVER


def threshold_problems(
    severity: str | None, warn: str | None, error: str | None, scope: Scope, check: str
) -> Iterator[Told]:
    """What can't have an effect. `severity`: as it was given, or None."""
    given = {f: t for f, t in (("warn_above", warn), ("error_above", error)) if t is not None}
    for field, threshold in given.items():
        if severity == "info":
            yield (
                field,
                "CDMQ130",
                f"{field} has no effect: a rule with severity: info neither warns nor fails",
                f"take {field} or severity: info out",
            )
        elif scope == "dataset" and threshold not in ("0", "0%"):
            yield (
                field,
                "CDMQ131",
                f"{field}: {threshold} can never be reached: {check} is about "
                "the dataset as a whole, and fails once or not at all",
                f"take {field} out; for a warning say severity: warn",
            )
        elif threshold == "100%":
            yield (
                field,
                "CDMQ131",
                f"{field}: 100% can never be reached: no share is above it",
                "write a smaller share, such as 99%",
            )
    if severity == "warn" and error is not None:
        yield (
            "error_above",
            "CDMQ130",
            "error_above has no effect: a rule with severity: warn never fails",
            "take error_above or severity: warn out",
        )
    if severity == "error" and error is None and warn is not None:
        yield (
            "warn_above",
            "CDMQ130",
            "severity: error has no effect: with warn_above alone the rule warns and never fails",
            "add error_above, or say severity: warn",
        )
    if warn is not None and error is not None and _at_least(warn, error):
        yield (
            "warn_above",
            "CDMQ131",
            f"warn_above: {warn} can never warn: above error_above: {error} the rule fails already",
            "write a warn_above that is below error_above",
        )


def _at_least(warn: str, error: str) -> bool:
    """A count and a share are not compared: which is larger hangs on the rows."""
    if warn.endswith("%") != error.endswith("%"):
        return False
    return Decimal(warn.rstrip("%")) >= Decimal(error.rstrip("%"))
