"""Datasets that golden rules make: known from the rule files before any rule is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cdmq.kinds.golden import GoldenRule
from cdmq.kinds.matching import MatchingRule
from cdmq.problems import Problem, Span, did_you_mean
from cdmq.spec import DatasetSpec
from cdmq.values import Dataset, Rule
from cdmq.yaml_source import Source

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
    sources: tuple[Source, ...], found: dict[str, Dataset], declared: Mapping[str, DatasetSpec],
    problems: list[Problem],
) -> None:
    """Put every golden dataset into `found`; `declared` are those that models/*.yml speaks of."""
    for made in made_datasets(sources):
        if made.into in found:
            first = found[made.into]
            problems.append(Problem(made.span, "CDMQ205", f"there is a dataset '{made.into}' "
                                    f"already ({first.span})", "give into another name"))
            continue
        of = found.get(made.of)
        spec = _spec(made.into, declared.get(made.into), of)
        found[made.into] = Dataset(made.into, "golden", spec, made.span, made_by=made.rule,
                                   made_of=made.of)


def _spec(name: str, declared: DatasetSpec | None, of: Dataset | None) -> DatasetSpec:
    """Its declaration: what its source says of columns holds for the golden ones too."""
    spec = declared or DatasetSpec(name=name)
    if of is None:
        return spec.model_copy(update={"key": [PARTY]})
    gone = {*of.key, "source"}
    return spec.model_copy(update={
        "key": [PARTY],
        "pii": {**{c: p for c, p in of.spec.pii.items() if c not in gone}, **spec.pii},
        "verified_at": {c: f"{c}__verified_at" for c in of.spec.verified_at if c not in gone},
        "changed_at": of.spec.changed_at,
        "owner": spec.owner or of.spec.owner,
    })


def check_parties(rules: Mapping[str, Rule], problems: list[Problem]) -> None:
    """One rule says who is a party of a dataset; golden rules name a rule on their own dataset."""
    parties: dict[str, Rule] = {}
    for rule in rules.values():
        spec = rule.spec
        if isinstance(spec, MatchingRule) and spec.makes == "party":
            first = parties.setdefault(rule.dataset, rule)
            if first is not rule:
                problems.append(Problem(
                    rule.span, "CDMQ225", f"'{rule.id}' and '{first.id}' both make parties of "
                    f"{rule.dataset}", "join them, or say makes: group in one of them"))
        elif isinstance(spec, GoldenRule):
            matching = [r.id for r in rules.values()
                        if r.kind == "matching" and r.dataset == rule.dataset]
            if spec.matched_by not in matching:
                problems.append(Problem(
                    rule.spans.get("from", rule.span), "CDMQ224",
                    f"{rule.dataset} has no matching rule '{spec.matched_by}' (rule {rule.id})",
                    did_you_mean(spec.matched_by, matching) or "write it below matching:"))


#: What a run makes of a dataset, by the ends of the names.
_ENDINGS = ("", "__clean", "__defaulted", "__flagged", "__passed")


def check_names(
    datasets: Mapping[str, Dataset], rules: Mapping[str, Rule], problems: list[Problem]
) -> None:
    """What matching, golden and tiering rules make has names that nothing else has."""
    taken: dict[str, str] = {}
    for dataset in datasets.values():
        if dataset.spec.table:
            taken.setdefault(dataset.spec.table.lower(), f"the table of the dataset {dataset.name}")
        if dataset.made_by is None:
            for ending in _ENDINGS:
                taken.setdefault(f"{dataset.name}{ending}".lower(), f"the dataset {dataset.name}")
    for name, what, span in _names(datasets, rules):
        first = taken.setdefault(name.lower(), what)
        if first != what:
            problems.append(Problem(span, "CDMQ205", f"{what} makes '{name}', a name that {first} "
                                    "has", "give one of them another name"))


def _names(
    datasets: Mapping[str, Dataset], rules: Mapping[str, Rule]
) -> Iterator[tuple[str, str, Span]]:
    """(name, whose it is, where that stands) of the relations that these rules make."""
    for dataset in datasets.values():
        if dataset.made_by is not None:
            for ending in _ENDINGS:
                yield f"{dataset.name}{ending}", f"the dataset {dataset.name}", dataset.span
    for rule in rules.values():
        own = {"matching": "__xref", "tiering": "__levels"}.get(rule.kind)
        if own:
            yield f"{rule.id}{own}", f"the rule {rule.id}", rule.span
        if isinstance(rule.spec, MatchingRule) and rule.spec.makes == "party":
            yield f"{rule.dataset}__xref", f"the party rule of {rule.dataset}", rule.span
