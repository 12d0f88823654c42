"""A time that was asked for, as the audit tables know it: the run that was the last by then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time

from sqlglot import exp

from cdmq.audit.reading import Audit, Row
from cdmq.problems import CdmqError, Problem, Span
from cdmq.sql import nodes


def held(run: str | None) -> exp.Expr:
    """The condition that a row holds true: now, or when a run was done."""
    open_ = nodes.is_null(nodes.column("to_run"))
    if run is None:
        return open_
    later = exp.GT(this=nodes.column("to_run"), expression=nodes.text(run))
    return nodes.every(
        [
            exp.LTE(this=nodes.column("from_run"), expression=nodes.text(run)),
            nodes.paren(nodes.any_of([open_, later])),
        ]
    )


def stood(rows: Iterable[Row], run: str | None) -> list[Row]:
    """Rows as they stood when a run was done: what came later is not there, or not closed yet."""
    if run is None:
        return list(rows)
    open_ = {"to_run": None, "closed_because": None}
    return [
        {**r, **open_} if (r["to_run"] or run) > run else dict(r)
        for r in rows
        if r["from_run"] <= run
    ]


def run_at(audit: Audit, as_of: str) -> str:
    """The last run that had begun at a time; a date means the end of its day."""
    moment = moment_of(as_of)
    begun = [n for n, r in audit.runs.items() if r["started"] <= moment]
    if begun:
        return begun[-1]
    first = next((r["started"] for r in audit.runs.values()), None)
    since = f"its first run was on {first:%Y-%m-%d %H:%M}" if first else ""
    raise CdmqError(Problem(Span("--as-of"), "CDMQ535", f"no run had begun at {as_of}", since))


def moment_of(as_of: str) -> datetime:
    """A time as the tables have it, in UTC; a date means the end of its day."""
    try:
        moment = datetime.fromisoformat(as_of)
    except ValueError:
        raise CdmqError(
            Problem(
                Span("--as-of"),
                "CDMQ534",
                f"'{as_of}' is no time",
                "write 2026-11-01 or 2026-11-01T06:00:00",
            )
        ) from None
    if len(as_of) <= 10:
        moment = datetime.combine(moment.date(), time.max)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
