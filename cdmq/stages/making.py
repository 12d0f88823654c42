"""How one dataset is made in a run: by its rule, from its source, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from cdmq.datasets.build import Builder
from cdmq.datasets.inputs import content_of, look_at
from cdmq.graph.order import Graph
from cdmq.kinds.running import Running
from cdmq.kinds.working import Work
from cdmq.stages.guards import Guards
from cdmq.stages.told import Told
from cdmq.steps import DatasetPlan, Plan
from cdmq.values import Catalog, Dataset


@dataclass(frozen=True)
class Making:
    """Makes datasets. Raises StatementError and CdmqError."""

    told: Told
    plan: Plan
    catalog: Catalog
    graph: Graph
    at: Running
    builder: Builder
    guards: Guards

    def make(self, dataset: Dataset) -> None:
        if not self.told.asked.build:
            self._look_at(dataset, None)
            return
        self.told.asked.listen("dataset", dataset)
        steps = (
            self.plan.datasets[dataset.name].steps if dataset.name in self.plan.datasets else None
        )
        maker = steps.maker if steps else None
        if maker:
            if not self._may_be_made(dataset, maker):
                return
            if dataset.made_of in self.told.result.repeated and maker.repeated:
                maker = maker.repeated()
            maker.before(self.at)
            assert maker.rows is not None
            self.builder.made[dataset.name] = maker.rows
        digest = content_of(dataset, self.told.project)
        self.builder.source(dataset)
        if maker:
            maker.after(self.at)
        self._look_at(dataset, digest)
        if steps is None:
            return
        for layer in steps.layers:
            assert layer.lays is not None
            layer.lays(self.at, steps)
        self.builder.clean(steps)
        if dataset.guards and self._held(self.plan.guards(dataset.name)):
            return
        if maker and not self.at.train:
            assert maker.run is not None
            self.told.tell(maker.run(self.at, steps))

    def _may_be_made(self, dataset: Dataset, maker: Work) -> bool:
        """Whether the rules that a dataset needs are there, and have run."""
        own = maker.rule.id
        needed = [
            n.removeprefix("rule:")
            for n in sorted(self.graph.needs[f"rule:{own}"])
            if n.startswith("rule:")
        ]
        for rule in (own, *needed):
            if not self.told.project.rules[rule].enabled:
                self.told.result.off.add(dataset.name)
                self.told.give_up(dataset, f"the rule {rule} is disabled", skipped=True)
                return False
        for rule in needed:
            if rule not in self.at.ran:
                self.told.give_up(
                    dataset, f"it reads what {rule} makes, which failed", skipped=True
                )
                return False
        return True

    def _look_at(self, dataset: Dataset, digest: str | None) -> None:
        """`cdmq test` reads tables anew, and nothing else."""
        if dataset.source == "table" or digest:
            relation = self.at.names.staged.get(f"source:{dataset.name}")
            if relation is not None:
                self.told.result.inputs[dataset.name] = look_at(
                    dataset, relation, digest, self.catalog, self.at.warehouse
                )

    def _held(self, plan: DatasetPlan) -> bool:
        """Judge the guards of what was just made; where one does not pass, it is not published."""
        dataset = plan.steps.dataset
        outcomes = self.guards.of(plan)
        failed = [o.rule.id for o in outcomes if self.guards.holds_back(o)]
        for outcome in outcomes:
            if (
                not outcome.failing
                or outcome.rule.id in self.told.asked.rules
                or outcome.rule.id in failed
            ):
                self.told.tell(outcome)  # not: some lines are bad, as may be, and nobody asked
        if failed:
            self.told.result.steps[dataset.name] = plan.steps
            self.told.result.held.add(dataset.name)
            self.told.give_up(dataset, f"held back: {failed[0]} does not pass", skipped=True)
        return bool(failed)
