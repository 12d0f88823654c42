"""The Python API: what the commands do, as functions that return values.

    >>> import cdmq
    >>> result = cdmq.run("path/to/project")      # doctest: +SKIP
    >>> result.exit_code, len(result.results)     # doctest: +SKIP

Each raises CdmqError with all that is wrong where it could not do its work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from cdmq.problems import CdmqError, Problem
from cdmq.results import Compiled, Finding, Listed, RunResult, Table
from cdmq.runs.projects import Way, connected, parse
from cdmq.version import __version__

if TYPE_CHECKING:
    from cdmq.project.people import DecisionSpec
    from cdmq.runs.deciding import Decided
    from cdmq.values import Dataset, Project, Rule

Listener = Callable[[str, object], None]


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
    accept_moves: str | Iterable[str]
    review_from: date | str | None
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


#: Words of RunOptions that say where to.
_WAY = ("variables", "target_path", "profiles_dir", "profile", "target", "threads", "wait")


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
    from cdmq.runs.ready import Wish, compiled

    wish = Wish("run", None, selection(select), selection(exclude), allow_empty=allow_empty)
    way = Way(root, variables, target_path, profiles_dir, profile, target, threads, wait)
    with connected(way) as (project, warehouse, _):
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
    way = Way(root, variables, None, profiles_dir, profile, target, wait=wait)
    with connected(way) as (project, warehouse, to):
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
    from cdmq.warehouses.connecting import waited

    given.check(
        root=root, variables=variables, profiles_dir=profiles_dir, profile=profile, target=target
    )
    if adopt or adopt_project:
        from cdmq.runs.upkeep import adopted

        way = Way(root, variables, None, profiles_dir, profile, target)
        with connected(way) as (project, warehouse, to), waited(warehouse.lock, 0.0):
            found = adopted(project, warehouse, to, __version__, adopt, adopt_project, force)
            return tuple(replace(f, said=to.scrub(f.said)) for f in found)
    return findings(Path(root), variables, profiles_dir, profile, target)


def decide(
    decisions: Iterable[DecisionSpec],
    root: str | Path = ".",
    *,
    target: str | None = None,
    profile: str | None = None,
    profiles_dir: str | Path | None = None,
    variables: Mapping[str, Any] | None = None,
) -> list[Decided]:
    """Keep decisions, which the next run heeds; how each stands."""
    from cdmq.commands.decide import decided
    from cdmq.problems import Span

    way = Way(root, variables, None, profiles_dir, profile, target)
    return decided(way, [(spec, Span("decide")) for spec in decisions])


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
    from cdmq.warehouses.connecting import waited

    way = Way(root, variables, None, profiles_dir, profile, target)
    with connected(way) as (project, warehouse, to), waited(warehouse.lock, 0.0):
        return undone(project, warehouse, to, __version__, after)


def _run(command: str, root: str | Path, said: RunOptions) -> RunResult:
    from cdmq.project import given
    from cdmq.project.target_files import check_target
    from cdmq.reports.artifacts import write_results
    from cdmq.reports.manifest import write_manifest
    from cdmq.runs.ending import kept, told
    from cdmq.runs.interrupts import Fate
    from cdmq.runs.pipeline import Call, run
    from cdmq.runs.ready import Wish
    from cdmq.warehouses.connecting import waited

    given.check(root=root)
    options = given.options(command, said, RunOptions.__annotations__)
    wish = Wish(
        command,
        options.get("as_of"),
        options.get("select"),
        options.get("exclude"),
        options.get("fail_on") or frozenset({"error"}),
        options.get("allow_empty", False),
        options.get("fail_fast", False),
        options.get("accept_moves") or frozenset(),
        options.get("review_from"),
    )
    wait, listen = options.get("wait", 0.0), options.get("listen") or _deaf
    way = Way(root, **{word: options[word] for word in _WAY if word in options})
    fate = Fate()
    with (
        told(fate),
        kept(command, root, options.get("target_path")),
        connected(way, fate) as (project, warehouse, to),
    ):
        target_path = _target_path(project)
        check_target(target_path)
        with waited(warehouse.lock, wait):
            result = run(Call(project, warehouse, to, target_path, wish, listen, __version__, fate))
        write_manifest(project, target_path, __version__, result.facts.run_id, result.versions)
        write_results(result, target_path, __version__, to.scrub_all)
        listen("end", result)
    return result


def _deaf(event: str, value: object) -> None:
    """Hears nothing."""


def _target_path(project: Project) -> Path:
    return project.root / project.config.target_path


__all__ = [
    "CdmqError",
    "Problem",
    "RunResult",
    "__version__",
    "compile",
    "debug",
    "decide",
    "ls",
    "parse",
    "run",
    "show",
    "test",
    "train",
]
