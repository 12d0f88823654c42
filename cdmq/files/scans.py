"""The query that reads files of a format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from sqlglot import exp

from cdmq.files.json_source import LARGEST
from cdmq.project.column_names import composed
from cdmq.sql import nodes


def composed_columns(names: Sequence[str], table: exp.Expr) -> exp.Expr:
    """The columns of a table with their accents composed: so the rules write them."""
    named = [*map(composed, names)]
    if named == [*names]:
        return table
    return nodes.subquery(
        nodes.select(
            [nodes.alias(nodes.column(old), new) for old, new in zip(names, named, strict=True)],
            table,
        ),
        "c",
    )


def listed(paths: Iterable[Path]) -> exp.Expr:
    return exp.Array(expressions=[nodes.text(str(p)) for p in paths])


def reader(format_: str, listed: exp.Expr, names: list[str], delimiter: str) -> exp.Expr:
    texts = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=nodes.text(n), expression=nodes.text("VARCHAR")) for n in names
        ]
    )
    if format_ == "json":
        return nodes.call(
            "read_json",
            listed,
            _named("columns", texts),
            _named("maximum_object_size", nodes.number(LARGEST)),
        )
    return nodes.call(
        "read_csv",
        listed,
        _named("auto_detect", exp.false()),
        _named("header", exp.true()),
        _named("delim", nodes.text(delimiter)),
        _named("quote", nodes.text('"')),
        _named("escape", nodes.text('"')),
        _named("columns", texts),
        _named("max_line_size", nodes.number(64 * 1024 * 1024)),
    )


def _named(name: str, value: exp.Expr) -> exp.Expr:
    return exp.EQ(this=exp.Identifier(this=name, quoted=False), expression=value)
