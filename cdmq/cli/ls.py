"""cdmq ls: list what a selection names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from cdmq.cli import options as o

if TYPE_CHECKING:
    from cdmq.runs.projects import Way

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
    unused: Annotated[
        bool,
        typer.Option(
            "--unused",
            help="Columns of files and tables that no rule reads, and how often they are filled.",
        ),
    ] = False,
    project_dir: o.ProjectDir = o.HERE,
    profiles_dir: o.ProfilesDir = None,
    profile: o.Profile = None,
    target: o.Target = None,
    vars: o.Vars = None,
) -> None:
    """List datasets and rules, or columns that no rule reads.

    A target is asked for --unused alone.
    """
    from cdmq.project.given import read_vars
    from cdmq.runs.projects import Way

    o.one_of("--output", output, ("name", "path", "json"))
    o.one_of("--resource-type", resource_type, ("all", "dataset", "rule"))
    if unused and resource_type != "all":
        raise typer.BadParameter("--unused lists columns: leave --resource-type out")
    way = Way(project_dir, read_vars(vars), None, profiles_dir, profile, target)
    chosen = Chosen(o.words(select), o.words(exclude), allow_empty)
    lines = _unused(way, chosen, output) if unused else _named(way, chosen, output, resource_type)
    for line in lines:
        typer.echo(line)


class Chosen(NamedTuple):
    """A selection as it was said."""

    select: str | None
    exclude: str | None
    allow_empty: bool


def _named(way: Way, chosen: Chosen, output: str, resource_type: str) -> Iterator[str]:
    from cdmq import api
    from cdmq.reports.lists import listed_lines

    found = api.ls(way.root, variables=way.variables, **chosen._asdict())
    return listed_lines(found, output, resource_type)


def _unused(way: Way, chosen: Chosen, output: str) -> Iterator[str]:
    from cdmq.commands.unused import unused_columns
    from cdmq.reports.lists import unused_lines

    return unused_lines(unused_columns(way, *chosen), output)
