"""What is asked of the warehouse: the links, what their ends may be called, and who is of what
sort. All else is worked out beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlglot import exp

from cdmq.datasets.rows import Rows, unreadable
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.relationships.joined import Joined
from cdmq.kinds.relationships.words import NONE, RelationshipsRule
from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.sql.text_form import key_of, text_of
from cdmq.sql.types import Type
from cdmq.values import Dataset, Rule

DELIVERED: Mapping[str, Type] = dict.fromkeys(
    ("key", "from_id", "to_id", "type", "starts", "ends"), "text"
)
NAMES: Mapping[str, Type] = dict.fromkeys(("name", "party", "how"), "text")
SORTS: Mapping[str, Type] = dict.fromkeys(("party", "sort"), "text")
#: What an end may be, in the order in which it is looked for: a key, a party id, a part of a key.
_KEY, _PARTY, _PART = "0", "1", "2"


def links_query(
    rule: Rule, rows: Rows, conditions: Conditions, unread: Collection[str]
) -> exp.Select:
    """A row a link that the rule is about, all as texts. `unread`: columns of whose cells the text
    is known where they could not be read."""
    spec = rule.spec
    assert isinstance(spec, RelationshipsRule)

    def moment(column: str) -> exp.Expr:
        said = _text(column, rows.columns)
        if column not in unread:
            return said
        return exp.Coalesce(this=said, expressions=[unreadable(column, rows.dialect)])

    shown = {
        "from_id": _text(spec.from_, rows.columns),
        "to_id": _text(spec.to, rows.columns),
        "type": _text(spec.type, rows.columns),
        "starts": moment(spec.starts),
        "ends": moment(spec.ends),
    }
    return nodes.select(
        [
            nodes.alias(rows.key(), "key"),
            *(nodes.alias(node, name) for name, node in shown.items()),
        ],
        logical(rows.relation),
        conditions.where,
    )


def _text(column: str, types: Mapping[str, Type]) -> exp.Expr:
    if column == NONE:
        return nodes.cast(nodes.null(), "text")
    return text_of(nodes.column(column), types[column])


def names_query(
    of: Joined, records: Dataset, types: Mapping[str, Type], xref: exp.Expr | None
) -> exp.Query:
    """A row a text by which an end may name a party; `xref`: who is whose party, where a rule
    says so."""
    rows, party = _with_party(of, records, types, xref, ())
    found = [
        _named(nodes.column("key", "r"), party, _KEY, rows),
        _named(party, party, _PARTY, rows),
    ]
    if len(records.key) > 1:
        found += [
            _named(nodes.column(f"p{i}", "r"), party, _PART, rows) for i in range(len(records.key))
        ]
    return nodes.union_all(found)


def former_query(leads: exp.Expr) -> exp.Select:
    """A row an id of a party that ended, `l`: it names the one that it leads to."""
    shown = {
        "name": nodes.column("party_id", "l"),
        "party": nodes.column("now_id", "l"),
        "how": nodes.text(_PARTY),
    }
    known = nodes.present(nodes.column("now_id", "l"))
    return nodes.select([nodes.alias(node, c) for c, node in shown.items()], leads, known)


def _named(name: exp.Expr, party: exp.Expr, how: str, rows: exp.Select) -> exp.Select:
    query = rows.copy()
    shown = {"name": name, "party": party, "how": nodes.text(how)}
    query.set("expressions", [nodes.alias(node.copy(), c) for c, node in shown.items()])
    return query.distinct()


def sorts_query(
    of: Joined,
    sort: str,
    datasets: Mapping[str, Dataset],
    types: Mapping[str, Type],
    xref: exp.Expr | None,
) -> exp.Select:
    """A row a party and sort that one of its records is said to be of."""
    if of.golden:
        key = key_of([(nodes.column(k), types[k]) for k in datasets[of.parties].key])
        shown = [nodes.alias(key, "party"), nodes.alias(_text(sort, types), "sort")]
        return nodes.select(shown, logical(f"clean:{of.parties}")).distinct()
    rows, party = _with_party(of, datasets[of.records], types, xref, (sort,))
    rows.set(
        "expressions",
        [nodes.alias(party.copy(), "party"), nodes.alias(nodes.column("sort", "r"), "sort")],
    )
    return rows.distinct()


def _with_party(
    of: Joined,
    records: Dataset,
    types: Mapping[str, Type],
    xref: exp.Expr | None,
    sort: tuple[str, ...],
) -> tuple[exp.Select, exp.Expr]:
    """The records `r` beside their party, and that as a node."""
    shown = [
        nodes.alias(key_of([(nodes.column(k), types[k]) for k in records.key]), "key"),
        *(nodes.alias(_text(k, types), f"p{i}") for i, k in enumerate(records.key)),
        *(nodes.alias(_text(s, types), "sort") for s in sort),
    ]
    own = nodes.select(shown, logical(f"clean:{of.records}"))
    query = nodes.select([exp.Star()], nodes.subquery(own, "r"))
    key = nodes.column("key", "r")
    if xref is None:
        return query, key
    nodes.left_join(query, xref.copy(), nodes.equal(nodes.column("key", "x"), key.copy()))
    return query, exp.Coalesce(this=nodes.column("party_id", "x"), expressions=[key])
