"""What must be true of a rule of freshness before it is compiled: its columns, log and levels."""

from __future__ import annotations

from cdmq.datasets.rows import Rows
from cdmq.kinds import kinds
from cdmq.kinds.binding import OWN, OWN_REMEDY, Binder, gives_it
from cdmq.kinds.facts.links import referred
from cdmq.kinds.facts.problems import FactsLook
from cdmq.kinds.freshness.words import FreshnessRule, Proof
from cdmq.problems import Problem, did_you_mean
from cdmq.sql.types import MOMENTS
from cdmq.values import Catalog, Project, Rule

_A_TIME = "a date or timestamp"
_DECLARE = "declare it in columns: of the dataset"


def freshness_problems(
    rule: Rule, rows: Rows, project: Project, catalog: Catalog, dialect: str
) -> list[Problem]:
    """All that does not fit between a rule, the columns of its dataset and its log."""
    found: list[Problem] = []
    look = FactsLook(rule, project, catalog, dialect, found)
    spec = rule.spec
    assert isinstance(spec, FreshnessRule)
    binder = Binder(rows.columns, dialect, found)
    for field in rule.expressions:
        if not field.startswith("level.") or _gives_levels(look, rows, binder, field):
            binder.bound(rule, field)
    known = dict.fromkeys(spec.watched)
    for column in known:
        _watched(look, rows, binder, column, spec)
    named = [binder.real(c) for c in known]
    for column in {c for c in named if named.count(c) > 1}:
        look.tell("columns", "CDMQ253", f"columns names '{column}' twice", "keep one of them")
    for word, at in _times(rows, spec):
        _moment(look, rows, binder, word, at)
    if spec.proof is not None:
        _log(look, rows, spec.proof)
    return found


def _gives_levels(look: FactsLook, rows: Rows, binder: Binder, field: str) -> bool:
    """Whether a rule of the dataset gives its records the levels that a field asks for."""
    name, dataset = field.split(".")[1], rows.dataset.name
    if binder.real(name) in rows.columns:
        return True
    other = look.project.rules.get(name)
    if other is not None and other.dataset != dataset:
        cause = f"'{name}' gives levels to {other.dataset}, and this rule is about {dataset}"
        remedy = f"write the rule in a file with dataset: {other.dataset}"
    else:
        cause = f"no rule of {dataset} gives the levels of '{name}'"
        rules = look.project.rules.values()
        known = [r.id for r in rules if r.dataset == dataset and _gives_text(r)]
        alone = f"write a rule that gives levels to {dataset}, or otherwise alone"
        remedy = did_you_mean(name, known) if known else alone
    look.tell(field, "CDMQ203", cause, remedy)
    return False


def _gives_text(rule: Rule) -> bool:
    """Whether a rule gives its records a column of words, as levels are."""
    given = kinds()[rule.kind].gives(rule)
    return given is not None and given.type == "text"


def _watched(look: FactsLook, rows: Rows, binder: Binder, column: str, spec: FreshnessRule) -> None:
    real = binder.real(column)
    if real not in rows.columns:
        cause = f"{rows.dataset.name} has no column '{column}'"
        remedy = did_you_mean(column, rows.columns)
        if gives_it(look.rule, column):
            cause, remedy = OWN.format(column), OWN_REMEDY
        look.tell("columns", "CDMQ203", cause, remedy)
        return
    proved = {binder.real(c) for c in rows.dataset.spec.verified_at}
    if real not in proved and spec.proof is None and spec.queue is None:
        look.tell(
            "columns",
            "CDMQ264",
            f"nothing can prove {column}: {rows.dataset.name} has no verified_at for it, and the "
            "rule no log and no queue",
            f"add to the dataset ({rows.dataset.span}): verified_at: {{{column}: COLUMN}}, or to "
            "the rule: proof, or queue",
        )


def _times(rows: Rows, spec: FreshnessRule) -> list[tuple[str, str]]:
    said = rows.dataset.spec
    found = [("changed_at", said.changed_at)] if said.changed_at else []
    return [
        *found,
        *((f"verified_at of {c}", a) for c, a in said.verified_at.items() if c in spec.watched),
    ]


def _moment(look: FactsLook, rows: Rows, binder: Binder, word: str, at: str) -> None:
    """When a value was proved or changed is a time."""
    type_ = rows.columns.get(binder.real(at))
    if type_ is None:
        cause = f"{rows.dataset.name} has no column '{at}', its {word}"
        look.tell("columns", "CDMQ203", cause, did_you_mean(at, rows.columns))
    elif type_ not in MOMENTS and type_ != "unknown":
        cause = f"{rows.dataset.name}.{at} is {type_}, not {_A_TIME}: it is {word}"
        look.tell("columns", "CDMQ217", cause, _DECLARE)


def _log(look: FactsLook, rows: Rows, proof: Proof) -> None:
    """The log is there, dated, and refers to the records that are watched."""
    place, name = "proof.from", proof.dataset
    if name not in look.project.datasets:
        cause = f"unknown dataset '{name}'"
        look.tell(place, "CDMQ202", cause, did_you_mean(name, look.project.datasets))
        return
    log = look.project.datasets[name]
    to, at = referred(rows.dataset, log), proof.at or log.spec.happened_at
    if to is None:
        wanted = rows.dataset.made_of or rows.dataset.name
        look.tell(
            place,
            "CDMQ221",
            f"{name} does not say how it refers to {wanted}",
            f"add to the dataset ({log.span}): refers_to: {{{wanted}: [...]}}",
        )
    if at is None:
        cause = f"{name} does not say when a value was tried"
        look.tell(place, "CDMQ250", cause, "add to proof: at: COLUMN")
    columns = look.catalog.get(name)
    if columns is None:
        return
    if at is not None:
        look.column("proof.at" if proof.at else place, name, at, MOMENTS, _A_TIME, _DECLARE)
    for word in ("column", "value", "result"):
        column = getattr(proof, word)
        if column not in columns:
            cause = f"{name} has no column '{column}'"
            look.tell(f"proof.{word}", "CDMQ203", cause, did_you_mean(column, columns))
    if to is not None:
        look.reference(place, log, to, rows)
