"""Figures of parties added up along links that another rule keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.kinds.facts.below import rolled_up
from cdmq.kinds.running import Running
from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node, logical
from cdmq.values import Rule

#: The audit table of links.
_LINKS = "links"


def linked_by(dataset: str, types: Sequence[str], rules: Mapping[str, Rule]) -> str | None:
    """The rule that keeps links of these types between the records of a dataset."""
    found = (
        r.id
        for r in rules.values()
        if getattr(r.spec, "parties", None) == dataset
        and set(types) <= set(getattr(r.spec, "types", ()))
    )
    return next(found, None)


def add_below(at: Running, own: str, by: str, types: Sequence[str]) -> str:
    """`made:...__below`, by its name: `key`, `figure` (a text: that of a party and all below it by
    links of these types) and `below` (how many these are), of those with others below them alone.
    `own`: a table with `key` and `own`, made in this run; `by`: the rule that keeps the links."""
    name = f"{own}__below"
    staged, _ = at.names.output(name)
    rows = sorted(set(at.fetch(_followed(at, by, types))))
    names = sorted({party for row in rows for party in row})
    number = {party: i for i, party in enumerate(names)}
    figures = {}
    if rows:
        query = nodes.select([nodes.column("key"), nodes.column("own")], logical(f"made:{own}"))
        figures = {number[k]: f for k, f in at.fetch(query) if f is not None and k in number}
    found = rolled_up([(number[a], number[b]) for a, b in rows], figures)
    with_others = [
        [names[party], None if figure is None else f"{figure:f}", below]
        for party, (figure, below) in found.items()
        if below
    ]
    at.warehouse.load(staged, {"key": "text", "figure": "text", "below": "integer"}, with_others)
    at.names.put(f"made:{name}", staged)
    return name


def _followed(at: Running, by: str, types: Sequence[str]) -> exp.Select:
    """(from, to) of the links that hold at as_of: as this run found them, or as was left."""
    shown = [nodes.column("from_party"), nodes.column("to_party")]
    starts, ends = nodes.column("starts"), nodes.column("ends")
    begun = exp.LTE(this=starts.copy(), expression=as_of_node())
    lasts = exp.GT(this=ends.copy(), expression=as_of_node())
    holds = [
        nodes.one_of(nodes.column("type"), list(types)),
        nodes.any_of([nodes.is_null(starts), begun]),
        nodes.any_of([nodes.is_null(ends), lasts]),
    ]
    if by in at.ran:
        return nodes.select(shown, logical(f"made:{by}__links"), nodes.every(holds))
    mine = [of_rule(by, at.ids), nodes.is_null(nodes.column("to_run"))]
    return nodes.select(shown, at.audit(_LINKS), nodes.every([*mine, *holds]))
