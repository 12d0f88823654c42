"""The frozen values that pass between the stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from cdmq.problems import Problem, Span
from cdmq.sql.types import Type

if TYPE_CHECKING:
    from cdmq.project.fields import Model
    from cdmq.project.people import DecisionSpec, Person
    from cdmq.project.spec import DatasetSpec, Pii, ProjectFile
    from cdmq.project.unit_test import UnitTest
    from cdmq.project.yaml_source import Source
    from cdmq.sql.expressions import Expression

#: As a key: a record is named by its place in the file.
ROW_NUMBER = "row_number"

Severity = Literal["error", "warn", "info"]
Status = Literal["pass", "warn", "fail", "no_data", "skipped", "error"]
#: What a run makes: rows that are kept, or a query that is asked whenever somebody reads.
Materialization = Literal["table", "view"]


@dataclass(frozen=True)
class Seed:
    """A reference list: a csv file of the project, all text."""

    name: str
    path: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    digest: str


@dataclass(frozen=True)
class SqlModel:
    """A models/*.sql file as written; it is rendered in `compile`."""

    name: str
    path: str
    text: str


@dataclass(frozen=True)
class Documents:
    """What `load` leaves: every file of the project, read and typed, nothing resolved."""

    root: Path
    config: ProjectFile
    variables: Mapping[str, Any]
    datasets: tuple[tuple[DatasetSpec, Source, int], ...]
    rule_files: tuple[Source, ...]
    unit_tests: tuple[tuple[UnitTest, Span], ...]
    models: tuple[SqlModel, ...]
    seeds: tuple[Seed, ...]
    macros: str
    problems: tuple[Problem, ...]
    #: Datasets whose declaration could not be read: rules on them are not told again.
    broken: frozenset[str] = frozenset()
    #: The texts of rule files that could not be read: what they define is not missed.
    unread: tuple[str, ...] = ()
    #: The `--vars`.
    overrides: Mapping[str, Any] = field(default_factory=dict)
    #: The bytes of each file that was read.
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    #: Who may decide, and what the files in decisions/ say, each with its place.
    people: tuple[Person, ...] = ()
    decisions: tuple[tuple[DecisionSpec, Span], ...] = ()


@dataclass(frozen=True)
class Rule:
    """One rule, resolved: its head with what it inherits, its own fields, its place and text."""

    id: str
    kind: str
    check: str
    dataset: str
    columns: tuple[str, ...]
    spec: Model
    severity: Severity
    dimension: str | None
    where: str | None
    why: str | None
    owner: str | None
    tags: tuple[str, ...]
    enabled: bool
    formerly: str | None
    meta: Mapping[str, Any]
    stage: Literal["clean", "raw"]
    warn_above: str
    error_above: str
    span: Span
    last_line: int
    #: SQL fields by name ("where", "must", ...), parsed once in `resolve`.
    expressions: Mapping[str, Expression] = field(default_factory=dict)
    spans: Mapping[str, Span] = field(default_factory=dict)


#: Among the columns that a rule reads: all of them.
ALL = "*"


@dataclass(frozen=True)
class Uses:
    """What a rule reads and makes: the only answer, for whoever asks.

    Names of what is read, each with its columns: `rows:D` the records of a dataset as rules see
    them, `source:D` as they were delivered, `flags:D` the flags on those columns, `kept:R` what
    the rule R keeps, `found:R` how much it found in this run, `seed:S` a list. Of what is made:
    `source:D` a dataset, `column:D` a column that the dataset's records have from this rule,
    `parties:D` which of its records are one party, `flags:D` flags on those columns, `kept:R`,
    `handed:D` files with those columns, which leave cdmq in no other way.
    """

    reads: Mapping[str, frozenset[str]]
    makes: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def datasets(self) -> frozenset[str]:
        """The datasets and seeds whose rows it reads."""
        return frozenset(
            own
            for how, _, own in (name.partition(":") for name in self.reads)
            if how in ("rows", "source", "seed")
        )

    @property
    def kept(self) -> frozenset[str]:
        """The rules whose kept rows it reads."""
        return frozenset(n[5:] for n in self.reads if n.startswith("kept:"))

    @property
    def seeds(self) -> tuple[str, ...]:
        """The lists that it names, in the order of their names."""
        return tuple(sorted(n[5:] for n in self.reads if n.startswith("seed:")))

    def columns(self, dataset: str) -> frozenset[str]:
        """The columns that it reads of a dataset's rows, ALL among them where it reads all."""
        none: frozenset[str] = frozenset()
        return none.union(*(self.reads.get(f"{how}:{dataset}", ()) for how in ("rows", "source")))


@dataclass(frozen=True)
class Given:
    """The column that a rule gives to the records of its dataset.

    `made`: the relation that the rule makes, `table`: the audit table that keeps its rows; the
    open ones are read where the rule does not run. In both stand a `key` and, in `value`, the
    value of the column. Of a value that `drifts` with time the table has none: what people read of
    the rule is read then.
    """

    rule: str
    type: Type
    made: str
    value: str
    table: str
    drifts: bool = False


class Maker(Protocol):
    """The kind of a rule that makes a dataset of another."""

    def declared(self, said: DatasetSpec, of: Dataset | None) -> DatasetSpec:
        """Its declaration, of what models/*.yml says of it."""

    def columns(self, rule: Rule, of: Dataset, known: Mapping[str, Type]) -> dict[str, Type]:
        """Its columns, where those of the other are known."""

    def hidden(self, made: Dataset, of: Dataset) -> dict[str, Pii]:
        """What pii: of the other says of its columns."""


@dataclass(frozen=True)
class Dataset:
    """One dataset: its declaration and where the graph puts it."""

    name: str
    source: Literal["table", "file", "stack", "model", "seed", "rule"]
    spec: DatasetSpec
    span: Span
    depends_on: tuple[str, ...] = ()
    model: SqlModel | None = None
    seed: Seed | None = None
    #: The rule that makes it, its kind, and the dataset of whose records it is made.
    made_by: str | None = None
    made_as: str | None = None
    made_of: str | None = None
    maker: Maker | None = field(default=None, repr=False, compare=False)
    #: Of the project: where the clocks stand by which its times are read.
    time_zone: str = "UTC"
    #: The rules that must pass, or what is delivered is held back.
    guards: tuple[str, ...] = ()
    #: What people read of it is a view where it can be one, or a table.
    materialized: Materialization = "view"
    #: What config() of its SQL says of the relation that this makes.
    configured: Materialization | None = None

    #: Columns of which pii: says nothing here: the words are of those whose values they hold.
    hidden_above: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(self.spec.key)

    @property
    def said_pii(self) -> tuple[str, ...]:
        """The columns that its own pii: names."""
        return tuple(c for c in self.spec.pii if c not in self.hidden_above)

    @property
    def origin(self) -> str:
        """As people read it: its source, or the kind of the rule that makes it."""
        return self.made_as or self.source

    @property
    def numbered(self) -> bool:
        """The key of its records is their place in the file."""
        return (
            self.source == "file"
            and ROW_NUMBER in self.key
            and (ROW_NUMBER not in self.spec.columns)
        )

    @property
    def may_be_held(self) -> bool:
        """A delivery may be held back: what is read is then a table with the last good state."""
        return len(self.guards) > bool(self.spec.may_be_empty)

    @property
    def stays(self) -> bool:
        """What is read of it must stay as it was where it, or one of those it reads, is held back:
        it is a table. One that reads a single dataset changes with that."""
        return self.may_be_held or len(self.depends_on) > 1

    @property
    def own_materialization(self) -> Materialization:
        """Of the relation of its own name: a model may be a query, all others are loaded."""
        if self.source != "model" or self.stays:
            return "table"
        return self.configured or self.materialized


@dataclass(frozen=True)
class Project:
    """What `resolve` leaves: names known, graph ordered, expressions parsed."""

    root: Path
    config: ProjectFile
    variables: Mapping[str, Any]
    #: In an order in which each comes after what it depends on.
    datasets: Mapping[str, Dataset]
    rules: Mapping[str, Rule]
    unit_tests: tuple[tuple[UnitTest, Span], ...]
    seeds: Mapping[str, Seed]
    macros: str
    warnings: tuple[Problem, ...]
    #: The `--vars`, and the bytes of each file that was read.
    overrides: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    #: What each rule reads and makes.
    uses: Mapping[str, Uses] = field(default_factory=dict, repr=False)
    #: Who may decide, and what the files in decisions/ say, each with its place.
    people: tuple[Person, ...] = ()
    decisions: tuple[tuple[DecisionSpec, Span], ...] = ()

    def names_of(self, dataset: str) -> tuple[str, ...]:
        """A dataset's name and those that it had before."""
        known = self.datasets.get(dataset)
        return (dataset, *(known.spec.formerly if known else ()))

    def first_name(self, dataset: str) -> str:
        """The name that a dataset had at first: what it means hangs on no later one."""
        known = self.datasets.get(dataset)
        return known.spec.formerly[0] if known and known.spec.formerly else dataset

    def read_by(self, rule: str) -> frozenset[str]:
        """The datasets and seeds whose rows a rule reads, its own among them."""
        return self.uses[rule].datasets & frozenset(self.datasets)

    def given(self, dataset: str) -> Mapping[str, str]:
        """The columns that rules give to a dataset's records, in lower case, by rule."""
        name = f"column:{dataset}"
        return {c.lower(): r for r, u in self.uses.items() for c in u.makes.get(name, ())}

    def rules_of(self, dataset: str, kind: str) -> tuple[Rule, ...]:
        return tuple(r for r in self.rules.values() if r.dataset == dataset and r.kind == kind)


#: Column name -> type, of each dataset whose columns are known.
Catalog = Mapping[str, Mapping[str, Type]]
