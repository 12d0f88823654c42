"""Who a record is, and what a party is made of, by the rules that match, join and sort records."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cdmq.audit.reading import Row, same
from cdmq.audit.telling import Telling, one_of, still
from cdmq.explaining.party_cells import golden, golden_rules, levels
from cdmq.explaining.party_members import (
    events,
    makes,
    members,
    memberships,
    parties_now,
    spec_of,
)
from cdmq.explaining.party_values import Alike, Belongs, Golden, PartyStory, Question
from cdmq.kinds.matching.tables import PAIRS, PARTY_EVENTS, QUEUE, XREF
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.shape import Table

#: How many records that are alike, and how many members of a party, are told.
_NEAREST, _MEMBERS = 5, 20


def belongs(telling: Telling, dataset: str, key: str) -> Belongs:
    """What is known of a record; nothing where no rule matches or sorts its dataset."""
    found = memberships(telling, dataset, key)
    best: list[Golden] = []
    ranked = levels(telling, [dataset], [key])
    for member in [m for m in found if m.until is None]:
        best += golden(telling, member.rule, member.party, dataset, key)
        into = sorted(set(golden_rules(telling, member.rule).values()))
        ranked += levels(telling, into, [member.party])
        found += [m for d in into for m in memberships(telling, d, member.party, through=True)]
    rules = telling.rules_on(dataset, "matching")
    alike, counts = _alike(telling, dataset, rules, key)
    return Belongs(
        tuple(found),
        alike,
        counts,
        _questions(telling, dataset, rules, key),
        tuple(best),
        tuple(ranked),
    )


def _of(key: str) -> exp.Expr:
    return nodes.any_of([same("key_a", key), same("key_b", key)])


def _alike(
    telling: Telling, dataset: str, rules: Sequence[str], key: str
) -> tuple[tuple[Alike, ...], tuple[tuple[str, int], ...]]:
    """The records nearest to one by each rule, and how many each found alike."""
    found: list[Alike] = []
    counts = []
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
            counts.append((rule, telling.count(PAIRS, where)))
            found += _nearest(telling, dataset, rule, key, rows)
    return tuple(found), tuple(counts)


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


def _questions(
    telling: Telling, dataset: str, rules: Sequence[str], key: str
) -> tuple[Question, ...]:
    if not rules:
        return ()
    mine = [_of(key)]
    for party in sorted(set(parties_now(telling, rules, [key]).values())):
        mine += [in_one(telling, column, rules, party) for column in ("key_a", "key_b")]
    rows = telling.rows(QUEUE, nodes.every([one_of("rule_id", rules), nodes.any_of(mine), still()]))
    rows.sort(key=lambda r: (-(r["probability"] or 0), r["key_a"], r["key_b"]))
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
    a, b = (
        k if k in asked else telling.shown_key(dataset, k) for k in (row["key_a"], row["key_b"])
    )
    return Question(
        telling.now(row["rule_id"]),
        a,
        b,
        row["why"],
        row["probability"],
        telling.when(row["from_run"]),
        int(row["more"] or 0),
    )


# a party --------------------------------------------------------------------------------------


def party_story(telling: Telling, party: str) -> PartyStory | None:
    """The party or group of an id, also of one that ended; None where no rule gave that id."""
    known = _rule_of(telling, PARTY_EVENTS, party) or _rule_of(telling, XREF, party)
    dataset = telling.dataset_of(known) if known else None
    if known is None or dataset is None:
        return None
    now = _leads_to(telling, known, party)
    rows, count = members(telling, known, now, _MEMBERS) if now else ([], 0)
    into = tuple(sorted(set(golden_rules(telling, known).values())))
    both = [party, now] if now else [party]
    return PartyStory(
        party,
        now,
        telling.now(known),
        makes(telling, known),
        dataset,
        into,
        tuple((telling.shown_key(dataset, r["key"]), telling.when(r["from_run"])) for r in rows),
        count,
        tuple(m for d in into for m in memberships(telling, d, now, through=True)) if now else (),
        tuple(golden(telling, known, now, dataset)) if now else (),
        tuple(levels(telling, into, both)),
        tuple(events(telling, known, both)),
    )


def _rule_of(telling: Telling, table: Table, party: str) -> str | None:
    found = telling.select(table, [nodes.column("rule_id")], same("party_id", party), limit=1)
    return str(found[0][0]) if found else None


def _leads_to(telling: Telling, rule: str, party: str) -> str | None:
    """The party that an id leads to now, by the view that resolves all ids."""
    audit = telling.audit
    if "party_ids" not in audit.warehouse.relations(audit.schema):
        return party
    found = audit.fetch(
        nodes.select(
            [nodes.column("now_id")],
            nodes.table(Relation("party_ids", audit.schema)),
            nodes.every([same("rule_id", rule), same("party_id", party)]),
        )
    )
    return found[0][0] if found else party
