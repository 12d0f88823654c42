"""What a unit test may expect of rules, and how it is held against what they made.

The words of `expect` are those of the kinds: each states its own in its file expect.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from cdmq.kinds import kinds
from cdmq.kinds.expected import Difference, differences
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.project.fields import Model
from cdmq.sql.types import Type
from cdmq.values import Project, Rule

if TYPE_CHECKING:
    from cdmq.kinds.kind import Kind
    from cdmq.outcomes import Executed
    from cdmq.project.unit_test import UnitTest
    from cdmq.sql.relation import Relation
    from cdmq.steps import DatasetSteps
    from cdmq.warehouses.duckdb import DuckDB

#: Code, cause, remedy.
Said = tuple[str, str, str]


@dataclass(frozen=True)
class Told:
    """A unit test as a message names it."""

    test: str
    span: Span

    def problem(self, code: str, cause: str, remedy: str) -> Problem:
        return Problem(self.span, code, f"{cause} in unit test {self.test}", remedy)


@dataclass(frozen=True)
class Members:
    """Records that a rule put together: key of a record -> its party. `dataset` is the records'."""

    party_of: Mapping[str, str]
    dataset: str = ""

    @cached_property
    def parties(self) -> Mapping[str, list[str]]:
        """The records of each party, by code point."""
        found: dict[str, list[str]] = {}
        for key in sorted(self.party_of):
            found.setdefault(self.party_of[key], []).append(key)
        return found

    def unknown(self, keys: Iterable[str], told: Told) -> Iterator[Problem]:
        """Records that were not given."""
        for key in keys:
            if key not in self.party_of:
                cause = f"expect: {self.dataset} has no record '{key}'"
                yield told.problem("CDMQ527", cause, did_you_mean(key, self.party_of))


@dataclass(frozen=True)
class Ran:
    """What the rules of a unit test ran on and left. The run ends before anything is written."""

    project: Project
    rules: Sequence[Rule]
    catalog: Mapping[str, Mapping[str, Type]]
    steps: Mapping[str, DatasetSteps]
    done: Executed
    warehouse: DuckDB

    def rows(self, relation: Relation, shown: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Columns, by name or as nodes, of a relation that the run made."""
        from cdmq.sql import nodes

        wanted = [nodes.column(c) if isinstance(c, str) else c for c in shown]
        return self.warehouse.fetch(nodes.select(wanted, nodes.table(relation)).sql("duckdb"))

    def counted(self, relation: Relation, names: Sequence[str]) -> Counter[tuple[Any, ...]]:
        """Its rows as they are told, and of how many records each is."""
        return Counter(self.rows(relation, names))

    def kept(self, rule: str, table: str, *columns: str) -> list[tuple[Any, ...]]:
        """What a rule holds true now, as it would stand in an audit table."""
        states = [s for s in self.done.states if (s.rule, s.table.name) == (rule, table)]
        return [row for s in states for row in self.rows(s.staged, columns)]

    def rule(self, kind: str) -> Rule | None:
        """The rule of a kind that the test names, or that one of its rules stands on."""
        found = (nearest(self.project, r, lambda near: near.kind == kind) for r in self.rules)
        return next((r for r in found if r), None)

    @cached_property
    def members(self) -> Members:
        """Whose records stand together; none where nothing of the test does so."""
        keeps = {s.rule for s in self.done.states if s.table.name == "xref"}
        found = (nearest(self.project, r, lambda near: near.id in keeps) for r in self.rules)
        rule = next((r for r in found if r), None)
        if rule is None:
            return Members({})
        return Members(dict(self.kept(rule.id, "xref", "key", "party_id")), rule.dataset)


def _by_rows(expect: Expect, wanted: Any, found: Any, told: Told) -> list[Difference]:
    return differences(expect.what, expect.about, wanted, found)


def _nothing_wrong(project: Project, test: UnitTest, rule: Rule) -> Iterator[Said]:
    return iter(())


@dataclass(frozen=True)
class Expect:
    """A word of `expect`: what stands there, and what is found that is held against it."""

    #: Its one field is the word, with its type and what it says to who writes it.
    model: type[Model]
    #: One of what it tells of, in a message.
    what: str
    #: How one writes it who expects nothing yet.
    example: str
    #: Reads what the rules of a test made: rows, or what `compared` takes.
    found: Callable[[Ran], Any]
    #: Row by row and in any order, where the kind says nothing else.
    compared: Callable[[Expect, Any, Any, Told], list[Difference]] = _by_rows
    #: The fields of a row that say what it is about; without the first it is about nothing.
    about: tuple[str, ...] = ()
    #: The keys of its rows, where the model leaves them open.
    fields: tuple[str, ...] = ()
    #: All that is found must be expected, and not only what is named.
    whole: bool = True
    #: Its rows name their rule and their record: a test may name several rules of the kind, and
    #: tests of row rules run together.
    by_rule: bool = False
    #: A rule of another kind that makes such a thing, as Uses names it, may be told of too.
    made: str = ""
    #: Of a rule that stands on one of the kind it may be expected too.
    from_above: bool = False
    #: It tells values and keys as they are, whatever `pii` says.
    bare: bool = False
    #: What is wrong with a test that names a rule of the kind.
    wrong: Callable[[Project, UnitTest, Rule], Iterator[Said]] = _nothing_wrong

    def differences(self, wanted: Any, found: Any, told: Told) -> list[Difference]:
        """Raises CdmqError where what is expected names what was not given."""
        return self.compared(self, wanted, found, told)


def expects() -> Mapping[str, Expect]:
    """Every word of `expect`, in the order of the kinds."""
    return _expects(tuple(kinds().values()))


@cache
def _expects(of: tuple[Kind, ...]) -> Mapping[str, Expect]:
    return {word: expect for kind in of for word, expect in kind.expects.items()}


def nearest(project: Project, rule: Rule, fits: Callable[[Rule], bool]) -> Rule | None:
    """The rule itself or the nearest that it stands on: of which it reads what that keeps, or that
    makes its dataset."""
    waiting, seen = [rule], {rule.id}
    while waiting:
        near = waiting.pop(0)
        if fits(near):
            return near
        dataset = project.datasets.get(near.dataset)
        uses = project.uses[near.id]
        names = [n.removeprefix("kept:") for n in uses.reads if n.startswith("kept:")]
        names += [dataset.made_by] if dataset and dataset.made_by else []
        below = [r for r in map(project.rules.get, names) if r and r.id not in seen]
        seen |= {r.id for r in below}
        waiting += below
    return None


def refuse(problems: Iterable[Problem]) -> None:
    """Raises CdmqError with what is wrong, each once."""
    said = list(dict.fromkeys(problems))
    if said:
        raise CdmqError(said)
