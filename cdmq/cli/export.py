"""cdmq export: a wave of a segment, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cdmq.cli import options as o

NAMES = ("export",)


Wave = Annotated[
    str | None, typer.Option("--wave", help="Hand out the wave of this name.", metavar="WAVE")
]
Recall = Annotated[
    str | None,
    typer.Option(
        "--recall",
        help="Who of this wave must not be written to any more, and why.",
        metavar="WAVE",
    ),
]
Format = Annotated[str, typer.Option("--format", help="csv or parquet.", metavar="FORM")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        help="The file; - for the terminal. Default: exports/SEGMENT_WAVE in the target folder.",
        metavar="FILE",
    ),
]


def command(
    segment: Annotated[str, typer.Argument(help="The segment.")],
    wave: Wave = None,
    recall: Recall = None,
    format: Format = "csv",
    out: Out = None,
    as_of: o.AsOf = None,
    target: o.Target = None,
    profile: o.Profile = None,
    project_dir: o.ProjectDir = o.HERE,
    profiles_dir: o.ProfilesDir = None,
    vars: o.Vars = None,
    wait: o.Wait = 0.0,
) -> None:
    """Hand out a wave of a segment as a file.

    In it stand the members who are written to, with their addresses. Who is in it, who is held
    out, and why others are not, is frozen when a wave is first handed out, in the tables exports
    and waves; the same wave again gives the same file. The holdout is not in the file. A cell that
    a spreadsheet would take for a formula begins with an apostrophe.

    Exit codes: 0 written; 2 it could not be done.
    """
    from cdmq.project.given import read_vars
    from cdmq.runs.exporting import Asked, export
    from cdmq.runs.handing import hand_out, named

    o.one_of("--format", format, ("csv", "parquet"))
    if (wave is None) == (recall is None):
        raise typer.BadParameter("say which: --wave WAVE, or --recall WAVE", param_hint="--wave")
    asked = Asked(segment, named(wave or recall or ""), recall is not None, o.moment(as_of))
    found = export(
        asked,
        project_dir,
        target=target,
        profile=profile,
        profiles_dir=profiles_dir,
        variables=read_vars(vars),
        wait=wait,
    )
    for line in hand_out(found, asked, project_dir, format, out):
        typer.echo(line)
