"""cdmq clean: remove what cdmq wrote to the target folder."""

from __future__ import annotations

import typer

from cdmq.cli import options as o

NAMES = ("clean",)


def command(
    project_dir: o.ProjectDir = o.HERE, target_path: o.TargetPath = None,
    quiet: o.Quiet = False,
) -> None:
    """Remove the files that cdmq wrote to the target folder.

    Databases and your own files stay.
    """
    from cdmq.cleaning import clean

    for path in clean(project_dir, target_path):
        if not quiet:
            typer.echo(f"removed {path}")
