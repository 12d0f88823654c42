"""The pairs that are the same or may be: scratch table `pairs`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cdmq.kinds.matching.engine.candidates import make_candidates
from cdmq.kinds.matching.engine.features import count, make_features
from cdmq.kinds.matching.engine.households import mark_households
from cdmq.kinds.matching.engine.model import Model
from cdmq.kinds.matching.engine.names import CANDIDATES, INPUTS, PAIRS, Names
from cdmq.kinds.matching.engine.splinking import weighed
from cdmq.kinds.matching.words import MatchingRule
from cdmq.sql import nodes
from cdmq.sql.functions.numbers import rounded

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Beyond this many records of one value, each is paired with the first of them only.
ALL_AGAINST_ALL = 50


def score(
    connection: DuckDBPyConnection,
    rule: MatchingRule,
    types: Mapping[str, str],
    model: Model | None,
    prepared: bool = False,
) -> None:
    """Makes `pairs(a, b, why, probability, weight, weights)`. `model` is None where the rule
    compares nothing: then only `same_if` speaks. `prepared`: train() has just run on these
    records in this database; what it made is used again."""
    records = count(connection) if prepared else make_features(connection, rule, types)
    connection.execute(
        "CREATE OR REPLACE TABLE scored(a INTEGER, b INTEGER, probability DOUBLE, weight DOUBLE, "
        "weights VARCHAR)"
    )
    _same(connection, rule)
    if model is not None and rule.compare:
        blocks = [tuple(block) for block in model.read["blocks"]]
        if not prepared:
            make_candidates(connection, rule, blocks, records)
        least = min(rule.merge_above, rule.review_above or rule.merge_above)
        _weigh(connection, rule, model, CANDIDATES, _log_odds(float(least)))
        if rule.same_if and _left(connection):
            _weigh(connection, rule, model, "same_unscored", None)
    connection.execute(_pairs(rule))
    mark_households(connection, rule)
    for table in ("scored", "same", "same_unscored"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")


def _log_odds(probability: float) -> float | None:
    if probability <= 0:
        return None
    return math.log2(probability / max(1 - probability, 1e-15))


def _same(connection: DuckDBPyConnection, rule: MatchingRule) -> None:
    connection.execute("CREATE OR REPLACE TABLE same(a INTEGER, b INTEGER)")
    for columns in rule.same_if or []:
        values = Names.of(rule).of_values(columns)
        there = " AND ".join(f"{value} IS NOT NULL" for value in values)
        connection.execute(
            f"INSERT INTO same WITH members AS (SELECT rid, min(rid) OVER w AS first, count(*) "
            f"OVER w AS n, {', '.join(values)} FROM {INPUTS} WHERE {there} "
            f"WINDOW w AS (PARTITION BY {', '.join(values)})) "
            f"SELECT l.rid, r.rid FROM members l JOIN members r ON l.first = r.first "
            f"AND l.rid < r.rid WHERE l.n BETWEEN 2 AND {ALL_AGAINST_ALL} "
            f"UNION ALL SELECT first, rid FROM members WHERE n > {ALL_AGAINST_ALL} "
            f"AND rid > first"
        )
    connection.execute("CREATE OR REPLACE TABLE same AS SELECT DISTINCT a, b FROM same")


def _left(connection: DuckDBPyConnection) -> bool:
    """Makes `same_unscored`; says whether there are any."""
    connection.execute(
        "CREATE OR REPLACE TABLE same_unscored AS SELECT a AS join_key_l, b AS join_key_r, "
        "'0' AS match_key FROM same ANTI JOIN scored USING (a, b)"
    )
    return bool(connection.execute("SELECT count(*) FROM same_unscored").fetchall()[0][0])


def _weigh(
    connection: DuckDBPyConnection,
    rule: MatchingRule,
    model: Model,
    pairs: str,
    least: float | None,
) -> None:
    """Appends to `scored` the pairs that weigh at least so much. Splink weighs them as if nothing
    were said twice, which is never less than it is; of what is left the model says how much."""
    read = model.read
    splink = {**read["splink"], "retain_matching_columns": True}
    per_column = [_weight(k, read) for k in range(len(read["parents"]))]
    total = f"{read['prior']}::DOUBLE + " + " + ".join(f"w{k}" for k in range(len(per_column)))
    named = nodes.call(
        "json_object",
        *(
            node
            for k, column in enumerate(rule.compare)
            for node in (nodes.text(column), rounded(nodes.column(f"w{k}"), 3))
        ),
    ).sql(dialect="duckdb")
    weight = rounded(nodes.column("total"), 6).sql(dialect="duckdb")
    above = "true" if least is None else f"weight >= {least!r}::DOUBLE"
    with weighed(connection, splink, pairs, least) as table:
        connection.execute(
            f"INSERT INTO scored SELECT a, b, 1 / (1 + 2.0 ** -weight), weight, "
            f"CAST({named} AS VARCHAR) FROM (SELECT *, {weight} AS weight "
            f"FROM (SELECT *, {total} AS total FROM ("
            f"SELECT rid_l AS a, rid_r AS b, "
            + ", ".join(f"{sql} AS w{k}" for k, sql in enumerate(per_column))
            + f" FROM {table}))) WHERE {above}"
        )


def _weight(k: int, read: dict[str, Any]) -> str:
    """The match weight of comparison k: a term frequency counts where its parent is not alike."""
    parents = read["parents"][k]
    level = f"gamma_c{k} + 2"
    comparison = read["splink"]["comparisons"][k]
    has_frequency = any("tf_adjustment_column" in one for one in comparison["comparison_levels"])
    frequency = f"mw_tf_adj_c{k}" if has_frequency else "0.0"
    missing, alike, unlike = (
        f"list_extract({states}::DOUBLE[], {level})" for states in read["weights"][k]
    )
    if not parents:
        return f"({missing} + {frequency})"
    near = " OR ".join(
        f"(gamma_c{p} >= {least - 1}" + (f" AND gamma_c{guard} <> 0)" if guard >= 0 else ")")
        for p, least, guard in parents
    )
    far = " OR ".join(f"gamma_c{p} = 0" for p, _, _ in parents)
    return (
        f"CASE WHEN {near} THEN {alike} WHEN {far} THEN {unlike} + {frequency} "
        f"ELSE {missing} + {frequency} END"
    )


def _pairs(rule: MatchingRule) -> str:
    """A pair that the veto parts stays in the list, as one that would have been merged."""
    values = Names.of(rule).of_values(rule.never_if_differs or [])
    differs = " OR ".join(f"l.{v} <> r.{v}" for v in values) or "false"
    return (
        f"CREATE OR REPLACE TABLE {PAIRS} AS SELECT a, b, "
        f"CASE WHEN coalesce({differs}, false) THEN 'veto' WHEN same THEN 'same_if' "
        f"ELSE 'score' END AS why, "
        f"CASE WHEN same AND NOT coalesce({differs}, false) THEN 1.0 "
        f"ELSE coalesce(probability, 1.0) END::DOUBLE AS probability, weight, weights "
        f"FROM (SELECT a, b, s.a IS NOT NULL AS same, probability, weight, weights "
        f"FROM same s FULL JOIN scored USING (a, b)) "
        f"JOIN {INPUTS} l ON l.rid = a JOIN {INPUTS} r ON r.rid = b ORDER BY a, b"
    )
