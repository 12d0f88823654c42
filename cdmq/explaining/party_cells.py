"""The golden cells and the levels of parties, from the audit tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from cdmq.audit.reading import Row, same
from cdmq.audit.telling import Telling, one_of, still
from cdmq.explaining.party_values import Cell, Golden, Level, Loser, Role
from cdmq.kinds.golden.tables import GOLDEN_CELLS
from cdmq.kinds.golden.words import GoldenRule
from cdmq.kinds.matching.tables import XREF
from cdmq.kinds.tiering.tables import TIER_HISTORY
from cdmq.sql import nodes
from cdmq.sql.pii import hides_key, masked
from cdmq.sql.relation import Relation
from cdmq.sql.text_form import text_of

#: In a larger party the records that lost are not told apart.
_MOST = 1000


def golden_rules(telling: Telling, matched_by: str) -> dict[str, str]:
    """The golden rules of today over a matching rule -> the dataset that each makes."""
    return {
        r.id: r.spec.into
        for r in telling.project.rules.values()
        if isinstance(r.spec, GoldenRule) and r.spec.matched_by == telling.now(matched_by)
    }


def golden(
    telling: Telling, matched_by: str, party: str, dataset: str, key: str | None = None
) -> list[Golden]:
    """The golden records of a party. `key`: what one of its records of `dataset` has there."""
    found = []
    for rule, into in golden_rules(telling, matched_by).items():
        rows = telling.rows(GOLDEN_CELLS, nodes.every([same("party_id", party), still()]))
        own = [r for r in rows if telling.now(r["rule_id"]) == rule]
        if own:
            found.append(
                Golden(rule, into, party, _cells(telling, own, matched_by, dataset, into, key))
            )
    return found


def _cells(
    telling: Telling,
    rows: Sequence[Row],
    matched_by: str,
    dataset: str,
    into: str,
    key: str | None,
) -> tuple[Cell, ...]:
    columns = telling.audit.warehouse.columns(telling.output(into)) or {}
    place = {c: i for i, c in enumerate(columns)}
    party = rows[0]["party_id"]
    keys = _keys(telling, matched_by, party)
    best = values_of(telling, telling.output(into), into, party)
    mine = values_of(telling, telling.output(f"{dataset}__clean"), dataset, key) if key else {}
    found = []
    for row in sorted(
        rows, key=lambda r: (place.get(r["column_name"], len(place)), r["column_name"])
    ):
        column = row["column_name"]
        role, own = _role(telling, dataset, row, key, best, mine) if key else ("empty", None)
        # What pii: hides is hidden in the audit tables too: all of it is in the dataset alone.
        told = best.get(column, row["value"]) if telling.unmask else row["value"]
        found.append(
            Cell(
                column,
                telling.shown(into, column, told),
                telling.shown_key(dataset, row["winner"]),
                row["because"],
                _losers(telling, row["losers"], keys, dataset, column),
                telling.when(row["from_run"]),
                role,
                telling.shown(dataset, column, own),
            )
        )
    return tuple(found)


def _role(
    telling: Telling,
    dataset: str,
    row: Row,
    key: str,
    best: Mapping[str, str | None],
    mine: Mapping[str, str | None],
) -> tuple[Role, str | None]:
    """What became of a record's own value, and the value."""
    column = row["column_name"]
    own = mine.get(column)
    spec = telling.project.datasets[dataset].spec
    same_value = own is not None and own == best.get(column, row["value"])
    # An older cdmq kept masked keys here: by one the value decides.
    if row["winner"] == key or (hides_key(spec) and row["winner"] == masked(key) and same_value):
        return "won", own
    if own is None:
        return "empty", None
    return ("agreed" if same_value else "lost"), own


def _keys(telling: Telling, matched_by: str, party: str) -> list[str]:
    """The members' keys, the longest first; none of a party with very many."""
    where = nodes.every(
        [one_of("rule_id", telling.names_of(matched_by)), same("party_id", party), still()]
    )
    found = telling.select(XREF, [nodes.column("key")], where, limit=_MOST)
    return sorted((k for (k,) in found), key=len, reverse=True) if len(found) < _MOST else []


def _losers(
    telling: Telling, told: str | None, keys: Iterable[str], dataset: str, column: str
) -> tuple[Loser, ...]:
    """The losers of a cell, which stand in one text: `key: value; key: value`."""
    if not told:
        return ()
    spec = telling.project.datasets[dataset].spec
    known = {*keys, *(masked(k) for k in keys if hides_key(spec))}
    marks = "|".join(re.escape(k) for k in sorted(known, key=len, reverse=True))
    parts = re.split(rf"(?:^|; )({marks}): ", told, flags=re.DOTALL) if marks else []
    if len(parts) < 3 or parts[0]:
        whole = telling.shown(dataset, column, told)
        return (Loser("others", whole),)
    return tuple(
        Loser(telling.shown_key(dataset, k), telling.shown(dataset, column, v))
        for k, v in zip(parts[1::2], parts[2::2], strict=True)
    )


def values_of(
    telling: Telling, relation: Relation, dataset: str, key: str
) -> dict[str, str | None]:
    """The values of a record as texts, not masked; none where it is not there."""
    return values_of_all(telling, relation, dataset, [key]).get(key, {})


def values_of_all(
    telling: Telling, relation: Relation, dataset: str, keys: Sequence[str]
) -> dict[str, dict[str, str | None]]:
    """Key -> values of some records. Of a key that stands twice the first row is taken."""
    named = telling.keyed(telling.project.datasets[dataset], relation)
    types = telling.audit.warehouse.columns(relation)
    if named is None or not types:
        return {}
    shown = [nodes.alias(nodes.paren(text_of(nodes.column(c), t)), c) for c, t in types.items()]
    query = nodes.select([nodes.alias(named, "__told"), *shown], nodes.table(relation))
    outer = nodes.select(
        [nodes.column(c) for c in ("__told", *types)],
        nodes.subquery(query, "r"),
        one_of("__told", keys),
    )
    rows = telling.audit.fetch(outer.order_by(*(telling.by_code_point(c) for c in types)))
    found: dict[str, dict[str, str | None]] = {}
    for key, *values in rows:
        found.setdefault(str(key), dict(zip(types, values, strict=True)))
    return found


def levels(telling: Telling, datasets: Iterable[str], keys: Iterable[str]) -> list[Level]:
    """The levels of some keys by the tiering rules on some datasets, the newest first."""
    rules = [r for d in datasets for r in telling.rules_on(d, "tiering")]
    wanted = sorted(set(keys))
    if not rules or not wanted:
        return []
    rows = telling.rows(
        TIER_HISTORY, nodes.every([one_of("rule_id", rules), one_of("key", wanted)])
    )
    rows.sort(key=lambda r: (r["from_review"] or "", r["from_run"]), reverse=True)
    rows.sort(key=lambda r: telling.now(r["rule_id"]))
    return [
        Level(
            telling.now(r["rule_id"]),
            r["key"],
            r["level"],
            r["reason"],
            r["from_review"],
            r["to_review"],
            telling.when(r["to_run"]) if r["to_run"] else None,
            r["closed_because"],
        )
        for r in rows
    ]
