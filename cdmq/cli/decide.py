"""cdmq decide: what somebody decides, kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cdmq.cli import options as o
from cdmq.problems import printable

if TYPE_CHECKING:
    from cdmq.runs.deciding import Decided

NAMES = ("decide",)


def _word(flag: str, help: str, metavar: str) -> object:
    return typer.Option(flag, help=help, metavar=metavar)


Type = Annotated[
    str | None,
    typer.Argument(
        help="same, not_same, unsure, override, waive, approve, reject, customer_confirmed, "
        "verified, wrong, unreachable, visit, restrict, object or withdraw.",
    ),
]
Keys = Annotated[list[str] | None, typer.Argument(help="The key of the record; two of same, ...")]
Rule = Annotated[str | None, _word("--rule", "The rule that asked.", "ID")]
Dataset = Annotated[str | None, _word("--dataset", "The dataset of the keys.", "NAME")]
Column = Annotated[str | None, _word("--column", "Of a cell: its column.", "NAME")]
Old = Annotated[str | None, _word("--old", "The value that stood there.", "VALUE")]
New = Annotated[
    str | None,
    _word("--new", "The value that is to stand there; of a visit what came of it.", "VALUE"),
]
Where = Annotated[
    str | None, _word("--where", "Of a waiver: for which records, in place of a key.", "SQL")
]
Lasts = Annotated[
    str | None, _word("--lasts", "until_source_changes, always, or the last day.", "HOW")
]
Withdraws = Annotated[
    str | None, _word("--withdraws", "The id of the decision that is taken back.", "ID")
]
Reason = Annotated[str | None, _word("--reason", "Why.", "TEXT")]
RequestedBy = Annotated[
    str | None, _word("--requested-by", "Of a waiver: who asked for it.", "LOGIN")
]
Role = Annotated[str | None, _word("--role", "In which of your roles.", "ROLE")]
Expires = Annotated[str | None, _word("--expires", "The last day on which it counts.", "DAY")]
As = Annotated[
    str | None,
    typer.Option(
        "--as",
        envvar="CDMQ_USER",
        show_envvar=False,
        metavar="LOGIN",
        help="Who decides, as people.yml names him. Default: CDMQ_USER, else who is logged in.",
    ),
]
At = Annotated[str | None, _word("--at", "When. Default: now.", "TIME")]
Import = Annotated[
    Path | None,
    typer.Option(
        "--import", metavar="FILE", help="The answers in a csv that cdmq queue --out wrote."
    ),
]
List = Annotated[bool, typer.Option("--list", help="All decisions, and how they stand.")]
Stale = Annotated[
    bool, typer.Option("--stale", help="Those that do not count, or name nothing any more.")
]


#: The words of a decision, in the order in which they are said here.
_SAID = (
    *("type", "keys", "rule", "dataset", "column", "old", "new", "where", "lasts", "withdraws"),
    *("reason", "requested_by", "role", "expires", "at"),
)


def command(
    type: Type = None,
    keys: Keys = None,
    rule: Rule = None,
    dataset: Dataset = None,
    column: Column = None,
    old: Old = None,
    new: New = None,
    where: Where = None,
    lasts: Lasts = None,
    withdraws: Withdraws = None,
    reason: Reason = None,
    requested_by: RequestedBy = None,
    role: Role = None,
    expires: Expires = None,
    as_: As = None,
    at: At = None,
    import_: Import = None,
    list_: List = False,
    stale: Stale = False,
    project_dir: o.ProjectDir = o.HERE,
    profiles_dir: o.ProfilesDir = None,
    profile: o.Profile = None,
    target: o.Target = None,
    vars: o.Vars = None,
) -> None:
    """Keep what somebody decides; the next run heeds it.

    Such as: cdmq decide not_same crm/1 shop/9 --rule same_customer --reason 'Father and son'.
    """
    from cdmq.commands.decide import decided, listed, typed
    from cdmq.project.given import read_vars
    from cdmq.runs.projects import Way

    way = Way(project_dir, read_vars(vars), None, profiles_dir, profile, target)
    if list_ or stale:
        for line in listed(way, stale):
            typer.echo(printable(line))
        return
    about = (type, keys or None, rule, dataset, column, old, new, where, lasts, withdraws)
    why = (reason, requested_by, role, expires, at)
    said = dict(zip(_SAID, (*about, *why), strict=True))
    for told in decided(way, typed(said, import_, as_)):
        typer.echo(printable(_line(told)))


def _line(told: Decided) -> str:
    d = told.decision
    about = " ".join([d.type, *d.keys, *([d.column] if d.column else [])])
    if told.aside:
        return f"{d.id}  {about}: kept, but does not count: {told.aside}"
    return f"{d.id}  {about}: {'was kept already' if told.known else 'kept; the next run heeds it'}"
