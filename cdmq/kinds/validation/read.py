"""An item of the section -> a rule for each check that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cdmq.checks import checks
from cdmq.checks.base import Check
from cdmq.kinds.reading import Reading, Said
from cdmq.kinds.thresholds import threshold_problems, thresholds
from cdmq.kinds.validation.keys import foreign, inside, misspelt
from cdmq.kinds.validation.words import OWN_KEYS, ValidationRule
from cdmq.project.fields import SqlText, fields_marked
from cdmq.project.other_words import remedy as remedy_of
from cdmq.project.yaml_source import Path
from cdmq.values import Rule


@dataclass(frozen=True)
class Entry:
    """A check as it stands in its file: one of `checks`, or the only one of its rule."""

    name: str
    values: Any
    outer: ValidationRule
    #: What an item of `checks` says besides its check.
    inner: ValidationRule | None
    at: Path
    values_at: Path
    name_at: Path
    #: Keys beside the values that may have been meant by an unknown one.
    also: Iterable[str] = ()

    @property
    def heads(self) -> list[ValidationRule]:
        return [h for h in (self.inner, self.outer) if h]

    @property
    def named_by_key(self) -> bool:
        return self.inner is not None


def read(item: Any, at: Reading) -> Iterator[Rule]:
    if not isinstance(item, dict):
        at.problem(
            at.path,
            "CDMQ112",
            "a rule is keys with values",
            "for example - column: email, and below it checks: [not_null]",
        )
    elif ("check" in item) == ("checks" in item):
        _not_one_of_two(item, at)
    else:
        for entry in _alone(item, at) if "check" in item else _listed(item, at):
            yield from _rule(entry, at)


def _not_one_of_two(item: Mapping[str, Any], at: Reading) -> None:
    if found := foreign(item):
        at.problem((*at.path, found[0]), "CDMQ110", *found[1:], key=True)
        return
    said = "both check: and checks:" if "check" in item else "neither check: nor checks:"
    at.problem(
        at.path,
        "CDMQ112",
        f"{at.named(item)} says {said}",
        "write check: expression"
        if "must" in item and "check" not in item
        else "say one of them, for example checks: [not_null]",
    )


def _alone(item: Mapping[str, Any], at: Reading) -> Iterator[Entry]:
    """The check of a rule that has an id of its own."""
    own = {k: v for k, v in item.items() if k in OWN_KEYS}
    head = at.model(ValidationRule, own, at.path, at.named(item))
    values = {k: v for k, v in item.items() if k not in OWN_KEYS}
    if head and head.check:
        name_at = (*at.path, "check")
        yield Entry(head.check, values, head, None, at.path, at.path, name_at, also=OWN_KEYS)


def _listed(item: Mapping[str, Any], at: Reading) -> Iterator[Entry]:
    head = at.model(ValidationRule, item, at.path, at.named(item))
    if head is None:
        return
    if head.id:
        at.problem(
            (*at.path, "id"),
            "CDMQ130",
            "'id' has no effect beside checks: each check has an id of its own",
            "put it below its check, or write check: in place of checks:",
            key=True,
        )
    if not head.checks:
        at.problem(
            (*at.path, "checks"),
            "CDMQ112",
            "'checks' is empty: nothing would be judged",
            "name a check, for example [not_null]",
            key=True,
        )
    for n, entry in enumerate(head.checks or []):
        place: Path = (*at.path, "checks", n)
        if isinstance(entry, str):
            yield Entry(entry, {}, head, None, place, place, place)
        elif isinstance(entry, dict):
            yield from _with_values(entry, head, place, at)
        else:
            at.problem(
                place,
                "CDMQ112",
                "a check is a name, or a name with its values",
                "for example - accepted_range: {min: 0}",
            )


def _with_values(
    entry: Mapping[str, Any], outer: ValidationRule, place: Path, at: Reading
) -> Iterator[Entry]:
    names = [k for k in entry if k not in OWN_KEYS]
    if len(names) != 1:
        if meant := misspelt(names):
            for word, said in meant.items():
                at.problem((*place, word), "CDMQ110", *said, key=True)
            return
        near = f"here are {', '.join(names)}" if names else "here is none"
        at.problem(
            place,
            "CDMQ115",
            f"an item of checks names one check, {near}",
            "put the values of the check inside { } behind its name",
        )
        return
    name = names[0]
    own = {k: v for k, v in entry.items() if k in OWN_KEYS}
    inner = at.model(ValidationRule, own, place, f"check {name}")
    values = entry[name] if entry[name] is not None else {}
    if inner:
        yield Entry(name, values, outer, inner, place, (*place, name), (*place, name))


def _rule(entry: Entry, at: Reading) -> Iterator[Rule]:
    spec = _spec(entry, at)
    columns = _columns(spec, entry, at) if spec else None
    if spec is None or columns is None or at.head is None:
        return
    heads = entry.heads
    warn, error = (
        next((t for h in heads if (t := getattr(h, f))), None)
        for f in ("warn_above", "error_above")
    )
    severity = next((h.severity for h in heads if h.severity), None)
    for field, code, cause, how in threshold_problems(
        severity, warn, error, spec.SCOPE, entry.name
    ):
        near = ((*entry.at, field), (*entry.at[:2], field))
        place = next((p for p in near if p in at.source.keys), entry.at)
        at.problem(place, code, cause, how, key=True)
    own = heads[0].id if entry.inner or entry.outer.check else None
    named = () if spec.TAKES == "key" else columns[:1]
    sql = [f for f in fields_marked(type(spec), SqlText) if f != "where"]
    yield at.rule(
        Said(spec, heads, entry.at, entry.values_at, sql),
        id=own or ".".join(p for p in (at.head.dataset, *named, entry.name) if p),
        check=entry.name,
        columns=columns,
        dimension=spec.DIMENSION,
        stage="raw"
        if spec.OF_ITSELF
        else next((h.stage for h in heads if "stage" in h.model_fields_set), "clean"),
        above=thresholds(warn, error),
    )


def _spec(entry: Entry, at: Reading) -> Check | None:
    known = checks()
    if entry.name not in known:
        at.problem(
            entry.name_at,
            "CDMQ115",
            f"unknown check '{entry.name}'",
            remedy_of(entry.name, known, "checks")[0],
            key=entry.named_by_key,
        )
        return None
    model = known[entry.name]
    if entry.named_by_key and (misplaced := inside(model, entry.values)):
        for key, said in misplaced.items():
            at.problem((*entry.values_at, key), "CDMQ110", *said, key=True)
        return None
    return at.model(model, entry.values, entry.values_at, f"check {entry.name}", entry.also)


def _columns(spec: Check, entry: Entry, at: Reading) -> tuple[str, ...] | None:
    """The columns that are judged; None where what is said of them is wrong."""
    column = (entry.inner and entry.inner.column) or entry.outer.column
    own = entry.outer if entry.outer.check else entry.inner
    if spec.TAKES != "one" and own and own.column:
        takes = (
            "judges the columns of columns:" if spec.TAKES == "many" else "judges no single column"
        )
        at.problem(
            (*entry.at, "column"),
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
        dataset = at.datasets.get(at.head.dataset) if at.head else None
        return dataset.key if dataset else ()
    if column is None:
        at.problem(
            entry.at,
            "CDMQ111",
            f"'column' is missing: {spec.NAME} judges a column",
            "add column: NAME",
        )
        return None
    return (column,)
