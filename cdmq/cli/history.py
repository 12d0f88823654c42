"""cdmq history"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cdmq.cli.options import HERE, Profile, ProfilesDir, ProjectDir, Target
from cdmq.kinds import kinds
from cdmq.problems import printable

if TYPE_CHECKING:
    from datetime import datetime

    from cdmq.explaining.history_values import RuleHistory, RuleLine, RuleVersion, Words
    from cdmq.explaining.upstream import ModelChange

NAMES = ("history",)


def command(
    rule: Annotated[str | None, typer.Argument(help="The id of a rule, or a former one.")] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="TIME",
            help="As it stood then, by when runs ran: of a rule the version in force, without a rule "
            "all rules.",
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="The whole text of each version.")] = False,
    project_dir: ProjectDir = HERE,
    profiles_dir: ProfilesDir = None,
    profile: Profile = None,
    target: Target = None,
) -> None:
    """The versions of a rule: what changed, who, when, why.

    And what each version found. Without a rule: all rules.

    In a changed line [-words-] went and {+words+} came; lines with - went, with + came.
    """
    from cdmq.audit.reading import Where
    from cdmq.explaining.history import histories, history

    where = Where(str(profiles_dir) if profiles_dir else None, profile, target)
    if rule is None:
        for line in _table(histories(project_dir, as_of=as_of, where=where)):
            typer.echo(printable(line))
        return
    for line in _told(history(project_dir, rule, as_of=as_of, where=where), full, as_of):
        typer.echo(printable(line))


def _table(rules: tuple[RuleLine, ...]) -> list[str]:
    head = ("rule", "versions", "last change", "open", "author")
    rows = [
        (
            r.rule,
            str(r.versions),
            f"{r.last_change:%Y-%m-%d %H:%M}" if r.last_change else "",
            "removed" if r.removed else "off" if r.off and not r.open else str(r.open),
            r.author,
        )
        for r in rules
    ]
    wide = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    right = {1, 3}
    return [
        "  ".join(
            c.rjust(w) if i in right else c.ljust(w)
            for i, (c, w) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        for row in (head, *rows)
    ]


def _told(history: RuleHistory, full: bool, as_of: str | None) -> list[str]:
    shown = (
        f"the version that runs used on {as_of}"
        if as_of
        else _count(len(history.versions), "version")
    )
    lines = [f"{history.rule} ({history.kind}), {shown}"]
    if len(history.names) > 1:
        lines.append(f"formerly {', '.join(history.names[1:])}")
    for version in history.versions:
        lines += ["", *_version(version, history.kind, full)]
    if not as_of and not any(v.in_use for v in history.versions):
        lines += ["", "removed; who took it out says git log"]
    return lines


def _version(v: RuleVersion, kind: str, full: bool) -> list[str]:
    gone = f", removed: run {v.removed} was the first without it" if v.removed else ""
    until = "in use" if v.in_use else f"until run {v.last_run}{gone}"
    if v.off:
        until = "switched off" if v.in_use else f"switched off, {until}"
    lines = [
        f"version {v.version[:10]}  {until}",
        f"    at       {v.file}:{v.line}",
        f"    author   {v.author}",
        f"    commit   {_commit(v)}",
        f"    why      {v.why or 'not said'}",
        f"    used     {_count(v.runs, 'run')}",
        f"    first    {_run(v.first_run, v.first_used, v.first_as_of)}",
        *([f"    last     {_run(v.last_run, v.last_used, v.last_as_of)}"] if v.runs > 1 else []),
        *_found(v, kind),
        *_data(v),
    ]
    if v.came == "returned":
        lines.append("    changed  not its meaning: it had been removed, and came back")
    elif v.changed:
        lines += ["    changed", *(f"        {line}" for line in v.changed)]
    elif v.came == "changed":
        lines.append(
            "    changed  not its text: a seed, the dataset's declaration or the check itself"
        )
    for model in v.models:
        lines += _model(model)
    for words in v.words:
        lines += [
            "    words changed, not the meaning",
            f"        author   {words.author}",
            f"        commit   {_commit(words)}",
            f"        first    {_run(words.run, words.ran, words.as_of)}",
            *(f"        {line}" for line in words.changed),
        ]
    if full:
        lines += ["    text", *(f"        {line}" for line in v.text.splitlines())]
    return lines


def _model(m: ModelChange) -> list[str]:
    after = "nothing yet" if m.found_after is None else str(m.found_after)
    before = "" if m.found_before is None else f", before it {m.found_before}"
    return [
        f"    {m.dataset} changed, from which its records come, not the rule",
        f"        at       {m.file}",
        f"        author   {m.author}",
        f"        commit   {_commit(m)}",
        f"        first    {_run(m.run, m.ran, m.as_of)}",
        f"        found    {after}{before}",
        *(f"        {line}" for line in m.changed),
    ]


def _data(v: RuleVersion) -> list[str]:
    """What else can have moved what the rule found."""
    if v.found_before is None or v.found_after is None:
        return []
    if v.data is None:
        return ["    data     nobody can tell whether it changed too: it was not recorded"]
    if not v.data:
        return []
    told = [
        d.dataset
        if d.rows_before == d.rows_after
        else f"{d.dataset} ({_rows(d.rows_before)} rows before, {_rows(d.rows_after)} after)"
        for d in v.data
    ]
    return [f"    data     it changed too, in the same run: {', '.join(told)}"]


def _rows(number: int | None) -> str:
    return "no" if number is None else f"{number:,}"


def _commit(v: RuleVersion | Words | ModelChange) -> str:
    return f"{v.commit}, {v.committed}" if v.committed else v.commit


def _run(run: str, ran: datetime | None, as_of: datetime | None) -> str:
    return f"{run}, ran {_date(ran)}, judged as of {_date(as_of)}"


def _found(v: RuleVersion, kind: str) -> list[str]:
    """What it found; where that is no count, what it said; and its figures."""
    counts = v.found_after or v.found_before or not v.said
    return [
        *([f"    found    {_effect(v, kind)}"] if counts else []),
        *([f"    said     {v.said}"] if v.said else []),
        *(["    figures", *_figures(v)] if v.figures else []),
    ]


def _figures(v: RuleVersion) -> list[str]:
    """A line each, and what it was before."""
    wide = max(len(f.name) for f in v.figures)
    return [
        f"        {f.name:{wide}}  {_number(f.value)}"
        + (f", before it {_number(f.before)}" if f.before not in (None, f.value) else "")
        for f in v.figures
    ]


def _number(value: float | None) -> str:
    if value is None:
        return "not known"
    return f"{value:,.0f}" if value.is_integer() else f"{value:,.4g}"


def _effect(v: RuleVersion, kind: str) -> str:
    if v.off:
        return "nothing: it is switched off"
    if v.found_after is None:
        return "nothing yet: no run could evaluate it"
    known = kinds().get(kind)
    one, many = known.tells.counts if known else ("record flagged", "records flagged")
    after = f"{v.found_after} {one if v.found_after == 1 else many}"
    return after if v.found_before is None else f"{after}, before it {v.found_before}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _date(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "unknown"
