"""cdmq debug: is everything there that a run needs?"""

from __future__ import annotations

from typing import Annotated

import typer

from cdmq.cli import options as o

NAMES = ("debug",)

Adopt = Annotated[
    list[str] | None,
    typer.Option(
        "--adopt",
        metavar="NAME",
        help="A table or view that an older cdmq made: the next run may replace it.",
    ),
]
AdoptProject = Annotated[
    str | None,
    typer.Option(
        "--adopt-project",
        metavar="OLD",
        help="The project of the audit tables, whose name was changed.",
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="With --adopt-project: though this project has nothing of that one, "
        "whose flags the next run closes.",
    ),
]


def command(
    target: o.Target = None,
    profile: o.Profile = None,
    project_dir: o.ProjectDir = o.HERE,
    profiles_dir: o.ProfilesDir = None,
    vars: o.Vars = None,
    adopt: Adopt = None,
    adopt_project: AdoptProject = None,
    force: Force = False,
) -> None:
    """Look at project, profile, connection, rights and register.

    The register says which relations cdmq made. What is wrong is shown with what to do.
    """
    from cdmq import api
    from cdmq.project.given import read_vars
    from cdmq.reports.lists import finding_lines

    found = api.debug(
        project_dir,
        target=target,
        profile=profile,
        profiles_dir=profiles_dir,
        variables=read_vars(vars),
        adopt=adopt or (),
        adopt_project=adopt_project,
        force=force,
    )
    for line in finding_lines(found):
        typer.echo(line)
    raise typer.Exit(0 if all(f.ok for f in found) else 2)
