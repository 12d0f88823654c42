"""cdmq count: how many customers there are, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from cdmq.cli import options as o
from cdmq.problems import printable

if TYPE_CHECKING:
    from cdmq.explaining.counted import Counted

NAMES = ("count",)


def command(
    rule: Annotated[
        str | None, typer.Argument(help="A matching rule. Default: each that makes parties.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="RUN",
            help="The run from which the second bridge leads. Default: the one before the last.",
        ),
    ] = None,
    project_dir: o.ProjectDir = o.HERE,
    profiles_dir: o.ProfilesDir = None,
    profile: o.Profile = None,
    target: o.Target = None,
) -> None:
    """How many customers there are, and why.

    Records of all sources, less duplicates within each, less duplicates across them, are the
    customers; and those of an earlier run, with what is new, split, merged and gone since, are
    those of the last. Both sum exactly.
    """
    from cdmq.audit.reading import Where
    from cdmq.explaining.counted import counted

    where = Where(str(profiles_dir) if profiles_dir else None, profile, target)
    for found in counted(project_dir, rule, since, where):
        for line in _lines(found):
            typer.echo(printable(line))


def _lines(found: Counted) -> Iterator[str]:
    yield f"{found.rule}, of {found.dataset}, in run {found.run}"
    rows = [(f"records of {s.name}", s.records) for s in found.sources]
    rows += [(f"duplicates within {s.name}", -s.duplicates) for s in found.sources]
    rows += [("duplicates across sources", -found.across), ("customers", found.parties)]
    yield from _sum(rows)
    bridge = found.bridge
    if bridge is None:
        yield "no run before it judged the rule"
        return
    steps = [(word, n) for word, n in bridge.steps.items() if n]
    yield from _sum(
        [(f"customers in run {bridge.run}", bridge.before), *steps, ("customers now", bridge.now)]
    )


def _sum(rows: list[tuple[str, int]]) -> Iterator[str]:
    """What is added up; the last row is the sum."""
    wide = max(len(word) for word, _ in rows)
    figures = [f"{n:,}" if i in (0, len(rows) - 1) else f"{n:+,}" for i, (_, n) in enumerate(rows)]
    long = max(map(len, figures))
    for i, ((word, _), figure) in enumerate(zip(rows, figures, strict=True)):
        if i == len(rows) - 1:
            yield f"  {'':{wide}}  {'-' * long}"
        yield f"  {word:{wide}}  {figure:>{long}}"
