"""From pairs to clusters: what hangs together, as far as the guards allow."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.kinds.matching.engine.guards import ALWAYS_ONE, Link, Refused, Values, split
from cdmq.kinds.matching.engine.union_find import components
from cdmq.kinds.matching.words import MatchingRule
from cdmq.sql import nodes
from cdmq.sql.relation import Relation

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Answer = tuple[dict[int, int], list[Refused]]

_LINKS = """
CREATE OR REPLACE TEMP TABLE _links AS
SELECT a, b, why IN ('same', 'same_if') AS certain, why = 'same' AS decided, weight
FROM pairs ANTI JOIN household USING (a, b)
WHERE why IN ('same', 'same_if') OR (why = 'score' AND probability >= $1::DOUBLE)
"""
#: Two records linked to nobody else are a cluster: nothing is left to guard.
_TWOSOMES = """
CREATE OR REPLACE TEMP TABLE _linked AS
SELECT rid, count(*) AS links FROM (SELECT a AS rid FROM _links UNION ALL SELECT b FROM _links)
GROUP BY rid;
CREATE OR REPLACE TEMP TABLE _involved AS
SELECT l.a, l.b, l.certain, l.decided, l.weight FROM _links AS l
JOIN _linked AS a ON a.rid = l.a JOIN _linked AS b ON b.rid = l.b WHERE a.links + b.links > 2;
CREATE OR REPLACE TEMP TABLE _crowd AS
SELECT a AS rid FROM _involved UNION SELECT b FROM _involved;
CREATE OR REPLACE TEMP TABLE _clustered AS
SELECT l.b AS rid, l.a AS cluster FROM _links AS l
JOIN _linked AS a ON a.rid = l.a JOIN _linked AS b ON b.rid = l.b WHERE a.links + b.links = 2
"""
#: The strongest first, whatever the order of the rows.
_STRONGEST_FIRST = """
SELECT a, b, certain, decided FROM _involved
ORDER BY decided DESC, certain DESC, weight DESC NULLS LAST, a, b
"""
_VETOES = """
SELECT p.a, p.b FROM pairs AS p
SEMI JOIN _crowd AS c ON c.rid = p.a WHERE p.why IN ('veto', 'not_same')
"""
_HOUSEHOLDS = """
SELECT p.a, p.b FROM household AS p SEMI JOIN _crowd AS c ON c.rid = p.a
"""
_CLUSTERED = "INSERT INTO _clustered SELECT unnest($1::INTEGER[]), unnest($2::INTEGER[])"
_MEMBERS = """
CREATE OR REPLACE TABLE members AS
SELECT r.rid, coalesce(c.cluster, r.rid) AS cluster
FROM records AS r LEFT JOIN _clustered AS c ON c.rid = r.rid
"""
_REFUSED = """
CREATE OR REPLACE TEMP TABLE _refused AS
SELECT DISTINCT unnest($1::INTEGER[]) AS a, unnest($2::INTEGER[]) AS b,
  unnest($3::VARCHAR[]) AS why
"""
#: One question for each two parties: the first reason that holds, the surest pair.
_HELD = """
CREATE OR REPLACE TABLE held AS
WITH apart AS (
  SELECT p.a, p.b, p.why AS pair, p.probability, r.why AS refused, h.a IS NOT NULL AS housed,
         least(m.cluster, n.cluster) AS one, greatest(m.cluster, n.cluster) AS two
  FROM pairs AS p JOIN members AS m ON m.rid = p.a JOIN members AS n ON n.rid = p.b
  LEFT JOIN _refused AS r ON r.a = p.a AND r.b = p.b
  LEFT JOIN household AS h ON h.a = p.a AND h.b = p.b
  WHERE m.cluster <> n.cluster
), asked AS (
  SELECT a, b, probability, one, two, refused, count(*) OVER (PARTITION BY one, two) - 1 AS more,
    bool_or(pair = 'not_same') OVER (PARTITION BY one, two) AS decided,
    CASE WHEN refused IS NOT NULL THEN refused
         WHEN pair = 'veto' AND coalesce(probability, 1) >= $1::DOUBLE THEN 'veto'
         WHEN housed THEN 'household'
         WHEN pair = 'score' AND probability < $1::DOUBLE AND probability >= $2::DOUBLE
           THEN 'review' END AS why
  FROM apart
)
SELECT a, b, why, probability, more FROM asked WHERE why IS NOT NULL AND NOT decided
QUALIFY row_number() OVER (PARTITION BY one, two ORDER BY
  coalesce(refused, 'household') = 'household',
  list_position(['size', 'bridge', 'veto', 'household', 'review'], why),
  probability DESC NULLS FIRST, a, b) = 1
"""
_DONE = """
DROP TABLE _links; DROP TABLE _linked; DROP TABLE _involved; DROP TABLE _crowd;
DROP TABLE _clustered; DROP TABLE _refused
"""


def cluster(connection: DuckDBPyConnection, rule: MatchingRule) -> None:
    """Make `members` and `held` from `pairs` and `records`.

    A pair by same_if or with a probability of merge_above or more is a link; links make clusters as
    far as the guards allow (see guards.py). The result does not depend on the order of rows.

    held: what people are asked, once for each two clusters: what is said of one pair is said of
    both clusters. `size`, `bridge`, `veto`: the strongest pair that a guard kept apart;
    `household`: the surest pair of the table of that name, or that such a pair kept apart;
    `review`: the surest between the two thresholds. `more`: how many more pairs of the two are
    alike. Where people said that two records are not one, nothing is asked of their clusters.
    """
    merge_above = float(rule.merge_above)
    review_above = merge_above if rule.review_above is None else float(rule.review_above)
    connection.execute(_LINKS, [merge_above])
    connection.execute(_TWOSOMES)
    clustered, refused = _guarded(connection, rule)
    moved = [(rid, name) for rid, name in clustered.items() if rid != name]
    connection.execute(_CLUSTERED, [[rid for rid, _ in moved], [name for _, name in moved]])
    connection.execute(_MEMBERS)
    connection.execute(
        _REFUSED, [[r.a for r in refused], [r.b for r in refused], [r.why for r in refused]]
    )
    connection.execute(_HELD, [merge_above, review_above])
    connection.execute(_DONE)


def _guarded(connection: DuckDBPyConnection, rule: MatchingRule) -> Answer:
    """The clusters of the involved links (record: smallest record), and what was refused."""
    links = connection.execute(_STRONGEST_FIRST).fetchall()
    names = components((a, b) for a, b, *_ in links)
    vetoes = defaultdict(list)
    for a, b in connection.execute(_VETOES).fetchall():
        if names[a] == names.get(b):
            vetoes[names[a]].append((a, b))
    housed = defaultdict(list)
    for a, b in connection.execute(_HOUSEHOLDS).fetchall():
        if names[a] == names.get(b):
            housed[names[a]].append((a, b))
    values = _values(connection, rule)
    doubtful = vetoes.keys() | housed.keys() | _large(names) | _mixed(names, values)
    inside: dict[int, list[Link]] = {component: [] for component in sorted(doubtful)}
    for a, b, certain, decided in links:
        if names[a] in inside:
            inside[names[a]].append(Link(a, b, certain, decided))
    refused: list[Refused] = []
    for component, linked in inside.items():
        clusters, kept_apart = split(linked, vetoes[component], values, housed[component])
        names.update(clusters)
        refused += kept_apart
    return names, refused


def _large(names: Mapping[int, int]) -> set[int]:
    """The components in which a bridge is possible."""
    return {name for name, size in Counter(names.values()).items() if size > ALWAYS_ONE}


def _mixed(names: Mapping[int, int], values: Mapping[int, Values]) -> set[int]:
    """The components with two values in a column that may not differ."""
    first: dict[tuple[int, int], int] = {}
    return {
        name
        for record, name in names.items()
        for column, value in enumerate(values.get(record, ()))
        if value is not None and first.setdefault((name, column), value) != value
    }


def _values(connection: DuckDBPyConnection, rule: MatchingRule) -> dict[int, Values]:
    """Per involved record a number for what is in each column that may not differ."""
    if not rule.never_if_differs:
        return {}
    query = _numbered(rule, rule.never_if_differs).sql("duckdb")
    return {rid: tuple(numbers) for rid, *numbers in connection.execute(query).fetchall()}


def _numbered(rule: MatchingRule, columns: Sequence[str]) -> exp.Select:
    """rid and, for each column, equal numbers for equal values and NULL for none.

    A value that too many share to say who it is does not say either who it is not.
    """
    ignored = rule.ignore_values.shared_by_more_than if rule.ignore_values else {}
    numbers: list[exp.Expr] = []
    for name in columns:
        column = nodes.column(name)
        rank = exp.Window(
            this=nodes.call("dense_rank"),
            order=exp.Order(expressions=[exp.Ordered(this=column)]),
        )
        telling = [nodes.present(column)]
        if name in ignored:
            telling.append(
                exp.Not(
                    this=exp.In(
                        this=column, query=exp.Subquery(this=_shared(column, ignored[name]))
                    )
                )
            )
        numbers.append(nodes.when(nodes.every(telling), rank))
    crowd = nodes.select([nodes.column("rid")], nodes.table(Relation("_crowd")))
    inside = exp.In(this=nodes.column("rid"), query=exp.Subquery(this=crowd))
    return nodes.select([nodes.column("rid"), *numbers], nodes.table(Relation("records")), inside)


def _shared(column: exp.Column, by_more_than: int) -> exp.Select:
    query = nodes.select([column], nodes.table(Relation("records")), nodes.present(column))
    too_many = exp.GT(this=exp.Count(this=exp.Star()), expression=nodes.number(by_more_than))
    nodes.group_by(query, [column]).set("having", exp.Having(this=too_many))
    return query
