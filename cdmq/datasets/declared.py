"""The datasets of a project: those that models/*.yml declares, SQL models, seeds, and what rules
make."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cdmq.datasets.model_text import configured
from cdmq.problems import Problem, Span, did_you_mean
from cdmq.project.spec import DatasetSpec
from cdmq.project.yaml_source import Source
from cdmq.values import Dataset, Documents, Maker, SqlModel


@dataclass(frozen=True)
class Made:
    """A dataset that a rule makes, as the rule stands in its file: wrong or right."""

    name: str
    #: The dataset of the file.
    of: str
    rule: str
    kind: str
    span: Span
    by: Maker


def declared_datasets(
    documents: Documents, made: Iterable[Made], problems: list[Problem]
) -> tuple[dict[str, Dataset], frozenset[str]]:
    """The datasets by name, and the names of those that are declared wrongly."""
    by_rules = tuple(made)
    found, broken = _declared(documents, {m.name for m in by_rules}, problems)
    _undeclared(documents, found, problems)
    said = {s.name: s for s, _, _ in documents.datasets}
    for one in by_rules:
        _add_made(one, found, said, problems)
    _check_names(documents, {*found, *broken}, problems)
    config = documents.config
    return {
        name: replace(
            d,
            time_zone=config.time_zone,
            materialized=d.spec.materialized or config.materialized,
            configured=configured(d, documents, problems),
        )
        for name, d in found.items()
    }, frozenset(broken)


def _declared(
    documents: Documents, made: Collection[str], problems: list[Problem]
) -> tuple[dict[str, Dataset], set[str]]:
    """What models/*.yml declares, but for what rules make."""
    models = {m.name: m for m in documents.models}
    seeds = {s.name: s for s in documents.seeds}
    found: dict[str, Dataset] = {}
    broken = set(documents.broken)
    for spec, source, index in documents.datasets:
        span = source.at(("datasets", index, "name"))
        if spec.name in found:
            first = found[spec.name].span
            problems.append(
                Problem(
                    span,
                    "CDMQ205",
                    f"the dataset '{spec.name}' is declared twice",
                    f"keep one of them (the first is at {first})",
                )
            )
            continue
        if spec.from_dbt is not None:
            problems.append(_from_dbt(source, index))
            broken.add(spec.name)
            continue
        origin = _origin(spec, models.get(spec.name), spec.name in seeds, span, problems)
        if origin is None and spec.name not in made:
            problems.append(
                Problem(
                    span,
                    "CDMQ209",
                    f"the dataset '{spec.name}' does not say where its rows come from",
                    f"add table:, file: or stack:, or write models/{spec.name}.sql",
                )
            )
            broken.add(spec.name)
        if origin is not None:
            found[spec.name] = Dataset(
                spec.name,
                origin,  # type: ignore[arg-type]
                spec,
                span,
                model=models.get(spec.name),
                seed=seeds.get(spec.name),
            )
    return found, broken


def _from_dbt(source: Source, index: int) -> Problem:
    return Problem(
        source.at_key(("datasets", index, "from_dbt")),
        "CDMQ114",
        "from_dbt is not built yet: dbt's manifest.json is not read",
        "name the relation: table: schema.name",
    )


def _origin(
    spec: DatasetSpec,
    model: SqlModel | None,
    seeded: bool,
    span: Span,
    problems: list[Problem],
) -> str | None:
    """Where the rows of a declared dataset come from; None: that is not said here."""
    said = next((k for k in ("table", "file", "stack") if getattr(spec, k) is not None), None)
    if model is not None:
        if said:
            problems.append(
                Problem(
                    span,
                    "CDMQ205",
                    f"'{spec.name}' has a {said} and the SQL model {model.path}",
                    "rename one of them",
                )
            )
        return "model"
    return "seed" if said is None and seeded else said


def _undeclared(documents: Documents, found: dict[str, Dataset], problems: list[Problem]) -> None:
    """Put SQL models and seeds of which models/*.yml says nothing into `found`."""
    for model in documents.models:
        if model.name not in found:
            spec = DatasetSpec(name=model.name)
            found[model.name] = Dataset(model.name, "model", spec, Span(model.path), model=model)
    for seed in documents.seeds:
        if seed.name not in found:
            spec = DatasetSpec(name=seed.name, key=[seed.columns[0]])
            found[seed.name] = Dataset(seed.name, "seed", spec, Span(seed.path), seed=seed)
        elif found[seed.name].source != "seed":
            problems.append(
                Problem(
                    Span(seed.path),
                    "CDMQ205",
                    f"the seed '{seed.name}' has the name of a dataset",
                    "rename the file",
                )
            )


def _add_made(
    made: Made,
    found: dict[str, Dataset],
    said: Mapping[str, DatasetSpec],
    problems: list[Problem],
) -> None:
    """Put what a rule makes into `found`; `said`: what models/*.yml says of datasets."""
    if made.name in found:
        problems.append(
            Problem(
                made.span,
                "CDMQ205",
                f"there is a dataset '{made.name}' already ({found[made.name].span})",
                "give into another name",
            )
        )
        return
    spec = made.by.declared(said.get(made.name) or DatasetSpec(name=made.name), found.get(made.of))
    found[made.name] = Dataset(
        made.name,
        "rule",
        spec,
        made.span,
        made_by=made.rule,
        made_of=made.of,
        made_as=made.kind,
        maker=made.by,
    )


def _check_names(documents: Documents, datasets: Collection[str], problems: list[Problem]) -> None:
    """Names that a dataset's own declaration uses."""
    claimed: dict[str, str] = {}
    for spec, source, index in documents.datasets:
        base: tuple[str | int, ...] = ("datasets", index)
        for name in spec.formerly:
            other = claimed.setdefault(name, spec.name)
            if name in datasets or other != spec.name:
                why = "which still exists" if name in datasets else f"and so does '{other}'"
                problems.append(
                    Problem(
                        source.at((*base, "formerly")),
                        "CDMQ211",
                        f"the dataset '{spec.name}' says it was formerly '{name}', {why}",
                        "a name that is in use is nobody's former one",
                    )
                )
        for label, name in (spec.stack or {}).items():
            _known(name, datasets, source, (*base, "stack", label), problems)
        for label in spec.rename:
            if label not in (spec.stack or {}):
                span = source.at_key((*base, "rename", label))
                problems.append(
                    Problem(
                        span,
                        "CDMQ210",
                        f"rename: '{label}' is no label of stack",
                        did_you_mean(label, spec.stack or {}),
                    )
                )
        if spec.amount is not None and spec.amount.rates is not None:
            _known(spec.amount.rates, datasets, source, (*base, "amount", "rates"), problems)
        for name in spec.refers_to:
            _known(name, datasets, source, (*base, "refers_to", name), problems, key=True)


def _known(
    name: str,
    datasets: Collection[str],
    source: Source,
    path: Any,
    problems: list[Problem],
    key: bool = False,
) -> None:
    if name not in datasets:
        span = source.at_key(path) if key else source.at(path)
        problems.append(
            Problem(span, "CDMQ202", f"unknown dataset '{name}'", did_you_mean(name, datasets))
        )
