"""cdmq queue: what people are to decide."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cdmq.cli import options as o

NAMES = ("queue",)


Kind = Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Of rules of this kind.")]
Rule = Annotated[str | None, typer.Option("--rule", metavar="ID", help="Of this rule.")]
Owner = Annotated[
    str | None,
    typer.Option(
        "--owner",
        metavar="NAME",
        help="For NAME: named for the record, or who answers for the rule.",
    ),
]
Dataset = Annotated[
    str | None, typer.Option("--dataset", metavar="NAME", help="About records of this one.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000_000, metavar="N", help="How many.")]
Format = Annotated[str, typer.Option("--format", metavar="FORMAT", help="text, csv or json.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="Write it there: a csv with the columns answer and reason "
        "to fill in, for cdmq decide --import FILE.",
    ),
]
Unmask = Annotated[bool, typer.Option("--unmask", help="Show keys that pii: hides.")]


def command(
    kind: Kind = None,
    rule: Rule = None,
    owner: Owner = None,
    dataset: Dataset = None,
    limit: Limit = 20,
    format: Format = "text",
    out: Out = None,
    unmask: Unmask = False,
    project_dir: o.ProjectDir = o.HERE,
    profiles_dir: o.ProfilesDir = None,
    profile: o.Profile = None,
    target: o.Target = None,
) -> None:
    """What people are to decide; what is worth most first.

    Answer with cdmq decide, or fill in a file: cdmq queue --out answers.csv, then
    cdmq decide --import answers.csv.
    """
    from cdmq.audit.reading import Where
    from cdmq.explaining.waiting import Filter, waiting
    from cdmq.reports.questions import as_csv, as_json, lines, written

    o.one_of("--format", format, ("text", "csv", "json"))
    where = Where(str(profiles_dir) if profiles_dir else None, profile, target)
    wanted = Filter(kind, rule, owner, dataset, limit)
    found, count = waiting(project_dir, wanted, where, unmask)
    if out is not None:
        written(found, out)
        typer.echo(f"{len(found):,} of {count:,} questions written to {out}")
        if any(q.key.endswith("***") for q in found):
            typer.echo("its keys are masked, and cannot come back: --unmask writes them whole")
        return
    if format == "csv":
        typer.echo(as_csv(found), nl=False)
        return
    for line in as_json(found) if format == "json" else lines(found, count):
        typer.echo(line)
