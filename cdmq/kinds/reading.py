"""The sections of a rule file -> rules with the head they inherit and their SQL parsed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from cdmq.kinds import kinds
from cdmq.kinds.kind import Kind
from cdmq.problems import Problem, Span, did_you_mean, excerpt
from cdmq.project.fields import Head, Tags, Version
from cdmq.project.other_words import other_file
from cdmq.project.other_words import remedy as remedy_of
from cdmq.project.typed import read_model
from cdmq.project.yaml_source import Path, Source
from cdmq.sql.expressions import Expression, SqlProblem, parse
from cdmq.values import Dataset, Rule

M = TypeVar("M", bound=BaseModel)


class FileHead(Head):
    """The top of a rule file: `dataset`, and what its rules inherit."""

    version: Version = "1"
    dataset: str
    owner: str | None = None
    tags: Tags = []


_FILE_KEYS = ("version", "dataset", "owner", "tags")


@dataclass(frozen=True)
class Said:
    """The words of one rule as they stand in its file."""

    spec: Any
    #: The heads that it has, the inmost first.
    heads: Sequence[Any]
    #: Where the rule stands, and where the values of its spec do.
    at: Path
    values_at: Path
    #: The fields of the spec that are one SQL expression each.
    sql: Sequence[str] = ()


@dataclass(frozen=True)
class Reading:
    """One item of a section: what a kind is told and may ask to make rules of it.

    What is wrong goes to `problems`.
    """

    kind: Kind
    path: Path
    source: Source
    #: None where the file does not say soundly what it is about: its rules are read all the same,
    #: and none is made.
    head: FileHead | None
    datasets: Mapping[str, Dataset]
    problems: list[Problem]

    def problem(
        self, path: Path, code: str, cause: str, remedy: str = "", key: bool = False
    ) -> None:
        tell(self.source, self.problems, path, (code, cause, remedy), key)

    def named(self, item: Any) -> str:
        """How a message speaks of the item: by its id where it has one."""
        named = item.get("id") if isinstance(item, dict) else None
        return f"rule {named}" if named else f"{self.kind.name} rule"

    def model(
        self, model: type[M], data: Any, path: Path, what: str, also: Iterable[str] = ()
    ) -> M | None:
        """`data` as a `model`: see read_model."""
        return read_model(model, data, self.source, path, self.problems, what, also)

    def expressions(
        self, texts: Mapping[str, str | None], places: Mapping[str, Span]
    ) -> dict[str, Expression]:
        """Each text that is there, parsed."""
        found = {}
        told = {self.source.at(path) for path in self.source.cut}
        for field, text in texts.items():
            if text is None:
                continue
            try:
                found[field] = parse(text)
            except SqlProblem as error:
                if places[field] in told:
                    continue
                cause = (
                    f"{error.cause} (at column {max(error.column, 1)} of the SQL: {excerpt(text)})"
                )
                self.problems.append(Problem(places[field], error.code, cause, error.remedy))
        return found

    def rule(
        self,
        said: Said,
        *,
        id: str,
        check: str,
        columns: tuple[str, ...] = (),
        dimension: str | None = None,
        stage: Literal["clean", "raw"] = "clean",
        above: tuple[str, str] = ("0", "0"),
    ) -> Rule:
        """The rule of these words. `above`: how many failing rows warn, and how many fail."""
        assert self.head is not None
        source, heads = self.source, said.heads
        where, places, expressions = self._parsed(said)

        def first(field: str) -> Any:
            return next((v for h in heads if (v := getattr(h, field))), None)

        return Rule(
            id=id,
            kind=self.kind.name,
            check=check,
            dataset=self.head.dataset,
            columns=columns,
            spec=said.spec,
            severity=first("severity") or "error",
            dimension=first("dimension") or dimension,
            where=where,
            why=first("why"),
            owner=first("owner") or self.head.owner,
            tags=tuple(
                dict.fromkeys([*self.head.tags, *(t for h in reversed(heads) for t in h.tags)])
            ),
            enabled=all(h.enabled for h in heads),
            formerly=first("formerly"),
            meta={k: v for h in reversed(heads) for k, v in h.meta.items()},
            stage=stage,
            warn_above=above[0],
            error_above=above[1],
            span=source.at(said.at),
            last_line=source.ends.get(said.at, source.at(said.at).line),
            expressions=expressions,
            spans={**places, **self._fields(said)},
        )

    def _parsed(self, said: Said) -> tuple[str | None, dict[str, Span], dict[str, Expression]]:
        """The condition of a rule, and the place of each expression and what it says."""
        places = {f: self.source.at((*said.values_at, f)) for f in said.sql}
        texts: dict[str, str | None] = {f: getattr(said.spec, f) for f in said.sql}
        wheres = self._wheres(said)
        places["where"] = next(iter(wheres.values()), self.source.at(said.at))
        where = next(iter(wheres), None)
        texts["where"] = where
        if len(wheres) > 1:  # each must be an expression by itself before they are joined
            alone = [self.expressions({"where": w}, {"where": at}) for w, at in wheres.items()]
            where = " and ".join(f"({w})" for w in wheres)
            texts["where"] = where if all(alone) else None
        return where, places, self.expressions(texts, places)

    def _wheres(self, said: Said) -> dict[str, Span]:
        """The conditions of a rule, the outermost first, each with its place."""
        at, outer = said.at, said.at[:2]
        around = [outer, at][-len(said.heads) :] if len(said.heads) > 1 else [at, outer]
        found = {}
        for head, place in zip(reversed(said.heads), around, strict=False):
            if head.where is not None:
                near = next(
                    (p for p in ((*place, "where"), (*outer, "where")) if p in self.source.spans),
                    at,
                )
                found[head.where] = self.source.at(near)
        return found

    def _fields(self, said: Said) -> dict[str, Span]:
        """The place of each field of the spec that is written."""
        return {
            field: self.source.at((*said.values_at, field))
            for field in type(said.spec).model_fields
            if (*said.values_at, field) in self.source.spans
        }


def tell(
    source: Source,
    problems: list[Problem],
    path: Path,
    said: tuple[str, str, str],
    key: bool = False,
) -> None:
    """A problem (code, cause, remedy) at a place of a file, unless its place is told already."""
    if not source.is_told(path):
        problems.append(Problem(source.at_key(path) if key else source.at(path), *said))


class RuleReader:
    """Reads one rule file. What is wrong goes to `problems`; what is right is yielded."""

    def __init__(
        self,
        source: Source,
        datasets: Mapping[str, Dataset],
        problems: list[Problem],
        broken: frozenset[str] = frozenset(),
    ) -> None:
        self.source, self.datasets, self.broken = source, datasets, broken
        self.problems = problems

    def problem(self, path: Path, *said: str, key: bool = False) -> None:
        code, cause, remedy = said
        tell(self.source, self.problems, path, (code, cause, remedy), key)

    def read(self) -> Iterator[Rule]:
        data = self.source.data
        if other := other_file(data, ()):
            self.problem((), "CDMQ140", f"this is {other[0]}, not a rule file", other[1])
            return
        if not isinstance(data, dict):
            self.problem(
                (),
                "CDMQ112",
                "a rule file must be keys with values",
                "begin with: version: 1, dataset: NAME",
            )
            return
        said = {k: data[k] for k in _FILE_KEYS if k in data}
        head = read_model(FileHead, said, self.source, (), self.problems, "rule file")
        sound = head is not None and self.is_sound(head.dataset)
        for section in data:
            if section not in _FILE_KEYS and self.is_section(section, data[section]):
                rules = list(self.rules(kinds()[section], data[section], head))
                if sound:
                    yield from rules

    def rules(self, kind: Kind, items: list[Any], head: FileHead | None) -> Iterator[Rule]:
        section = kind.section
        for i, item in enumerate(items):
            path: Path = (kind.name, i)
            at = Reading(kind, path, self.source, head, self.datasets, self.problems)
            yield from section.read(item, at)

    def is_section(self, section: str, items: Any) -> bool:
        if section not in kinds():
            self.problem(
                (section,),
                "CDMQ113",
                f"unknown section '{section}'",
                remedy_of(section, [*kinds(), *_FILE_KEYS], "sections")[0],
                key=True,
            )
            return False
        if not isinstance(items, list):
            self.problem(
                (section,),
                "CDMQ112",
                f"'{section}' must be a list of rules",
                "begin each rule with '- '",
            )
            return False
        return True

    def is_sound(self, name: str) -> bool:
        """The file's dataset is known and has a key. Its rules are read all the same."""
        if name in self.broken:
            return False  # its own declaration is wrong, and that is told
        if name not in self.datasets:
            self.problem(
                ("dataset",),
                "CDMQ202",
                f"unknown dataset '{name}'",
                did_you_mean(name, self.datasets),
            )
        elif not self.datasets[name].key:
            place = self.datasets[name].span
            remedy = f"add key: to it ({place})"
            if place.file.endswith(".sql"):
                remedy = f"add to models/*.yml: - {{name: {name}, key: ...}}"
            self.problem(
                ("dataset",),
                "CDMQ206",
                f"the dataset '{name}' has no key: a flag could not say which record it is about",
                remedy,
            )
        else:
            return True
        return False
