"""The story of a record in words that a steward reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cdmq.audit.story import Episode, Story


def told(story: Story) -> list[str]:
    """The story as lines for a steward."""
    lines = [f"{story.key} in {story.dataset}"]
    if story.there is False:
        lines.append("It is no longer in the dataset.")
    if not story.episodes:
        lines.append("No rule ever flagged it, and no cell of it was changed.")
    for episode in story.episodes:
        lines += ["", *_told(episode)]
    for title, rules in (("fails now", story.fails), ("passes now", story.passes),
                         ("not run", story.not_run)):
        if rules:
            lines += ["", f"{title} ({len(rules)}): {', '.join(rules)}"]
    return lines


_BECAUSE: Mapping[str, str] = {
    "fixed": "it passes now", "changed": "its value changed",
    "gone": "the record is no longer in the dataset",
    "out_of_scope": "the rule's where no longer takes it in",
    "rule_changed": "the rule was changed", "rule_removed": "the rule was removed",
}


def _told(e: Episode) -> list[str]:
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
    lines += [f"    why: {e.why or 'not said'}", f"    rule at {e.place}, {e.author}"]
    return lines


def _what(e: Episode) -> str:
    twice = f" ({e.records} records share it)" if e.records > 1 else ""
    if e.what == "change":
        reason = f", reason: {e.reason}" if e.reason else ""
        return (f"change  {_rule(e)}  {e.column}: {_value(e.old)} -> {_value(e.new)} "
                f"({e.act}{reason}){twice}")
    state = " could not be judged" if e.state == "could_not_judge" else ""
    hint = f", suggested: {e.suggestion}" if e.suggestion else ""
    about = f"{e.column}: " if e.column and "=" not in (e.value or "") else ""
    return f"flag    {_rule(e)}{state}  {about}{_value(e.value)}{hint}{twice}"


def _rule(e: Episode) -> str:
    return e.rule if e.then == e.rule else f"{e.rule} (then {e.then})"


def _value(value: str | None) -> str:
    return "nothing" if value is None else f"'{value}'"


def _run(run: str, when: datetime | None, as_of: datetime | None) -> str:
    if not when:
        return f"in run {run}"
    judged = f", judged as of {as_of:%Y-%m-%d %H:%M}" if as_of else ""
    return f"{when:%Y-%m-%d %H:%M} (run {run}{judged})"
