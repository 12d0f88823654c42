"""Rows of rule_versions as people speak of them: names through time, meanings, who made them."""

from __future__ import annotations

from collections.abc import Sequence

from cdmq.audit.git import NO_GIT, NOT_COMMITTED
from cdmq.audit.reading import Audit, Row


def names_of(rule: str, rows: Sequence[Row]) -> tuple[str, ...]:
    """The ids of a rule through time, the present one first."""
    earlier = {r["rule_id"]: r["formerly"] for r in rows if r["formerly"]}
    later = {old: new for new, old in earlier.items()}
    names = [rule]
    while names[0] in later and later[names[0]] not in names:
        names.insert(0, later[names[0]])
    while names[-1] in earlier and earlier[names[-1]] not in names:
        names.append(earlier[names[-1]])
    return tuple(names)


def switched_off(row: Row) -> bool:
    """Whether the rule is disabled, in that version; an older cdmq did not write it down."""
    return row["enabled"] is False


def meanings(own: Sequence[Row]) -> list[list[Row]]:
    """The rows of a rule, those together that follow each other and differ by words alone."""
    groups: list[list[Row]] = []
    for row in own:
        last = groups[-1][-1] if groups else None
        if last and (last["version"], last["to_run"]) == (row["version"], row["from_run"]):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def named(rows: Sequence[Row]) -> Row:
    """Of the rows of one meaning, that which names who made it: it may not have been committed
    when the first was written."""
    first = rows[0]
    if first["author"] or first["author_note"] != NOT_COMMITTED:
        return first
    return next((r for r in rows if r["commit_id"]), first)


def author_of(row: Row, audit: Audit) -> str:
    if row["commit_id"] and row["author_note"]:  # else the note says why there is no commit
        return f"{row['author']}; {row['author_note']}"
    return row["author"] or blank(row, audit)


def commit_of(row: Row, audit: Audit) -> str:
    return str(row["commit_id"])[:10] if row["commit_id"] else blank(row, audit)


def blank(row: Row, audit: Audit) -> str:
    """Why nobody is named; an older cdmq did not say."""
    run = audit.runs.get(row["from_run"])
    return row["author_note"] or (NOT_COMMITTED if run and run["git_commit"] else NO_GIT)
