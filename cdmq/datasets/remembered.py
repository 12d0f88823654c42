"""What is known of columns without a connection: what the last run saw, declarations, headers."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from cdmq.datasets.catalog import Columns
from cdmq.datasets.catalog import declared as named_in
from cdmq.datasets.from_others import made_columns, stacked
from cdmq.files.headers import Declared, declared
from cdmq.problems import CdmqError
from cdmq.project.atomic import write_text
from cdmq.project.target_files import is_own
from cdmq.values import ALL, Catalog, Project

#: The file in the target folder that holds what was seen.
CATALOG = "catalog.json"


def stored_catalog(project: Project) -> tuple[Catalog, list[str]]:
    """What is known without a connection, and the datasets of which nothing is known.

    `target/catalog.json` is what the last `compile` or `run` saw; a declaration that names types
    adds to it. A dataset in neither is judged without its columns.
    """
    known = {**seen(project)}
    for dataset in project.datasets.values():
        if dataset.seed is not None:
            types = dataset.spec.columns
            known[dataset.name] = {c: types.get(c, "text") for c in dataset.seed.columns}
        elif dataset.name not in known and dataset.spec.columns:
            known[dataset.name] = dict(dataset.spec.columns)
    used = {r.dataset for r in project.rules.values()}
    return known, sorted(used - set(known))


def seen(project: Project) -> Catalog:
    """The columns of every dataset as the last `compile` or `run` saw them."""
    return _read_catalog(project.root / project.config.target_path / CATALOG)


def csv_files(project: Project) -> dict[str, Declared]:
    """The csv files whose headers a parse reads, by their datasets."""
    from cdmq.files.reading import is_of

    found: dict[str, Declared] = {}
    for name, dataset in project.datasets.items():
        if (source := dataset.spec.file) and is_of(dataset, "csv"):
            found[name] = declared(source)
    return found


def parse_catalog(project: Project) -> tuple[Catalog, list[str], bool]:
    """What a check of names and types knows without a connection, and the datasets it does not.

    Last, whether some of it is what the last compile or run saw, and may be so no longer.

    The columns of a csv file are those of its header now; other columns as `stored_catalog` knows
    them. A declaration need not name every column: what the rules name besides has the type
    unknown.
    """
    from cdmq.files.reading import file_columns

    stored = {**seen(project)}
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
    """The columns of a dataset that its declaration and the rules speak of, but for those that
    rules give."""
    declared, given = set(named_in(project.datasets[name])), project.given(name)
    read = {c for rule in project.rules for c in project.uses[rule].columns(name)}
    return declared | {c for c in read - {ALL} if c.lower() not in given}


def _read_catalog(path: Path) -> dict[str, Columns]:
    if not is_own(path):
        return {}
    try:
        found = json.loads(path.read_text("utf-8"))["datasets"]
        return {name: dict(columns) for name, columns in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}  # broken: the next run writes it anew


def merge_catalog(catalog: Catalog, project: Project, target: Path) -> None:
    """Write what was seen over what was known; datasets that are gone are left out."""
    path = target / CATALOG
    known = _read_catalog(path) | {name: dict(columns) for name, columns in catalog.items()}
    content = {"datasets": {n: known[n] for n in project.datasets if n in known}}
    write_text(path, json.dumps(content, indent=1) + "\n")
