"""The sections of a rule file -> rules with the head they inherit and their SQL parsed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cdmq.checks import checks
from cdmq.checks.base import Check
from cdmq.kinds import kinds
from cdmq.kinds.defaults.words import DefaultRule
from cdmq.kinds.thresholds import threshold_problems, thresholds
from cdmq.kinds.validation.keys import foreign, inside, misspelt, named
from cdmq.kinds.validation.words import OWN_KEYS, ValidationRule
from cdmq.problems import Problem, Span, did_you_mean, excerpt
from cdmq.project.fields import Head, SqlText, Tags, Version, fields_marked
from cdmq.project.other_words import other_file
from cdmq.project.other_words import remedy as remedy_of
from cdmq.project.typed import read_model
from cdmq.project.yaml_source import Path, Source
from cdmq.sql.expressions import Expression, SqlProblem, parse
from cdmq.values import Dataset, Rule, Seed


class FileHead(Head):
    """The top of a rule file: `dataset`, and what its rules inherit."""

    version: Version = "1"
    dataset: str
    owner: str | None = None
    tags: Tags = []


_FILE_KEYS = ("version", "dataset", "owner", "tags")


class RuleReader:
    """Reads one rule file. What is wrong goes to `problems`; what is right is yielded."""

    def __init__(
        self,
        source: Source,
        datasets: Mapping[str, Dataset],
        seeds: Mapping[str, Seed],
        problems: list[Problem],
        broken: frozenset[str] = frozenset(),
    ) -> None:
        self.source, self.datasets, self.seeds = source, datasets, seeds
        self.broken = broken
        self.problems = problems

    def problem(
        self, path: Path, code: str, cause: str, remedy: str = "", key: bool = False
    ) -> None:
        if self.source.is_told(path):
            return
        span = self.source.at_key(path) if key else self.source.at(path)
        self.problems.append(Problem(span, code, cause, remedy))

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
        head = {k: data[k] for k in _FILE_KEYS if k in data}
        self.head = read_model(FileHead, head, self.source, (), self.problems, "rule file")
        sound = self.dataset_is_sound()
        for section in data:
            if section in _FILE_KEYS:
                continue
            if section not in kinds():
                self.problem(
                    (section,),
                    "CDMQ113",
                    f"unknown section '{section}'",
                    remedy_of(section, [*kinds(), *_FILE_KEYS], "sections")[0],
                    key=True,
                )
                continue
            if not isinstance(data[section], list):
                self.problem(
                    (section,),
                    "CDMQ112",
                    f"'{section}' must be a list of rules",
                    "begin each rule with '- '",
                )
                continue
            rules = list(self.section(section, data[section]))
            if sound:
                yield from rules

    def dataset_is_sound(self) -> bool:
        """The file's dataset is known and has a key. Its rules are read all the same."""
        if self.head is None:
            return False
        name = self.head.dataset
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

    def section(self, section: str, items: list[Any]) -> Iterator[Rule]:
        kind = kinds()[section]
        for i, item in enumerate(items):
            path: Path = (section, i)
            if section == "validation":
                yield from self.validation(item, path)
            elif section == "defaults":
                yield from self.default(item, path)
            elif spec := read_model(
                kind.rule, item, self.source, path, self.problems, named(item, f"{section} rule")
            ):
                if kind.built:
                    yield from self.named(section, spec, path)
                    continue
                self.problem(
                    path,
                    "CDMQ114",
                    f"{section} is not built yet: the rule is right, "
                    "but this version cannot run it",
                    "take it out until a version can",
                )

    # validation ---------------------------------------------------------------------------

    def validation(self, item: Any, path: Path) -> Iterator[Rule]:
        what = named(item, "validation rule")
        if not isinstance(item, dict):
            self.problem(
                path,
                "CDMQ112",
                "a rule is keys with values",
                "for example - column: email, and below it checks: [not_null]",
            )
            return
        if ("check" in item) == ("checks" in item):
            if found := foreign(item):
                self.problem((*path, found[0]), "CDMQ110", *found[1:], key=True)
                return
            said = "both check: and checks:" if "check" in item else "neither check: nor checks:"
            self.problem(
                path,
                "CDMQ112",
                f"{what} says {said}",
                "write check: expression"
                if "must" in item and "check" not in item
                else "say one of them, for example checks: [not_null]",
            )
            return
        if "check" in item:
            own = {k: v for k, v in item.items() if k in OWN_KEYS}
            head = read_model(ValidationRule, own, self.source, path, self.problems, what)
            params = {k: v for k, v in item.items() if k not in OWN_KEYS}
            if head and head.check:
                yield from self.check(
                    head.check, params, head, None, path, path, (*path, "check"), also=OWN_KEYS
                )
            return
        head = read_model(ValidationRule, item, self.source, path, self.problems, what)
        if head and head.id:
            self.problem(
                (*path, "id"),
                "CDMQ130",
                "'id' has no effect beside checks: each check has an id of its own",
                "put it below its check, or write check: in place of checks:",
                key=True,
            )
        if head and not head.checks:
            self.problem(
                (*path, "checks"),
                "CDMQ112",
                "'checks' is empty: nothing would be judged",
                "name a check, for example [not_null]",
                key=True,
            )
        for n, entry in enumerate(head.checks or [] if head else []):
            assert head is not None
            at: Path = (*path, "checks", n)
            if isinstance(entry, str):
                yield from self.check(entry, {}, head, None, at, at, at)
            elif isinstance(entry, dict):
                yield from self.item(entry, head, at)
            else:
                self.problem(
                    at,
                    "CDMQ112",
                    "a check is a name, or a name with its values",
                    "for example - accepted_range: {min: 0}",
                )

    def item(self, entry: dict[str, Any], outer: ValidationRule, at: Path) -> Iterator[Rule]:
        names = [k for k in entry if k not in OWN_KEYS]
        if len(names) != 1:
            if meant := misspelt(names):
                for word, said in meant.items():
                    self.problem((*at, word), "CDMQ110", *said, key=True)
                return
            near = f"here are {', '.join(names)}" if names else "here is none"
            self.problem(
                at,
                "CDMQ115",
                f"an item of checks names one check, {near}",
                "put the values of the check inside { } behind its name",
            )
            return
        name = names[0]
        own = {k: v for k, v in entry.items() if k in OWN_KEYS}
        inner = read_model(ValidationRule, own, self.source, at, self.problems, f"check {name}")
        params = entry[name] if entry[name] is not None else {}
        if inner:
            yield from self.check(name, params, outer, inner, at, (*at, name), (*at, name), True)

    def check(
        self,
        name: str,
        params: Any,
        outer: ValidationRule,
        inner: ValidationRule | None,
        at: Path,
        params_at: Path,
        name_at: Path,
        named_by_key: bool = False,
        also: Iterable[str] = (),
    ) -> Iterator[Rule]:
        known = checks()
        if name not in known:
            self.problem(
                name_at,
                "CDMQ115",
                f"unknown check '{name}'",
                remedy_of(name, known, "checks")[0],
                key=named_by_key,
            )
            return
        if named_by_key and (misplaced := inside(known[name], params)):
            for key, said in misplaced.items():
                self.problem((*params_at, key), "CDMQ110", *said, key=True)
            return
        spec = read_model(
            known[name], params, self.source, params_at, self.problems, f"check {name}", also
        )
        columns = self.columns(spec, outer, inner, at) if spec else None
        if spec is None or columns is None or self.head is None:
            return
        heads = [h for h in (inner, outer) if h]
        warn, error = (
            next((t for h in heads if (t := getattr(h, f))), None)
            for f in ("warn_above", "error_above")
        )
        severity = next((h.severity for h in heads if h.severity), None)
        for field, code, cause, how in threshold_problems(severity, warn, error, spec.SCOPE, name):
            place = next((p for p in ((*at, field), (*at[:2], field)) if p in self.source.keys), at)
            self.problem(place, code, cause, how, key=True)
        warn, error = thresholds(warn, error)
        yield self.rule(
            spec,
            heads,
            at,
            params_at,
            kind="validation",
            check=name,
            columns=columns,
            id=self.id_of(heads, columns, name),
            dimension=spec.DIMENSION,
            stage="raw"
            if spec.OF_ITSELF
            else next((h.stage for h in heads if "stage" in h.model_fields_set), "clean"),
            warn=warn,
            error=error,
        )

    def id_of(self, heads: list[ValidationRule], columns: tuple[str, ...], name: str) -> str:
        assert self.head is not None
        own = heads[0].id if len(heads) > 1 or heads[0].check else None
        if checks()[name].TAKES == "key":
            columns = ()
        return own or ".".join(p for p in (self.head.dataset, *columns[:1], name) if p)

    def columns(
        self, spec: Check, outer: ValidationRule, inner: ValidationRule | None, at: Path
    ) -> tuple[str, ...] | None:
        column = (inner and inner.column) or outer.column
        own = outer if outer.check else inner
        if spec.TAKES != "one" and own and own.column:
            takes = (
                "judges the columns of columns:"
                if spec.TAKES == "many"
                else ("judges no single column")
            )
            self.problem(
                (*at, "column"),
                "CDMQ130",
                f"'column' has no effect here: {spec.NAME} {takes}",
                "take it out",
                key=True,
            )
            return None
        if spec.TAKES == "many":
            return tuple(spec.columns)  # type: ignore[attr-defined]
        if spec.TAKES == "none":
            return ()
        if spec.TAKES == "key":
            dataset = self.datasets.get(self.head.dataset) if self.head else None
            return dataset.key if dataset else ()
        if column is None:
            self.problem(
                at,
                "CDMQ111",
                f"'column' is missing: {spec.NAME} judges a column",
                "add column: NAME",
            )
            return None
        return (column,)

    # defaults -----------------------------------------------------------------------------

    def default(self, item: Any, path: Path) -> Iterator[Rule]:
        from cdmq.standards import FORMS

        what = named(item, "defaults rule")
        options: dict[str, Any] = {}
        form = FORMS.get(str(item.get("standardise"))) if isinstance(item, dict) else None
        if isinstance(item, dict) and item.get("standardise") and form is None:
            self.problem(
                (*path, "standardise"),
                "CDMQ116",
                f"unknown form '{item['standardise']}' in {what}",
                did_you_mean(str(item["standardise"]), FORMS),
            )
            return
        known = set(form.OPTIONS.model_fields) if form else set()
        sound: object = True
        if form is not None:
            options = {k: v for k, v in item.items() if k in known}
            item = {k: v for k, v in item.items() if k not in known}
            sound = read_model(form.OPTIONS, options, self.source, path, self.problems, what)
        spec = read_model(DefaultRule, item, self.source, path, self.problems, what, known)
        if not sound or spec is None or self.head is None:
            return
        spec = spec.model_copy(update={"options": options})
        yield self.rule(
            spec,
            [spec],
            path,
            path,
            kind="defaults",
            check=spec.means,
            columns=(spec.column,),
            id=spec.id or f"{self.head.dataset}.{spec.column}.{spec.means}",
            dimension="completeness" if spec.means in ("fill_from", "set") else "conformity",
        )

    # matching, golden, tiering ------------------------------------------------------------

    def named(self, section: str, spec: Any, path: Path) -> Iterator[Rule]:
        if self.head is None:
            return
        rule = self.rule(
            spec,
            [spec],
            path,
            path,
            kind=section,
            check=section,
            columns=(),
            id=spec.id,
            dimension=spec.DIMENSION,
            fields=(),
        )
        nested = {name: ((*path, *at), text) for name, (at, text) in spec.nested_sql().items()}
        places = {name: self.source.at(at) for name, (at, _) in nested.items()}
        parsed = self.expressions({name: text for name, (_, text) in nested.items()}, places)
        inner = {
            ".".join(map(str, p[len(path) :])): self.source.at_key(p)
            for p in self.source.spans
            if p[: len(path)] == path and len(p) > len(path)
        }
        yield replace(
            rule,
            spans={**inner, **rule.spans, **places},
            expressions={**rule.expressions, **parsed},
        )

    # both ---------------------------------------------------------------------------------

    def rule(
        self,
        spec: Any,
        heads: list[Any],
        at: Path,
        params_at: Path,
        *,
        kind: str,
        check: str,
        columns: tuple[str, ...],
        id: str,
        dimension: str | None,
        stage: Any = "clean",
        warn: str = "0",
        error: str = "0",
        fields: Sequence[str] | None = None,
    ) -> Rule:
        assert self.head is not None
        if fields is None:
            fields = [f for f in fields_marked(spec.__class__, SqlText) if f != "where"]
        places = {f: self.source.at((*params_at, f)) for f in fields}
        wheres = self.wheres(heads, at)
        where = (
            " and ".join(f"({w})" for w in wheres)
            if len(wheres) > 1
            else (next(iter(wheres), None))
        )
        places["where"] = next(iter(wheres.values()), self.source.at(at))
        texts: dict[str, str | None] = {f: getattr(spec, f) for f in fields}
        if len(wheres) > 1:  # each must be an expression by itself before they are joined
            alone = [self.expressions({"where": w}, {"where": at}) for w, at in wheres.items()]
            texts["where"] = where if all(alone) else None
        else:
            texts["where"] = where

        def first(field: str) -> Any:
            return next((v for h in heads if (v := getattr(h, field))), None)

        tags = dict.fromkeys([*self.head.tags, *(t for h in reversed(heads) for t in h.tags)])
        return Rule(
            id=id,
            kind=kind,
            check=check,
            dataset=self.head.dataset,
            columns=columns,
            spec=spec,
            severity=first("severity") or "error",
            dimension=first("dimension") or dimension,
            where=where,
            why=first("why"),
            owner=first("owner") or self.head.owner,
            tags=tuple(tags),
            enabled=all(h.enabled for h in heads),
            formerly=first("formerly"),
            meta={k: v for h in reversed(heads) for k, v in h.meta.items()},
            stage=stage,
            warn_above=warn,
            error_above=error,
            span=self.source.at(at),
            last_line=self.source.ends.get(at, self.source.at(at).line),
            expressions=self.expressions(texts, places),
            spans={
                **places,
                **{
                    f: self.source.at((*params_at, f))
                    for f in type(spec).model_fields
                    if (*params_at, f) in self.source.spans
                },
            },
        )

    def wheres(self, heads: list[Any], at: Path) -> dict[str, Span]:
        """The conditions of a rule, the outermost first, each with its place."""
        around = [at[:2], at][-len(heads) :] if len(heads) > 1 else [at, at[:2]]
        found = {}
        for head, place in zip(reversed(heads), around, strict=False):
            if head.where is not None:
                near = next(
                    (p for p in ((*place, "where"), (*at[:2], "where")) if p in self.source.spans),
                    at,
                )
                found[head.where] = self.source.at(near)
        return found

    def expressions(
        self, texts: Mapping[str, str | None], places: Mapping[str, Any]
    ) -> dict[str, Expression]:
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
                self.problems.append(
                    Problem(
                        places[field],
                        error.code,
                        f"{error.cause} (at column "
                        f"{max(error.column, 1)} of the SQL: {excerpt(text)})",
                        error.remedy,
                    )
                )
        return found
