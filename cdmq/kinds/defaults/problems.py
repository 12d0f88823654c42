"""What must be true of a default before it is compiled: its columns, types, seeds and sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from cdmq.kinds.defaults.mended import mended_problems, mends
from cdmq.kinds.defaults.words import DefaultRule
from cdmq.problems import Problem, did_you_mean
from cdmq.sql.types import Type, comparable
from cdmq.standards import countries
from cdmq.values import Catalog, Dataset, Project, Rule

#: field, code, cause, remedy -> the Problem at that field
Tell = Callable[[str, str, str, str], Problem]


def default_problems(
    rule: Rule, dataset: Dataset, columns: Mapping[str, Type], project: Project, catalog: Catalog
) -> list[Problem]:
    """All that is wrong with one default."""
    spec = rule.spec
    assert isinstance(spec, DefaultRule)

    def problem(field: str, code: str, cause: str, remedy: str) -> Problem:
        return Problem(rule.spans.get(field, rule.span), code, f"{cause} (rule {rule.id})", remedy)

    if spec.column not in columns:
        cause = f"{dataset.name} has no column '{spec.column}'"
        return [problem("column", "CDMQ203", cause, did_you_mean(spec.column, columns))]
    found = [
        *_column_problems(rule, spec, dataset, columns[spec.column], problem),
        *_option_problems(spec, dataset, columns, problem),
    ]
    for field, expression in rule.expressions.items():
        for how in sorted({h for h, _ in expression.behind if h != "raw"}):
            found.append(
                problem(
                    field,
                    "CDMQ223",
                    f"{how}() in a default: what it tells is not "
                    "known before the defaults are done",
                    "use raw() or the column",
                )
            )
    if spec.map:
        found += _map_problems(spec, project, problem)
    for source in spec.fill_from:
        found += _source_problems(source, spec, dataset, columns, project, catalog, problem)
    return found


def _column_problems(
    rule: Rule, spec: DefaultRule, dataset: Dataset, type_: Type, problem: Tell
) -> Iterator[Problem]:
    """The column may be written, and is text where it is brought to a form."""
    if spec.column in dataset.key:
        yield problem(
            "column",
            "CDMQ219",
            f"'{spec.column}' is part of the key",
            "a key names the record and is never changed",
        )
    if mends(rule, dataset, type_):
        yield from mended_problems(rule, dataset)
    elif (spec.map or spec.standardise) and type_ not in ("text", "unknown"):
        yield problem(
            "column",
            "CDMQ217",
            f"the column {spec.column} is {type_}, not text",
            f"{spec.means} brings text to a form",
        )


def _option_problems(
    spec: DefaultRule, dataset: Dataset, columns: Mapping[str, Type], problem: Tell
) -> Iterator[Problem]:
    """An option of a form that names a column, names one or a country."""
    for name, option in _column_options(spec):
        if option not in columns and option not in countries():
            yield problem(
                name,
                "CDMQ203",
                f"{dataset.name} has no column '{option}', nor is it a country",
                did_you_mean(option, {*columns, *countries()})
                if len(option) == 2
                else did_you_mean(option, columns),
            )


def _column_options(spec: DefaultRule) -> Iterator[tuple[str, str]]:
    if spec.standardise:
        from cdmq.standards import FORMS, column_options

        named = column_options(FORMS[spec.standardise])
        yield from ((o, str(spec.options[o])) for o in sorted(named) if o in spec.options)


def _map_problems(spec: DefaultRule, project: Project, problem: Tell) -> list[Problem]:
    assert spec.map is not None
    seed = project.seeds.get(spec.map.seed)
    if seed is None:
        return [
            problem(
                "map",
                "CDMQ218",
                f"there is no seed '{spec.map.seed}'",
                did_you_mean(spec.map.seed, project.seeds),
            )
        ]
    missing = [c for c in (spec.map.from_, spec.map.to) if c not in seed.columns]
    if missing:
        return [
            problem(
                "map",
                "CDMQ203",
                f"the seed {seed.name} has no column '{c}'",
                did_you_mean(c, seed.columns),
            )
            for c in missing
        ]
    at, to = seed.columns.index(spec.map.from_), seed.columns.index(spec.map.to)
    known: dict[str, str | None] = {}
    for row in seed.rows:
        key = row[at]
        if key is not None and known.setdefault(key, row[to]) != row[to]:
            return [
                problem(
                    "map",
                    "CDMQ220",
                    f"the seed {seed.name} maps '{key}' to both '{known[key]}' and '{row[to]}'",
                    "keep one of them",
                )
            ]
    return []


def _source_problems(
    source: str,
    spec: DefaultRule,
    dataset: Dataset,
    columns: Mapping[str, Type],
    project: Project,
    catalog: Catalog,
    problem: Tell,
) -> Iterator[Problem]:
    """A source of fill_from is there, can be found, and is of the column's type."""
    known, where, name = columns, dataset.name, source
    if "." in source and source not in columns:
        where, name = source.split(".", 1)
        known = catalog.get(where, {})
        if wrong := _way_problem(where, dataset, columns, project, known):
            yield problem("fill_from", *wrong)
            return
    type_ = columns[spec.column]
    if name not in known:
        cause = f"{where} has no column '{name}'"
        yield problem("fill_from", "CDMQ203", cause, did_you_mean(name, known))
    elif known[name] != type_ and "unknown" not in (known[name], type_):
        yield problem(
            "fill_from",
            "CDMQ217",
            f"{source} is {known[name]}, {spec.column} is {type_}",
            "fill from a column of the same type",
        )


def _way_problem(
    where: str,
    dataset: Dataset,
    columns: Mapping[str, Type],
    project: Project,
    known: Mapping[str, Type],
) -> tuple[str, str, str] | None:
    """Why no record leads to one of another dataset: code, cause, remedy."""
    if where not in project.datasets:
        return "CDMQ202", f"unknown dataset '{where}'", did_you_mean(where, project.datasets)
    own, key = dataset.spec.refers_to.get(where), project.datasets[where].key
    if own is None:
        return (
            "CDMQ221",
            f"{dataset.name} does not say how it refers to {where}",
            f"add to the dataset: refers_to: {{{where}: [...]}}",
        )
    if len(own) != len(key):
        return (
            "CDMQ221",
            f"refers_to {where} has {len(own)} columns, its key has {len(key)}",
            "name them all",
        )
    for mine, its in zip(own, key, strict=True):
        if not comparable(columns.get(mine, "unknown"), known.get(its, "unknown")):
            return (
                "CDMQ217",
                f"{where}.{its} is {known[its]}, {mine} is {columns[mine]}",
                "compare columns of one type",
            )
    return None
