"""The records that a record is alike to, and what people are asked about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from cdmq.audit.reading import Row, same
from cdmq.audit.tables import QUEUE
from cdmq.audit.telling import Telling, one_of, still
from cdmq.kinds.matching.story_members import parties_now, spec_of
from cdmq.kinds.matching.story_values import Alike, Likeness, Question
from cdmq.kinds.matching.tables import PAIRS, XREF
from cdmq.sql import nodes
from cdmq.sql.relation import Relation

#: How many records that are alike are told.
_NEAREST = 5


def _of(key: str) -> exp.Expr:
    return nodes.any_of([same("key_a", key), same("key_b", key)])


def alike(telling: Telling, dataset: str, rules: Sequence[str], key: str) -> Iterator[Likeness]:
    """The records nearest to one by each rule, and how many each found alike."""
    for rule in sorted({telling.now(r) for r in rules}):
        where = nodes.every([one_of("rule_id", telling.names_of(rule)), _of(key), still()])
        order = [
            exp.Ordered(this=nodes.column(c), desc=True, nulls_first=False)
            for c in ("probability", "weight")
        ]
        rows = telling.rows(
            PAIRS,
            where,
            [*order, telling.by_code_point("key_a"), telling.by_code_point("key_b")],
            _NEAREST,
        )
        if rows:
            nearest = tuple(_nearest(telling, dataset, rule, key, rows))
            yield Likeness(rule, telling.count(PAIRS, where), nearest)


def _nearest(
    telling: Telling, dataset: str, rule: str, key: str, rows: Sequence[Row]
) -> list[Alike]:
    spec = spec_of(telling, rule)
    others = [r["key_b"] if r["key_a"] == key else r["key_a"] for r in rows]
    parties = parties_now(telling, telling.names_of(rule), [key, *others])
    found = []
    for row, other in zip(rows, others, strict=True):
        merges = spec is not None and row["probability"] >= float(spec.merge_above)
        found.append(
            Alike(
                rule,
                telling.shown_key(dataset, other),
                row["verdict"],
                row["probability"],
                None if spec is None else "merge" if merges else "review",
                tuple((spec.never_if_differs if spec else None) or ()),
                key in parties and parties.get(other) == parties[key],
            )
        )
    return found


def questions(
    telling: Telling, dataset: str, rules: Sequence[str], key: str
) -> tuple[Question, ...]:
    """What people are asked about a record, or about its parties."""
    if not rules:
        return ()
    mine = [same("key", key), same("other", key)]
    for party in sorted(set(parties_now(telling, rules, [key]).values())):
        mine += [in_one(telling, column, rules, party) for column in ("key", "other")]
    rows = telling.rows(QUEUE, nodes.every([one_of("rule_id", rules), nodes.any_of(mine), still()]))
    rows.sort(key=lambda r: (-(r["sure"] or 0), r["key"], r["other"]))
    return tuple(question(telling, dataset, r, (key,)) for r in rows)


def in_one(telling: Telling, column: str, rules: Sequence[str], party: str) -> exp.Expr:
    """The condition that a key is in a party now."""
    inside = nodes.select(
        [nodes.column("key")],
        nodes.table(Relation(XREF.name, telling.audit.schema)),
        nodes.every([one_of("rule_id", rules), same("party_id", party), still()]),
    )
    return exp.In(this=nodes.column(column), query=exp.Subquery(this=inside))


def question(telling: Telling, dataset: str, row: Row, asked: Sequence[str]) -> Question:
    """A row of the queue; the keys that were asked for are known already."""
    a, b = (k if k in asked else telling.shown_key(dataset, k) for k in (row["key"], row["other"]))
    return Question(
        telling.now(row["rule_id"]),
        a,
        b,
        row["why"],
        row["sure"],
        telling.when(row["from_run"]),
        int(row["more"] or 0),
    )
