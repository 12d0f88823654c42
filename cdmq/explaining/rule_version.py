"""One version of a rule, told: its words, its runs, what it found, and what changed beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from typing import Any, Literal

from cdmq.audit.meanings import author_of, blank, commit_of, named, switched_off
from cdmq.audit.reading import Audit, Row
from cdmq.explaining.differences import changed
from cdmq.explaining.history_values import Figure, RuleVersion, Words
from cdmq.explaining.upstream import Upstream, model_change
from cdmq.kinds import kinds

#: In what the rows of one meaning differ where its words changed.
_SAID = ("rule_id", "meta_version", "dataset")


def version_told(
    rows: Sequence[Row],
    before: Sequence[Row] | None,
    said: Row,
    results: Sequence[Mapping[str, Any]],
    audit: Audit,
) -> RuleVersion:
    """One meaning, in the words of the row `said`."""
    row, end = rows[0], rows[-1]["to_run"]
    told = rows[: rows.index(said) + 1]
    by = named(told)
    used = [
        r for r in results if r["run_id"] >= row["from_run"] and (end is None or r["run_id"] < end)
    ]
    earlier = [r for r in results if r["run_id"] < row["from_run"]]
    first, last = row["from_run"], used[-1]["run_id"] if used else row["from_run"]
    came: Literal["new", "changed", "returned"] = "new"
    if before:
        came = "returned" if before[-1]["version"] == row["version"] else "changed"
    away = before[-1:] if before and came == "returned" else ()
    return RuleVersion(
        said["rule_id"],
        row["version"],
        said["text"],
        said["file"],
        said["line"],
        author_of(by, audit)
        + ("" if by is row else f"; not committed before run {by['from_run']}"),
        commit_of(by, audit),
        by["committed"],
        said["why"],
        said["owner"],
        tuple(changed(before[-1]["text"], row["text"])) if before else (),
        came,
        tuple(reversed(_words([*away, *told], audit))),
        first,
        audit.started(first),
        audit.as_of(first),
        last,
        audit.started(last),
        audit.as_of(last),
        len(used),
        _found(earlier[-1], row["kind"]) if earlier else None,
        _found(used[0], row["kind"]) if used else None,
        end is None,
        off=switched_off(row),
        said=_said(used[0]) if used else None,
    )


def _words(rows: Sequence[Row], audit: Audit) -> list[Words]:
    """The changes of words in rows of one meaning; of the same words, who committed them is known
    from the last."""
    same = [[*g] for _, g in groupby(rows, lambda r: [r[c] for c in _SAID])]
    return [
        Words(
            author_of(by, audit),
            commit_of(by, audit),
            by["committed"],
            tuple(changed(old["text"], new["text"])),
            new["from_run"],
            audit.started(new["from_run"]),
            audit.as_of(new["from_run"]),
        )
        for (*_, old), (new, *later) in pairwise(same)
        for by in [_of_words([new, *later][-1], old["to_run"] != new["from_run"])]
    ]


def with_upstream(
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
    found = [(r["run_id"], _found(r, rows[-1]["kind"])) for r in results]
    models = [
        model_change(old, new, audit, blank(new, audit), found)
        for old, new in upstream.changes(rows[-1], version.first_run, end)
    ]
    return replace(
        version,
        models=tuple(sorted(models, key=lambda m: m.run, reverse=True)),
        data=upstream.data(rows[0], before[-1], after[0]) if before and after else (),
    )


def _said(result: Mapping[str, Any]) -> str | None:
    return None if result["status"] == "no_data" else result["message"]


def _found(result: Mapping[str, Any], kind: str) -> int:
    """What it tells that it found: of a kind that changes cells, those."""
    known = kinds().get(kind)
    if known and known.tells.changes:
        return int(result["changed"])
    return int(result["failing"] + result["could_not_judge"] + result["changed"])


def _of_words(row: Row, back: bool) -> Row:
    """The row of who changed the words, not of who made the meaning. `back`: the rule had been
    removed; an older cdmq wrote down who brought it back, and of its words no more."""
    if back and row["words_author"] is None and row["words_note"] is None:
        return row
    return {
        **row,
        "author": row["words_author"],
        "commit_id": row["words_commit"],
        "committed": row["words_committed"],
        "author_note": row["words_note"],
    }


def with_figures(
    version: RuleVersion,
    results: Sequence[Mapping[str, Any]],
    figures: Mapping[str, Mapping[str, float | None]],
) -> RuleVersion:
    """The version with what the rule figured. `figures`: run -> figure -> value."""
    before = [r["run_id"] for r in results if r["run_id"] < version.first_run]
    after = [r["run_id"] for r in results if version.first_run <= r["run_id"]]
    if not version.runs or not after:
        return version
    now, then = (figures.get(runs[0], {}) if runs else {} for runs in (after, before[-1:]))
    return replace(version, figures=tuple(Figure(n, v, then.get(n)) for n, v in now.items()))
