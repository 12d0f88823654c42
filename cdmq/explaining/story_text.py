"""The story of a record in words that a steward reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from cdmq.audit.chapters import Party
from cdmq.audit.telling import When
from cdmq.audit.telling_text import at
from cdmq.explaining.story_values import Episode, Story
from cdmq.problems import printable


def told(story: Story) -> list[str]:
    """The story as lines for a steward."""
    return [printable(line) for line in _lines(story)]


def _lines(story: Story) -> list[str]:
    party = story.party
    if party is not None and story.alone:
        return [_head(party), *_ended(party), *_chapters(story)]
    lines = [f"{story.key} in {story.dataset}"]
    if story.at is not None:
        lines += [
            f"As it was known after the run of {at(story.at)}; "
            "without parties, golden cells, levels and scores."
        ]
    if story.there is False and party is None:
        lines.append(
            "It is no longer in the dataset."
            if story.at is None
            else "It was no longer in the dataset then."
        )
    if story.there is None and story.at is not None:
        lines.append("Nothing that is kept says whether it was in the dataset then.")
    if party is not None:
        lines.append(f"It is {_head(party).partition(', ')[2]}.")
    if not story.episodes:
        lines.append(
            "No rule ever flagged it, and no cell of it was changed."
            if story.at is None
            else "No rule had flagged it, and no cell was changed."
        )
    lines += _ended(party) if party is not None else ()
    lines += _chapters(story)
    for episode in story.episodes:
        lines += ["", *_told(episode, story.at is not None)]
    if story.kept:
        columns = ", ".join(f"{column} ({how})" for column, how in story.kept)
        lines += [
            "",
            f"By pii: the audit tables hold no more of these than is shown: {columns}. "
            f"The values are in the dataset: cdmq show {story.dataset} --stage flagged "
            "--unmask",
        ]
    return [*lines, *_rules(story)]


def _head(party: Party) -> str:
    return f"{party.id}, a {party.makes} of {party.dataset} by {party.rule}"


def _ended(party: Party) -> Iterator[str]:
    if party.now is None:
        yield f"This {party.makes} ended: no record of it is left."
    elif party.now != party.id:
        yield (
            f"This {party.makes} ended: it is {party.now} now. What follows is told of {party.now}."
        )


def _chapters(story: Story) -> Iterator[str]:
    """What the kinds tell, a paragraph each."""
    for chapter in story.chapters:
        yield from ("", *chapter.lines)


def _rules(story: Story) -> Iterator[str]:
    """The rules of the dataset, by what each says of the record."""
    now = story.at is None
    twice = "as its key stands twice, " if story.shared else ""
    lists = [
        ("fails now" if now else "failed then", story.fails),
        ("passes now" if now else "judged the dataset then, and did not flag it", story.passes),
        (f"not judged, {twice}outside of where or nothing there to judge", story.not_judged),
    ]
    newest = story.newest.run if story.newest else ""
    for run, rules in groupby(story.judged_before, key=itemgetter(1)):
        lists.append(
            (
                f"not judged in the newest run of the dataset, {newest}; last judged {at(run)}",
                tuple(r for r, _ in rules),
            )
        )
    lists += [
        ("not run" if now else "not run until then", story.not_run),
        ("switched off", story.off),
    ]
    for title, names in lists:
        if names:
            yield from ("", f"{title} ({len(names)}): {', '.join(names)}")


_BECAUSE: Mapping[str, str] = {
    "fixed": "it passes now",
    "changed": "its value changed",
    "rekeyed": "the key of the dataset was declared anew: its records have other keys",
    "gone": "the record is no longer in the dataset",
    "out_of_scope": "the rule's where no longer takes it in",
    "rule_changed": "the rule was changed",
    "both_changed": "the rule was changed, and so was its value",
    "rule_removed": "the rule was removed",
}


def _told(e: Episode, versions: bool) -> list[str]:
    seen = f"first seen {_run(e.first_run, e.first_seen, e.first_as_of)}"
    if e.closed_run is None:
        last = f"open, last seen {_run(e.last_run, e.last_seen, e.last_as_of)}"
    else:
        last = f"last seen {_run(e.last_run, e.last_seen, e.last_as_of)}"
    lines = [_what(e), f"    {seen}", f"    {last}"]
    if e.closed_run is not None:
        because = _BECAUSE.get(e.closed_because or "", e.closed_because)
        as_of = f", judged as of {e.closed_as_of:%Y-%m-%d %H:%M}" if e.closed_as_of else ""
        lines.append(f"    closed by run {e.closed_run}{as_of}: {because}")
    same = e.version in (None, e.first_version)
    version = "" if same and not versions else f", version {str(e.version)[:10]}"
    lines += [f"    why: {e.why or 'not said'}", f"    rule at {e.place}, {e.author}{version}"]
    if not same:
        lines.append(f"    first seen by version {str(e.first_version)[:10]}, {e.first_author}")
    return lines


def _what(e: Episode) -> str:
    twice = f" ({e.records} records share it)" if e.records > 1 else ""
    if e.what == "change":
        reason = f", reason: {e.reason}" if e.reason else ""
        return (
            f"change  {_rule(e)}  {e.column}: {_value(e, e.old)} -> {_value(e, e.new)} "
            f"({e.act}{reason}){twice}"
        )
    state = " could not be judged" if e.state == "could_not_judge" else ""
    hint = f", suggested: {e.suggestion}" if e.suggestion else ""
    first, several, _ = (e.column or "").partition(", ")
    named = several and (e.value or "").startswith(f"{first}=")  # each value has its column
    about = f"{e.column}: " if e.column and not named else ""
    return f"flag    {_rule(e)}{state}  {about}{_value(e, e.value)}{hint}{twice}"


def _rule(e: Episode) -> str:
    return e.rule if e.then == e.rule else f"{e.rule} (then {e.then})"


def _value(e: Episode, value: str | None) -> str:
    if value is None:
        return "hidden" if e.hidden else "nothing"
    return f"'{value}'"


def _run(run: str, when: datetime | None, as_of: datetime | None) -> str:
    return at(When(run, when, as_of))
