"""target/manifest.json: every dataset and rule of the project, and which stands on which."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cdmq.project.atomic import write_text
from cdmq.values import Dataset, Project, Rule

#: The version of the files' shape: keys are added, never renamed.
SCHEMA_VERSION = 1


def metadata(
    what: str, cdmq_version: str, project: Project | None, invocation: str
) -> dict[str, Any]:
    """What every file of target/ begins with."""
    return {
        "cdmq_schema_version": f"urn:cdmq:{what}:v{SCHEMA_VERSION}",
        "cdmq_version": cdmq_version,
        "generated_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "invocation_id": invocation,
        "project_name": project.config.name if project else None,
        "env": {},
    }


def unique_id(project: Project, thing: Dataset | Rule) -> str:
    if isinstance(thing, Dataset):
        return f"dataset.{project.config.name}.{thing.name}"
    return f"rule.{project.config.name}.{thing.dataset}.{thing.id}"


def write_manifest(
    project: Project,
    target: Path,
    cdmq_version: str,
    invocation: str | None = None,
    versions: Mapping[str, str] | None = None,
) -> Path:
    """Write the manifest; its path."""
    invocation = invocation or str(uuid.uuid4())
    content = {
        "metadata": metadata("manifest", cdmq_version, project, invocation),
        **manifest(project, versions or {}),
    }
    path = target / "manifest.json"
    write_text(path, json.dumps(content, ensure_ascii=False, default=str) + "\n")
    return path


def manifest(project: Project, versions: Mapping[str, str]) -> dict[str, Any]:
    """The nodes of the project, and which stands on which."""
    nodes: dict[str, Any] = {}
    parents: dict[str, list[str]] = {}
    of_dataset = {d.name: unique_id(project, d) for d in project.datasets.values()}
    for dataset in project.datasets.values():
        own = of_dataset[dataset.name]
        parents[own] = sorted(of_dataset[n] for n in dataset.depends_on)
        nodes[own] = _dataset(dataset, own, project.config.name, parents[own])
    for rule in sorted(project.rules.values(), key=lambda r: r.id):
        own = unique_id(project, rule)
        parents[own] = sorted(of_dataset[n] for n in project.read_by(rule.id))
        nodes[own] = _rule(rule, own, project.config.name, parents[own], versions.get(rule.id))
    return {"nodes": nodes, "parent_map": parents, "child_map": _turned(parents)}


def _turned(parents: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {name: [] for name in parents}
    for name, above in parents.items():
        for parent in above:
            children[parent].append(name)
    return children


def _dataset(dataset: Dataset, own: str, package: str, parents: list[str]) -> dict[str, Any]:
    spec = dataset.spec
    return {
        "unique_id": own,
        "resource_type": "dataset",
        "name": dataset.name,
        "package_name": package,
        "description": spec.description or "",
        "original_file_path": dataset.model.path if dataset.model else dataset.span.file,
        "line": dataset.span.line or None,
        "source": dataset.origin,
        "key": list(dataset.key),
        "columns": {c: {"name": c, "data_type": t} for c, t in spec.columns.items()},
        "owner": spec.owner,
        "tags": list(spec.tags),
        "meta": dict(spec.meta),
        "raw_code": dataset.model.text if dataset.model else None,
        "checksum": {"name": "sha256", "checksum": dataset.seed.digest} if dataset.seed else None,
        "config": {
            "materialized": dataset.own_materialization if dataset.model else dataset.materialized
        },
        "depends_on": {"nodes": parents},
    }


def _rule(
    rule: Rule, own: str, package: str, parents: list[str], version: str | None
) -> dict[str, Any]:
    return {
        "unique_id": own,
        "resource_type": "rule",
        "name": rule.id,
        "package_name": package,
        "description": rule.why or "",
        "original_file_path": rule.span.file,
        "line": rule.span.line,
        "kind": rule.kind,
        "check": rule.check,
        "dataset": rule.dataset,
        "columns": list(rule.columns),
        "dimension": rule.dimension,
        "owner": rule.owner,
        "tags": list(rule.tags),
        "meta": dict(rule.meta),
        "formerly": rule.formerly,
        "rule_version": version,
        "expressions": {name: e.text for name, e in rule.expressions.items()},
        "config": {
            "enabled": rule.enabled,
            "severity": rule.severity,
            "where": rule.where,
            "warn_above": rule.warn_above,
            "error_above": rule.error_above,
            "stage": rule.stage,
        },
        "depends_on": {"nodes": parents},
    }
