"""The names that a run may give to relations: each is one thing's, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from cdmq.datasets.catalog import relation_of
from cdmq.datasets.sources import key_problems
from cdmq.kinds import kinds
from cdmq.problems import Problem, Span
from cdmq.sql.logical import STAGED, short
from cdmq.values import Dataset, Project, Rule

#: What a run makes of a dataset, by the ends of the names.
_ENDINGS = ("", "__stage", "__clean", "__defaulted", "__flagged", "__passed")
#: The longest names that the engines take, in bytes: longer ones are shortened.
_LONGEST = (63, 200)


@dataclass(frozen=True)
class Name:
    """A name that a run may give to a relation: whose it is, and where that stands."""

    name: str
    of: str
    what: str
    span: Span

    @property
    def folded(self) -> set[str]:
        """What it is on any engine, without case: DuckDB sees none."""
        return {short(self.name, longest).lower() for longest in _LONGEST}


def check_names(
    datasets: Mapping[str, Dataset], rules: Mapping[str, Rule], problems: list[Problem]
) -> None:
    """Nothing that a run makes has a name that something else has, a source among them."""
    taken: dict[str, Name] = {}
    told: set[tuple[str, str]] = set()
    for made in relation_names(datasets, rules):
        if made.name.lower().startswith(STAGED) and made.name == made.of:
            problems.append(
                Problem(
                    made.span,
                    "CDMQ260",
                    f"'{made.name}' begins with {STAGED}, as what a run makes for itself",
                    "give it another name",
                )
            )
        first = next((taken[n] for n in made.folded if n in taken), made)
        if first.what != made.what and (first.what, made.what) not in told:
            told.add((first.what, made.what))
            problems.append(
                Problem(
                    made.span,
                    "CDMQ205",
                    f"{made.what} makes '{made.name}', a name that {first.what} "
                    f"has{_unlike(made, first)}",
                    "give one of them another name",
                )
            )
        for name in made.folded:
            taken.setdefault(name, made)
    for dataset in datasets.values():
        if dataset.spec.table:
            _check_source(dataset, taken, problems)


def _unlike(made: Name, first: Name) -> str:
    """What else they differ in, where the names are not written alike."""
    if made.name == first.name:
        return ""
    same = made.name.lower() == first.name.lower()
    return f" ('{first.name}'): " + (
        "names that differ in case are one on DuckDB"
        if same
        else f"names are {_LONGEST[0]} bytes long at most on PostgreSQL"
    )


def _check_source(dataset: Dataset, taken: Mapping[str, Name], problems: list[Problem]) -> None:
    """A table without a schema is looked for where the outputs stand; one with a schema is
    compared with them when the target is known."""
    relation = relation_of(dataset)
    what = f"the dataset {dataset.name}"
    problems += key_problems(relation, str(dataset.spec.table), what, dataset.span)
    if relation.schema:
        return
    cut = relation.name.encode()[: _LONGEST[0]].decode(errors="ignore")
    first = next((taken[n] for n in (relation.name.lower(), cut.lower()) if n in taken), None)
    if first is not None:
        problems.append(
            Problem(
                dataset.span,
                "CDMQ261",
                f"{dataset.name} reads the table {dataset.spec.table}, a name "
                f"that {first.what} gives to what it makes",
                "say in which schema the table stands "
                f"(table: raw.{relation.name}), or give {first.what} another name",
            )
        )


def relation_names(datasets: Mapping[str, Dataset], rules: Mapping[str, Rule]) -> Iterator[Name]:
    """Every name that a run may give."""
    for first in (True, False):  # what golden rules make is named against the datasets
        for dataset in datasets.values():
            if (dataset.made_by is None) != first:
                continue
            for ending in _ENDINGS:
                if ending or dataset.source != "table":
                    yield Name(
                        f"{dataset.name}{ending}",
                        dataset.name,
                        f"the dataset {dataset.name}",
                        dataset.span,
                    )
    for rule in rules.values():
        for logical, name in kinds()[rule.kind].leaves(rule).items():
            if logical == f"parties:{rule.dataset}":
                of, what = rule.dataset, f"the party rule of {rule.dataset}"
            else:
                of, what = rule.id, f"the rule {rule.id}"
            yield Name(name, of, what, rule.span)


def former_names(project: Project, ids: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Name that a rule or dataset gave to a relation before it was renamed -> the name of that now,
    but for names that something else gives today. `ids`: rule -> every id that it ever had."""
    found: dict[str, str] = {}
    for dataset in project.datasets.values():
        for old in dataset.spec.formerly:
            found |= {f"{old}{end}": f"{dataset.name}{end}" for end in _ENDINGS}
    for rule in project.rules.values():
        now = kinds()[rule.kind].leaves(rule).values()
        for id_, of in product(ids.get(rule.id, (rule.id,)), project.names_of(rule.dataset)):
            before = kinds()[rule.kind].leaves(replace(rule, id=id_, dataset=of)).values()
            found |= {b: n for b, n in zip(before, now, strict=True) if b != n}
    if not found:
        return {}
    given = {n.name.lower() for n in relation_names(project.datasets, project.rules)}
    return {before: now for before, now in found.items() if before.lower() not in given}
