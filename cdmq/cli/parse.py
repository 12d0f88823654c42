"""cdmq parse: read and check the project without a connection."""

from __future__ import annotations

from typing import Annotated

import typer

from cdmq.cli import options as o

NAMES = ("parse",)


def command(
    project_dir: o.ProjectDir = o.HERE,
    vars: o.Vars = None,
    target_path: o.TargetPath = None,
    quiet: o.Quiet = False,
    no_cache: Annotated[
        bool,
        typer.Option(
            "--no-partial-parse",
            envvar="CDMQ_NO_PARTIAL_PARSE",
            show_envvar=False,
            help="Read everything anew.",
        ),
    ] = False,
) -> None:
    """Check the project without a connection, write manifest.json.

    Columns are checked where they are known: in the header of a csv file, declared, or seen by the
    last compile or run.
    """
    from cdmq.commands.cache import parsed

    found = parsed(project_dir, vars, target_path, use_cache=not no_cache)
    for warning in found.warnings:
        typer.echo(str(warning), err=True)
    if not quiet:
        typer.echo(str(found))
