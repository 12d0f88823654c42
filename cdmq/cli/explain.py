"""cdmq explain"""

from __future__ import annotations

from typing import Annotated

import typer

from cdmq.cli import options as o

NAMES = ("explain",)

Word = Annotated[
    str | None,
    typer.Argument(help="A file, kind, check, form, function or code; check:email is one of two."),
]
Record = Annotated[
    str | None,
    typer.Option(
        "--record",
        metavar="KEY",
        help="All that happened to one record, or to a party by its id.",
    ),
]
Pair = Annotated[
    tuple[str, str] | None,
    typer.Option("--pair", metavar="KEY KEY", help="Why two records are one party, or two."),
]
Rule = Annotated[
    str | None,
    typer.Option(
        "--rule",
        metavar="ID",
        help="With --pair: by this matching rule. Default: by each.",
    ),
]
Dataset = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        metavar="NAME",
        help="The dataset of the record. Default: all that know it.",
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help="With --record: what was known then, by when runs ran, and "
        "the version of each rule that judged it; without parties, golden cells, levels and scores.",
    ),
]


def command(
    word: Word = None,
    record: Record = None,
    pair: Pair = None,
    rule: Rule = None,
    dataset: Dataset = None,
    as_of: AsOf = None,
    unmask: o.Unmask = False,
    project_dir: o.ProjectDir = o.HERE,
    profiles_dir: o.ProfilesDir = None,
    profile: o.Profile = None,
    target: o.Target = None,
) -> None:
    """The manual page of a word, or the story of a record or a pair.

    Alone: all that can be explained. A party has a story too, by its id.
    """
    _check(word, record, pair, rule, as_of)
    if record is None and pair is None:
        from cdmq.manual.pages import contents, explained

        typer.echo(contents() if word is None else explained(word))
        return
    from cdmq import api
    from cdmq.audit.reading import Where

    where = Where(str(profiles_dir) if profiles_dir else None, profile, target)
    project = api.parse(project_dir)
    if pair is not None:
        from cdmq.kinds.matching.pair_story import pair_stories
        from cdmq.kinds.matching.pair_story_text import pair_told

        pairs = pair_stories(project, *pair, rule, dataset, unmask=unmask, where=where)
        typer.echo("\n\n".join("\n".join(pair_told(story)) for story in pairs))
    elif record is not None:
        from cdmq.explaining.story import stories
        from cdmq.explaining.story_text import told

        found = stories(project, record, dataset, unmask=unmask, as_of=as_of, where=where)
        typer.echo("\n\n".join("\n".join(told(story)) for story in found))


def _check(
    word: str | None,
    record: str | None,
    pair: tuple[str, str] | None,
    rule: str | None,
    as_of: str | None,
) -> None:
    """What does not go together."""
    given = [
        name
        for name, value in (("a word", word), ("--record", record), ("--pair", pair))
        if value is not None
    ]
    if len(given) > 1:
        raise typer.BadParameter(f"give {given[0]} or {given[1]}, not both")
    if rule is not None and pair is None:
        raise typer.BadParameter("--rule goes with --pair")
    if as_of is not None and record is None:
        raise typer.BadParameter("--as-of goes with --record")
    if pair is not None and pair[0] == pair[1]:
        raise typer.BadParameter("--pair takes two records, here is one twice")
