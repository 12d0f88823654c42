"""The log of a run for machines: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cdmq.outcomes import Outcome
from cdmq.problems import Problem
from cdmq.results import Facts, RunResult
from cdmq.stages.judge import judge
from cdmq.values import Dataset

#: The code of a rule that could not be run.
RULE_FAILED = "CDMQ422"


class JsonLog:
    """Listens to a run and writes events. `quiet`: only rules that fail."""

    def __init__(self, write: Callable[[str], None], *, quiet: bool = False) -> None:
        self.write, self.quiet = write, quiet

    def __call__(self, event: str, value: object) -> None:
        if isinstance(value, Facts):
            self._line("start", "info", _start(value))
        elif isinstance(value, Dataset):
            self._line("dataset", "debug", {"dataset": value.name})
        elif isinstance(value, Outcome):
            fields = _rule(value)
            bad = {"fail": "error", "error": "error", "warn": "warn", "no_data": "warn"}
            self._line("rule", bad.get(fields["status"], "info"), fields)
        elif isinstance(value, Problem):
            self._line("problem", value.severity, problem_fields(value))
        elif isinstance(value, RunResult):
            self._line("end", "info", _end(value))

    def _line(self, event: str, level: str, fields: dict[str, Any]) -> None:
        if self.quiet and level != "error":
            return
        ts = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.write(
            json.dumps(
                {"ts": ts, "level": level, "event": event, **fields},
                ensure_ascii=False,
                default=str,
            )
        )


def problem_fields(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "file": problem.span.file,
        "line": problem.span.line,
        "column": problem.span.column,
        "cause": problem.cause,
        "remedy": problem.remedy,
        "write": problem.should_be or None,
    }


def _start(facts: Facts) -> dict[str, Any]:
    return {
        "run_id": facts.run_id,
        "command": facts.command,
        "target": facts.target,
        "warehouse": facts.warehouse,
        "as_of": facts.as_of.isoformat(),
        "rules": facts.selected,
    }


def _rule(outcome: Outcome) -> dict[str, Any]:
    r = judge(outcome)
    return {
        "rule": r.rule.id,
        "status": r.status,
        "dataset": r.rule.dataset,
        "kind": r.rule.kind,
        "severity": r.rule.severity,
        "dimension": r.rule.dimension,
        "owner": r.rule.owner,
        "tested": outcome.tested,
        "judged": outcome.judged,
        "failing": outcome.failing,
        "waived": outcome.waived,
        "could_not_judge": outcome.could_not_judge,
        "changed": outcome.changed,
        "percent": round(r.percent, 4),
        "seconds": round(outcome.seconds, 4),
        "message": r.message or None,
        "code": RULE_FAILED if r.status == "error" else None,
        "file": r.rule.span.file,
        "line": r.rule.span.line,
        "sample_keys": list(outcome.samples),
    }


def _end(result: RunResult) -> dict[str, Any]:
    statuses = [r.status for r in result.results]
    return {
        "run_id": result.run_id,
        "exit_code": result.exit_code,
        "seconds": round(result.seconds, 3),
        "statuses": {s: statuses.count(s) for s in sorted(set(statuses))},
        "opened": dict(result.opened),
        "closed": dict(result.closed),
        "new_rule_versions": list(result.new_versions),
        "changed_words": list(result.new_words),
        "rekeyed": list(result.rekeyed),
        "dropped": list(result.dropped),
        "failed_datasets": dict(result.failed),
        "run_results": str(result.facts.target_path / "run_results.json"),
    }
