"""What is known of a run besides its rules: its id, its time, who runs it, with what."""

from __future__ import annotations

import getpass
import platform
import socket
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from cdmq.audit.run_ids import next_run_id
from cdmq.outcomes import RuleResult
from cdmq.project.secret_words import SECRET, STARS
from cdmq.project.zones import utc
from cdmq.results import Facts
from cdmq.runs.past import spoken
from cdmq.stages.record import RunFacts
from cdmq.values import Project
from cdmq.warehouses.profiles import Target

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


def facts_of(
    target: Target,
    warehouse: Warehouse,
    command: str,
    wished: datetime | None,
    started: datetime,
    target_path: Path,
    rules: int,
    zone: str = "UTC",
) -> Facts:
    """What is known of a run before it begins. `wished`: the time that it is to judge by."""
    run_id = next_run_id(warehouse, started)
    as_of = utc(wished or started, zone)
    return Facts(
        run_id,
        command,
        started,
        as_of,
        f"{target.profile}.{target.name}",
        target.type,
        target.scrub(str(getattr(warehouse, "path", None) or f"schema {warehouse.schema}")),
        target_path,
        rules,
    )


def run_facts(
    facts: Facts,
    warehouse: Warehouse,
    cdmq_version: str,
    code: int,
    results: Sequence[RuleResult],
    whole: bool,
    variables: str,
) -> RunFacts:
    statuses = {r.status for r in results}
    status = next((s for s in ("error", "fail", "warn") if s in statuses), "pass")
    status = "error" if code == 2 else status
    return RunFacts(
        run_id=facts.run_id,
        started=facts.started,
        as_of=facts.as_of,
        command=facts.command,
        target=facts.target,
        run_by=who(),
        cdmq_version=cdmq_version,
        versions=_versions(warehouse),
        exit_code=code,
        status=status,
        whole=whole,
        variables=variables,
    )


def said(project: Project, target: Target) -> str:
    """The --vars as they are recorded: without what is secret by its name or in profiles.yml."""
    return spoken(
        {
            name: STARS if SECRET.search(name) else target.scrub_all(value)
            for name, value in project.overrides.items()
        }
    )


def who() -> str:
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return socket.gethostname()


def _versions(warehouse: Warehouse) -> dict[str, str]:
    found = {"python": platform.python_version(), warehouse.dialect: warehouse.version()}
    return found | {name: _installed(name) for name in ("sqlglot", "pydantic", "jinja2", "pyyaml")}


@cache
def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
