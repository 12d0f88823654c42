"""A project read from its folder, and a connection to its target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdmq.problems import CdmqError, Problem

if TYPE_CHECKING:
    from cdmq.runs.interrupts import Fate
    from cdmq.values import Project
    from cdmq.warehouses.base import Warehouse
    from cdmq.warehouses.profiles import Target


def parse(
    root: str | Path = ".",
    variables: Mapping[str, Any] | None = None,
    *,
    target_path: str | Path | None = None,
) -> Project:
    """Read and check a project without a connection."""
    from cdmq.project import given
    from cdmq.project.walk import find_root
    from cdmq.stages.load import load
    from cdmq.stages.resolve import resolve

    given.check(root=root, variables=variables, target_path=target_path)
    project = resolve(load(find_root(Path(root)), given.variables(variables)))
    if target_path is None:
        return project
    where = str(Path(target_path).absolute())
    return replace(project, config=project.config.model_copy(update={"target_path": where}))


@dataclass(frozen=True)
class Way:
    """Where a project is and which target of it is meant, as the caller said it."""

    root: str | Path
    variables: Mapping[str, Any] | None = None
    target_path: str | Path | None = None
    profiles_dir: str | Path | None = None
    profile: str | None = None
    target: str | None = None
    threads: int | None = None
    #: Seconds to wait for another run that holds the warehouse.
    wait: float = 0.0


@contextmanager
def connected(way: Way, fate: Fate | None = None) -> Iterator[tuple[Project, Warehouse, Target]]:
    """The project and a connection to its target. What the warehouse refuses is a Problem."""
    from cdmq.runs.interrupts import interruptible
    from cdmq.sql import nodes
    from cdmq.warehouses.connecting import scrubbing

    project, warehouse, to = _opened(way)
    try:
        with _refusals(to, fate):
            if project.config.time_zone != "UTC":
                warehouse.run(f"SET TimeZone = {nodes.text(project.config.time_zone).sql()}")
            with scrubbing(to), interruptible(warehouse.interrupt):
                yield project, warehouse, to
    finally:
        warehouse.close()


def _opened(way: Way) -> tuple[Project, Warehouse, Target]:
    from cdmq.project import given
    from cdmq.warehouses.connecting import connect
    from cdmq.warehouses.profiles import read_target

    given.check(
        profiles_dir=way.profiles_dir,
        profile=way.profile,
        target=way.target,
        threads=way.threads,
        wait=way.wait,
    )
    project = parse(way.root, way.variables, target_path=way.target_path)
    to = read_target(
        project.root,
        project.config,
        profile=way.profile,
        target=way.target,
        profiles_dir=str(way.profiles_dir) if way.profiles_dir else None,
    )
    return project, connect(to, project.root, threads=way.threads, wait=way.wait), to


@contextmanager
def _refusals(to: Target, fate: Fate | None) -> Iterator[None]:
    """What the warehouse raises, as problems of the target; with what became of the run."""
    from cdmq.runs.interrupts import follows_interrupt
    from cdmq.warehouses.base import Locked, Lost, StatementError
    from cdmq.warehouses.connecting import locked

    try:
        yield
    except Locked as error:
        raise CdmqError(locked(to, str(error))) from None
    except (Lost, StatementError) as error:
        if follows_interrupt(error):
            raise KeyboardInterrupt from None
        after = fate.said if fate else "nothing was published"
        if isinstance(error, StatementError):
            raise CdmqError(Problem(to.span, "CDMQ410", to.scrub(str(error)), after)) from None
        cause = f"the warehouse is gone: {to.scrub(str(_first(error)))}"
        remedy = f"{after}; look at the server and at the space on its disk, then run again"
        raise CdmqError(Problem(to.span, "CDMQ421", cause, remedy)) from None
    except RuntimeError as error:
        if "interrupted" in str(error).lower():  # how DuckDB says that Ctrl-C was pressed
            raise KeyboardInterrupt from None
        raise


def _first(error: BaseException) -> BaseException:
    """What was lost first: what tidies up afterwards meets the same."""
    found: BaseException = error
    at: BaseException | None = error
    while at is not None:
        found, at = (at if type(at) is type(error) else found), at.__context__
    return found
