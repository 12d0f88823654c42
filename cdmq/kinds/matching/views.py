"""What people read of parties and levels: views over the audit tables, made anew at each publish.

`<rule>__xref`: key to party, with from and to run. `<dataset>__xref`: the party of each record now.
`<rule>__flags`: what carries a flag that a golden rule minds. `<rule>__levels`: the level of each
customer now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.kinds.flagged import flags_query
from cdmq.kinds.matching.tables import XREF
from cdmq.kinds.matching.words import MatchingRule
from cdmq.kinds.tiering.tables import TIER_HISTORY
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.steps import DatasetSteps, Executed


def party_views(
    steps: Mapping[str, DatasetSteps],
    executed: Executed,
    schema: str,
    ids: Mapping[str, tuple[str, ...]],
) -> Iterator[tuple[str, str, exp.Select]]:
    """(dataset, name, query over logical names) of each for the rules that this run evaluated."""
    done = {s.rule for s in executed.states}
    for name, step in steps.items():
        if name in executed.failed:
            continue
        for match in step.matches:
            if match.rule.id in done:
                mine = of_rule(match.rule.id, ids)
                yield (
                    name,
                    f"{match.rule.id}__xref",
                    _read(
                        XREF.name,
                        schema,
                        mine,
                        ("key", "party_id", "from_run", "to_run", "closed_because"),
                    ),
                )
                if isinstance(match.rule.spec, MatchingRule) and match.rule.spec.makes == "party":
                    named = (
                        step.with_identities() if name in executed.repeated else step.with_digests()
                    )
                    yield name, f"{name}__xref", _now(named, schema, mine.copy())
        if step.golden and step.golden.flagging and step.golden.rule.id in done:
            yield (
                name,
                f"{step.golden.rule.id}__flags",
                flags_query(step.golden.flagging, schema, ids),
            )
        for tier in step.tiers:
            if tier.rule.id in done:
                mine = of_rule(tier.rule.id, ids)
                yield (
                    name,
                    f"{tier.rule.id}__levels",
                    _read(
                        TIER_HISTORY.name,
                        schema,
                        mine,
                        ("key", "level", "measures", "cut_offs", "reason", "from_review"),
                        open_=True,
                    ),
                )


def _read(
    table: str, schema: str, mine: exp.Expr, columns: Sequence[str], open_: bool = False
) -> exp.Select:
    where = nodes.every([mine, nodes.is_null(nodes.column("to_run"))]) if open_ else mine
    return nodes.select(
        [nodes.column(c) for c in columns], nodes.table(Relation(table, schema)), where
    )


def _now(step: DatasetSteps, schema: str, mine: exp.Expr) -> exp.Select:
    """Each record's key columns, its key as text, and its party."""
    rows = step.clean.copy()
    rows.set(
        "expressions",
        [
            *(nodes.alias(nodes.column(k), k) for k in step.dataset.key),
            nodes.alias(step.key.copy(), "__key"),
        ],
    )
    query = nodes.select(
        [
            *(nodes.column(k, "r") for k in step.dataset.key if k not in ("key", "party_id")),
            nodes.alias(nodes.column("key", "x"), "key"),
            nodes.column("party_id", "x"),
        ],
        nodes.subquery(rows, "r"),
    )
    open_ = nodes.subquery(_read(XREF.name, schema, mine, ("key", "party_id"), open_=True), "x")
    query.append(
        "joins",
        exp.Join(this=open_, on=nodes.equal(nodes.column("__key", "r"), nodes.column("key", "x"))),
    )
    return query
