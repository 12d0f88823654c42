"""parse: the project read and checked without a connection, and its manifest written."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from cdmq.audit.versions import version_of
from cdmq.datasets.catalog import check_columns
from cdmq.datasets.remembered import CATALOG, csv_files, parse_catalog
from cdmq.files.headers import digest
from cdmq.kinds import kinds
from cdmq.problems import CdmqError, Problem, Span
from cdmq.project.given import read_vars
from cdmq.reports.manifest import write_manifest
from cdmq.results import Parsed
from cdmq.runs.projects import parse
from cdmq.stages.compile import compile_rules
from cdmq.stages.load import folders_of
from cdmq.values import Catalog, Project
from cdmq.version import __version__

#: Problems that a column has which is not, or no longer, as the catalog has it.
_ABOUT_COLUMNS = ("CDMQ203", "CDMQ216", "CDMQ217", "CDMQ31")


def read(root: Path, variables: str | None, target: Path) -> Parsed:
    """Parse, bind what is known of columns, and write the manifest."""
    project = parse(root, read_vars(variables), target_path=target)
    files = tuple(csv_files(project).values())
    seen = digest(root, files)
    catalog, unknown, remembered = parse_catalog(project)
    _bind(project, catalog, target / CATALOG if remembered else None)
    warnings = [*project.warnings, *_unknown(unknown, target / CATALOG)]
    versions = {name: version_of(rule, project).digest for name, rule in project.rules.items()}
    manifest = write_manifest(project, target, __version__, None, versions)
    rules = Counter(r.kind for r in project.rules.values())
    counts = {
        "datasets": len(project.datasets),
        **{k.tells.plural: rules[k.name] for k in kinds().values() if rules[k.name] or k.usual},
        "seeds": len(project.seeds),
        "unit tests": len(project.unit_tests),
    }
    return Parsed(project.config.name, counts, tuple(warnings), manifest, files=files, headers=seen)


def _bind(project: Project, catalog: Catalog, stored: Path | None) -> None:
    """Names and types of columns, against what is known of them."""
    narrow = {n: d for n, d in project.datasets.items() if n in catalog}
    wrong: dict[str, list[Problem]] = {}
    for name, dataset in narrow.items():
        if not wrong.keys() & set(dataset.depends_on):  # it says of columns what they do
            wrong |= {name: told} if (told := check_columns(dataset, catalog[name])) else {}
    found = [p for told in wrong.values() for p in told]
    try:
        compile_rules(replace(project, datasets=narrow), catalog, "duckdb", check_only=True)
    except CdmqError as error:
        found += error.problems
    if stored is not None and any(p.code.startswith(_ABOUT_COLUMNS) for p in found):
        found.append(
            Problem(
                Span(str(stored)),
                "CDMQ432",
                "columns are as the last compile saw them",
                "if a source has changed since, try: cdmq compile",
                severity="warning",
            )
        )
    if found:
        raise CdmqError(dict.fromkeys(found))


def _unknown(datasets: list[str], stored: Path) -> list[Problem]:
    if not datasets:
        return []
    shown = ", ".join(datasets[:5]) + (", ..." if len(datasets) > 5 else "")
    return [
        Problem(
            Span(str(stored.name)),
            "CDMQ431",
            f"the columns of {shown} are not known: they were not checked",
            "run cdmq compile, or declare columns:",
            severity="warning",
        )
    ]


__all__ = ["folders_of", "read"]
