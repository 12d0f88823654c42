"""cdmq clean: remove what cdmq wrote to the target folder."""

from __future__ import annotations

from typing import Annotated

import typer

from cdmq.cli import options as o

NAMES = ("clean",)


def command(
    project_dir: o.ProjectDir = o.HERE,
    target_path: o.TargetPath = None,
    quiet: o.Quiet = False,
    reviews_after: Annotated[
        str | None,
        typer.Option(
            "--reviews-after",
            metavar="DAY",
            help="In place of that: undo the reviews of tiering "
            "rules after a day, such as one made with an --as-of to come. Levels are as before; "
            "the audit tables tell who undid what.",
        ),
    ] = None,
    target: o.Target = None,
    profile: o.Profile = None,
    profiles_dir: o.ProfilesDir = None,
    vars: o.Vars = None,
) -> None:
    """Remove the files that cdmq wrote to the target folder.

    Databases and your own files stay.
    """
    if reviews_after is not None:
        from cdmq import api
        from cdmq.project.given import read_vars

        o.moment(reviews_after)
        found = api.undo_reviews(
            reviews_after.replace("T", " "),
            project_dir,
            target=target,
            profile=profile,
            profiles_dir=profiles_dir,
            variables=read_vars(vars),
        )
        for rule, review, _ in () if quiet else found:
            typer.echo(f"undone: the review {review} of {rule}")
        if not found and not quiet:
            typer.echo(f"no review after {reviews_after}")
        return
    from cdmq.commands.clean import clean

    for path in clean(project_dir, target_path):
        if not quiet:
            typer.echo(f"removed {path}")
