"""`run`, `test` and `train` take the same options: the function that typer calls for each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from cdmq.cli import options as o
from cdmq.cli.failures import INTERRUPTED

if TYPE_CHECKING:
    from cdmq.results import RunResult


def rules_command(does: str, help: str) -> Callable[..., None]:
    """The command that runs, tests or trains the rules."""

    def command(
        select: o.Select = None,
        exclude: o.Exclude = None,
        as_of: o.AsOf = None,
        fail_on: o.FailOn = None,
        accept_moves: o.AcceptMoves = None,
        review_from: o.ReviewFrom = None,
        fail_fast: o.FailFast = False,
        allow_empty: o.AllowEmpty = False,
        target: o.Target = None,
        profile: o.Profile = None,
        project_dir: o.ProjectDir = o.HERE,
        profiles_dir: o.ProfilesDir = None,
        vars: o.Vars = None,
        threads: o.Threads = None,
        wait: o.Wait = 0.0,
        target_path: o.TargetPath = None,
        log_format: o.LogFormat = "text",
        quiet: o.Quiet = False,
        no_use_colors: o.NoColors = False,
    ) -> None:
        from cdmq.project.given import read_vars
        from cdmq.reports import listener

        o.one_of("--log-format", log_format, ("text", "json"))
        with _interrupts(), listener(log_format, quiet, no_use_colors) as listen:
            result = _function(does)(
                project_dir,
                as_of=o.moment(as_of),
                target=target,
                profile=profile,
                profiles_dir=profiles_dir,
                variables=read_vars(vars),
                select=o.words(select),
                exclude=o.words(exclude),
                fail_on=o.fail_on(fail_on),
                threads=threads,
                wait=wait,
                allow_empty=allow_empty,
                fail_fast=fail_fast,
                **_reviews(does, accept_moves, review_from),
                target_path=target_path,
                listen=listen,
            )
        raise typer.Exit(result.exit_code)

    return _without(command, help, () if does == "run" else OF_RUN)


#: What only `run` is told.
OF_RUN = ("accept_moves", "review_from")


def _reviews(does: str, accepted: list[str] | None, since: str | None) -> dict[str, Any]:
    known = dict(zip(OF_RUN, (o.words(accepted) or "", since), strict=True))
    return known if does == "run" else {}


def _without(
    command: Callable[..., None], help: str, names: tuple[str, ...]
) -> Callable[..., None]:
    """With its help, and without options that it does not know."""
    known = inspect.signature(command, eval_str=True)
    kept = [p for n, p in known.parameters.items() if n not in names]
    command.__signature__ = known.replace(parameters=kept)  # type: ignore[attr-defined]
    command.__doc__ = help
    return command


def _function(does: str) -> Callable[..., RunResult]:
    from cdmq import api

    return {"run": api.run, "test": api.test, "train": api.train}[does]


@contextmanager
def _interrupts() -> Iterator[None]:
    """What became of an interrupted run is said; typer would leave it out."""
    from cdmq.runs.interrupts import Interrupted

    try:
        yield
    except Interrupted as error:
        raise SystemExit(INTERRUPTED) from error
