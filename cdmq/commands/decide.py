"""decide: from words on a command line, or lines of a csv, to decisions."""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdmq.audit.reading import Audit
from cdmq.audit.telling import Telling
from cdmq.kinds import kinds
from cdmq.problems import CdmqError, Problem, Span
from cdmq.project.people import DecisionSpec
from cdmq.project.typed import read_model
from cdmq.project.yaml_source import Source
from cdmq.runs.deciding import sets_cells
from cdmq.runs.projects import Way, connected
from cdmq.version import __version__

if TYPE_CHECKING:
    from cdmq.decisions.decision import Decision
    from cdmq.runs.deciding import Decided
    from cdmq.values import Project

#: What a line says of a decision, beside the answer and the keys.
_OF_ANSWERS = ("rule", "column", "new", "reason", "by", "at")
Given = Sequence[tuple[DecisionSpec, Span]]


def typed(said: Mapping[str, Any], file: Path | None, login: str | None) -> Given:
    """What the command line says; with a file each of its answers. Raises CdmqError."""
    problems: list[Problem] = []
    words = {k: v for k, v in said.items() if v is not None}
    if file is not None:
        if "type" in words:
            cause = "--import reads all from its file"
            raise CdmqError(Problem(Span("--import"), "CDMQ554", cause, "say it without a type"))
        rows = list(_answers(file, words, login))
    elif "type" not in words:
        how = "say such as: cdmq decide same crm/1 shop/9 --rule same_customer --reason '...'"
        raise CdmqError(Problem(Span("decide"), "CDMQ554", "nothing is decided", how))
    else:
        rows = [({**_who_and_when(login), **words}, Span("decide"))]
    found = []
    for row, span in rows:
        source = Source(span.file, "", row, {(): span}, {})
        spec = read_model(DecisionSpec, row, source, (), problems, "decision")
        if spec:
            found.append((spec, span))
    if problems:
        raise CdmqError(problems)
    return found


def decided(way: Way, given: Given) -> list[Decided]:
    """Keep them. Raises CdmqError."""
    from cdmq.runs.deciding import decide
    from cdmq.warehouses.connecting import waited

    with connected(way) as (project, warehouse, to), waited(warehouse.lock, way.wait):
        return decide(project, warehouse, to, __version__, given, "cdmq decide")


def listed(way: Way, stale: bool) -> Iterator[str]:
    """All decisions, the newest first; or those alone that do not count or name nothing."""
    from cdmq.runs.deciding import book

    with connected(way) as (project, warehouse, _):
        found = book(project, warehouse, datetime.now(UTC))
        lost = _gone(project, Audit(warehouse, Span("decide")), found.standing.stand)
    shown = 0
    once = {d.id: d for d in found.decisions}
    for d in sorted(once.values(), key=lambda d: (d.at, d.id), reverse=True):
        why = found.standing.aside.get(d.id) or lost.get(d.id)
        if why or not stale:
            shown += 1
            yield from _lines(d, why)
    if not shown:
        yield "all decisions count" if stale and found.decisions else "nothing was decided yet"


def _gone(project: Project, audit: Audit, standing: Iterable[Decision]) -> dict[str, str]:
    """Of the decisions that name a rule, a dataset or a record that is no longer there, which."""
    telling, found = Telling(project, audit, unmask=True), {}
    rules = {n: r for r in project.rules.values() for n in telling.names_of(r.id)}
    datasets = {n: name for name in project.datasets for n in project.names_of(name)}
    for d in standing:
        if d.rule and d.rule not in rules:
            found[d.id] = f"there is no rule {d.rule} any more"
            continue
        said = d.dataset or (rules[d.rule].dataset if d.rule else None)
        if said is None:
            continue
        if said not in datasets:
            found[d.id] = f"there is no dataset {said} any more"
            continue
        name = datasets[said]
        if d.type == "override" and not sets_cells(project, said):
            found[d.id] = f"no golden records are made of {said}"
            continue
        missing = [
            k for k in d.keys if telling.there(name, k) is False and not _leads_on(telling, k)
        ]
        if missing:
            found[d.id] = f"{name} has no record {' and no '.join(missing)} now"
    return found


def _leads_on(telling: Telling, key: str) -> bool:
    """Whether a key is the id of a party that was merged into another."""
    found = (kind.tells.party(key, telling) for kind in kinds().values())
    return any(party is not None and party.now is not None for party in found)


def _lines(d: Decision, why: str | None) -> Iterator[str]:
    about = " ".join([d.type, *d.keys, *([d.column] if d.column else [])])
    named = d.rule or d.dataset
    yield f"{d.id}  {about}{f' ({named})' if named else ''}: {why or 'stands'}"
    place = f", {d.origin}" if d.origin else ", inserted by SQL"
    yield f"    {d.by} on {d.at:%Y-%m-%d %H:%M}{place}: {d.reason}"


def _who_and_when(login: str | None) -> dict[str, str]:
    return {"by": login or getpass.getuser(), "at": _now()}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _answers(
    file: Path, words: Mapping[str, Any], login: str | None
) -> Iterator[tuple[dict[str, Any], Span]]:
    from cdmq.reports.questions import answered

    for row, span in answered(file):
        said: dict[str, Any] = {
            k: row[k] for k in ("rule", "column", "new", "reason", "by", "at") if k in row
        }
        keys = [row[k] for k in ("key", "other") if k in row]
        yield {**_who_and_when(login), **words, **said, "type": row["answer"], "keys": keys}, span
