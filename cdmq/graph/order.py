"""The one graph of datasets and rules: what each needs before it, and an order, or the path of a
cycle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from cdmq.datasets.model_text import render_model
from cdmq.datasets.sources import read_key
from cdmq.kinds import kinds
from cdmq.kinds.reads import minded
from cdmq.problems import Problem, Span, did_you_mean
from cdmq.values import ALL, Dataset, Documents, Project, Rule, Uses


@dataclass(frozen=True)
class Graph:
    """The nodes `dataset:D` and `rule:R`.

    `needs`: what must be made, or run, where a node is. `after`: the rules that go before it where
    they run too, because it reads a column that they give or flags that they find.
    """

    needs: Mapping[str, frozenset[str]]
    after: Mapping[str, frozenset[str]]

    def above(self, node: str) -> frozenset[str]:
        """All that a node stands on, one step up."""
        return self.needs[node] | self.after.get(node, frozenset())

    def order(self) -> tuple[str, ...]:
        """The nodes, each after what it stands on. Raises graphlib.CycleError."""
        return tuple(
            TopologicalSorter({n: sorted(self.above(n)) for n in sorted(self.needs)}).static_order()
        )

    @cached_property
    def levels(self) -> Mapping[str, int]:
        """The step of a run in which each node is made or run: a rule that reads what another rule
        gives is of a later step than that."""
        found: dict[str, int] = {}
        for node in self.order():
            found[node] = max(
                (
                    found[n] + (node.startswith("rule:") and n.startswith("rule:"))
                    for n in self.above(node)
                ),
                default=0,
            )
        return found

    def needed_by(self, datasets: Iterable[str]) -> frozenset[str]:
        """The rules without which some datasets are not made."""
        found = self.standing_on(n for d in datasets if (n := f"dataset:{d}") in self.needs)
        return frozenset(n.removeprefix("rule:") for n in found if n.startswith("rule:"))

    def standing_on(self, names: Iterable[str]) -> frozenset[str]:
        """Nodes, and all that they need."""
        return walk(names, self.needs)


def walk(
    names: Iterable[str], steps: Mapping[str, Iterable[str]], depth: int | None = None
) -> frozenset[str]:
    """Names, and those that so many steps lead to."""
    found = edge = frozenset(names)
    while edge and depth != 0:
        edge = frozenset(n for e in edge for n in steps[e]) - found
        found |= edge
        depth = None if depth is None else depth - 1
    return found


def graph_of(project: Project) -> Graph:
    """The graph of a project whose datasets know what they depend on."""
    return graph(project.datasets, project.rules, project.uses)


def graph(
    datasets: Mapping[str, Dataset], rules: Mapping[str, Rule], uses: Mapping[str, Uses]
) -> Graph:
    """Datasets that are not there, and rules, are left out of what a node needs."""
    needs: dict[str, frozenset[str]] = {}
    for name, dataset in datasets.items():
        made = {f"rule:{dataset.made_by}"} if dataset.made_by in rules else set()
        needs[f"dataset:{name}"] = frozenset(
            {*made, *(f"dataset:{n}" for n in dataset.depends_on if n in datasets)}
        )
    for name, rule in rules.items():
        # What a rule that changes cells reads besides, its dataset stands on.
        layer = kinds()[rule.kind].layer is not None
        read = {rule.dataset} if layer else uses[name].datasets
        needs[f"rule:{name}"] = frozenset(
            {
                *(f"dataset:{n}" for n in read if n in datasets),
                *(f"rule:{r}" for r in uses[name].kept if r in rules),
            }
        )
    return Graph(needs, _after(needs, rules, uses))


def _after(
    needs: Mapping[str, frozenset[str]], rules: Mapping[str, Rule], uses: Mapping[str, Uses]
) -> dict[str, frozenset[str]]:
    """What rules go before a rule: by the columns that they give, and by the error flags that they
    find on just one column.

    A rule that itself stands on what the reader of its flags makes cannot go before it: of that
    rule the flags that the last run left are read.
    """
    makers: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for name in rules:
        for what, columns in uses[name].makes.items():
            if what.startswith(("column:", "flags:")):
                makers.setdefault(what, []).append((name, columns))
    followers: dict[str, set[str]] = {n: set() for n in needs}
    for node, above in needs.items():
        for n in above:
            followers[n].add(node)
    found = {}
    for name in rules:
        node, before = f"rule:{name}", set()
        for what, columns in uses[name].reads.items():
            how, _, dataset = what.partition(":")
            wanted = {c.lower() for c in columns}
            if how == "rows" and (own := makers.get(f"column:{dataset}")):
                before |= {r for r, made in own if {c.lower() for c in made} & wanted}
            if how == "found" and dataset in rules:
                before.add(dataset)
            if how == "flags" and (own := makers.get(what)):
                later = walk([node], followers)
                before |= {
                    r
                    for r, made in own
                    if minded(rules[r])
                    and len(about := {c.lower() for c in made}) == 1
                    and (ALL in columns or about & wanted)
                    and f"rule:{r}" not in later
                }
        if before - {name}:
            found[node] = frozenset(f"rule:{r}" for r in before - {name})
    return found


def in_order(
    datasets: Mapping[str, Dataset],
    rules: Mapping[str, Rule],
    uses: Mapping[str, Uses],
    documents: Documents,
    problems: list[Problem],
) -> dict[str, Dataset]:
    """The datasets with what they depend on, in an order that does not hang on the order of files;
    a cycle is a Problem."""
    needs = _dataset_needs(datasets, rules, uses, documents, problems)
    known = {n: replace(d, depends_on=tuple(needs[n])) for n, d in datasets.items()}
    try:
        order = graph(known, rules, uses).order()
    except CycleError as error:
        path = [n for n in reversed(error.args[1])]
        own = [n.partition(":")[2] for n in path if n.startswith("dataset:")]
        own = own if len(own) > 2 else [n.partition(":")[2] for n in path]
        first = path[0].partition(":")
        place = (datasets if first[0] == "dataset" else rules)[first[2]].span
        problems.append(
            Problem(
                place,
                "CDMQ207",
                "a cycle: " + " -> ".join(own),
                "one of them must not read the next" + _by_flags(own, uses),
            )
        )
        return {name: known[name] for name in sorted(known)}
    return {n: known[n] for node in order if (n := _dataset(node)) is not None}


def _by_flags(cycle: Iterable[str], uses: Mapping[str, Uses]) -> str:
    """What a rule in a cycle reads without naming it."""
    found = [r for r in cycle if r in uses and any(n.startswith("flags:") for n in uses[r].reads)]
    return f"; {found[0]} reads the error flags on its columns" if found else ""


def _dataset(node: str) -> str | None:
    how, _, name = node.partition(":")
    return name if how == "dataset" else None


def _dataset_needs(
    datasets: Mapping[str, Dataset],
    rules: Mapping[str, Rule],
    uses: Mapping[str, Uses],
    documents: Documents,
    problems: list[Problem],
) -> dict[str, list[str]]:
    """For each dataset the names of those that must stand before it, sorted."""
    needs: dict[str, set[str]] = {name: set() for name in datasets}
    for name, dataset in datasets.items():
        if dataset.spec.stack:
            needs[name] |= {s for s in dataset.spec.stack.values() if s in datasets}
        if dataset.model:
            needs[name] |= _model_needs(dataset, datasets, documents, problems)
        if dataset.made_of in datasets:
            needs[name].add(str(dataset.made_of))
    for rule in rules.values():
        if kinds()[rule.kind].layer is not None and rule.dataset in needs:
            needs[rule.dataset] |= uses[rule.id].datasets & set(datasets) - {rule.dataset}
    return {name: sorted(found) for name, found in needs.items()}


def _model_needs(
    dataset: Dataset,
    datasets: Mapping[str, Dataset],
    documents: Documents,
    problems: list[Problem],
) -> set[str]:
    assert dataset.model is not None
    span = Span(dataset.model.path)
    try:
        text = render_model(dataset, documents.variables, documents.macros)
    except ValueError as error:
        line = getattr(error, "line", 0)
        place = Span(span.file, line, 1) if line else span
        problems.append(
            Problem(
                place,
                "CDMQ107",
                str(error),
                getattr(error, "remedy", "").replace(
                    "here: var()", "here: ref(), source(), config(), var()"
                ),
            )
        )
        return set()
    needs = set()
    for how, name in text.references():
        if how == "source":
            problems += read_key(dataset, name)
        elif how == "clean" and name in datasets:
            needs.add(name)
        elif how == "clean" and name not in documents.broken:
            problems.append(
                Problem(
                    span,
                    "CDMQ202",
                    f"unknown dataset '{name}' in ref()",
                    did_you_mean(name, datasets),
                )
            )
    return needs
