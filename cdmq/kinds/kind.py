"""What a kind is made of: the parts of its folder, each read when somebody first asks for it.

A part that a folder leaves out is the one of `cdmq.kinds.plain`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from cdmq.audit.states import States
    from cdmq.kinds.compiling import Compiling, Layering
    from cdmq.kinds.expecting import Expect
    from cdmq.kinds.in_manual import InManual
    from cdmq.kinds.section import Section
    from cdmq.kinds.tells import Tells
    from cdmq.kinds.working import Work
    from cdmq.project.fields import Head
    from cdmq.sql.shape import Table, View
    from cdmq.sql.types import Type
    from cdmq.steps import Stage
    from cdmq.values import Dataset, Given, Rule, Seed, Uses
    from cdmq.warehouses.base import Warehouse


class Known(Protocol):
    """What a kind may know of the project where it says what a rule uses."""

    @property
    def datasets(self) -> Mapping[str, Dataset]: ...
    @property
    def rules(self) -> Mapping[str, Rule]: ...
    @property
    def seeds(self) -> Mapping[str, Seed]: ...


class Kind:
    """The folder `cdmq/kinds/NAME`: one section of a rule file, from its words to what it leaves.

    Whoever works for rules of any kind loops over kinds() and asks them; no kind is named
    outside its own folder.
    """

    def __init__(self, name: str, usual: bool = False) -> None:
        self.name = name
        self._part = partial(_part, name)
        #: Every project begins with rules of it: how many is said, though there be none.
        self.usual = usual

    @property
    def rule(self) -> type[Head]:
        """Its words: a pydantic model. The docstring is its page in the manual."""
        return self._part("words", "RULE")  # type: ignore[no-any-return]

    @property
    def built(self) -> bool:
        """False: its rules are read, and refused with CDMQ114."""
        return self._part("words", "BUILT")  # type: ignore[no-any-return]

    @property
    def manual(self) -> InManual:
        """How it stands in the manual, and in the JSON Schema of a rule file."""
        from cdmq.kinds.in_manual import InManual

        return InManual(self._part)

    @property
    def section(self) -> Section:
        """How its items in rule files are read, and what is wrong with them."""
        from cdmq.kinds.section import Section

        return Section(self._part)

    @property
    def expects(self) -> Mapping[str, Expect]:
        """What a unit test may expect of its rules, by the words of `expect`."""
        return self._part("expect", "EXPECTS")  # type: ignore[no-any-return]

    def types(self, rule: Rule, dataset: Dataset) -> Mapping[str, Type]:
        """The columns of a dataset that are more than text by what a rule does with them: for unit
        tests, where nothing says their types."""
        return self._part("expect", "types")(rule, dataset)  # type: ignore[no-any-return]

    @property
    def tables(self) -> tuple[Table, ...]:
        """The audit tables that it keeps, beside those of every run."""
        return self._part("tables", "TABLES")  # type: ignore[no-any-return]

    @property
    def audit_views(self) -> tuple[View, ...]:
        """What is asked of its tables most, as views beside them."""
        return self._part("tables", "VIEWS")  # type: ignore[no-any-return]

    def removed(self, rules: frozenset[str], states: States) -> None:
        """Close the rows of its tables whose rules are no longer there."""
        self._part("removed", "removed")(self, rules, states)

    def undo(self, warehouse: Warehouse, day: str, run_id: str) -> list[tuple[str, str, int]]:
        """Undo the reviews after a day (or time); (rule, review, how many times it was made)."""
        return self._part("undoing", "undo")(warehouse, day, run_id)  # type: ignore[no-any-return]

    @property
    def commands(self) -> frozenset[str]:
        """The commands that run its rules."""
        return self._part("words", "COMMANDS")  # type: ignore[no-any-return]

    @property
    def layer(self) -> int | None:
        """Its rules change the cells of their dataset: at this place among the layers. What such a
        rule reads, its dataset stands on."""
        return self._part("words", "LAYER")  # type: ignore[no-any-return]

    def uses(self, rule: Rule, at: Known) -> Uses:
        """What a rule reads and makes."""
        return self._part("uses", "uses")(rule, at)  # type: ignore[no-any-return]

    @property
    def tells(self) -> Tells:
        """How its rules are told: in the report of a run, in the story of a record."""
        from cdmq.kinds.tells import Tells

        return Tells(self.name, self._part)

    def gives(self, rule: Rule) -> Given | None:
        """The column that a rule gives to the records of its dataset: it bears the rule's id."""
        return self._part("uses", "gives")(rule)  # type: ignore[no-any-return]

    def leaves(self, rule: Rule) -> dict[str, str]:
        """What a rule makes besides datasets, by its logical name, and the name under which people
        read it. `parties:D` bears the name of the dataset D."""
        return self._part("uses", "leaves")(rule)  # type: ignore[no-any-return]

    def stage(self, at: Layering) -> Stage | None:
        """What the rules of a layer make of the cells of a dataset; None where nothing does."""
        return self._part("layer", "stage")(at)  # type: ignore[no-any-return]

    def work(self, rule: Rule, at: Compiling) -> Work | None:
        """What running a rule takes, but for changed cells: what it makes, and what it judges;
        None where it does not fit, or changes cells alone."""
        return self._part("work", "work")(rule, at)  # type: ignore[no-any-return]


@cache
def _part(kind: str, file: str, name: str) -> Any:
    """`name` of the kind's `file`; where it is not there, of `plain`."""
    if file in _files(kind):
        part = importlib.import_module(f"cdmq.kinds.{kind}.{file}")
        if hasattr(part, name):
            return getattr(part, name)
    return getattr(importlib.import_module("cdmq.kinds.plain"), name)


@cache
def _files(kind: str) -> frozenset[str]:
    """The files of a kind's folder."""
    folder = importlib.import_module(f"cdmq.kinds.{kind}").__path__
    return frozenset(module.name for module in pkgutil.iter_modules(folder))
