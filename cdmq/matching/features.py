"""What is compared, computed once per record: scratch tables `inputs` and `features`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.kinds.matching import MatchingRule
from cdmq.matching.forms import FORMS
from cdmq.matching.names import FEATURES, INPUTS, Names
from cdmq.sql import nodes
from cdmq.values import Relation

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Among so few records a value that two of them share is not a common one.
FEW = 20
WITH_FREQUENCY = ("name", "postcode", "company", "address", "email", "phone", "exact")


def make_features(
    connection: DuckDBPyConnection, rule: MatchingRule, types: Mapping[str, str]
) -> int:
    """Makes `inputs(rid, v0, ...)` and `features(rid, c0, tf_c0, ...)`; says how many records."""
    names = Names.of(rule)
    connection.execute(_inputs(rule, names).sql(dialect="duckdb"))
    connection.execute(_features(rule, names, types))
    return count(connection)


def count(connection: DuckDBPyConnection) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {INPUTS}").fetchall()[0][0])


def _inputs(rule: MatchingRule, names: Names) -> exp.Expr:
    """The rule's columns under safe names; a value that too many share is NULL."""
    ignored = rule.ignore_values.shared_by_more_than if rule.ignore_values else {}
    columns: list[exp.Expr] = [nodes.column("rid")]
    for column, safe in names.values.items():
        value: exp.Expr = nodes.column(column)
        if column in ignored:
            value = nodes.when(exp.Not(this=_shared(column, ignored[column])), value)
        columns.append(nodes.alias(value, safe))
    records = nodes.table(Relation("records"))
    return nodes.create(Relation(INPUTS), nodes.select(columns, records), replace=True)


def _shared(column: str, more_than: int) -> exp.Expr:
    often = nodes.select([nodes.column(column)], nodes.table(Relation("records")),
                         nodes.present(nodes.column(column)))
    often = nodes.group_by(often, [nodes.column(column)])
    count = exp.Count(this=exp.Star())
    often.set("having", exp.Having(this=exp.GT(this=count, expression=nodes.number(more_than))))
    return exp.In(this=nodes.column(column), query=exp.Subquery(this=often))


def _features(rule: MatchingRule, names: Names, types: Mapping[str, str]) -> str:
    """Internal names only, so plain text. A frequency leaves the record itself out: it is how
    likely another record has the value by chance."""
    mains, mores = ["rid"], ["rid"]
    for column, word in rule.compare.items():
        c = names.compared[column]
        form = FORMS[word](names.values[column], types.get(column, "VARCHAR").upper())
        mains.append(f"{form.main} AS {c}")
        mores += [c, *(f"{sql.format(c=c)} AS {c}{end}" for end, sql in form.more.items())]
    tables = [f"m AS MATERIALIZED (SELECT {', '.join(mains)} FROM {INPUTS})",
              f"f AS MATERIALIZED (SELECT {', '.join(mores)} FROM m)"]
    joins, tfs = [], []
    for column, word in rule.compare.items():
        if word not in WITH_FREQUENCY:
            continue
        c = names.compared[column]
        tables.append(f"n_{c} AS (SELECT {c} AS value, greatest(count(*) - 1, 0.5)::DOUBLE"
                      f" / ((SELECT count({c}) FROM f) + {FEW}) AS tf FROM f"
                      f" WHERE {c} IS NOT NULL GROUP BY {c})")
        joins.append(f"LEFT JOIN n_{c} ON f.{c} = n_{c}.value")
        tfs.append(f"n_{c}.tf AS tf_{c}")
    return (f"CREATE OR REPLACE TABLE {FEATURES} AS WITH {', '.join(tables)} "
            f"SELECT {', '.join(['f.*', *tfs])} FROM f {' '.join(joins)}")
