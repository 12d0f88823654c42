"""What the delivered columns do not fit stops the rules and datasets that need them, no more."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from cdmq.datasets.catalog import Delivery
from cdmq.kinds import kinds
from cdmq.problems import Problem
from cdmq.values import ALL, Project, Rule

#: Problems that a rule has with a column that is not there, or of another type.
_OF_COLUMNS = ("CDMQ203", "CDMQ213", "CDMQ216", "CDMQ217", "CDMQ228", "CDMQ245", "CDMQ31")


@dataclass
class Unfit:
    """Rules that cannot be compiled, and datasets that cannot be made, each with the causes."""

    rules: dict[str, list[Problem]] = field(default_factory=dict)
    datasets: dict[str, list[Problem]] = field(default_factory=dict)

    def take(self, rule: Rule, told: Iterable[Problem], dataset: str | None = None) -> None:
        """Keep what is wrong of a rule, and of a dataset that cannot be made without it."""
        self.rules.setdefault(rule.id, []).extend(told)
        if dataset is not None:
            self.datasets.setdefault(dataset, []).extend(told)


def of_columns(problems: Iterable[Problem]) -> bool:
    """All of them come from the columns of a delivery, as far as can be told."""
    return all(p.code.startswith(_OF_COLUMNS) for p in problems)


def unfit_rules(project: Project, delivery: Delivery) -> Unfit:
    """The rules that read a column which is not as its dataset declares it."""
    found = Unfit()
    for rule in project.rules.values():
        told = list(dict.fromkeys(_told(rule, project, delivery.unfit)))
        if rule.enabled and told:
            there = delivery.known.get(rule.dataset, ())
            found.take(rule, told, made_without(rule, project, there))
    return found


def made_without(rule: Rule, project: Project, there: Container[str]) -> str | None:
    """The dataset that cannot be made where a rule cannot be compiled.

    Without a default the cells of its column would be judged as they came; a default of a column
    that is not there (`there`: those that are) leaves nothing behind.
    """
    if kinds()[rule.kind].layer is not None:
        return rule.dataset if any(c in there for c in rule.columns) else None
    return next((d.name for d in project.datasets.values() if d.made_by == rule.id), None)


def _told(
    rule: Rule, project: Project, columns: Mapping[str, Mapping[str, Problem]]
) -> Iterator[Problem]:
    for dataset, wrong in columns.items():
        read = {c.lower() for c in project.uses[rule.id].columns(dataset)}
        yield from (p for c, p in wrong.items() if ALL in read or c.lower() in read)
