"""decide: from words on a command line, or lines of a csv, to decisions."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Mapping, Sequence
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
    """All decisions, the newest first; or those alone that do not count or name nothing. Keys are
    masked where pii: hides them."""
    from cdmq.runs.deciding import book

    with connected(way) as (project, warehouse, _):
        found = book(project, warehouse, datetime.now(UTC))
        telling = Telling(project, Audit(warehouse, Span("decide")), unmask=False)
        once = {d.id: d for d in found.decisions}
        told = [
            line
            for d in sorted(once.values(), key=lambda d: (d.at, d.id), reverse=True)
            if (why := found.standing.aside.get(d.id) or _gone(d, telling)) or not stale
            for line in _lines(d, why, telling)
        ]
    yield from told
    if not told:
        yield "all decisions count" if stale and found.decisions else "nothing was decided yet"


def _gone(d: Decision, telling: Telling) -> str | None:
    """Of a decision that names a rule, a dataset or a record that is no longer there, which."""
    project = telling.project
    if d.rule and telling.now(d.rule) not in project.rules and d.rule not in project.rules:
        return f"there is no rule {d.rule} any more"
    name = _dataset_of(d, telling)
    if name is None:
        return f"there is no dataset {d.dataset} any more" if d.dataset else None
    if d.type == "override" and not sets_cells(project, name):
        return f"no golden records are made of {name}"
    missing = [k for k in d.keys if telling.there(name, k) is False and not _leads_on(telling, k)]
    shown = (telling.shown_key(name, k) for k in missing)
    return f"{name} has no record {' and no '.join(shown)} now" if missing else None


def _dataset_of(d: Decision, telling: Telling) -> str | None:
    """The dataset of its keys, by its present name; None where there is none."""
    project = telling.project
    if d.dataset is None:
        rule = project.rules.get(telling.now(d.rule)) if d.rule else None
        return rule.dataset if rule else None
    return next((n for n in project.datasets if d.dataset in project.names_of(n)), None)


def _leads_on(telling: Telling, key: str) -> bool:
    """Whether a key is the id of a party that was merged into another."""
    found = (kind.tells.party(key, telling) for kind in kinds().values())
    return any(party is not None and party.now is not None for party in found)


def _lines(d: Decision, why: str | None, telling: Telling) -> Iterator[str]:
    dataset = _dataset_of(d, telling)
    keys = [telling.shown_key(dataset, k) for k in d.keys]
    about = " ".join([d.type, *keys, *([d.column] if d.column else [])])
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
