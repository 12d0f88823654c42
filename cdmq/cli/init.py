"""cdmq init"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

NAMES = ("init",)


def command(
    folder: Annotated[Path, typer.Argument(help="Where it is written.")] = Path("cdmq_project"),
    name: Annotated[
        str | None, typer.Option("--name", help="The project's name. Default: the folder's.")
    ] = None,
    minimal: Annotated[
        bool,
        typer.Option("--minimal", help="One csv, one rule, in place of the reference project."),
    ] = False,
    from_files: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            help="A csv, json, parquet or xlsx file of your own to make it for; may be "
            "given often. One outside of the folder is copied into its data/.",
        ),
    ] = None,
) -> None:
    """Write a new project, with data, rules and tests.

    It is made from the reference project of cdmq, or for your own files with --from: then it says
    how each is written, what names a record, and why it was taken so. No file is ever written over.
    """
    from cdmq.commands.init import init

    made = init(folder, name=name, minimal=minimal, from_files=from_files or ())
    typer.echo(f"{made.name}: {len(made.files)} files in {made.root}")
    typer.echo("Next:")
    if made.root != Path():
        typer.echo(f"    cd {shlex.quote(str(made.root))}")
    typer.echo("    cdmq run                         see what its rules find")
    if not minimal and not from_files:
        typer.echo("    cdmq unit-test                   run the rules' own tests")
    typer.echo("    cdmq schema --write              let your editor complete keys")
    typer.echo("    cdmq explain                     the manual")
