"""resolve: names known, heads inherited, expressions parsed, one graph in order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

from cdmq.datasets.declared import declared_datasets
from cdmq.datasets.guards import guarded, numbered
from cdmq.datasets.hidden import Carried, with_hidden
from cdmq.graph.names import check_names
from cdmq.graph.order import in_order
from cdmq.kinds import kinds
from cdmq.kinds.made import made_datasets
from cdmq.kinds.reading import RuleReader
from cdmq.kinds.reads import At, uses_of
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.values import Dataset, Documents, Project, Rule


def resolve(documents: Documents) -> Project:
    """The project, checked without a database. Raises CdmqError with all its problems at once."""
    project, problems = as_far(documents)
    if any(p.severity == "error" for p in problems):
        raise CdmqError(problems)
    return project


def as_far(documents: Documents) -> tuple[Project, list[Problem]]:
    """The project as far as it can be understood, and all that is wrong."""
    problems = list(documents.problems)
    made = made_datasets(documents.rule_files)
    datasets, broken = declared_datasets(documents, made, problems)
    seeds = {s.name: s for s in documents.seeds}
    rules, unread = _written(documents, datasets, broken, problems)
    written = At(datasets, dict(rules), seeds)
    for kind in kinds().values():
        problems += kind.section.own_problems(written, documents)
        for rule in kind.section.own(written, documents):
            _add_own(rule, rules, problems)
    problems += numbered(datasets.values())
    datasets = guarded(datasets, rules, _holds(documents), problems)
    rules = {name: _with_former_id(rule, datasets) for name, rule in rules.items()}
    _check_formerly(rules, problems)
    at = At(datasets, rules, seeds)
    uses = {name: uses_of(rule, at) for name, rule in rules.items()}
    for name in dict.fromkeys(rule.kind for rule in rules.values()):
        problems += kinds()[name].section.problems(at, uses)
    check_names(datasets, rules, problems)
    _check_unit_tests(documents, rules, {*datasets, *seeds}, broken, unread, problems)
    ordered = with_hidden(
        in_order(datasets, rules, uses, replace(documents, broken=broken), problems),
        _carried(rules),
        problems,
    )
    project = Project(
        root=documents.root,
        config=documents.config,
        variables=documents.variables,
        datasets=ordered,
        rules=rules,
        unit_tests=documents.unit_tests,
        seeds=seeds,
        macros=documents.macros,
        warnings=tuple(sorted(p for p in problems if p.severity != "error")),
        overrides=documents.overrides,
        files=documents.files,
        uses=uses,
        people=documents.people,
        decisions=documents.decisions,
    )
    return project, problems


def _written(
    documents: Documents,
    datasets: Mapping[str, Dataset],
    broken: frozenset[str],
    problems: list[Problem],
) -> tuple[dict[str, Rule], list[str]]:
    """The rules of all rule files, and the texts of files that could not be read as a whole."""
    rules: dict[str, Rule] = {}
    unread = list(documents.unread)
    for source in documents.rule_files:
        before = len(problems)
        for rule in RuleReader(source, datasets, problems, broken).read():
            _add(rule, rules, problems)
        head = source.data.get("dataset") if isinstance(source.data, dict) else None
        if len(problems) > before or (isinstance(head, str) and head in broken):
            unread.append(source.text)
    return rules, unread


def _add(rule: Rule, rules: dict[str, Rule], problems: list[Problem]) -> None:
    if rule.id in rules:
        first = rules[rule.id].span
        problems.append(
            Problem(
                rule.span,
                "CDMQ201",
                f"the id '{rule.id}' is used twice",
                f"give this rule an id of its own (the first is at {first})",
            )
        )
    else:
        rules[rule.id] = rule


def _add_own(rule: Rule, rules: dict[str, Rule], problems: list[Problem]) -> None:
    """A rule that a dataset has of itself."""
    if rule.id in rules:
        problems.append(
            Problem(
                rules[rule.id].span,
                "CDMQ201",
                f"the id '{rule.id}' is that of the rule {rule.check} "
                f"which {rule.dataset} has of itself",
                "give this rule another id",
            )
        )
    else:
        rules[rule.id] = rule


def _carried(rules: Mapping[str, Rule]) -> dict[str, list[Carried]]:
    """Whose values the rules of each dataset write into its columns."""
    found: dict[str, list[Carried]] = {}
    for rule in rules.values():
        if rule.enabled:
            found.setdefault(rule.dataset, []).extend(kinds()[rule.kind].section.carries(rule))
    return found


def _holds(documents: Documents) -> dict[str, Span]:
    """Where each dataset says what holds it back."""
    return {
        spec.name: source.at(("datasets", index, "holds"))
        for spec, source, index in documents.datasets
        if spec.holds
    }


def _with_former_id(rule: Rule, datasets: Mapping[str, Dataset]) -> Rule:
    """An id that begins with the dataset's name was another before the dataset was renamed."""
    names = datasets[rule.dataset].spec.formerly
    if rule.formerly or not names or not rule.id.startswith(f"{rule.dataset}."):
        return rule
    return replace(rule, formerly=names[-1] + rule.id[len(rule.dataset) :])


def _check_formerly(rules: Mapping[str, Rule], problems: list[Problem]) -> None:
    used = Counter(r.formerly for r in rules.values() if r.formerly)
    for rule in rules.values():
        if rule.formerly in rules:
            problems.append(
                Problem(
                    rule.span,
                    "CDMQ211",
                    f"'{rule.id}' says it was formerly '{rule.formerly}', which still exists",
                    "remove formerly:",
                )
            )
        elif rule.formerly and used[rule.formerly] > 1:
            problems.append(
                Problem(
                    rule.span,
                    "CDMQ211",
                    f"two rules say they were formerly '{rule.formerly}'",
                    "keep formerly: in one of them",
                )
            )


def _check_unit_tests(
    documents: Documents,
    rules: Mapping[str, Rule],
    known: Collection[str],
    broken: Collection[str],
    unread: Collection[str],
    problems: list[Problem],
) -> None:
    seen: dict[str, Span] = {}
    for test, span in documents.unit_tests:
        if test.name in seen:
            problems.append(
                Problem(
                    span,
                    "CDMQ201",
                    f"the unit test '{test.name}' stands twice",
                    f"rename one of them (the first is at {seen[test.name]})",
                )
            )
        seen[test.name] = span
        for rule in test.tested:
            if rule not in rules and not _may_be_in(rule, unread):
                problems.append(
                    Problem(
                        span,
                        "CDMQ212",
                        f"unknown rule '{rule}' in unit test {test.name}",
                        did_you_mean(rule, rules),
                    )
                )
        for name in test.given:
            if name not in known and name not in broken:
                problems.append(
                    Problem(
                        span,
                        "CDMQ202",
                        f"unknown dataset '{name}' in unit test {test.name}",
                        did_you_mean(name, known),
                    )
                )


def _may_be_in(rule: str, texts: Collection[str]) -> bool:
    """A file with errors may define the rule: by its id, or as `dataset.column.check`."""
    dataset, *words = rule.split(".")
    return any(
        re.search(rf"\b{re.escape(rule)}\b", text)
        or (words and re.search(rf"dataset:\s*[\"']?{re.escape(dataset)}\b", text))
        for text in texts
    )
