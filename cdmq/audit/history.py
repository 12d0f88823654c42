"""The history of rules: their versions, what changed in each, who, when, and what it did.

>>> from cdmq.audit.history import history
>>> history("path/to/project", "phone_form").versions[0].author      # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from sqlglot import exp

from cdmq.audit.differences import changed
from cdmq.audit.git import NO_GIT, NOT_COMMITTED
from cdmq.audit.moments import held, moment_of, run_at, stood
from cdmq.audit.reading import Audit, Row, Where, open_audit
from cdmq.audit.tables import CHANGES, FLAGS, RULE_RESULTS, RULE_VERSIONS
from cdmq.audit.upstream import DataChange, ModelChange, Upstream, model_change
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.sql import nodes
from cdmq.sql.relation import Relation


@dataclass(frozen=True)
class Words:
    """A change of what is said about a rule (why, owner, tags, id), not of what it means."""

    author: str
    commit: str
    committed: str | None
    changed: tuple[str, ...]
    run: str
    ran: datetime | None
    as_of: datetime | None


@dataclass(frozen=True)
class RuleVersion:
    """One meaning of a rule: who wrote it, the runs that used it, what it found.

    `text`, `why`, `owner` and the place are as last said; `words` are the changes of them since it
    came, newest first. `changed` are the lines that differ from the version before, as `- old`,
    `+ new` or `~ key: [-old-]{+new+}`; one that `returned` had been removed. Runs have two
    times: when they ran (`used`), and the time they judged by (`as_of`). `found_before` and
    `found_after` count the records flagged (for a default: cells changed) in the last run without
    it and the first with it.
    """

    rule: str
    version: str
    text: str
    file: str
    line: int
    author: str
    commit: str
    committed: str | None
    why: str | None
    owner: str | None
    changed: tuple[str, ...]
    came: Literal["new", "changed", "returned"]
    words: tuple[Words, ...]
    first_run: str
    first_used: datetime | None
    first_as_of: datetime | None
    last_run: str
    last_used: datetime | None
    last_as_of: datetime | None
    runs: int
    found_before: int | None
    found_after: int | None
    in_use: bool
    #: Sources that changed between these two runs as well; None where nobody can tell.
    data: tuple[DataChange, ...] | None = ()
    #: Changes of models above it while it was in use, newest first.
    models: tuple[ModelChange, ...] = ()
    #: It is this version that switched the rule off: no run judged by it.
    off: bool = False


@dataclass(frozen=True)
class RuleHistory:
    """A rule through time, newest version first. `names` are its ids, the present one first."""

    rule: str
    names: tuple[str, ...]
    kind: str
    versions: tuple[RuleVersion, ...]


@dataclass(frozen=True)
class RuleLine:
    """A rule in the table of all. `open` counts open flags, of a default open changes."""

    rule: str
    kind: str
    versions: int
    last_change: datetime | None
    author: str
    open: int
    removed: bool
    #: Switched off, in its last version.
    off: bool = False


def history(
    root: str | Path,
    rule: str,
    *,
    as_of: str | None = None,
    where: Where = Where(),  # noqa: B008
) -> RuleHistory:
    """The versions of one rule; with `as_of` only the one in force then, by when runs ran.

    Raises CdmqError where no run knows the rule, or there was no version of it then.
    """
    with open_audit(root, where) as audit:
        rows = audit.rows(RULE_VERSIONS)
        names = names_of(rule, rows)
        own = sorted((r for r in rows if r["rule_id"] in names), key=lambda r: r["from_run"])
        if not own:
            raise CdmqError(
                Problem(
                    Span("history"),
                    "CDMQ532",
                    f"no run knows the rule '{rule}'",
                    did_you_mean(rule, {r["rule_id"] for r in rows}),
                )
            )
        groups, at = _meanings(own), None
        results = _results(names, audit)
        if as_of is not None:
            at = _in_force(own, audit, rule, as_of)
        upstream = Upstream(audit)
        versions = tuple(
            _with_upstream(
                _version(group, groups[n - 1] if n else None, at or group[-1], results, audit),
                group,
                results,
                audit,
                upstream,
            )
            for n, group in reversed([*enumerate(groups)])
            if at is None or at in group
        )
        return RuleHistory(names[0], names, own[-1]["kind"], versions)


def histories(
    root: str | Path,
    *,
    as_of: str | None = None,
    where: Where = Where(),  # noqa: B008
) -> tuple[RuleLine, ...]:
    """Every rule that a run has used, by its present id; with `as_of` as it all stood then, by
    when runs ran: what came later is not known."""
    with open_audit(root, where) as audit:
        run = None if as_of is None else run_at(audit, as_of)
        rows = stood(audit.rows(RULE_VERSIONS), run)
        former = {r["formerly"] for r in rows if r["formerly"]}
        open_ = {**_open(audit, FLAGS.name, run), **_open(audit, CHANGES.name, run)}
        lines = []
        for rule in sorted({r["rule_id"] for r in rows} - former):
            names = names_of(rule, rows)
            own = sorted((r for r in rows if r["rule_id"] in names), key=lambda r: r["from_run"])
            meanings = _meanings(own)
            last = meanings[-1][0]
            lines.append(
                RuleLine(
                    rule,
                    last["kind"],
                    len(meanings),
                    audit.started(last["from_run"]),
                    _author(last, audit),
                    sum(open_.get(n, 0) for n in names),
                    own[-1]["to_run"] is not None,
                    switched_off(own[-1]),
                )
            )
        return tuple(lines)


def _open(audit: Audit, table: str, run: str | None) -> dict[str, int]:
    """Rule -> its open episodes, now or when a run was done."""
    query = nodes.group_by(
        nodes.select(
            [nodes.column("rule_id"), exp.Sum(this=nodes.column("records"))],
            nodes.table(Relation(table, audit.schema)),
            held(run),
        ),
        [nodes.column("rule_id")],
    )
    return {r: int(n) for r, n in audit.fetch(query)}


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


def _meanings(own: Sequence[Row]) -> list[list[Row]]:
    """The rows of a rule, those together that follow each other and differ by words alone."""
    groups: list[list[Row]] = []
    for row in own:
        last = groups[-1][-1] if groups else None
        if last and (last["version"], last["to_run"]) == (row["version"], row["from_run"]):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _version(
    rows: Sequence[Row],
    before: Sequence[Row] | None,
    said: Row,
    results: Sequence[Mapping[str, Any]],
    audit: Audit,
) -> RuleVersion:
    """One meaning, in the words of the row `said`."""
    row, end = rows[0], rows[-1]["to_run"]
    used = [
        r for r in results if r["run_id"] >= row["from_run"] and (end is None or r["run_id"] < end)
    ]
    earlier = [r for r in results if r["run_id"] < row["from_run"]]
    first, last = row["from_run"], used[-1]["run_id"] if used else row["from_run"]
    words = [
        Words(
            _author(by, audit),
            _commit(by, audit),
            by["committed"],
            tuple(changed(old["text"], new["text"])),
            new["from_run"],
            audit.started(new["from_run"]),
            audit.as_of(new["from_run"]),
        )
        for old, new in pairwise(rows[: rows.index(said) + 1])
        for by in [_of_words(new)]
    ]
    came: Literal["new", "changed", "returned"] = "new"
    if before:
        came = "returned" if before[-1]["version"] == row["version"] else "changed"
    return RuleVersion(
        said["rule_id"],
        row["version"],
        said["text"],
        said["file"],
        said["line"],
        _author(row, audit),
        _commit(row, audit),
        row["committed"],
        said["why"],
        said["owner"],
        tuple(changed(before[-1]["text"], row["text"])) if before else (),
        came,
        tuple(reversed(words)),
        first,
        audit.started(first),
        audit.as_of(first),
        last,
        audit.started(last),
        audit.as_of(last),
        len(used),
        _found(earlier[-1]) if earlier else None,
        _found(used[0]) if used else None,
        end is None,
        off=switched_off(row),
    )


def _with_upstream(
    version: RuleVersion,
    rows: Sequence[Row],
    results: Sequence[Mapping[str, Any]],
    audit: Audit,
    upstream: Upstream,
) -> RuleVersion:
    """The version with what else changed beside it: the data, and the models above it."""
    end = rows[-1]["to_run"]
    before = [r["run_id"] for r in results if r["run_id"] < version.first_run]
    after = [r["run_id"] for r in results if r["run_id"] >= version.first_run]
    found = [(r["run_id"], _found(r)) for r in results]
    models = [
        model_change(old, new, audit, blank(new, audit), found)
        for old, new in upstream.changes(rows[-1], version.first_run, end)
    ]
    return replace(
        version,
        models=tuple(sorted(models, key=lambda m: m.run, reverse=True)),
        data=upstream.data(rows[0], before[-1], after[0]) if before and after else (),
    )


def _results(names: tuple[str, ...], audit: Audit) -> list[dict[str, Any]]:
    """The results of the runs that evaluated the rule, in order."""
    known = exp.In(this=nodes.column("rule_id"), expressions=[nodes.text(n) for n in names])
    rows = audit.rows(RULE_RESULTS, known)
    done = [r for r in rows if r["status"] not in ("skipped", "error")]
    return sorted(done, key=lambda r: r["run_id"])


def _found(result: Mapping[str, Any]) -> int:
    return int(result["failing"] + result["could_not_judge"] + result["changed"])


def _of_words(row: Row) -> Row:
    """The row of who changed the words, not of who made the meaning."""
    return {
        **row,
        "author": row["words_author"],
        "commit_id": row["words_commit"],
        "committed": row["words_committed"],
        "author_note": row["words_note"],
    }


def _author(row: Row, audit: Audit) -> str:
    if row["commit_id"] and row["author_note"]:  # else the note says why there is no commit
        return f"{row['author']}; {row['author_note']}"
    return row["author"] or blank(row, audit)


def _commit(row: Row, audit: Audit) -> str:
    return str(row["commit_id"])[:10] if row["commit_id"] else blank(row, audit)


def blank(row: Row, audit: Audit) -> str:
    """Why nobody is named; an older cdmq did not say."""
    run = audit.runs.get(row["from_run"])
    return row["author_note"] or (NOT_COMMITTED if run and run["git_commit"] else NO_GIT)


def _in_force(own: Sequence[Row], audit: Audit, rule: str, as_of: str) -> Row:
    """What a run at that time would have used."""
    moment = moment_of(as_of)
    for row in reversed(own):
        began, end = audit.started(row["from_run"]), audit.started(row["to_run"])
        if began and began <= moment and (end is None or end > moment):
            return row
    first, last = audit.started(own[0]["from_run"]), audit.started(own[-1]["to_run"])
    since = f"its first run was on {first:%Y-%m-%d %H:%M}" if first else ""
    if last and last <= moment:
        since = f"it was removed: the first run without it was on {last:%Y-%m-%d %H:%M}"
    raise CdmqError(
        Problem(
            Span("--as-of"), "CDMQ535", f"no version of '{rule}' was in force at {as_of}", since
        )
    )
