"""What is to be decided: the open rows of the queue, the most valuable first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cdmq.audit.decision_tables import DECISIONS
from cdmq.audit.reading import Where, open_audit
from cdmq.audit.tables import QUEUE
from cdmq.audit.telling import Telling, still
from cdmq.decisions.book import keys_of
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.results import Waiting
from cdmq.runs.projects import parse
from cdmq.sql import nodes


@dataclass(frozen=True)
class Filter:
    """Which questions: by the kind of the rule, its id, its dataset, and whom they are for: who is
    named for the record, else who answers for the rule."""

    kind: str | None = None
    rule: str | None = None
    owner: str | None = None
    dataset: str | None = None
    limit: int | None = None


def waiting(
    start: Path, wanted: Filter, where: Where, unmask: bool = False
) -> tuple[tuple[Waiting, ...], int]:
    """The questions, at most `limit`, and how many there are in all. Raises CdmqError."""
    project = parse(start)
    with open_audit(project.root, project.config, where) as audit:
        telling = Telling(project, audit, unmask)
        every = list(_open(telling))
        _check(wanted, telling, {q.asked for q in every if q.asked})
    found = [q for q in every if _is(q, wanted)]
    found.sort(key=_rank)
    return tuple(found[: wanted.limit]), len(found)


def _open(telling: Telling) -> Iterator[Waiting]:
    doubts = _doubts(telling)
    for row in telling.rows(QUEUE, still()):
        rule = telling.now(row["rule_id"])
        said = telling.versions[rule][-1]
        dataset = telling.dataset_of(rule) or ""
        pair = frozenset(k for k in (row["key"], row["other"]) if k)
        yield Waiting(
            rule,
            said["kind"],
            said["owner"],
            dataset,
            row["about"],
            telling.shown_key(dataset, row["key"]),
            telling.shown_key(dataset, row["other"]) if row["other"] else None,
            row["column_name"],
            row["why"],
            row["sure"],
            row["first"],
            row["due"],
            telling.audit.as_of(row["from_run"]),
            doubts.get(pair),
            row["asked"],
        )


def _doubts(telling: Telling) -> dict[frozenset[str], str]:
    """Pair -> who said last that he can't tell."""
    unsure = nodes.equal(nodes.column("type"), nodes.text("unsure"))
    rows = sorted(telling.rows(DECISIONS, unsure), key=lambda r: str(r["decided_at"]))
    return {frozenset(keys_of(r["keys"])): str(r["decided_by"]) for r in rows}


def _is(q: Waiting, wanted: Filter) -> bool:
    return all(
        said is None or said == is_
        for said, is_ in (
            (wanted.kind, q.kind),
            (wanted.rule, q.rule),
            (wanted.owner, q.asked or q.owner),
            (wanted.dataset, q.dataset),
        )
    )


def _check(wanted: Filter, telling: Telling, asked: set[str]) -> None:
    """A word that no rule has is a mistake, and no empty list. `asked`: who is named by a rule for
    a record."""
    rules = telling.versions
    known = {
        "kind": {v[-1]["kind"] for v in rules.values()},
        "rule": set(rules),
        "owner": {v[-1]["owner"] for v in rules.values() if v[-1]["owner"]} | asked,
        "dataset": {v[-1]["dataset"] for v in rules.values()},
    }
    for word, names in known.items():
        said = getattr(wanted, word)
        if said is not None and said not in names:
            cause = f"no rule that was run has the {word} '{said}'"
            raise CdmqError(Problem(Span(f"--{word}"), "CDMQ552", cause, did_you_mean(said, names)))


def _rank(q: Waiting) -> tuple[object, ...]:
    """What is worth most first, then what is due first, then what is surest; what somebody could
    not tell comes after what nobody looked at."""
    return (
        q.unsure is not None,
        q.first is None,
        -(q.first or 0),
        q.due is None,
        q.due or datetime.max,
        -(q.sure or 0),
        q.rule,
        q.key,
        q.other or "",
    )
