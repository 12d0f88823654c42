"""The Python API: what the commands do, as functions that return values.

    >>> import cdmq
    >>> result = cdmq.run("path/to/project")      # doctest: +SKIP
    >>> result.exit_code, len(result.results)     # doctest: +SKIP

Each raises CdmqError with all that is wrong where it could not do its work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from cdmq.problems import CdmqError, Problem
from cdmq.results import Compiled, Finding, Listed, RunResult, Table

if TYPE_CHECKING:
    from cdmq.runs.interrupts import Fate
    from cdmq.values import Dataset, Project, Rule
    from cdmq.warehouses.base import Warehouse
    from cdmq.warehouses.profiles import Target

__version__ = "0.1.0"
Listener = Callable[[str, object], None]


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


class RunOptions(TypedDict, total=False):
    """What `run` and `test` may be told. `as_of` without a zone is in the project's; its default
    is now.

    `select`, `exclude` and `fail_on` take one text, as on the command line, or several. A word
    that is not below is a TypeError.
    """

    as_of: datetime | date | str | None
    select: str | Iterable[str] | None
    exclude: str | Iterable[str] | None
    fail_on: str | Iterable[str]
    fail_fast: bool
    allow_empty: bool
    target: str | None
    profile: str | None
    profiles_dir: str | Path | None
    variables: Mapping[str, Any] | None
    threads: int | None
    #: Seconds to wait for another run that holds the warehouse.
    wait: float
    target_path: str | Path | None
    #: Called with what happens: ("start", Facts), ("rule", Outcome), ("end", RunResult), ...
    listen: Listener


def run(root: str | Path = ".", **options: Unpack[RunOptions]) -> RunResult:
    """Build the datasets, apply the defaults, judge the rules, publish flags and audit rows.

    A rule that could not be run is in the result.
    """
    return _run("run", root, options)


def test(root: str | Path = ".", **options: Unpack[RunOptions]) -> RunResult:  # noqa: PT028
    """Judge the validation rules on what the last run made; nothing is built or defaulted."""
    return _run("test", root, options)


def train(root: str | Path = ".", **options: Unpack[RunOptions]) -> RunResult:
    """Train the models of the matching rules; nothing is published, the next run uses them."""
    return _run("train", root, options)


def compile(
    root: str | Path = ".",
    *,
    target: str | None = None,
    profile: str | None = None,
    profiles_dir: str | Path | None = None,
    variables: Mapping[str, Any] | None = None,
    select: str | Iterable[str] | None = None,
    exclude: str | Iterable[str] | None = None,
    allow_empty: bool = False,
    threads: int | None = None,
    wait: float = 0.0,
    target_path: str | Path | None = None,
) -> Compiled:
    """Bind every rule to the warehouse's columns and write the SQL; nothing runs."""
    from cdmq.project.given import selection
    from cdmq.project.target_files import check_target
    from cdmq.runs.pipeline import Wish, compiled

    wish = Wish("run", None, selection(select), selection(exclude), allow_empty=allow_empty)
    with _connected(root, variables, target_path, profiles_dir, profile, target, threads, wait) as (
        project,
        warehouse,
        _,
    ):
        check_target(_target_path(project))
        return compiled(project, warehouse, _target_path(project), wish)


def ls(
    root: str | Path = ".",
    *,
    variables: Mapping[str, Any] | None = None,
    select: str | Iterable[str] | None = None,
    exclude: str | Iterable[str] | None = None,
    allow_empty: bool = False,
) -> tuple[Listed, ...]:
    """The datasets and rules that a selection names."""
    from cdmq.graph.select import select as selected
    from cdmq.project.given import selection
    from cdmq.reports.manifest import unique_id

    project = parse(root, variables)
    found = selected(
        project, selection(select), selection(exclude), allow_empty=allow_empty, disabled=True
    )
    things: list[Dataset | Rule] = [
        *(project.datasets[d] for d in project.datasets if d in found.chosen),
        *(project.rules[r] for r in sorted(found.rules)),
    ]
    return tuple(Listed(unique_id(project, t), t) for t in things)


def show(
    dataset: str,
    root: str | Path = ".",
    *,
    stage: str = "clean",
    limit: int = 5,
    unmask: bool = False,
    target: str | None = None,
    profile: str | None = None,
    profiles_dir: str | Path | None = None,
    variables: Mapping[str, Any] | None = None,
    wait: float = 0.0,
) -> Table:
    """Some rows of a dataset as the last run left it; personal values are masked."""
    from cdmq.commands.show import rows_of
    from cdmq.project import given

    given.check(dataset=dataset, stage=stage, limit=limit, unmask=unmask)
    with _connected(root, variables, None, profiles_dir, profile, target, None, wait) as (
        project,
        warehouse,
        to,
    ):
        found = rows_of(project, warehouse, dataset, stage, limit, unmask)
        return replace(found, name=to.scrub(found.name))


def debug(
    root: str | Path = ".",
    *,
    target: str | None = None,
    profile: str | None = None,
    profiles_dir: str | Path | None = None,
    variables: Mapping[str, Any] | None = None,
    adopt: Sequence[str] = (),
    adopt_project: str | None = None,
    force: bool = False,
) -> tuple[Finding, ...]:
    """Look at project, profile, connection, rights and register; what is wrong has a remedy.

    `adopt`: relations that an older cdmq made; `adopt_project`: the name that the project had;
    `force`: though the two have no dataset and no rule in common.
    """
    from cdmq.commands.debug import findings
    from cdmq.project import given
    from cdmq.warehouses.profiles import waited

    given.check(
        root=root, variables=variables, profiles_dir=profiles_dir, profile=profile, target=target
    )
    if adopt or adopt_project:
        from cdmq.runs.upkeep import adopted

        with (
            _connected(root, variables, None, profiles_dir, profile, target, None, 0.0) as (
                project,
                warehouse,
                to,
            ),
            waited(warehouse.lock, 0.0),
        ):
            found = adopted(project, warehouse, to, __version__, adopt, adopt_project, force)
            return tuple(replace(f, said=to.scrub(f.said)) for f in found)
    return findings(Path(root), variables, profiles_dir, profile, target)


def undo_reviews(
    after: str,
    root: str | Path = ".",
    *,
    target: str | None = None,
    profile: str | None = None,
    profiles_dir: str | Path | None = None,
    variables: Mapping[str, Any] | None = None,
) -> list[tuple[str, str, int]]:
    """Undo the reviews of tiering rules after a day: (rule, review, how many times it was made)."""
    from cdmq.runs.upkeep import undone
    from cdmq.warehouses.profiles import waited

    with (
        _connected(root, variables, None, profiles_dir, profile, target, None, 0.0) as (
            project,
            warehouse,
            to,
        ),
        waited(warehouse.lock, 0.0),
    ):
        return undone(project, warehouse, to, __version__, after)


def _run(command: str, root: str | Path, told: RunOptions) -> RunResult:
    from cdmq.project import given
    from cdmq.project.target_files import check_target
    from cdmq.reports.artifacts import write_results
    from cdmq.reports.manifest import write_manifest
    from cdmq.runs.interrupts import Fate
    from cdmq.runs.pipeline import Wish, run
    from cdmq.warehouses.profiles import waited

    given.check(root=root)
    options = given.options(command, told, RunOptions.__annotations__)
    wish = Wish(
        command,
        options.get("as_of"),
        options.get("select"),
        options.get("exclude"),
        options.get("fail_on") or frozenset({"error"}),
        options.get("allow_empty", False),
        options.get("fail_fast", False),
    )
    wait, listen = options.get("wait", 0.0), options.get("listen") or _deaf
    fate = Fate()
    with (
        _told(fate),
        _kept(command, root, options.get("target_path")),
        _connected(
            root,
            options.get("variables"),
            options.get("target_path"),
            options.get("profiles_dir"),
            options.get("profile"),
            options.get("target"),
            options.get("threads"),
            wait,
            fate,
        ) as (project, warehouse, to),
    ):
        target_path = _target_path(project)
        check_target(target_path)
        with waited(warehouse.lock, wait):
            result = run(project, warehouse, to, target_path, wish, listen, __version__, fate)
        write_manifest(project, target_path, __version__, result.facts.run_id, result.versions)
        write_results(result, target_path, __version__, to.scrub_all)
        listen("end", result)
    return result


@contextmanager
def _told(fate: Fate) -> Iterator[None]:
    """What interrupts a run says what became of it."""
    from cdmq.runs.interrupts import Interrupted

    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(fate.said) from None


@contextmanager
def _kept(command: str, root: str | Path, target_path: str | Path | None) -> Iterator[None]:
    """What ended a run stands in run_results.json too, where a project is found."""
    try:
        yield
    except CdmqError as error:
        from cdmq.project.target_files import is_free
        from cdmq.project.walk import find_root, target_folder
        from cdmq.reports.artifacts import write_problems

        lost = any(p.code in ("CDMQ120", "CDMQ124") for p in error.problems)
        folder = (
            None
            if lost
            else target_folder(find_root(Path(root)), Path(target_path) if target_path else None)
        )
        if folder and is_free(folder / "run_results.json"):
            write_problems(error.problems, command, folder, __version__)
        raise


def _first(error: BaseException) -> BaseException:
    """What was lost first: what tidies up afterwards meets the same."""
    found: BaseException = error
    at: BaseException | None = error
    while at is not None:
        found, at = (at if type(at) is type(error) else found), at.__context__
    return found


def _deaf(event: str, value: object) -> None:
    """Hears nothing."""


def _target_path(project: Project) -> Path:
    return project.root / project.config.target_path


@contextmanager
def _connected(
    root: str | Path,
    variables: Mapping[str, Any] | None,
    target_path: str | Path | None,
    profiles_dir: str | Path | None,
    profile: str | None,
    target: str | None,
    threads: int | None,
    wait: float,
    fate: Fate | None = None,
) -> Iterator[tuple[Project, Warehouse, Target]]:
    """The project and a connection to its target. What the warehouse refuses is a Problem."""
    from cdmq.project import given
    from cdmq.runs.interrupts import follows_interrupt, interruptible
    from cdmq.sql import nodes
    from cdmq.warehouses.base import Locked, Lost, StatementError
    from cdmq.warehouses.profiles import connect, locked, read_target, scrubbing

    given.check(
        profiles_dir=profiles_dir, profile=profile, target=target, threads=threads, wait=wait
    )
    project = parse(root, variables, target_path=target_path)
    to = read_target(
        project.root,
        project.config,
        profile=profile,
        target=target,
        profiles_dir=str(profiles_dir) if profiles_dir else None,
    )
    warehouse = connect(to, project.root, threads=threads, wait=wait)
    try:
        if project.config.time_zone != "UTC":
            warehouse.run(f"SET TimeZone = {nodes.text(project.config.time_zone).sql()}")
        with scrubbing(to), interruptible(warehouse.interrupt):
            yield project, warehouse, to
    except Locked as error:
        raise CdmqError(locked(to, str(error))) from None
    except (Lost, StatementError) as error:
        if follows_interrupt(error):
            raise KeyboardInterrupt from None
        after = fate.said if fate else "nothing was published"
        if isinstance(error, StatementError):
            raise CdmqError(Problem(to.span, "CDMQ410", to.scrub(str(error)), after)) from None
        first = _first(error)
        raise CdmqError(
            Problem(
                to.span,
                "CDMQ421",
                f"the warehouse is gone: {to.scrub(str(first))}",
                f"{after}; look at the server and at the space on its disk, then run again",
            )
        ) from None
    except RuntimeError as error:
        if "interrupted" in str(error).lower():  # how DuckDB says that Ctrl-C was pressed
            raise KeyboardInterrupt from None
        raise
    finally:
        warehouse.close()


__all__ = [
    "CdmqError",
    "Problem",
    "RunResult",
    "__version__",
    "compile",
    "debug",
    "ls",
    "parse",
    "run",
    "show",
    "test",
    "train",
]
