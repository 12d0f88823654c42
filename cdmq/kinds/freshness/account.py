"""What of a log, and of the dates of proof, says nothing: in words, and as figures."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from cdmq.kinds.freshness.log import Log
from cdmq.kinds.freshness.names import SEEN, made
from cdmq.kinds.freshness.watched import Watched
from cdmq.kinds.running import Running
from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node, logical

#: Why a row of a log says nothing, in the order of `Log.account`.
_WHY = (
    "without a day",
    "with a day that is none",
    "with a day still to come",
    "about no watched column",
    "of no known record",
)


def account(watched: Watched, log: Log | None, at: Running) -> tuple[str, Mapping[str, float]]:
    """What was left out, in words (empty: nothing was), and the numbers of it."""
    told, figures = [], dict[str, float]()
    if log is not None:
        name = log.spec.dataset
        keys = nodes.select(
            [nodes.alias(nodes.column("ckey"), "key")], logical(made(watched.rule.id, SEEN))
        )
        ((rows, *lost),) = at.fetch(log.account(log.known(keys)))
        figures = {f"rows of {name}": rows, "left out": sum(lost)}
        why = [f"{n:,} {words}" for n, words in zip(lost, _WHY, strict=True) if n]
        if why:
            told.append(f"{sum(lost):,} of {rows:,} rows of {name} say nothing: {', '.join(why)}")
    query = _ahead(watched)
    if query is not None:
        ((ahead,),) = at.fetch(query)
        if ahead:
            figures["still to come"] = ahead
            told.append(f"{ahead:,} days of verified_at are still to come")
    return "; ".join(told), figures


def _ahead(watched: Watched) -> exp.Select | None:
    """How many days of verified_at lie after as_of; None where no watched column has one."""
    found = []
    for column in watched.columns:
        at = watched.verified_at(column)
        if at is not None:
            day = watched.rows.columns[at] == "date"
            now = nodes.cast(as_of_node(), "date" if day else "timestamp")
            late = exp.Where(this=exp.GT(this=nodes.column(at), expression=now))
            found.append(exp.Filter(this=exp.Count(this=exp.Star()), expression=late))
    if not found:
        return None
    total: exp.Expr = found[0]
    for count in found[1:]:
        total = exp.Add(this=total, expression=count)
    return nodes.select([total], logical(watched.rows.relation), watched.conditions().where)
