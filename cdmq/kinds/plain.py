"""The parts of a kind that its folder leaves out: what most kinds do, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from cdmq.kinds.reads import expression_columns
from cdmq.problems import Problem
from cdmq.values import Dataset, Documents, Given, Rule, Uses

if TYPE_CHECKING:
    from pydantic import BaseModel

    from cdmq.audit.chapters import Chapter, Party, Record
    from cdmq.audit.reading import Row
    from cdmq.audit.states import States
    from cdmq.audit.telling import Telling
    from cdmq.kinds.compiling import Compiling, Layering
    from cdmq.kinds.expecting import Expect
    from cdmq.kinds.kind import Kind, Known
    from cdmq.kinds.reading import Reading
    from cdmq.kinds.words import Named
    from cdmq.kinds.working import Work
    from cdmq.project.relaxed import Json
    from cdmq.project.spec import DatasetSpec, Pii
    from cdmq.project.yaml_source import Path
    from cdmq.sql.shape import Table, View
    from cdmq.sql.types import Type
    from cdmq.steps import Stage
    from cdmq.warehouses.base import Warehouse

EXPECTS: Mapping[str, Expect] = {}
TABLES: tuple[Table, ...] = ()
VIEWS: tuple[View, ...] = ()
LAYER: int | None = None
COMMANDS = frozenset({"run"})
NOTES: tuple[str, ...] = ()


def models() -> Sequence[type[BaseModel]]:
    """None beside its rule's."""
    return ()


def item(model: type[BaseModel], defs: Json) -> Json:
    """As its rule's model is."""
    return {"$ref": f"#/$defs/{model.__name__}"}


def read(item: Any, at: Reading, model: type[Named] | None = None) -> Iterator[Rule]:
    """The one rule of an item that is the words of a `Named`: the kind's own, or others."""
    from cdmq.kinds.reading import Said

    spec = cast("Named | None", at.model(model or at.kind.rule, item, at.path, at.named(item)))
    if spec is None:
        return
    if not at.kind.built:
        at.problem(
            at.path,
            "CDMQ114",
            f"{at.kind.name} is not built yet: the rule is right, but this version cannot run it",
            "take it out until a version can",
        )
        return
    if at.head is None:
        return
    said = Said(spec, [spec], at.path, at.path)
    rule = at.rule(said, id=spec.id, check=at.kind.name, dimension=spec.DIMENSION)
    nested = {name: ((*at.path, *place), text) for name, (place, text) in spec.nested_sql().items()}
    places = {name: at.source.at(place) for name, (place, _) in nested.items()}
    parsed = at.expressions({name: text for name, (_, text) in nested.items()}, places)
    inner = {
        ".".join(map(str, p[len(at.path) :])): at.source.at_key(p)
        for p in at.source.spans
        if p[: len(at.path)] == at.path and len(p) > len(at.path)
    }
    yield replace(
        rule,
        spans={**inner, **rule.spans, **places},
        expressions={**rule.expressions, **parsed},
    )


def removed(kind: Kind, rules: frozenset[str], states: States) -> None:
    """Every open row of theirs closes, but what outlives its rule."""
    for table in kind.tables:
        if "closed_because" in table.names and not table.outlives:
            states.close(table, rules)


def undo(warehouse: Warehouse, day: str, run_id: str) -> list[tuple[str, str, int]]:
    """There are no reviews."""
    return []


def uses(rule: Rule, at: Known) -> Uses:
    """It reads the columns of its own dataset that it names, and makes nothing."""
    return Uses({f"rows:{rule.dataset}": frozenset({*rule.columns, *expression_columns(rule)})})


def carries(rule: Rule) -> Iterator[tuple[str, str, str]]:
    """It writes into no column."""
    yield from ()


def types(rule: Rule, dataset: Dataset) -> Mapping[str, Type]:
    """None."""
    return {}


def declares(item: Any) -> Iterator[tuple[Path, str]]:
    """No dataset."""
    yield from ()


def declared(said: DatasetSpec, of: Dataset | None) -> DatasetSpec:
    """As it is said."""
    return said


def hidden(made: Dataset, of: Dataset) -> dict[str, Pii]:
    """As those of what it is made of."""
    return dict(of.spec.pii)


def columns(rule: Rule, of: Dataset, known: Mapping[str, Type]) -> dict[str, Type]:
    """As those of what it is made of."""
    return dict(known)


def own(at: Known, documents: Documents) -> Iterator[Rule]:
    """None."""
    yield from ()


def own_problems(at: Known, documents: Documents) -> Iterator[Problem]:
    """None."""
    yield from ()


def above(rule: Rule) -> tuple[str, str]:
    """As many as it says."""
    return rule.warn_above, rule.error_above


def problems(at: Known, uses: Mapping[str, Uses]) -> Iterator[Problem]:
    """None."""
    yield from ()


# story ------------------------------------------------------------------------------------------

HEADING = ""
GROUP = "no dimension"
CHANGES = False
COUNTS = "record flagged", "records flagged"


def judges(said: str) -> bool:
    """Who cannot be told by its `where` is flagged."""
    from cdmq.kinds.said import may_be_unread

    return may_be_unread(said)


def chapters(record: Record, at: Telling) -> Iterator[Chapter]:
    """Nothing beside flags and changes."""
    return iter(())


def party(id_: str, at: Telling) -> Party | None:
    """It gives no ids."""
    return None


def party_chapters(party: Party, at: Telling) -> Iterator[Chapter]:
    """Nothing."""
    return iter(())


def parties(dataset: str, key: str, at: Telling) -> Iterable[Party]:
    """None."""
    return ()


def members(rule: str, party: str, at: Telling, most: int) -> list[str]:
    """It makes no parties."""
    return []


def lasting(dataset: str, key: str, at: Telling) -> Iterable[Row]:
    """None."""
    return ()


def gives(rule: Rule) -> Given | None:
    """No column."""
    return None


def leaves(rule: Rule) -> dict[str, str]:
    """Nothing of its own is there to be read."""
    return {}


def stage(at: Layering) -> Stage | None:
    """Nothing."""
    return None


def work(rule: Rule, at: Compiling) -> Work | None:
    """Flags and changed cells are all that comes of it."""
    return None
