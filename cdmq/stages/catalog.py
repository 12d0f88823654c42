"""The columns of every dataset: from the warehouse, the files and the declarations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cdmq.atomic import write_text
from cdmq.headers import Declared
from cdmq.kinds.golden import GoldenRule
from cdmq.kinds.matching import MatchingRule
from cdmq.problems import CdmqError, Problem, did_you_mean
from cdmq.sql.types import Type
from cdmq.values import Catalog, Dataset, Project, Relation

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

Columns = dict[str, Type]
#: The file in the target folder that holds what was seen.
CATALOG = "catalog.json"


def relation_of(dataset: Dataset) -> Relation:
    """The relation that `table:` names: `name`, `schema.name` or `catalog.schema.name`."""
    from sqlglot import exp

    node = exp.to_table(dataset.spec.table or dataset.name, dialect="duckdb")
    return Relation(node.name, node.db or None, node.catalog or None)


def stacked(dataset: Dataset, known: Mapping[str, Mapping[str, Type]]) -> Columns:
    """The columns of a stack: the label, then each source's, renamed, in order of appearance."""
    columns: Columns = {"source": "text"}
    for label, source in (dataset.spec.stack or {}).items():
        names = dataset.spec.rename.get(label, {})
        for column, type_ in known[source].items():
            name = names.get(column, column)
            if name in columns and columns[name] != type_:
                columns[name] = "text"
            else:
                columns.setdefault(name, type_)
    return columns


def made_columns(
    dataset: Dataset, project: Project, known: Mapping[str, Mapping[str, Type]]
) -> Columns:
    """The columns of a golden dataset."""
    from cdmq.stages.golden import golden_columns

    of = str(dataset.made_of)
    return golden_columns(project.rules[str(dataset.made_by)], project.datasets[of], known[of])


def stack_problems(dataset: Dataset, known: Mapping[str, Mapping[str, Type]]) -> list[Problem]:
    problems = []
    for label, source in (dataset.spec.stack or {}).items():
        names = dataset.spec.rename.get(label, {})
        for column in names:
            if column not in known.get(source, {column: 1}):
                problems.append(
                    Problem(dataset.span, "CDMQ203", f"rename: {source} has no column '{column}'",
                            did_you_mean(column, known[source]))
                )
        written = [names.get(c, c) for c in known.get(source, {})]
        twice = sorted({w for w in written if written.count(w) > 1 or w == "source"})
        problems += [
            Problem(dataset.span, "CDMQ210", f"the stack {dataset.name} gets the column '{w}' "
                    f"twice from {label}", "rename one of them")
            for w in twice
        ]
    return problems


def check_columns(dataset: Dataset, columns: Mapping[str, Type]) -> list[Problem]:
    """Names in a dataset's own declaration that its columns do not have."""
    spec = dataset.spec
    named = [*spec.key, *spec.columns, *spec.pii, *spec.verified_at, *spec.verified_at.values()]
    named += [n for n in (spec.changed_at, spec.changed_by, spec.happened_at) if n]
    named += [c for own in spec.refers_to.values() for c in own]
    if isinstance(spec.missing_values, dict):
        named += list(spec.missing_values)
    return [*_taken(dataset, columns), *_unknown(dataset, named, columns)]


def _taken(dataset: Dataset, columns: Iterable[str]) -> list[Problem]:
    """Names that cdmq gives to columns of its own."""
    return [
        Problem(dataset.span, "CDMQ222", f"the column '{name}' of {dataset.name} has a name that "
                "cdmq keeps for itself", "rename it at the source or in a SQL model")
        for name in columns if _OWN.fullmatch(name.lower())
    ]


def _unknown(
    dataset: Dataset, named: Iterable[str], columns: Mapping[str, Type]
) -> list[Problem]:
    return [
        Problem(dataset.span, "CDMQ203", f"{dataset.name} has no column '{name}'",
                did_you_mean(name, columns))
        for name in dict.fromkeys(named)
        if name not in columns
    ]


#: Columns that a run adds to a dataset's own.
_OWN = re.compile(
    r"__(key|digest|rules|borrowed|unreadable|(raw|reason|from|was|why|untidy|new)_.*)")
#: A delivery that failed: a file or table that is not there or cannot be read.
_NOT_DELIVERED = frozenset({"CDMQ121", "CDMQ125", "CDMQ126", "CDMQ204"})


def live_catalog(project: Project, warehouse: Warehouse) -> Catalog:
    """Read what is there. Raises CdmqError with every dataset that is not as it is declared."""
    known, broken = delivered(project, warehouse)
    if broken:
        raise CdmqError([p for problems in broken.values() for p in problems])
    return known


def delivered(
    project: Project, warehouse: Warehouse
) -> tuple[Catalog, dict[str, list[Problem]]]:
    """Read what is there, and the datasets whose source cannot be read: the others go on.

    Raises CdmqError where a source was read and is not as it is declared.
    """
    from cdmq.files import file_columns
    from cdmq.stages.models import model_columns

    known: dict[str, Columns] = {}
    broken: dict[str, list[Problem]] = {}
    problems: list[Problem] = []
    for dataset in project.datasets.values():
        try:
            if any(need not in known for need in dataset.depends_on):
                continue
            if dataset.source == "table":
                columns = _table_columns(dataset, warehouse)
            elif dataset.source == "file":
                columns = file_columns(dataset, project.root)
            elif dataset.source == "seed":
                assert dataset.seed is not None
                columns = {c: dataset.spec.columns.get(c, "text") for c in dataset.seed.columns}
            elif dataset.source == "stack":
                problems += stack_problems(dataset, known)
                columns = stacked(dataset, known)
            elif dataset.source == "golden":
                columns = made_columns(dataset, project, known)
            else:
                columns = model_columns(dataset, project, known, warehouse)
        except CdmqError as error:
            if {p.code for p in error.problems} <= _NOT_DELIVERED:
                broken[dataset.name] = list(error.problems)
            else:
                problems += error.problems
            continue
        except RecursionError:
            problems.append(Problem(dataset.span, "CDMQ330", "the SQL is nested too deep",
                                    "split the model in two"))
            continue
        problems += check_columns(dataset, columns)
        problems += _contract(dataset, columns)
        known[dataset.name] = columns
    if problems:
        raise CdmqError([*problems, *(p for found in broken.values() for p in found)])
    return known, broken


def _table_columns(dataset: Dataset, warehouse: Warehouse) -> Columns:
    relation = relation_of(dataset)
    columns = warehouse.columns(relation)
    if columns is None:
        near = warehouse.relations(relation.schema or warehouse.schema)
        raise CdmqError(
            Problem(dataset.span, "CDMQ204", f"the table {relation} of dataset {dataset.name} "
                    "is not in the warehouse", did_you_mean(relation.name, near))
        )
    return columns


def _contract(dataset: Dataset, columns: Mapping[str, Type]) -> list[Problem]:
    if dataset.source in ("file", "seed"):
        return []
    return [
        Problem(dataset.span, "CDMQ213", f"{dataset.name}.{name} is declared as {type_}, "
                f"but it is {columns[name]}", "mend the declaration or the source")
        for name, type_ in dataset.spec.columns.items()
        if name in columns and columns[name] not in (type_, "unknown")
        and {columns[name], type_} - {"integer", "decimal", "double"}
    ]


def stored_catalog(project: Project) -> tuple[Catalog, list[str]]:
    """What is known without a connection, and the datasets of which nothing is known.

    `target/catalog.json` is what the last `compile` or `run` saw; a declaration that names types
    adds to it. A dataset in neither is judged without its columns.
    """
    known = _read_catalog(project.root / project.config.target_path / CATALOG)
    for dataset in project.datasets.values():
        if dataset.seed is not None:
            types = dataset.spec.columns
            known[dataset.name] = {c: types.get(c, "text") for c in dataset.seed.columns}
        elif dataset.name not in known and dataset.spec.columns:
            known[dataset.name] = dict(dataset.spec.columns)
    used = {r.dataset for r in project.rules.values()}
    return known, sorted(used - set(known))


def csv_files(project: Project) -> dict[str, Declared]:
    """The csv files whose headers a parse reads, by their datasets."""
    from cdmq.files import format_of

    found: dict[str, Declared] = {}
    for name, dataset in project.datasets.items():
        source = dataset.spec.file
        try:
            if source and format_of(dataset) == "csv":
                found[name] = (source.path, source.encoding, source.delimiter)
        except CdmqError:
            pass  # an ending that is none: compile and run say so
    return found


def parse_catalog(project: Project) -> tuple[Catalog, list[str], bool]:
    """What a check of names and types knows without a connection, and the datasets it does not.

    Last, whether some of it is what the last compile or run saw, and may be so no longer.

    The columns of a csv file are those of its header now; other columns as `stored_catalog` knows
    them. A declaration need not name every column: what the rules name besides has the type
    unknown.
    """
    from cdmq.files import file_columns

    stored = _read_catalog(project.root / project.config.target_path / CATALOG)
    remembered = {n for n in stored if n in project.datasets and not project.datasets[n].seed}
    known = {name: dict(columns) for name, columns in stored_catalog(project)[0].items()}
    for name in csv_files(project):
        with suppress(CdmqError):  # not there, or broken: a run says it, here the last is taken
            stored[name] = known[name] = file_columns(project.datasets[name], project.root)
            remembered.discard(name)
    for dataset in project.datasets.values():
        if dataset.name in known and dataset.name not in stored and dataset.seed is None:
            mentioned = _mentioned(project, dataset.name)
            known[dataset.name] |= {c: "unknown" for c in mentioned - set(known[dataset.name])}
        if dataset.spec.stack and all(s in stored for s in dataset.spec.stack.values()):
            known[dataset.name] = stacked(dataset, known)
        if dataset.made_of in known:
            known[dataset.name] = made_columns(dataset, project, known)
            if dataset.made_of in stored:
                stored[dataset.name] = known[dataset.name]
            else:
                named = _mentioned(project, dataset.name) - set(known[dataset.name])
                known[dataset.name] |= {c: "unknown" for c in named}
    used = {r.dataset for r in project.rules.values()}
    return known, sorted(used - set(known)), bool(remembered)


def _mentioned(project: Project, name: str) -> set[str]:
    """The columns of a dataset that its declaration and the rules speak of."""
    spec = project.datasets[name].spec
    found = {*spec.key, *spec.pii, *spec.columns}
    for rule in project.rules.values():
        if rule.dataset == name:
            found |= set(rule.columns) | {
                s for s in getattr(rule.spec, "fill_from", ()) if "." not in s}
            found |= {str(v) for v in getattr(rule.spec, "options", {}).values()}
            found |= named_by(rule.spec)
            for place, expression in rule.expressions.items():
                if place == "where" or rule.kind != "tiering":
                    found |= {*expression.columns, *(c for _, c in expression.behind)}
        fields = [getattr(rule.spec, "field", None)] if getattr(
            rule.spec, "to", None) == name else []
        found |= {f for f in fields if f}
        for measure, facts in getattr(rule.spec, "measures", {}).items():
            if facts.dataset == name:
                found |= {facts.sum} if facts.sum else set()
                where = rule.expressions.get(f"measures.{measure}.where")
                found |= set(where.columns) if where else set()
        borrowed = (s.split(".", 1) for s in getattr(rule.spec, "fill_from", ()) if "." in s)
        found |= {column for other, column in borrowed if other == name}
    return found


def named_by(spec: object) -> set[str]:
    """The columns of its own dataset that a matching or golden rule names."""
    if isinstance(spec, MatchingRule):
        return set(spec.columns)
    if isinstance(spec, GoldenRule):
        return {*spec.columns, *(c for group in spec.together.values() for c in group)}
    return set()


def _read_catalog(path: Path) -> dict[str, Columns]:
    try:
        found = json.loads(path.read_text("utf-8"))["datasets"]
        return {name: dict(columns) for name, columns in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # not there, or not ours: the next run writes it anew


def merge_catalog(catalog: Catalog, project: Project, target: Path) -> None:
    """Write what was seen over what was known; datasets that are gone are left out."""
    path = target / CATALOG
    known = _read_catalog(path) | {name: dict(columns) for name, columns in catalog.items()}
    content = {"datasets": {n: known[n] for n in project.datasets if n in known}}
    write_text(path, json.dumps(content, indent=1) + "\n")
