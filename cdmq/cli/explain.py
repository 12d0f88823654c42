"""cdmq explain"""

from __future__ import annotations

from typing import Annotated

import typer

from cdmq.cli import options as o

NAMES = ("explain",)


def command(
    word: Annotated[str | None, typer.Argument(
        help="A file, kind, check, form, function or code; check:email is one of two.")] = None,
    record: Annotated[str | None, typer.Option(
        "--record", metavar="KEY", help="All that happened to one record.")] = None,
    dataset: Annotated[str | None, typer.Option(
        "--dataset", metavar="NAME", help="The dataset of the record. Default: all that know it.",
    )] = None,
    unmask: o.Unmask = False,
    project_dir: o.ProjectDir = o.HERE,
    profiles_dir: o.ProfilesDir = None,
    profile: o.Profile = None,
    target: o.Target = None,
) -> None:
    """The manual page of a word, or the story of a record. Alone: all that can be explained."""
    if record is not None:
        if word is not None:
            raise typer.BadParameter("give a word or --record, not both")
        from cdmq.audit.reading import Where
        from cdmq.audit.story import stories
        from cdmq.audit.story_text import told

        where = Where(str(profiles_dir) if profiles_dir else None, profile, target)
        found = stories(project_dir, record, dataset, unmask=unmask, where=where)
        typer.echo("\n\n".join("\n".join(told(story)) for story in found))
        return
    from cdmq.manual import contents, explained

    typer.echo(contents() if word is None else explained(word))
