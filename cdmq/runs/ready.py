"""What a command asks for, and what is compiled for it before a statement is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cdmq.datasets.catalog import delivered
from cdmq.datasets.remembered import merge_catalog
from cdmq.graph.select import select
from cdmq.graph.unfit import unfit_rules
from cdmq.kinds import kinds
from cdmq.outcomes import Executed
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.results import Compiled, Selection
from cdmq.sql.logical import Renderer
from cdmq.stages.compile import compile_rules
from cdmq.stages.plan import plan
from cdmq.steps import Plan
from cdmq.values import Catalog, Project

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


@dataclass(frozen=True)
class Wish:
    """What a run is asked for."""

    command: str = "run"
    as_of: datetime | None = None
    select: str | None = None
    exclude: str | None = None
    fail_on: frozenset[str] = frozenset({"error"})
    allow_empty: bool = False
    fail_fast: bool = False
    #: Rules of which more may move than they allow; from when on past reviews are made up for.
    accept_moves: frozenset[str] = frozenset()
    review_from: date | None = None

    @property
    def build(self) -> bool:
        """Datasets are made; `cdmq test` judges what an earlier run made."""
        return self.command != "test"

    @property
    def kinds(self) -> frozenset[str] | None:
        """The kinds of rules that it uses; None for all."""
        found = frozenset(n for n, kind in kinds().items() if self.command in kind.commands)
        return None if self.command == "run" else found or None


@dataclass(frozen=True)
class Ready:
    """What is known before a statement is sent."""

    project: Project
    selection: Selection
    catalog: Catalog
    plan: Plan
    #: Datasets whose source cannot be read, and why: what does not need them goes on.
    broken: Mapping[str, str] = field(default_factory=dict)
    #: Rules that do not fit the columns of what was delivered, and why.
    unfit: Mapping[str, str] = field(default_factory=dict)
    #: What else is wrong in declarations of columns: no rule and no dataset stops for it.
    misdeclared: tuple[Problem, ...] = ()


def selected(project: Project, wish: Wish) -> Selection:
    found = select(
        project,
        wish.select,
        wish.exclude,
        allow_empty=wish.allow_empty,
        kinds=wish.kinds,
        along=wish.command == "run",
    )
    _check_reviews(project, wish, found.rules)
    if not wish.build and wish.select and not found.rules and not wish.allow_empty:
        raise CdmqError(
            Problem(
                Span("--select"),
                "CDMQ510",
                "no rule that cdmq test judges is selected: it judges checks alone",
                "run the others with: cdmq run, or say --allow-empty",
            )
        )
    if wish.command != "train":
        return found
    models = frozenset(r for r in found.rules if getattr(project.rules[r].spec, "compare", None))
    if not models and not wish.allow_empty:
        raise CdmqError(
            Problem(
                Span("train"),
                "CDMQ510",
                "no matching rule with compare: is selected: only such a rule has a model",
                "see them with: cdmq ls --select kind:matching",
            )
        )
    return replace(found, rules=models, whole=False)


def _check_reviews(project: Project, wish: Wish, selected: Collection[str]) -> None:
    """What is said of reviews is about rules that have them."""
    for name in sorted(wish.accept_moves):
        if getattr(getattr(project.rules.get(name), "spec", None), "moves_at_most", None) is None:
            known = [r.id for r in project.rules.values() if getattr(r.spec, "moves_at_most", None)]
            cause = f"'{name}' is no rule with moves_at_most"
            how = did_you_mean(name, known)
            raise CdmqError(Problem(Span("--accept-moves"), "CDMQ505", cause, how))
    reviewed = [r for r in selected if getattr(project.rules[r].spec, "review", None)]
    if wish.review_from is not None and not reviewed:
        cause, how = "no rule that says review: is selected", "select one with --select RULE"
        raise CdmqError(Problem(Span("--review-from"), "CDMQ505", cause, how))


def prepare(
    project: Project,
    selection: Selection,
    warehouse: Warehouse,
    target_path: Path,
    local: bool = False,
) -> Ready:
    """Look at the warehouse, and compile the selected rules of the datasets that they need.

    `local`: a source that cannot be read, or is not as it is declared, stops what needs it alone.
    """
    narrow = replace(project, datasets={n: project.datasets[n] for n in selection.datasets})
    found = delivered(narrow, warehouse)
    if found.problems and not local:
        raise CdmqError(found.problems)
    catalog, unfit = found.known, unfit_rules(narrow, found) if local else None
    merge_catalog(catalog, project, target_path)
    lost = set(selection.datasets) - set(catalog)
    rules = frozenset(r for r in selection.rules if not project.read_by(r) & lost)
    rules |= {g for n in selection.datasets if n in catalog for g in project.datasets[n].guards}
    steps = compile_rules(narrow, catalog, warehouse.dialect, rules, unfit=unfit)
    broken = {**unfit.datasets, **found.broken} if unfit else {}
    stopped = unfit.rules if unfit else {}
    told = {p for causes in (*broken.values(), *stopped.values()) for p in causes}
    return Ready(
        project,
        selection,
        catalog,
        plan(project, steps, warehouse.traits.fuse),
        _causes(broken),
        _causes(stopped),
        tuple(p for p in found.problems if p not in told),
    )


def _causes(found: Mapping[str, Sequence[Problem]]) -> dict[str, str]:
    return {name: "; ".join(dict.fromkeys(map(str, told))) for name, told in found.items()}


def compiled(project: Project, warehouse: Warehouse, target_path: Path, wish: Wish) -> Compiled:
    """The SQL of the selected rules, as it is written to `target/compiled`."""
    from cdmq.reports.compiled import write_compiled

    ready = prepare(project, selected(project, wish), warehouse, target_path)
    files = write_compiled(ready.plan, project, warehouse, target_path / "compiled")
    return Compiled(project, ready.catalog, ready.selection, files, project.warnings)


def rule_statements(
    ready: Ready, executed: Executed, dialect: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Each rule's SQL alone, and the relation it reads, by their published names."""
    render = Renderer(replace(executed.names, staged=executed.names.final), dialect, executed.as_of)
    statements, relations = {}, {}
    for own in ready.plan.datasets.values():
        if own.steps.dataset.name in executed.failed:
            continue
        makers = (own.steps.maker,) if own.steps.maker else ()
        for work in (*own.steps.works, *makers):
            if work.query is not None and executed.outcomes[work.rule.id].evaluated:
                statements[work.rule.id] = render.sent(work.query)
                known = executed.names.final
                relations[work.rule.id] = str(known.get(work.reads, known[own.steps.relation]))
        reads = {j.rule.id: j.relation for j in own.steps.judgements}
        for branch in (*own.row, *own.sets, *own.changes):
            for one in branch.alone or (branch,):
                rule = one.rules[0].id
                relation = reads.get(rule, own.steps.relation)
                lost = ready.project.read_by(rule) & set(executed.failed)
                there = relation in executed.names.final or relation in executed.names.queries
                if rule in ready.selection.rules and there and not lost:
                    known = executed.names.final
                    statements[rule] = render.sent(one.query)
                    relations[rule] = str(known.get(relation, known[own.steps.relation]))
    return statements, relations
