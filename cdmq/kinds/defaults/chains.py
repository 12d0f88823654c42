"""The order in which a dataset's defaults are applied: chains of a column, layers of a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cdmq.kinds.defaults.words import DefaultRule
from cdmq.problems import Problem, Span, did_you_mean
from cdmq.values import Dataset, Rule

#: Column -> its rules, one after the other.
Chains = Mapping[str, list[Rule]]


@dataclass(frozen=True)
class Order:
    """Puts the rules of one dataset in order. What has none is told in `problems`."""

    dataset: Dataset
    rules: tuple[Rule, ...]
    #: Column -> rules on it that are switched off: `after:` may name them.
    off: Mapping[str, frozenset[str]]
    problems: list[Problem]

    def chains(self) -> dict[str, list[Rule]]:
        """Column -> its rules, in the order that `after:` gives them."""
        chains: dict[str, list[Rule]] = {}
        for rule in sorted(self.rules, key=lambda r: r.id):
            chains.setdefault(rule.columns[0], []).append(rule)
        for column, rules in chains.items():
            chains[column] = self._chain(column, rules)
        return chains

    def layers(self, chains: Chains) -> list[list[Rule]] | None:
        """Rules by the layer in which all that they read is final."""
        waiting = [r for chain in chains.values() for r in chain]
        layers: list[list[Rule]] = []
        while waiting:
            left = {r.columns[0] for r in waiting}
            ids = {r.id for r in waiting}
            layer = [
                r
                for r in waiting
                if not (self._reads(r) & left) and not any(p.id in ids for p in _before(r, chains))
            ]
            if not layer:
                path = " -> ".join(self._circle(waiting, left))
                self._problem(
                    min(r.span for r in waiting),
                    "CDMQ207",
                    f"defaults read each other in a cycle: {path}",
                    "one of them must not read the next",
                )
                return None
            layers.append(layer)
            waiting = [r for r in waiting if r not in layer]
        return layers

    def _chain(self, column: str, rules: list[Rule]) -> list[Rule]:
        """The rules one after the other; not saying which is first is a Problem."""
        waiting, done = {r.id: r for r in rules}, []
        for rule in rules:
            for name in spec_of(rule).after:
                if name not in waiting and name not in self.off.get(column, ()):
                    self._problem(
                        rule.spans.get("after", rule.span),
                        "CDMQ208",
                        f"after: '{name}' is no rule that writes {column}",
                        did_you_mean(name, waiting),
                    )
                    return rules
        while waiting:
            ready = [
                r for r in waiting.values() if not any(name in waiting for name in spec_of(r).after)
            ]
            if len(ready) != 1:
                first, *more = sorted(ready or waiting.values(), key=lambda r: r.span)
                if not ready:
                    path = " -> ".join(r.id for r in (first, *more, first))
                    self._problem(
                        first.span,
                        "CDMQ207",
                        f"after: goes in a circle: {path}",
                        "take after: out of one of them",
                    )
                else:
                    self._problem(
                        more[0].span,
                        "CDMQ208",
                        f"'{first.id}' and '{more[0].id}' both write the column {column}",
                        f"say in one of them which is first, for example after: {first.id}",
                    )
                return rules
            done.append(waiting.pop(ready[0].id))
        return done

    def _reads(self, rule: Rule) -> set[str]:
        """The columns whose final value a rule needs, without the one it writes."""
        spec = spec_of(rule)
        found = {c for c in spec.fill_from if "." not in c}
        found |= {c for e in rule.expressions.values() for c in e.columns}
        found |= {spec.options[o] for o in column_options_of(spec) if o in spec.options}
        for source in spec.fill_from:
            if "." in source:
                found |= set(self.dataset.spec.refers_to.get(source.split(".")[0], ()))
        return found - {spec.column}

    def _circle(self, waiting: list[Rule], left: set[str]) -> list[str]:
        """The columns of one cycle, each made from the next."""
        reads = {
            c: sorted({x for r in waiting if r.columns[0] == c for x in self._reads(r)} & left)
            for c in left
        }
        path = [next(c for c in sorted(left) if reads[c])]
        while path[-1] not in path[:-1]:
            path.append(next(iter(reads[path[-1]]), path[0]))
        return path[path.index(path[-1]) :]

    def _problem(self, span: Span, code: str, cause: str, remedy: str) -> None:
        self.problems.append(Problem(span, code, cause, remedy))


def _before(rule: Rule, chains: Chains) -> list[Rule]:
    chain = chains[rule.columns[0]]
    return chain[: chain.index(rule)]


def spec_of(rule: Rule) -> DefaultRule:
    assert isinstance(rule.spec, DefaultRule)
    return rule.spec


def column_options_of(spec: DefaultRule) -> frozenset[str]:
    """The options of a rule's form that name a column."""
    from cdmq.standards import FORMS, column_options

    return column_options(FORMS[spec.standardise]) if spec.standardise else frozenset()
