"""Cells of a typed column of a file that could not be read, and that a standard makes readable.

The stage holds two hidden columns for such a column: `__text_c`, the text of a cell that could not
be read, and `__unread_c`, the same until a standard has made a value of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from cdmq.kinds.defaults.words import DefaultRule
from cdmq.problems import Problem
from cdmq.sql import casts, nodes
from cdmq.sql.patterns import found
from cdmq.sql.types import Type
from cdmq.standards import FORMS
from cdmq.values import Dataset, Rule

#: What a written number is, and what a written day is, for a column of a type.
_SQL: Mapping[Type, str] = {
    "integer": "bigint",
    "decimal": "decimal(38, 9)",
    "double": "double",
    "date": "date",
}


def mends(rule: Rule, dataset: Dataset, type_: Type) -> bool:
    """Whether a default makes values of the cells that could not be read."""
    spec = rule.spec
    assert isinstance(spec, DefaultRule)
    declared = dataset.spec.file is not None and spec.column in dataset.spec.columns
    form = FORMS.get(spec.standardise) if spec.standardise and declared else None
    return form is not None and type_ in getattr(form, "GIVES", ())


def as_type(text: exp.Expr, type_: Type, dialect: str) -> exp.Expr:
    """The value of a text in its standard form; NULL where the type does not hold it."""
    to = exp.DataType.build(_SQL[type_], dialect="duckdb")
    read = casts.render(text, "text", to, dialect)
    if type_ != "decimal":
        return read
    beyond = found(text.copy(), "[.][0-9]{9}[0-9]*[1-9]", dialect)
    return nodes.when(exp.Not(this=beyond), read)


def options_of(rule: Rule, dataset: Dataset) -> dict[str, str]:
    """What the file says of how its cells are written, for a standard that does not."""
    source, spec = dataset.spec.file, rule.spec
    assert source is not None
    assert isinstance(spec, DefaultRule)
    told: dict[str, str] = {}
    if spec.standardise == "number" and "decimal" in source.model_fields_set:
        told["decimal"] = source.decimal
    if spec.standardise == "date" and (order := _order(source.dates)):
        told["order"] = order
    return told


def _order(dates: str) -> str | None:
    """What the first figures of a file's dates are, where a sign that is not an ISO one says."""
    return {"DD/MM/YYYY": "DMY", "MM/DD/YYYY": "MDY", "DD-MM-YYYY": "DMY", "DD.MM.YYYY": "DMY"}.get(
        dates
    )


def mended_problems(rule: Rule, dataset: Dataset) -> list[Problem]:
    """Where a standard and the file say two things: a cell would be read in two ways."""
    source, spec = dataset.spec.file, rule.spec
    assert source is not None
    assert isinstance(spec, DefaultRule)
    file = {"decimal": source.decimal, "order": _order(source.dates)}
    says = {"decimal": f'decimal: "{spec.options.get("decimal")}"', "order": "dates: as it does"}
    return [
        Problem(
            rule.spans.get(name, rule.span),
            "CDMQ344",
            f"{name}: {spec.options[name]} of "
            f"{rule.id}, and the file of {dataset.name} is read by {value}",
            f"write in file: {says[name]}",
        )
        for name, value in file.items()
        if value is not None and spec.options.get(name) not in (None, value)
    ]
