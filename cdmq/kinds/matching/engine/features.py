"""What is compared, computed once per record: scratch tables `inputs` and `features`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.kinds.matching.engine.forms import FORMS, Form
from cdmq.kinds.matching.engine.names import FEATURES, INPUTS, Names
from cdmq.kinds.matching.words import MatchingRule
from cdmq.sql import nodes
from cdmq.sql.relation import Relation

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
    often = nodes.select(
        [nodes.column(column)],
        nodes.table(Relation("records")),
        nodes.present(nodes.column(column)),
    )
    often = nodes.group_by(often, [nodes.column(column)])
    count = exp.Count(this=exp.Star())
    often.set("having", exp.Having(this=exp.GT(this=count, expression=nodes.number(more_than))))
    return exp.In(this=nodes.column(column), query=exp.Subquery(this=often))


def _features(rule: MatchingRule, names: Names, types: Mapping[str, str]) -> str:
    """Internal names only, so plain text. Forms are worked out once for each value, not for each
    record that has it."""
    tables: list[str] = []
    shown, joins = ["i.rid"], []
    for column, word in rule.compare.items():
        c, v = names.compared[column], names.values[column]
        form = FORMS[word](v, types.get(column, "VARCHAR").upper())
        tables += _values(c, v, form, word in WITH_FREQUENCY)
        ends = [*form.more, *([] if word not in WITH_FREQUENCY else ["tf"])]
        shown += [f"e_{c}.{c}", *(f"tf_{c}" if end == "tf" else f"e_{c}.{c}{end}" for end in ends)]
        joins.append(f"LEFT JOIN e_{c} ON i.{v} = e_{c}.{v}")
    below = f"WITH {', '.join(tables)} " if tables else ""
    return (
        f"CREATE OR REPLACE TABLE {FEATURES} AS {below}"
        f"SELECT {', '.join(shown)} FROM {INPUTS} AS i {' '.join(joins)}"
    )


def _values(c: str, v: str, form: Form, frequency: bool) -> list[str]:
    """The distinct values of a column with their forms, and how frequent a form is.

    A frequency leaves the record itself out: how likely another has the value by chance.
    """
    more = [f"{sql.format(c=c)} AS {c}{end}" for end, sql in form.more.items()]
    tables = [
        f"g_{c} AS (SELECT {v}, count(*) AS n FROM {INPUTS} WHERE {v} IS NOT NULL GROUP BY {v})",
        f"m_{c} AS MATERIALIZED (SELECT {v}, n, {form.main} AS {c} FROM g_{c})",
        f"f_{c} AS MATERIALIZED (SELECT {', '.join([v, 'n', c, *more])} FROM m_{c})",
    ]
    if not frequency:
        return [*tables, f"e_{c} AS MATERIALIZED (SELECT * FROM f_{c})"]
    return [
        *tables,
        f"n_{c} AS (SELECT {c} AS value, greatest(sum(n) - 1, 0.5)::DOUBLE / ((SELECT"
        f" coalesce(sum(n), 0) FROM f_{c} WHERE {c} IS NOT NULL) + {FEW}) AS tf_{c} FROM f_{c}"
        f" WHERE {c} IS NOT NULL GROUP BY {c})",
        f"e_{c} AS MATERIALIZED (SELECT f_{c}.*, tf_{c} FROM f_{c} LEFT JOIN n_{c}"
        f" ON f_{c}.{c} = n_{c}.value)",
    ]
