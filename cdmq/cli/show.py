"""cdmq show: some rows of a dataset."""

from __future__ import annotations

from typing import Annotated

import typer

from cdmq.cli import options as o

NAMES = ("show",)


def command(
    dataset: Annotated[str, typer.Argument(help="The dataset.")],
    stage: Annotated[
        str,
        typer.Option("--stage", help="raw, clean, defaulted, flagged or passed.", metavar="STAGE"),
    ] = "clean",
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1_000_000, help="How many rows.", metavar="N")
    ] = 5,
    unmask: o.Unmask = False,
    output: Annotated[
        str, typer.Option("--output", help="text or json (one object a row).", metavar="FORM")
    ] = "text",
    target: o.Target = None,
    profile: o.Profile = None,
    project_dir: o.ProjectDir = o.HERE,
    profiles_dir: o.ProfilesDir = None,
    vars: o.Vars = None,
    wait: o.Wait = 0.0,
) -> None:
    """Show rows of a dataset as the last run left it.

    Where a dataset has pii:, what it does not call plain is masked, and so are the text columns
    that it does not name, the key apart. The addresses that a segment writes to are masked unless
    pii: calls them plain.
    """
    from cdmq import api
    from cdmq.project.given import read_vars
    from cdmq.reports.lists import table_lines

    o.one_of("--output", output, ("text", "json"))
    found = api.show(
        dataset,
        project_dir,
        stage=stage,
        limit=limit,
        unmask=unmask,
        target=target,
        profile=profile,
        profiles_dir=profiles_dir,
        variables=read_vars(vars),
        wait=wait,
    )
    for line in table_lines(found, output):
        typer.echo(line)
