"""What a run says of all values together: figures, and the note of its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from cdmq.kinds.freshness import names as of
from cdmq.kinds.freshness.calls import WAITS
from cdmq.kinds.freshness.rates import EVERYBODY, MEASURED, Fade, label
from cdmq.kinds.freshness.watched import Watched
from cdmq.sql import nodes
from cdmq.sql.logical import logical


def counts_query(watched: Watched, cells: bool) -> exp.Query:
    """Rows `figure` and `value`: of the records, of the cells, and of each column by its place."""
    id_ = watched.rule.id
    records, where = logical(of.made(id_, of.RECORDS)), watched.conditions().where
    due = nodes.present(nodes.column("ask"))
    found = {
        "tested": _count(logical(watched.rows.relation), where),
        "records": _count(records, None),
        "due records": _count(records.copy(), nodes.any_of([due, nodes.column("whole")])),
        "surveys": _count(records.copy(), nodes.column("whole")),
    }
    if watched.spec.queue:
        lost = exp.GT(this=nodes.column("tries"), expression=nodes.number(len(WAITS)))
        found |= {
            "asked": _count(logical(of.made(id_, of.CALLS)), None),
            "unreachable": _count(records.copy(), lost),
        }
    if cells:
        made = logical(of.made(id_, of.CELLS))
        good = nodes.present(nodes.column("result"))
        bad = nodes.equal(nodes.column("result"), nodes.text("bad"))
        mean = exp.Avg(this=nodes.cast(nodes.column("confidence"), "double"))
        found |= {
            "cells": _count(made, None),
            "proved": _count(made.copy(), good),
            "bad": _count(made.copy(), bad),
            "due": _count(made.copy(), nodes.column("is_due")),
            "confidence": exp.Subquery(this=nodes.select([mean], made.copy())),
        }
        for i, column in enumerate(watched.columns):
            here = nodes.equal(nodes.column("column_name"), nodes.text(column))
            of_it = nodes.select([mean.copy()], made.copy(), here)
            found[f"confidence {i}"] = exp.Subquery(this=of_it)
    return nodes.union_all(
        [
            nodes.select([nodes.text(name), nodes.cast(node, "double")])
            for name, node in found.items()
        ]
    )


_COUNTED = (
    "records",
    "cells",
    "proved",
    "bad",
    "due",
    "due records",
    "surveys",
    "asked",
    "unreachable",
)


def figures_of(
    counts: Mapping[str, float | None], columns: Sequence[str], fades: Sequence[Fade]
) -> dict[str, float | None]:
    """By their names for people."""
    found = {name: counts[name] for name in _COUNTED if name in counts}
    if "cells" in counts:
        found["confidence"] = _rounded(counts["confidence"])
        for i, column in enumerate(columns):
            found[f"confidence of {column}"] = _rounded(counts[f"confidence {i}"])
    for fade in fades:
        if fade.group == EVERYBODY or fade.of == fade.group:
            of = f"{fade.column}, {label(fade.group)}" if fade.group != EVERYBODY else fade.column
            found[f"rate of {of}"] = fade.rate
            if fade.used is not None:
                found[f"least rate of {of}"] = fade.used.low
                found[f"greatest rate of {of}"] = fade.used.high
            if fade.found is not None:
                found[f"tried again of {of}"] = fade.found.checked
                found[f"found bad of {of}"] = fade.found.bad
    return found


def note_of(counts: Mapping[str, float | None], cells: bool, measured: Sequence[Fade] = ()) -> str:
    """`12,000 values, 8,100 proved, 14 bad, 3,020 due; 2 records not judged: ...`."""
    whole = {name: int(value or 0) for name, value in counts.items()}
    told = []
    if cells:
        told.append(
            ", ".join(f"{whole[w]:,} {said}" for w, said in _CELL_WORDS if whole[w] or w != "bad")
        )
    if whole["surveys"] or not cells:
        told.append(f"{whole['surveys']:,} of {whole['records']:,} records unchanged for long")
    if "asked" in whole:
        lost = f", {whole['unreachable']:,} unreachable" if whole["unreachable"] else ""
        told.append(f"{whole['asked']:,} to be asked{lost}")
    rates = [_rate(f) for f in measured if f.group == EVERYBODY]
    if rates:
        told.append(", ".join(rates))
    if unnamed := whole["tested"] - whole["records"]:
        told.append(f"{unnamed:,} not judged: without a key, or it stands twice")
    return "; ".join(told)


def _rate(fade: Fade) -> str:
    """`email fades 3.9% a month (3.4% to 4.4%, 212 bad of 1,900)`."""
    rate = "by no rate" if fade.rate is None else f"{fade.rate:.1%} a month"
    found = fade.found
    if fade.basis == MEASURED and found is not None:
        of = f"{found.low:.1%} to {found.high:.1%}, {found.bad:,} bad of {found.checked:,}"
    else:
        bad = found.bad if found else 0
        of = f"{'as said' if fade.rate is not None else 'not said'}: {bad:,} bad are too few"
    return f"{fade.column} fades {rate} ({of})"


_CELL_WORDS = (("cells", "values"), ("proved", "proved"), ("bad", "bad"), ("due", "due"))


def _count(relation: exp.Expr, where: exp.Expr | None) -> exp.Expr:
    return exp.Subquery(this=nodes.select([exp.Count(this=exp.Star())], relation, where))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
