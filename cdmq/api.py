"""The Python API: what the commands do, as functions that return values.

    >>> import cdmq
    >>> result = cdmq.run("path/to/project")      # doctest: +SKIP
    >>> result.exit_code, len(result.results)     # doctest: +SKIP
"""

from __future__ import annotations

import getpass
import os
import platform
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cdmq.problems import CdmqError, Problem, Span
from cdmq.values import Catalog, Project

__version__ = "0.1.0"


@dataclass(frozen=True)
class RunResult:
    """What a run gave. `results` are the rules' results in the order of their ids."""

    run_id: str
    exit_code: int
    results: tuple[Any, ...]
    opened: Mapping[str, int]
    closed: Mapping[str, int]
    new_versions: tuple[str, ...]
    warnings: tuple[Problem, ...]
    failed: Mapping[str, str]


def parse(root: str | Path, variables: Mapping[str, Any] | None = None) -> Project:
    """Read and check a project without a connection. Raises CdmqError with all problems."""
    from cdmq.stages.load import find_root, load
    from cdmq.stages.resolve import resolve

    return resolve(load(find_root(Path(root)), variables))


def run(
    root: str | Path = ".", *, as_of: datetime | None = None, target: str | None = None,
    profile: str | None = None, profiles_dir: str | None = None,
    variables: Mapping[str, Any] | None = None, select: str | None = None,
    exclude: str | None = None, fail_on: frozenset[str] = frozenset({"error"}),
    threads: int | None = None, wait: float = 0.0, build: bool = True,
    allow_empty: bool = False, fail_fast: bool = False,
    listen: Callable[[str, object], None] = lambda event, value: None,
) -> RunResult:
    """Build the datasets, apply the defaults, judge the rules, publish flags and audit rows.

    `as_of` is the time that rules judge by (default: now). Raises CdmqError where nothing could
    run; a rule that could not be run is in the result.
    """
    from cdmq.profiles import connect, locked, read_target
    from cdmq.warehouses.base import Locked, StatementError

    project = parse(root, variables)
    target_ = read_target(project.root, project.config, profiles_dir=profiles_dir,
                          profile=profile, target=target)
    warehouse = connect(target_, project.root, threads=threads, wait=wait)
    try:
        with warehouse.lock():
            return _run(project, warehouse, target_, as_of or datetime.now(UTC), build, select,
                        exclude, fail_on, allow_empty, fail_fast, listen)
    except Locked as error:
        raise CdmqError(locked(target_, str(error))) from None
    except StatementError as error:
        if os.environ.get("DBG"): print(error.sql)
        raise CdmqError(Problem(target_.span, "CDMQ410", target_.scrub(str(error)),
                                "nothing was published")) from None
    finally:
        warehouse.close()


def _run(
    project: Project, warehouse: Any, target: Any, as_of: datetime, build: bool,
    select: str | None, exclude: str | None, fail_on: frozenset[str], allow_empty: bool,
    fail_fast: bool, listen: Callable[[str, object], None],
) -> RunResult:
    from cdmq.audit.versions import version_of
    from cdmq.stages.catalog import live_catalog, write_catalog
    from cdmq.stages.compile import compile_rules
    from cdmq.stages.execute import Execution, sweep
    from cdmq.stages.judge import exit_code, judge
    from cdmq.stages.record import RunFacts, migrate, record
    from cdmq.sql.logical import Names
    from cdmq.stages.plan import plan

    started = datetime.now(UTC)
    run_id = started.strftime("%Y%m%dT%H%M%S%f")[:-3] + "-" + secrets.token_hex(3)
    migrate(warehouse, __version__, started)
    sweep(warehouse)
    catalog = live_catalog(project, warehouse)
    write_catalog(catalog, project.root / project.config.target_path)
    chosen = frozenset(r.id for r in project.rules.values() if r.enabled)
    steps = compile_rules(project, catalog, warehouse.dialect)
    names = Names(warehouse.schema, warehouse.traits.longest_name, run_id[-6:])
    moment = as_of.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
    planned = plan(project, steps, warehouse.traits.fuse)
    execution = Execution(project, catalog, planned, warehouse, names, moment, rules=chosen,
                          datasets=project.datasets, build=build, fail_fast=fail_fast,
                          listen=listen)
    executed = execution.run()
    results = tuple(judge(executed.outcomes[r]) for r in sorted(executed.outcomes))
    code = exit_code(results, fail_on)
    versions = {name: version_of(rule, project) for name, rule in project.rules.items()}
    facts = RunFacts(
        run_id=run_id, started=started, as_of=as_of, command="run" if build else "test",
        target=f"{target.profile}.{target.name}", run_by=_who(), cdmq_version=__version__,
        versions=_versions(warehouse), exit_code=code, status=_status(results), whole=True,
    )
    recorded = record(project, steps, executed, results, versions, facts, warehouse,
                      datetime.now(UTC))
    return RunResult(
        run_id, code, results, {k: v[0] for k, v in recorded.episodes.items()},
        {k: v[1] for k, v in recorded.episodes.items()}, recorded.new_versions,
        project.warnings, executed.failed,
    )


def _status(results: tuple[Any, ...]) -> str:
    statuses = {r.status for r in results}
    return next((s for s in ("error", "fail", "warn") if s in statuses), "pass")


def _who() -> str:
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return socket.gethostname()


def _versions(warehouse: Any) -> dict[str, str]:
    found = {"python": platform.python_version(), warehouse.dialect: warehouse.version()}
    for name in ("sqlglot", "pydantic", "jinja2", "pyyaml"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


__all__ = ["Catalog", "CdmqError", "Problem", "RunResult", "Span", "__version__", "parse", "run"]
