"""The frozen values that pass between compile, plan, execute and record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.sql.text_form import identity_of
from cdmq.sql.types import Type
from cdmq.values import Dataset, Given, Rule

if TYPE_CHECKING:
    from cdmq.kinds.working import Work


@dataclass(frozen=True)
class Change:
    """How one rule's changes are read from the stage: conditions and values as nodes."""

    rule: Rule
    column: str
    changed: exp.Expr
    old: exp.Expr
    new: exp.Expr
    reason: exp.Expr
    tested: exp.Expr | None
    judged: exp.Expr
    #: What it did to the cell, in a word.
    act: exp.Expr
    #: What stood in a cell that could not be read.
    text: exp.Expr | None = None
    #: Where it can't be told whether the rule is about a record.
    could_not_judge: exp.Expr | None = None


@dataclass(frozen=True)
class Stage:
    """The clean stage: its query, and what reads it."""

    query: exp.Select
    changes: tuple[Change, ...]
    #: Columns with a hidden `__raw_` beside them.
    kept: frozenset[str]
    #: Column -> its placeholder as a node, for those that a rule may set.
    placeholders: Mapping[str, exp.Expr]
    #: The columns that may be borrowed; the place in the list is the bit.
    borrowable: tuple[str, ...]
    #: Typed columns of which a standard reads what the file's type could not.
    mended: frozenset[str] = frozenset()


#: A rule, and the name of one of its judgements: "" where it has no more than that.
JudgementId = tuple[str, str]


@dataclass(frozen=True)
class Judgement:
    """What a rule says of records, as conditions over the rows of `relation`. A rule of any kind
    may judge, and by several of them: each has a name of its own then, and columns."""

    rule: Rule
    relation: str
    failing: exp.Expr
    #: With `where` in it: a row is not judged either where that cannot be told.
    could_not_judge: exp.Expr | None
    tested: exp.Expr | None
    judged: exp.Expr | None
    shown: tuple[str, ...]
    value: exp.Expr
    digest: exp.Expr
    scope: str
    name: str = ""
    #: The key of a record in `relation`, where that is made by the rule: a row a tested record.
    key: exp.Expr | None = None
    #: False: the value is shown as it was first seen, and another makes no other flag.
    same_value: bool = True

    @property
    def id(self) -> JudgementId:
        return self.rule.id, self.name

    @property
    def column_name(self) -> str:
        """As it stands in its flags."""
        return ", ".join(self.shown)


@dataclass(frozen=True)
class Numbers:
    """The number of each judgement in a run; a rule that does not judge has one too."""

    known: Mapping[JudgementId, int]

    def code(self, rule: str, name: str = "") -> int:
        """Twice the number; one more is of what could not be judged."""
        return 2 * self.known[rule, name]

    def __contains__(self, rule: str) -> bool:
        return (rule, "") in self.known


@dataclass(frozen=True)
class DatasetSteps:
    """All that is done for one dataset."""

    dataset: Dataset
    columns: Mapping[str, Type]
    #: The text of a record's key over the clean rows, and over the source as it came.
    key: exp.Expr
    source_key: exp.Expr
    #: The digest of the record, that names it where its key is NULL; over the same two.
    digest: exp.Expr
    source_digest: exp.Expr
    judgements: tuple[Judgement, ...]
    stage: Stage | None
    #: The clean columns without the hidden ones.
    clean: exp.Select
    defaulted: exp.Select
    #: It has validation rules, selected or not: it is split into flagged and passed.
    validated: bool = True
    #: Relation of its rows with columns that rules give -> those.
    joined: Mapping[str, tuple[Given, ...]] = field(default_factory=dict)
    #: What its rules make.
    works: tuple[Work, ...] = ()
    #: What makes it, where a rule does, and what changes its cells as it is made.
    maker: Work | None = None
    layers: tuple[Work, ...] = ()
    #: The same by their keys alone, where with_identities() has named the records.
    unnamed: DatasetSteps | None = None

    def key_for(self, relation: str) -> exp.Expr:
        """The key over the rows of a relation."""
        return (self.source_key if relation.startswith("source:") else self.key).copy()

    def key_of(self, judgement: Judgement) -> exp.Expr:
        """The key over the rows that a judgement reads."""
        if judgement.key is not None:
            return judgement.key.copy()
        return self.key_for(judgement.relation)

    def judges(self, rule: str) -> tuple[Judgement, ...]:
        """The judgements of a rule."""
        return tuple(j for j in self.judgements if j.rule.id == rule)

    def flags_key_for(self, relation: str) -> exp.Expr:
        """The key that flags bear: theirs is one for all records of a key."""
        return (self.unnamed or self).key_for(relation)

    def with_digests(self) -> DatasetSteps:
        """The same with the record's digest for a NULL key: that reads every column of a row."""
        if self.unnamed:
            return self  # each record has a name
        return replace(
            self,
            key=exp.Coalesce(this=self.key, expressions=[self.digest]),
            source_key=exp.Coalesce(this=self.source_key, expressions=[self.source_digest]),
        )

    def with_identities(self) -> DatasetSteps:
        """The same with a name of its own for each record, where a key stands twice: that reads
        every column, and puts the rows in order."""
        own = self.with_digests()
        return replace(
            own,
            unnamed=own,
            key=identity_of(self.key, self.digest),
            source_key=identity_of(self.source_key, self.source_digest),
        )

    @property
    def relation(self) -> str:
        """Where the dataset's clean rows stand."""
        return f"stage:{self.dataset.name}" if self.stage else f"source:{self.dataset.name}"


@dataclass(frozen=True)
class Branch:
    """A query that finds flags (or changes) of some rules; `alone`: the same, rule by rule."""

    rules: tuple[Rule, ...]
    query: exp.Select
    alone: tuple[Branch, ...] = ()


@dataclass(frozen=True)
class Counts:
    """One pass that counts: `places` gives for each judgement its (tested, judged) columns."""

    query: exp.Select
    places: Mapping[JudgementId, tuple[int, int]]


@dataclass(frozen=True)
class DatasetPlan:
    """The statements of one dataset. `row` runs as one statement, each of `sets` alone."""

    steps: DatasetSteps
    row: tuple[Branch, ...]
    sets: tuple[Branch, ...]
    counts: tuple[Counts, ...]
    changes: tuple[Branch, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(j.rule for j in self.steps.judgements)


@dataclass(frozen=True)
class Plan:
    """What a run will send: the plan of each dataset, and the number of each judgement.

    `part` plans some rules of a dataset, and where some of its keys are NULL: its flags then name
    those records by their digest, which costs reading every column.
    """

    datasets: Mapping[str, DatasetPlan]
    numbers: Numbers
    part: Callable[[str, frozenset[str] | None, bool], DatasetPlan]
    #: What judges the guards of a dataset, and nothing else.
    guards: Callable[[str], DatasetPlan]
