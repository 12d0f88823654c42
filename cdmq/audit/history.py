"""The history of rules: their versions, what changed in each, who, when, and what it did.

    >>> from cdmq.audit.history import history
    >>> history("path/to/project", "phone_form").versions[0].author      # doctest: +SKIP
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any

from sqlglot import exp

from cdmq.audit.reading import Audit, Row, Where, open_audit
from cdmq.audit.tables import CHANGES, FLAGS, RULE_RESULTS, RULE_VERSIONS
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.sql import nodes
from cdmq.values import Relation

NO_GIT = "no git here"
NOT_COMMITTED = "not committed"


@dataclass(frozen=True)
class RuleVersion:
    """One version of a rule: its words, who wrote them, the runs that used it, what it found.

    `changed` are the lines that differ from the version before, as `- old`, `+ new` or
    `~ key: [-old-]{+new+}`. `found_before` and `found_after` count the records flagged (for a
    default: cells changed) in the last run without it and the first with it.
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
    meaning_changed: bool
    first_run: str
    first_used: datetime | None
    last_run: str
    last_used: datetime | None
    runs: int
    found_before: int | None
    found_after: int | None
    in_use: bool


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


def history(
    root: str | Path, rule: str, *, as_of: str | None = None, where: Where = Where(),  # noqa: B008
) -> RuleHistory:
    """The versions of one rule; with `as_of` only the one in force then.

    Raises CdmqError where no run knows the rule, or there was no version of it then.
    """
    with open_audit(root, where) as audit:
        rows = audit.rows(RULE_VERSIONS)
        names = names_of(rule, rows)
        own = sorted((r for r in rows if r["rule_id"] in names), key=lambda r: r["from_run"])
        if not own:
            raise CdmqError(Problem(Span("history"), "CDMQ532", f"no run knows the rule '{rule}'",
                                    did_you_mean(rule, {r["rule_id"] for r in rows})))
        versions = tuple(reversed(list(_versions(own, names, audit))))
        if as_of is not None:
            versions = _in_force(versions, own, audit, rule, as_of)
        return RuleHistory(names[0], names, own[-1]["kind"], versions)


def histories(root: str | Path, *, where: Where = Where()) -> tuple[RuleLine, ...]:  # noqa: B008
    """Every rule that a run has used, by its present id."""
    with open_audit(root, where) as audit:
        rows = audit.rows(RULE_VERSIONS)
        former = {r["formerly"] for r in rows if r["formerly"]}
        open_ = {**_open(audit, FLAGS.name), **_open(audit, CHANGES.name)}
        lines = []
        for rule in sorted({r["rule_id"] for r in rows} - former):
            names = names_of(rule, rows)
            own = sorted((r for r in rows if r["rule_id"] in names), key=lambda r: r["from_run"])
            last = own[-1]
            lines.append(RuleLine(
                rule, last["kind"], len(own), audit.started(last["from_run"]),
                _author(last, audit), sum(open_.get(n, 0) for n in names),
                last["to_run"] is not None,
            ))
        return tuple(lines)


def _open(audit: Audit, table: str) -> dict[str, int]:
    query = nodes.group_by(
        nodes.select([nodes.column("rule_id"), exp.Sum(this=nodes.column("records"))],
                     nodes.table(Relation(table, audit.schema)),
                     nodes.is_null(nodes.column("to_run"))),
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


def _versions(own: Sequence[Row], names: tuple[str, ...], audit: Audit) -> Iterator[RuleVersion]:
    results = _results(names, audit)
    for n, row in enumerate(own):
        before = own[n - 1] if n else None
        used = [r for r in results if r["run_id"] >= row["from_run"] and (
            row["to_run"] is None or r["run_id"] < row["to_run"])]
        earlier = [r for r in results if r["run_id"] < row["from_run"]]
        first, last = row["from_run"], used[-1]["run_id"] if used else row["from_run"]
        yield RuleVersion(
            row["rule_id"], row["version"], row["text"], row["file"], row["line"],
            _author(row, audit), _commit(row, audit), row["committed"], row["why"], row["owner"],
            tuple(_changed(before["text"], row["text"])) if before else (),
            before is not None and before["version"] != row["version"],
            first, audit.started(first), last, audit.started(last), len(used),
            _found(earlier[-1]) if earlier else None, _found(used[0]) if used else None,
            row["to_run"] is None,
        )


def _results(names: tuple[str, ...], audit: Audit) -> list[dict[str, Any]]:
    """The results of the runs that evaluated the rule, in order."""
    known = exp.In(this=nodes.column("rule_id"), expressions=[nodes.text(n) for n in names])
    rows = audit.rows(RULE_RESULTS, known)
    done = [r for r in rows if r["status"] not in ("skipped", "error")]
    return sorted(done, key=lambda r: r["run_id"])


def _found(result: Mapping[str, Any]) -> int:
    return int(result["failing"] + result["could_not_judge"] + result["changed"])


def _author(row: Row, audit: Audit) -> str:
    return row["author"] or _blank(row, audit)


def _commit(row: Row, audit: Audit) -> str:
    return str(row["commit_id"])[:10] if row["commit_id"] else _blank(row, audit)


def _blank(row: Row, audit: Audit) -> str:
    run = audit.runs.get(row["from_run"])
    return NOT_COMMITTED if run and run["git_commit"] else NO_GIT


def _in_force(
    versions: tuple[RuleVersion, ...], own: Sequence[Row], audit: Audit, rule: str, as_of: str
) -> tuple[RuleVersion, ...]:
    """The version that a run at that time would have used; a date means the end of its day."""
    try:
        moment = datetime.fromisoformat(as_of)
    except ValueError:
        raise CdmqError(Problem(Span("--as-of"), "CDMQ534", f"'{as_of}' is no time",
                                "write 2026-11-01 or 2026-11-01T06:00:00")) from None
    if len(as_of) <= 10:
        moment = datetime.combine(moment.date(), time.max)
    moment = moment.replace(tzinfo=None)
    ends = {r["from_run"]: audit.started(r["to_run"]) for r in own}
    for version in versions:
        end = ends[version.first_run]
        if version.first_used and version.first_used <= moment and (end is None or end > moment):
            return (version,)
    first = versions[-1].first_used
    since = f"its first run was on {first:%Y-%m-%d %H:%M}" if first else ""
    raise CdmqError(Problem(Span("--as-of"), "CDMQ535", f"no version of '{rule}' was in force at "
                            f"{as_of}", since))


# what changed -----------------------------------------------------------------------------


def _changed(old: str, new: str) -> Iterator[str]:
    """The lines that differ; in a changed line the words that do."""
    a, b = old.splitlines(), new.splitlines()
    for op, i, j, k, m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if op == "equal":
            continue
        gone, come = a[i:j], b[k:m]
        for line in gone:
            twin = next((c for c in come if _key(c) == _key(line)), None)
            if twin is None:
                yield f"- {line}"
            else:
                come.remove(twin)
                yield f"~ {_words(line, twin)}"
        yield from (f"+ {line}" for line in come)


def _key(line: str) -> str:
    return line.partition(":")[0]


def _words(old: str, new: str) -> str:
    """`max: [-100-]{+200+}`"""
    a, b = (re.findall(r"\s+|\w+|[^\w\s]", t) for t in (old, new))
    out = []
    for op, i, j, k, m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        gone, come = "".join(a[i:j]), "".join(b[k:m])
        if op == "equal":
            out.append(gone)
        else:
            out.append((f"[-{gone}-]" if gone else "") + (f"{{+{come}+}}" if come else ""))
    return "".join(out)
