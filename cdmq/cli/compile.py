"""cdmq compile: bind every rule to the warehouse, write the SQL."""

from __future__ import annotations

import typer

from cdmq.cli import options as o

NAMES = ("compile",)


def command(
    select: o.Select = None,
    exclude: o.Exclude = None,
    allow_empty: o.AllowEmpty = False,
    target: o.Target = None,
    profile: o.Profile = None,
    project_dir: o.ProjectDir = o.HERE,
    profiles_dir: o.ProfilesDir = None,
    vars: o.Vars = None,
    threads: o.Threads = None,
    wait: o.Wait = 0.0,
    target_path: o.TargetPath = None,
    quiet: o.Quiet = False,
) -> None:
    """Bind rules to the warehouse's columns and write their SQL.

    No rule is run.
    """
    from cdmq import api
    from cdmq.project.given import read_vars
    from cdmq.reports.lists import compiled_lines

    found = api.compile(
        project_dir,
        target=target,
        profile=profile,
        profiles_dir=profiles_dir,
        variables=read_vars(vars),
        select=o.words(select),
        exclude=o.words(exclude),
        allow_empty=allow_empty,
        threads=threads,
        wait=wait,
        target_path=target_path,
    )
    for line in () if quiet else compiled_lines(found):
        typer.echo(line)
