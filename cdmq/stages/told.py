"""What is asked of a run, and what it tells of each rule and of each dataset that is not made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cdmq.decisions.standing import Standing
from cdmq.kinds.running import Said
from cdmq.outcomes import Executed, Outcome
from cdmq.values import Dataset, Project

if TYPE_CHECKING:
    from cdmq.audit.register import Register

Listener = Callable[[str, object], None]


@dataclass(frozen=True)
class Asked:
    """What is asked of a run: the rules and datasets, and how it is done.

    `build`: relations are made anew, or else what stands is judged. `train`: no more than models
    are trained. `stop`: after such an outcome nothing is judged. `broken` and `unfit`: datasets
    and rules that cannot be, each with the reason. `ids`: rule -> every id that it ever had.
    """

    rules: frozenset[str]
    datasets: Iterable[str]
    build: bool = True
    train: bool = False
    said: Said = Said()
    stop: Callable[[Outcome], bool] | None = None
    holds_back: Callable[[Outcome], bool] = lambda outcome: bool(outcome.failing)
    listen: Listener = lambda event, value: None
    broken: Mapping[str, str] = field(default_factory=dict)
    unfit: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    register: Register | None = None
    #: What people decided.
    decisions: Standing = field(default_factory=Standing)


class Told:
    """Keeps the outcomes of a run as they come, and tells them to who listens."""

    def __init__(self, project: Project, asked: Asked, result: Executed) -> None:
        self.project, self.asked, self.result = project, asked, result
        self.stopped = False

    def lost(self, name: str) -> str:
        how = (
            "is not made"
            if name in self.result.off
            else "is held back"
            if name in self.result.held
            else "failed"
        )
        return f"it reads {name}, which {how}"

    def give_up(self, dataset: Dataset, why: str, skipped: bool = False) -> None:
        self.result.failed[dataset.name] = why
        for rule in self.project.rules.values():
            if rule.id not in self.asked.rules or (
                rule.dataset != dataset.name and rule.id != dataset.made_by
            ):
                continue
            if skipped and rule.id in self.result.outcomes:
                continue  # a guard: it says why
            outcome = Outcome(rule, skipped=why) if skipped else Outcome(rule, error=why)
            self.tell(outcome)

    def tell(self, outcome: Outcome) -> None:
        outcome = replace(outcome, ended=datetime.now(UTC))
        self.result.outcomes[outcome.rule.id] = outcome
        bad = outcome.error or outcome.failing or outcome.could_not_judge
        if outcome.rule.id in self.asked.rules or bad:
            self.asked.listen(
                "rule", outcome
            )  # others ran because what was asked for stands on them
        self.stopped = self.stopped or bool(self.asked.stop and self.asked.stop(outcome))

    def skip_the_rest(self) -> None:
        for rule in self.project.rules.values():
            if rule.id in self.result.outcomes:
                continue
            why = "not selected"
            if not rule.enabled:
                why = "disabled"
            elif rule.id in self.asked.rules:
                lost = sorted(self.project.read_by(rule.id) & set(self.result.failed))
                why = self.lost(lost[0]) if lost else "not run: --fail-fast"
            self.result.outcomes[rule.id] = Outcome(rule, skipped=why)
