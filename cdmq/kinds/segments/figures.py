"""What a run says of a segment: how many fit, why others are out, and how many remain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from cdmq.kinds.segments.refusals import refusals, with_parts
from cdmq.kinds.segments.scope import Scope, part
from cdmq.sql import nodes
from cdmq.sql.relation import Relation

PARTS = ("contact", "holdout", "comparison")
#: What is wrong with rows of a log, by the names of figures.
UNKNOWN_STATUS, NOBODY, UNPROVED = (
    "unknown status",
    "of no known record",
    "yes without date or proof",
)
_WORDS = {"contact": "to contact", "holdout": "held out", "comparison": "to compare"}


def counts_query(relation: Relation) -> exp.Select:
    """(part, because, how many)."""
    shown = [nodes.column("part"), nodes.column("because")]
    query = nodes.select([*shown, exp.Count(this=exp.Star())], nodes.table(relation))
    return nodes.group_by(query, [n.copy() for n in shown])


def figures_of(
    counts: Sequence[tuple[str, str | None, int]], reasons: Sequence[str]
) -> dict[str, float]:
    """The waterfall: who fits, less each reason, is who remains."""
    out = {because: n for part_, because, n in counts if part_ == "out"}
    remain = {name: sum(n for p, _, n in counts if p == name) for name in PARTS}
    fits = sum(out.values()) + remain["contact"] + remain["holdout"]
    return {
        "eligible": float(fits),
        **{reason: float(out.get(reason, 0)) for reason in reasons},
        **{name: float(n) for name, n in remain.items()},
    }


def note(figures: Mapping[str, float], reasons: Sequence[str]) -> str:
    """`12 fit: 4 no permission, 1 minor; 6 to contact, 1 held out`."""
    out = [f"{figures[r]:,.0f} {r}" for r in reasons if figures[r]]
    told = [f"{figures[p]:,.0f} {_WORDS[p]}" for p in PARTS if figures[p] or p == "contact"]
    fits = f"{figures['eligible']:,.0f} fit"
    return f"{fits}: {', '.join(out)}; {', '.join(told)}" if out else f"{fits}; {', '.join(told)}"


def log_query(scope: Scope) -> exp.Select:
    """One row: how many rows of the log are about this permission, and how many of them have an
    unknown status, are of no known record, or are a yes without date or proof."""
    unknown = nodes.equal(nodes.column("says", "e"), nodes.text("unknown"))
    yes = nodes.equal(nodes.column("says", "e"), nodes.text("yes"))
    bare = nodes.any_of(
        [nodes.is_null(nodes.column("at", "e")), exp.Not(this=nodes.column("proved", "e"))]
    )
    why = [unknown, nodes.is_null(nodes.column("party", "e")), nodes.every([yes, bare])]
    shown: list[exp.Expr] = [exp.Count(this=exp.Star())]
    for i, reason in enumerate(why):
        earlier = [exp.Not(this=nodes.paren(w.copy())) for w in why[:i]]
        condition = exp.Where(this=nodes.every([*earlier, reason.copy()]))
        shown.append(exp.Filter(this=exp.Count(this=exp.Star()), expression=condition))
    parts = {
        n: q for n, q in refusals(scope) if n in ("records", "whose", "owners", "selves", "events")
    }
    return with_parts(nodes.select(shown, part("events", "e")), parts)
