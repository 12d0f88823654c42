"""SQL models: Jinja rendered, parsed as one query, its tables and functions looked at."""

from __future__ import annotations

import logging
from collections.abc import Callable

import sqlglot
from sqlglot import exp

from cdmq.datasets.model_reads import check_reads
from cdmq.datasets.model_text import render_model
from cdmq.datasets.sources import read_key
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.sql import nodes
from cdmq.sql.dialects import names
from cdmq.values import Dataset, Project


def model_query(dataset: Dataset, project: Project, table: Callable[[str], exp.Expr]) -> exp.Query:
    """The model's query with its references as tables.

    `table` gives the node of a logical relation: `clean:NAME` or `source:SCHEMA.NAME`.
    Raises CdmqError where the model is not one query over what it may read.
    """
    assert dataset.model is not None
    span = Span(dataset.model.path)
    text = render_model(dataset, project.variables, project.macros)
    dialect = str(text.config.get("dialect", "duckdb"))
    if dialect not in names():
        cause = f"dialect='{dialect}' is not known"
        raise CdmqError(Problem(span, "CDMQ332", cause, did_you_mean(dialect, names())))
    query = _one_query(text.sql, dialect, span)
    check_reads(query, span)

    def swap(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Table) and node.name.startswith("__cdmq_ref__"):
            how, _, name = node.name.removeprefix("__cdmq_ref__").partition("__")
            if how == "source" and (wrong := read_key(dataset, name)):
                raise CdmqError(wrong)
            found = table(f"{how}:{name}")
            found.set(
                "alias",
                node.args.get("alias") or exp.TableAlias(this=nodes.name(name.rsplit(".", 1)[-1])),
            )
            return found
        if isinstance(node, exp.IgnoreNulls) and isinstance(node.this, exp.AnyValue):
            return node.this  # it is so on every engine, and not all have the words
        return node

    swapped = query.transform(swap)
    assert isinstance(swapped, exp.Query)
    return swapped


def _one_query(sql: str, dialect: str, span: Span) -> exp.Query:
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # what is wrong is told as a Problem
    try:
        parsed = sqlglot.parse(sql.strip().rstrip(";"), dialect=dialect)
    except sqlglot.errors.SqlglotError as error:
        raise CdmqError(_not_sql(error, span)) from None
    except RecursionError:
        raise CdmqError(
            Problem(span, "CDMQ330", "the SQL is nested too deep", "split the model in two")
        ) from None
    query = parsed[0] if len(parsed) == 1 else None
    if isinstance(query, exp.Query):
        return query
    here = "another statement"
    if query is None:
        here = f"{len(parsed)} statements" if any(parsed) else "nothing"
    raise CdmqError(
        Problem(
            span,
            "CDMQ331",
            f"a model is one SELECT, here is {here}",
            "write one query; no other statement runs",
        )
    )


def _not_sql(error: sqlglot.errors.SqlglotError, span: Span) -> Problem:
    told = error.errors[0] if isinstance(error, sqlglot.errors.ParseError) and error.errors else {}
    word, line = told.get("highlight"), told.get("line")
    where = f" near '{word}', line {line} of what was rendered" if word and line else ""
    return Problem(
        span, "CDMQ330", f"the model is not SQL{where}", "mend it there; a model is one SELECT"
    )
