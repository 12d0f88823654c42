"""What a run read: how many rows each source had, and a digest of their content."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.files.reading import paths_of
from cdmq.outcomes import Input
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.values import Catalog, Dataset, Project
from cdmq.warehouses.base import StatementError

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


def content_of(dataset: Dataset, project: Project) -> str | None:
    """A digest of the bytes that are about to be read; None of what is no file."""
    if dataset.seed is not None:
        return f"sha256:{dataset.seed.digest}"
    if dataset.source != "file":
        return None
    digests = [_digest(path) for path in paths_of(dataset, project.root)]
    if len(digests) == 1:
        return f"sha256:{digests[0]}"
    whole = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    return f"sha256 of {len(digests)} files:{whole}"


def look_at(
    dataset: Dataset,
    relation: Relation,
    digest: str | None,
    catalog: Catalog,
    warehouse: Warehouse,
) -> Input:
    """The rows of a source where they stand now. A table's digest is the sum of its rows' hashes:
    it does not hang on their order, and the release of the engine belongs to it."""
    shown: list[exp.Expr] = [exp.Count(this=exp.Star())]
    columns = list(catalog.get(dataset.name, {})) if digest is None else []
    if columns:
        mark = warehouse.row_hash([nodes.column(c) for c in columns])
        shown.append(nodes.cast(exp.Sum(this=mark), "text"))
    query = nodes.select(shown, nodes.table(relation))
    try:
        rows, *total = warehouse.fetch(query.sql(warehouse.dialect))[0]
    except StatementError:
        if not columns:
            raise
        # A column that cannot be computed ends the rules that read it, and no other.
        return look_at(dataset, relation, None, {}, warehouse)
    if columns:
        digest = f"rows:{warehouse.dialect} {warehouse.version()}:{total[0] or 0}"
    return Input(int(rows), digest)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
