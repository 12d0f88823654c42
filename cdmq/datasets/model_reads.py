"""What a SQL model may read: other datasets and sources, nothing outside the rows."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from cdmq.problems import CdmqError, Problem, Span

#: Functions that reach outside the rows: files, servers, settings.
_OUTSIDE = (
    "read_",
    "glob",
    "pg_read",
    "pg_ls",
    "pg_stat_file",
    "lo_",
    "dblink",
    "getenv",
    "query",
    "sniff_csv",
    "parquet_",
    "duckdb_",
    "sqlite_",
    "postgres_",
    "mysql_",
    "iceberg_",
    "delta_",
    "copy_",
    "pg_sleep",
    "current_setting",
    "set_config",
    "getvariable",
)


def check_reads(query: exp.Query, span: Span) -> None:
    """Raises CdmqError with all that a model reads and may not."""
    problems = [*_tables(query, span), *_locks(query, span), *_functions(query, span)]
    if problems:
        raise CdmqError(dict.fromkeys(problems))


def _tables(query: exp.Query, span: Span) -> Iterator[Problem]:
    ctes = {c.alias for c in query.find_all(exp.CTE)}
    for table in query.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier):
            if not table.name.startswith("__cdmq_ref__") and table.name not in ctes:
                yield Problem(
                    span,
                    "CDMQ333",
                    f"the model reads '{table.name}' by its name",
                    "write {{ ref('...') }} or {{ source('...') }}",
                )
        elif isinstance(table.this, exp.Func) and not _called(table.this).startswith(_OUTSIDE):
            yield Problem(
                span,
                "CDMQ334",
                f"the model reads the rows of '{table.this.sql('duckdb')[:40]}'",
                "a model reads only ref() and source(); write a list of rows as SELECT "
                "unnest(...), or as a seed",
            )
        else:
            yield Problem(
                span,
                "CDMQ334",
                f"the model reads '{table.this.sql('duckdb')[:40]}'",
                "declare the file as a dataset and use ref()",
            )


def _locks(query: exp.Query, span: Span) -> Iterator[Problem]:
    if query.find(exp.Lock):
        yield Problem(
            span,
            "CDMQ331",
            "the model locks the rows that it reads",
            "take FOR UPDATE or FOR SHARE away: a model only reads",
        )


def _functions(query: exp.Query, span: Span) -> Iterator[Problem]:
    for call in query.find_all(exp.Func):
        name = _called(call)
        if name.startswith(_OUTSIDE):
            yield Problem(
                span,
                "CDMQ334",
                f"the function {name}() reaches outside the rows",
                "a model reads only ref() and source()",
            )


def _called(call: exp.Func) -> str:
    return (call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower()
