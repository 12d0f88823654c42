"""The columns of every dataset: from the warehouse, the files and the declarations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cdmq.datasets.from_others import made_columns, stack_problems, stacked
from cdmq.files.plain_values import seed_problems
from cdmq.problems import CdmqError, Problem, did_you_mean
from cdmq.project.spec import money_columns
from cdmq.sql.relation import Relation
from cdmq.sql.types import Type
from cdmq.values import ROW_NUMBER, Dataset, Project
from cdmq.warehouses.base import StatementError

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

Columns = dict[str, Type]


def relation_of(dataset: Dataset) -> Relation:
    """The relation that `table:` names: `name`, `schema.name` or `catalog.schema.name`.

    Raises CdmqError where it names none.
    """
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    said = dataset.spec.table or dataset.name
    try:
        node = exp.to_table(said, dialect="duckdb")
    except SqlglotError:
        node = None
    if node is None or not isinstance(node.this, exp.Identifier) or not node.name:
        raise CdmqError(
            Problem(
                dataset.span,
                "CDMQ504",
                f"'{said}' names no table",
                "write "
                "schema.name; a name with a blank, a dot or a quote stands in "
                'double quotes: raw."two words", and a quote in it twice: "a""b"',
            )
        )
    return Relation(node.name, node.db or None, node.catalog or None)


def check_columns(dataset: Dataset, columns: Mapping[str, Type]) -> list[Problem]:
    """Names in a dataset's own declaration that its columns do not have."""
    return [*_taken(dataset, columns), *_unknown(dataset, declared(dataset), columns).values()]


def declared(dataset: Dataset) -> dict[str, str]:
    """The columns that a dataset's own declaration names, each with the word where it does."""
    spec = dataset.spec
    missing = spec.missing_values if isinstance(spec.missing_values, dict) else ()
    named = {
        "key": spec.key,
        "pii": dataset.said_pii,
        "columns": spec.columns,
        "missing_values": missing,
        "verified_at": (*spec.verified_at, *spec.verified_at.values()),
        "refers_to": [c for own in spec.refers_to.values() for c in own],
        "amount and counts_as": money_columns(spec),
        **{
            word: [c]
            for word in ("changed_at", "changed_by", "happened_at")
            if (c := getattr(spec, word))
        },
    }
    return {c: word for word in reversed(named) for c in named[word]}


def check_pii(dataset: Dataset, columns: Mapping[str, Type]) -> None:
    """Raises CdmqError where pii: names no column: another one is shown then."""
    if wrong := _unknown(dataset, dict.fromkeys(dataset.said_pii, "pii"), columns):
        raise CdmqError(wrong.values())


def _taken(dataset: Dataset, columns: Iterable[str]) -> list[Problem]:
    """Names that cdmq gives to columns of its own."""
    return [
        Problem(
            dataset.span,
            "CDMQ222",
            f"the column '{name}' of {dataset.name} has a name that cdmq keeps for itself",
            "rename it at the source or in a SQL model",
        )
        for name in columns
        if _OWN.fullmatch(name.lower())
    ]


def _unknown(
    dataset: Dataset, named: Mapping[str, str], columns: Mapping[str, Type]
) -> dict[str, Problem]:
    return {
        name: Problem(
            dataset.span,
            "CDMQ203",
            f"{dataset.name} has no column '{name}' (in {word}:)",
            _NO_NUMBERS if name == ROW_NUMBER else did_you_mean(name, columns),
        )
        for name, word in named.items()
        if name not in columns
    }


_NO_NUMBERS = (
    "only the rows of a file have a place that can name them: name the columns that do here"
)
#: Columns that a run adds to a dataset's own.
_OWN = re.compile(
    r"__(key|digest|rules|borrowed|unreadable|(raw|reason|from|was|why|untidy|new|text|unread)_.*)"
)
#: A delivery that failed: a file or table that is not there or cannot be read.
_NOT_DELIVERED = frozenset(
    {
        "CDMQ121",
        "CDMQ125",
        "CDMQ126",
        "CDMQ203",
        "CDMQ204",
        "CDMQ210",
        "CDMQ286",
        "CDMQ287",
        "CDMQ288",
        "CDMQ335",
    }
)


@dataclass(frozen=True)
class Delivery:
    """The columns of what is there, and what is wrong with it: the rest goes on."""

    known: dict[str, Columns]
    #: Datasets that cannot be read or made, and why.
    broken: dict[str, list[Problem]]
    #: Dataset -> column -> why it is not as it is declared.
    unfit: dict[str, dict[str, Problem]]

    @property
    def problems(self) -> list[Problem]:
        return [
            *(p for found in self.broken.values() for p in found),
            *(p for columns in self.unfit.values() for p in columns.values()),
        ]


def delivered(project: Project, warehouse: Warehouse) -> Delivery:
    """Read what is there. Raises CdmqError where the text of a model is wrong."""
    found = Delivery({}, {}, {})
    problems: list[Problem] = []
    for dataset in project.datasets.values():
        if any(need not in found.known for need in dataset.depends_on):
            continue
        if lost := _lost(dataset, found):
            found.broken[dataset.name] = lost
            continue
        try:
            columns = _columns_of(dataset, project, found.known, warehouse)
        except CdmqError as error:
            if {p.code for p in error.problems} <= _NOT_DELIVERED:
                found.broken[dataset.name] = list(error.problems)
            else:
                problems += error.problems
            continue
        except RecursionError:
            problems.append(
                Problem(
                    dataset.span, "CDMQ330", "the SQL is nested too deep", "split the model in two"
                )
            )
            continue
        if _fits(dataset, columns, found):
            found.known[dataset.name] = columns
    if problems:
        raise CdmqError([*problems, *found.problems])
    return found


def _columns_of(
    dataset: Dataset, project: Project, known: Mapping[str, Columns], warehouse: Warehouse
) -> Columns:
    from cdmq.datasets.model_columns import model_columns
    from cdmq.files.reading import file_columns

    if dataset.source == "table":
        return _table_columns(dataset, warehouse)
    if dataset.source == "file":
        return file_columns(dataset, project.root)
    if dataset.source == "seed":
        assert dataset.seed is not None
        columns: Columns = {c: dataset.spec.columns.get(c, "text") for c in dataset.seed.columns}
        if wrong := seed_problems(dataset, columns):
            raise CdmqError(wrong)
        return columns
    if dataset.source == "stack":
        if wrong := stack_problems(dataset, known):
            raise CdmqError(wrong)
        return stacked(dataset, known)
    if dataset.source == "rule":
        return made_columns(dataset, project, known)
    return model_columns(dataset, project, known, warehouse)


def _lost(dataset: Dataset, found: Delivery) -> list[Problem]:
    """What is wrong with the columns of others that a dataset takes: a stack and a golden dataset
    take all, a model those that its text names."""
    lost = []
    for need in dataset.depends_on:
        for column, problem in found.unfit.get(need, {}).items():
            text = dataset.model.text.lower() if dataset.model else ""
            if dataset.source in ("stack", "rule") or column.lower() in text or "*" in text:
                lost.append(problem)
    return lost


def _fits(dataset: Dataset, columns: Columns, found: Delivery) -> bool:
    """Whether the dataset can be used; what its declaration says of columns that are not so goes
    to `unfit`. Where `pii:` names none, the column that it means would be stored and shown."""
    wrong = _taken(dataset, columns)
    for name, problem in _unknown(dataset, declared(dataset), columns).items():
        if name in dataset.key or name in dataset.said_pii:
            wrong.append(problem)
        else:
            found.unfit.setdefault(dataset.name, {})[name] = problem
    if contract := _contract(dataset, columns):
        found.unfit.setdefault(dataset.name, {}).update(contract)
    if wrong:
        more = found.unfit.pop(dataset.name, {})
        found.broken[dataset.name] = [*wrong, *more.values()]
    return not wrong


def _table_columns(dataset: Dataset, warehouse: Warehouse) -> Columns:
    relation = relation_of(dataset)
    try:
        columns = warehouse.columns(relation)
    except StatementError as error:  # no such database, no right to look
        raise CdmqError(
            Problem(
                dataset.span,
                "CDMQ204",
                f"the table {relation} of dataset {dataset.name} cannot be looked at: {error}",
                "mend table:, or ask for the right to read it",
            )
        ) from None
    if columns is None:
        near = warehouse.inventory.relations(relation.schema or warehouse.schema)
        raise CdmqError(
            Problem(
                dataset.span,
                "CDMQ204",
                f"the table {relation} of dataset {dataset.name} is not in the warehouse",
                did_you_mean(relation.name, near),
            )
        )
    return columns


def _contract(dataset: Dataset, columns: Mapping[str, Type]) -> dict[str, Problem]:
    """The columns that are of another type than is declared; a file is read as it is declared."""
    if dataset.source in ("file", "seed"):
        return {}
    return {
        name: Problem(
            dataset.span,
            "CDMQ213",
            f"{dataset.name}.{name} is declared as {type_}, but it is {columns[name]}",
            "mend the declaration or the source",
        )
        for name, type_ in dataset.spec.columns.items()
        if name in columns
        and columns[name] not in (type_, "unknown")
        and {columns[name], type_} - {"integer", "decimal", "double"}
    }
