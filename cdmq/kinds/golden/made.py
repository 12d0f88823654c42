"""Datasets that golden rules make: known from the rule files before any rule is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cdmq.datasets.catalog import relation_of
from cdmq.kinds.golden.words import GoldenRule
from cdmq.kinds.matching.words import MatchingRule
from cdmq.problems import Problem, Span, did_you_mean
from cdmq.project.spec import DatasetSpec
from cdmq.project.yaml_source import Source
from cdmq.sql.logical import STAGED, short
from cdmq.values import Dataset, Rule

PARTY = "party_id"


@dataclass(frozen=True)
class Made:
    """A golden rule as it stands in its file: the dataset that it makes, and of which."""

    into: str
    of: str
    rule: str
    span: Span


def made_datasets(sources: tuple[Source, ...]) -> Iterator[Made]:
    """What the golden sections name, wrong or right: the rules are checked when they are read."""
    for source in sources:
        data: dict[str, Any] = source.data if isinstance(source.data, dict) else {}
        rules = data.get("golden")
        of = data.get("dataset")
        for i, item in enumerate(rules if isinstance(rules, list) else ()):
            into = item.get("into") if isinstance(item, dict) else None
            if isinstance(into, str) and isinstance(of, str):
                yield Made(into, of, str(item.get("id")), source.at(("golden", i, "into")))


def add_made(
    sources: tuple[Source, ...],
    found: dict[str, Dataset],
    declared: Mapping[str, DatasetSpec],
    problems: list[Problem],
) -> None:
    """Put every golden dataset into `found`; `declared` are those that models/*.yml speaks of."""
    for made in made_datasets(sources):
        if made.into in found:
            first = found[made.into]
            problems.append(
                Problem(
                    made.span,
                    "CDMQ205",
                    f"there is a dataset '{made.into}' already ({first.span})",
                    "give into another name",
                )
            )
            continue
        of = found.get(made.of)
        spec = _spec(made.into, declared.get(made.into), of)
        found[made.into] = Dataset(
            made.into, "golden", spec, made.span, made_by=made.rule, made_of=made.of
        )


def _spec(name: str, declared: DatasetSpec | None, of: Dataset | None) -> DatasetSpec:
    """Its declaration: what its source says of columns holds for the golden ones too."""
    spec = declared or DatasetSpec(name=name)
    if of is None:
        return spec.model_copy(update={"key": [PARTY]})
    gone = {*of.key, "source"}
    return spec.model_copy(
        update={
            "key": [PARTY],
            "verified_at": {c: f"{c}__verified_at" for c in of.spec.verified_at if c not in gone},
            "changed_at": of.spec.changed_at,
            "owner": spec.owner or of.spec.owner,
        }
    )


def check_parties(rules: Mapping[str, Rule], problems: list[Problem]) -> None:
    """One rule says who is a party of a dataset; golden rules name a rule on their own dataset."""
    parties: dict[str, Rule] = {}
    for rule in rules.values():
        spec = rule.spec
        if isinstance(spec, MatchingRule) and spec.makes == "party":
            first = parties.setdefault(rule.dataset, rule)
            if first is not rule:
                problems.append(
                    Problem(
                        rule.span,
                        "CDMQ225",
                        f"'{rule.id}' and '{first.id}' both make parties of {rule.dataset}",
                        "join them, or say makes: group in one of them",
                    )
                )
        elif isinstance(spec, GoldenRule):
            matching = [
                r.id for r in rules.values() if r.kind == "matching" and r.dataset == rule.dataset
            ]
            if spec.matched_by not in matching:
                problems.append(
                    Problem(
                        rule.spans.get("from", rule.span),
                        "CDMQ224",
                        f"{rule.dataset} has no matching rule '{spec.matched_by}' (rule {rule.id})",
                        did_you_mean(spec.matched_by, matching) or "write it below matching:",
                    )
                )


def check_levels(rules: Mapping[str, Rule], problems: list[Problem]) -> None:
    """A level of records, where a rule says which of them are one customer, is said."""
    parties = {
        r.dataset: r
        for r in rules.values()
        if isinstance(r.spec, MatchingRule) and r.spec.makes == "party"
    }
    into = {r.dataset: r.spec.into for r in rules.values() if isinstance(r.spec, GoldenRule)}
    for rule in rules.values():
        if rule.kind != "tiering" or rule.dataset not in parties:
            continue
        party = parties[rule.dataset].id
        golden = into.get(rule.dataset)
        remedy = (
            f"write it in a file with dataset: {golden}"
            if golden
            else f"let a golden rule make a dataset of {party}, and write it in a file of that"
        )
        problems.append(
            Problem(
                rule.span,
                "CDMQ226",
                f"'{rule.id}' gives a level to each record of {rule.dataset}, "
                f"though {party} says which of them are one customer",
                remedy,
                severity="warning",
            )
        )


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
        own = {"matching": "__xref", "golden": "__flags", "tiering": "__levels"}.get(rule.kind)
        if own:
            yield Name(f"{rule.id}{own}", rule.id, f"the rule {rule.id}", rule.span)
        if isinstance(rule.spec, MatchingRule) and rule.spec.makes == "party":
            yield Name(
                f"{rule.dataset}__xref",
                rule.dataset,
                f"the party rule of {rule.dataset}",
                rule.span,
            )
