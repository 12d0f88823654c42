"""What guards a dataset: the rules that must pass, or a delivery of it is held back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from cdmq.problems import Problem, Span, did_you_mean
from cdmq.values import Dataset, Rule

#: Check of a rule of a dataset's own that guards it -> what lifts that.
_LIFTED = {
    "delivered": "may_be_empty: true at the dataset",
    "lines": "bad_lines_at_most: 100% of its file",
}


def numbered(datasets: Iterable[Dataset]) -> Iterator[Problem]:
    """A warning for each dataset whose records are named by their place."""
    for d in datasets:
        if d.numbered:
            yield Problem(
                d.span,
                "CDMQ274",
                f"the records of {d.name} are named by their row number: a line "
                "put in above makes others of all below it, in flags, parties and history",
                "name a column that stays with the record, where the file has one",
                severity="warning",
            )


def guarded(
    datasets: Mapping[str, Dataset],
    rules: Mapping[str, Rule],
    places: Mapping[str, Span],
    problems: list[Problem],
) -> dict[str, Dataset]:
    """The datasets with the rules that must pass, or a delivery of it is held back.

    `places`: where each dataset says `holds:`.
    """
    found = {}
    for name, dataset in datasets.items():
        own = [r.id for r in rules.values() if r.dataset == name and r.check in _LIFTED]
        named = dict.fromkeys([*own, *dataset.spec.holds])
        for rule in named:
            problems += _no_guard(rule, dataset, rules, places.get(name, dataset.span))
        ids = tuple(r for r in named if r in rules and rules[r].enabled)
        found[name] = replace(dataset, guards=ids)
    return found


def _no_guard(
    name: str, dataset: Dataset, rules: Mapping[str, Rule], place: Span
) -> Iterator[Problem]:
    """Why a rule cannot guard a dataset; that it is disabled is a warning."""
    rule, mine = rules.get(name), [r for r in rules.values() if r.dataset == dataset.name]
    guards = [r.id for r in mine if getattr(r.spec, "GUARDS", False)]
    if rule is None:
        yield Problem(
            place,
            "CDMQ272",
            f"holds: unknown rule '{name}' (dataset {dataset.name})",
            did_you_mean(name, guards) or "write the rule, for example check: row_count",
        )
    elif rule.dataset != dataset.name:
        yield Problem(
            place,
            "CDMQ272",
            f"holds: '{name}' is a rule of {rule.dataset}, not of {dataset.name}",
            f"name it in holds: of {rule.dataset}, or write one for {dataset.name}",
        )
    elif name in dataset.spec.holds and not getattr(rule.spec, "GUARDS", False):
        yield Problem(
            place,
            "CDMQ272",
            f"holds: '{name}' is a check {rule.check}, which cannot hold a delivery back",
            "say in file: how many lines may be bad, with bad_lines_at_most"
            if rule.check == "lines"
            else "name a rule with check: row_count",
        )
    elif _is_lifted(rule, dataset):
        return
    elif rule.severity == "info":
        yield Problem(
            rule.span,
            "CDMQ272",
            f"'{name}' is to hold deliveries of {dataset.name} "
            "back, but with severity: info it always passes",
            "say severity: error or warn",
        )
    elif not rule.enabled:
        lifted = _LIFTED.get(rule.check)
        yield Problem(
            rule.span,
            "CDMQ273",
            f"'{name}' is disabled: it holds no delivery of {dataset.name} back",
            "enable it, or " + (f"say {lifted}" if lifted else "take it out of holds:"),
            severity="warning",
        )


def _is_lifted(rule: Rule, dataset: Dataset) -> bool:
    """Whether the dataset says that a guard of its own holds nothing back."""
    if rule.check == "lines":
        return dataset.spec.file is not None and dataset.spec.file.bad_lines_at_most == "100%"
    return rule.check == "delivered" and bool(dataset.spec.may_be_empty)
