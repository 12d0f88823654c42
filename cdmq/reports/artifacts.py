"""target/run_results.json: what a run gave, or why it could not begin."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cdmq.outcomes import RuleResult
from cdmq.problems import Problem
from cdmq.project.atomic import write_text
from cdmq.reports.json_log import RULE_FAILED, problem_fields
from cdmq.reports.manifest import metadata, unique_id
from cdmq.results import RunResult


def write_results(
    result: RunResult, target: Path, cdmq_version: str, scrub: Callable[[Any], Any]
) -> Path:
    """Write run_results.json without secrets, which JSON would write otherwise; its path."""
    path = target / "run_results.json"
    found = scrub(run_results(result, cdmq_version))
    write_text(path, json.dumps(found, indent=1, ensure_ascii=False, default=str) + "\n")
    return path


def run_results(result: RunResult, cdmq_version: str) -> dict[str, Any]:
    """The content of run_results.json."""
    facts = result.facts
    return {
        "metadata": {
            **metadata("run-results", cdmq_version, result.project, facts.run_id),
            "invocation_started_at": _time(facts.started),
        },
        "args": {
            "command": facts.command,
            "target": facts.target,
            "as_of": _time(facts.as_of),
            "exit_code": result.exit_code,
        },
        "elapsed_time": round(result.seconds, 3),
        "opened": dict(result.opened),
        "closed": dict(result.closed),
        "results": [_result(r, result) for r in result.results],
        "problems": [problem_fields(p) for p in result.problems],
    }


def write_problems(
    problems: Sequence[Problem], command: str, target: Path, cdmq_version: str
) -> None:
    """Write run_results.json of a run that could not begin, or that broke off."""
    now = datetime.now(UTC)
    content = {
        "metadata": {
            **metadata("run-results", cdmq_version, None, str(uuid.uuid4())),
            "invocation_started_at": _time(now),
        },
        "args": {"command": command, "exit_code": 2},
        "elapsed_time": None,
        "opened": {},
        "closed": {},
        "results": [],
        "problems": [problem_fields(p) for p in problems],
    }
    write_text(
        target / "run_results.json", json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    )


def _result(r: RuleResult, result: RunResult) -> dict[str, Any]:
    o, rule = r.outcome, r.rule
    code = result.statements.get(rule.id) if o.evaluated else None
    return {
        "unique_id": unique_id(result.project, rule),
        "status": r.status,
        "timing": _timing(r, result),
        "thread_id": "main",
        "execution_time": round(o.seconds, 4),
        "adapter_response": {},
        "message": r.message or None,
        "code": RULE_FAILED if r.status == "error" else None,
        "failures": o.failing if o.evaluated else None,
        "compiled": code is not None,
        "compiled_code": code,
        "relation_name": result.relations.get(rule.id),
        "rows_tested": o.tested,
        "rows_judged": o.judged,
        "could_not_judge": o.could_not_judge,
        "cells_changed": o.changed,
        "failures_percent": round(r.percent, 4),
        "waived": o.waived,
        "rule_version": result.versions.get(rule.id),
        "kind": rule.kind,
        "check": rule.check,
        "dimension": rule.dimension,
        "severity": rule.severity,
        "owner": rule.owner,
        "file": rule.span.file,
        "line": rule.span.line,
        "sample_keys": list(o.samples),
    }


def _timing(r: RuleResult, result: RunResult) -> list[dict[str, str]]:
    ended = r.outcome.ended
    if ended is None:
        return []
    began = ended - timedelta(seconds=r.outcome.seconds)
    return [{"name": "execute", "started_at": _time(began), "completed_at": _time(ended)}]


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
