"""A rule's version: the digest of its meaning, its text, and who wrote its lines.

The digest is SHA-256 over canonical JSON of the resolved, non-default fields, with SQL as
normalised tokens, the content of the seeds it names, the dataset's contract, and the semantics
number of its check. Moving a rule, writing it in another layout or upgrading cdmq makes no new
version.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from cdmq.checks.base import Check
from cdmq.datasets.model_text import REFERENCE, render_model
from cdmq.project.fields import ColumnName, DatasetName, Head, SqlText, fields_marked, keys_marked
from cdmq.sql.tokens import tokens
from cdmq.values import Dataset, Project, Rule

#: Fields of a rule's head; they are told apart below.
_HEAD = Head.HEAD


@dataclass(frozen=True)
class Version:
    """A rule as one run uses it."""

    rule: Rule
    digest: str
    meta_digest: str
    #: Of what in its meaning decides on a record.
    verdict_digest: str

    @property
    def text(self) -> str:
        """The resolved rule in YAML."""
        return _text(self.rule, _own_fields(self.rule))


def version_of(rule: Rule, project: Project) -> Version:
    """The version of a rule in a project."""
    own = _by_first_names(rule, _own_fields(rule), project)
    meaning = {
        "kind": rule.kind,
        "check": rule.check,
        "semantics": _semantics(rule),
        "dataset": project.first_name(rule.dataset),
        "columns": list(rule.columns),
        "severity": rule.severity,
        "stage": rule.stage,
        "warn_above": rule.warn_above,
        "error_above": rule.error_above,
        "dimension": rule.dimension,
        "enabled": rule.enabled,
        "fields": {**own, **{f: tokens(e.tree) for f, e in rule.expressions.items()}},
        "seeds": {
            s: project.seeds[s].digest for s in project.uses[rule.id].seeds if s in project.seeds
        },
        "contract": _contract(rule, project),
        **({"money": money} if (money := _money(rule, project)) else {}),
    }
    meta = {"why": rule.why, "owner": rule.owner, "tags": sorted(rule.tags)}
    return Version(rule, _digest(meaning), _digest(meta), _digest(_deciding(rule, meaning)))


def _deciding(rule: Rule, meaning: Mapping[str, Any]) -> dict[str, Any]:
    """The meaning without what says how bad it is, and without the columns that it does not read:
    a record has the same verdict with another."""
    weighing = ("severity", "warn_above", "error_above", "dimension")
    said = {k: v for k, v in meaning.items() if k not in weighing}
    if not isinstance(rule.spec, Check):
        return said
    named = [getattr(rule.spec, f) for f in fields_marked(type(rule.spec), ColumnName)]
    read = {
        str(c).casefold()
        for c in (
            *rule.columns,
            *(c for n in named for c in (n if isinstance(n, list) else [n])),
            *(
                c
                for e in rule.expressions.values()
                for c in (*e.columns, *(b for _, b in e.behind))
            ),
        )
    }
    contract = said["contract"]
    narrow = {
        part: {
            k: v for k, v in contract[part].items() if {str(k).casefold(), str(v).casefold()} & read
        }
        for part in ("columns", "rename")
    }
    return {**said, "contract": {**contract, **narrow}}


@dataclass(frozen=True)
class ModelVersion:
    """The SQL of a model as it is rendered: with its macros and variables in it."""

    dataset: str
    file: str
    text: str
    digest: str


def model_version(dataset: Dataset, project: Project) -> ModelVersion | None:
    """The version of a dataset's SQL; None where it has none. Comments and layout do not count."""
    if dataset.model is None:
        return None
    try:
        made = render_model(dataset, project.variables, project.macros)
        dialect = str(made.config.get("dialect", "duckdb"))
        said = REFERENCE.sub(
            lambda m: f'"__cdmq_ref__{m[1]}__{project.first_name(m[2])}"', made.sql
        )
        words = [(str(t.token_type), t.text) for t in Dialect.get_or_raise(dialect).tokenize(said)]
    except (ValueError, SqlglotError):
        return None
    text = REFERENCE.sub(lambda m: m[2], made.sql).strip()
    shown = [(k.rpartition(".")[2] in ("STRING", "IDENTIFIER"), w) for k, w in words]
    return ModelVersion(dataset.name, dataset.model.path, text, _digest([dialect, shown]))


def words_digest(meta_digest: str, dataset: str) -> str:
    """What is said of a rule, and the name of its dataset."""
    return f"{meta_digest}:{dataset}"


def rules_digest(versions: Mapping[str, Version]) -> str:
    """One digest for all rules of a run."""
    return _digest({name: v.digest for name, v in versions.items()})


def _own_fields(rule: Rule) -> dict[str, Any]:
    sql = set(fields_marked(type(rule.spec), SqlText))
    dumped = rule.spec.model_dump(exclude_defaults=True, by_alias=True, mode="json")
    for path, _ in getattr(rule.spec, "nested_sql", dict)().values():
        _blank(dumped, path)  # its tokens count, not its layout
        sql.discard(str(path[0]))
    own = {k: v for k, v in dumped.items() if k not in sql and k not in _HEAD and k != "column"}
    options = getattr(rule.spec, "options", None)
    return {**own, **(options or {})}


def _by_first_names(rule: Rule, own: dict[str, Any], project: Project) -> dict[str, Any]:
    """Fields that name datasets, by the names that these had at first: a rename is no change."""

    def first(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {k: first(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [first(v, key) for v in value]
        if key in named and isinstance(value, str):
            return project.first_name(value)
        if key == "fill_from" and isinstance(value, str) and "." in value:
            name, _, column = value.partition(".")
            return f"{project.first_name(name)}.{column}"
        return value

    if not any(d.spec.formerly for d in project.datasets.values()):
        return own
    named = keys_marked(type(rule.spec), DatasetName)
    return {k: first(v, k) for k, v in own.items()}


def _blank(fields: Any, path: tuple[str | int, ...]) -> None:
    for step in path[:-1]:
        fields = fields[step]
    fields[path[-1]] = None


def _semantics(rule: Rule) -> int:
    if rule.check == "standardise":
        from cdmq.standards import FORMS

        return FORMS[str(getattr(rule.spec, "standardise", ""))].SEMANTICS
    return int(getattr(rule.spec, "SEMANTICS", 1))


def _contract(rule: Rule, project: Project) -> dict[str, Any]:
    """What a dataset's declaration says that can change a verdict."""
    spec = project.datasets[rule.dataset].spec
    lifted = {"may_be_empty": True} if rule.check == "delivered" and spec.may_be_empty else {}
    return {
        **lifted,
        "key": list(spec.key),
        "missing_values": spec.missing_values,
        "columns": dict(sorted(spec.columns.items())),
        "rename": spec.rename,
        "stack": {k: project.first_name(v) for k, v in (spec.stack or {}).items()},
        "refers_to": {project.first_name(k): v for k, v in spec.refers_to.items()},
        **(
            {"time_zone": zone}
            if (zone := project.datasets[rule.dataset].time_zone) != "UTC"
            else {}
        ),
        "file": spec.file.model_dump(exclude_defaults=True, exclude={"path"}) if spec.file else {},
    }


def _money(rule: Rule, project: Project) -> dict[str, Any]:
    """What the datasets that it counts say of money, where it reads the columns of that."""
    found: dict[str, Any] = {}
    for name in sorted(project.read_by(rule.id)):
        spec, read = project.datasets[name].spec, project.uses[rule.id].columns(name)
        said: dict[str, Any] = {}
        if name != rule.dataset and spec.counts_as and spec.counts_as.column in read:
            said["counts_as"] = spec.counts_as.model_dump(mode="json")
        if name != rule.dataset and spec.amount and spec.amount.currency in read:
            amount = spec.amount.model_dump(mode="json", by_alias=True, exclude_none=True)
            rates = spec.amount.rates
            said["amount"] = {**amount, "rates": rates and project.first_name(rates)}
        if spec.calendar:
            said["calendar"] = spec.calendar.year_starts
        if said:
            found[project.first_name(name)] = said
    return found


def _text(rule: Rule, own: Mapping[str, Any]) -> str:
    """The resolved rule for a reader; only what is not the default."""
    said: dict[str, Any] = {"id": rule.id, "dataset": rule.dataset}
    if rule.columns:
        said["column" if len(rule.columns) == 1 else "columns"] = (
            rule.columns[0] if len(rule.columns) == 1 else list(rule.columns)
        )
    if isinstance(rule.spec, Check):
        said["check"] = rule.check
    said |= own
    said |= {f: e.text for f, e in rule.expressions.items()}
    defaults = {
        "severity": "error",
        "warn_above": "0",
        "error_above": "0",
        "stage": "clean",
        "enabled": True,
    }
    said |= {k: getattr(rule, k) for k, v in defaults.items() if getattr(rule, k) != v}
    for name in ("why", "owner", "formerly"):
        if getattr(rule, name):
            said[name] = getattr(rule, name)
    if rule.tags:
        said["tags"] = list(rule.tags)
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=10_000)


def _digest(content: Any) -> str:
    written = json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
    )
    return hashlib.sha256(written.encode()).hexdigest()
