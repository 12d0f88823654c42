"""What a rule's counts mean: its status, and the exit code of a run."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from cdmq.kinds import kinds
from cdmq.kinds.thresholds import NEVER
from cdmq.outcomes import Outcome, RuleResult
from cdmq.values import Status

#: Which statuses end a run with 1, by `--fail-on`. `no_data` may be added to any.
FAIL_ON = {
    "error": {"fail"},
    "warn": {"fail", "warn"},
    "no_data": {"fail", "no_data"},
    "never": set[str](),
}


def judge(outcome: Outcome) -> RuleResult:
    """The status by the table of the language page."""
    bad = outcome.failing + outcome.could_not_judge
    percent = 100.0 * outcome.failing / outcome.judged if outcome.judged else 0.0
    if outcome.error is not None:
        return RuleResult(outcome, "error", 0.0, outcome.error)
    if outcome.skipped is not None:
        return RuleResult(outcome, "skipped", 0.0, outcome.skipped)
    if outcome.tested == 0 and bad == 0 and outcome.rule.check != "row_count":
        return RuleResult(outcome, "no_data", 0.0, "nothing was tested")
    return RuleResult(outcome, _status(outcome), percent, outcome.note)


def _status(outcome: Outcome) -> Status:
    rule = outcome.rule
    if outcome.held:
        return "fail"
    warn, error = kinds()[rule.kind].section.above(rule)
    if rule.severity == "info":
        return "pass"
    if rule.severity == "error" and _above(outcome, error):
        return "fail"
    return "warn" if _above(outcome, warn) else "pass"


def _above(outcome: Outcome, threshold: str) -> bool:
    """More records than a count, or than a share of those that it judged or could not judge; or
    more facts."""
    if threshold == NEVER:
        return False
    records = outcome.failing + outcome.unjudged, outcome.judged + outcome.unjudged
    pairs = (records, (outcome.uncounted, outcome.facts))
    if threshold.endswith("%"):
        return any(bad * 100 > Decimal(threshold[:-1]) * max(of, 1) for bad, of in pairs)
    return any(bad > int(threshold) for bad, _ in pairs)


def exit_code(results: Iterable[RuleResult], fail_on: frozenset[str]) -> int:
    """2 if a rule could not be run, else 1 if one failed at or above `--fail-on`, else 0."""
    statuses = {r.status for r in results}
    if "error" in statuses:
        return 2
    counted = set().union(*(FAIL_ON[word] for word in fail_on))
    return 1 if statuses & counted else 0
