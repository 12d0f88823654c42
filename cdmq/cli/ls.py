"""cdmq ls: list what a selection names."""

from __future__ import annotations

from typing import Annotated

import typer

from cdmq.cli import options as o

NAMES = ("ls", "list")


def command(
    select: o.Select = None,
    exclude: o.Exclude = None,
    allow_empty: o.AllowEmpty = False,
    resource_type: Annotated[
        str, typer.Option("--resource-type", help="all, dataset or rule.", metavar="TYPE")
    ] = "all",
    output: Annotated[
        str,
        typer.Option("--output", help="name, path or json (one object a line).", metavar="FORM"),
    ] = "name",
    project_dir: o.ProjectDir = o.HERE,
    vars: o.Vars = None,
) -> None:
    """List the datasets and rules that a selection names."""
    from cdmq import api
    from cdmq.project.given import read_vars
    from cdmq.reports.lists import listed_lines

    o.one_of("--output", output, ("name", "path", "json"))
    o.one_of("--resource-type", resource_type, ("all", "dataset", "rule"))
    found = api.ls(
        project_dir,
        variables=read_vars(vars),
        select=o.words(select),
        exclude=o.words(exclude),
        allow_empty=allow_empty,
    )
    for line in listed_lines(found, output, resource_type):
        typer.echo(line)
