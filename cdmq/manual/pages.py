"""The manual: pages made from the docstrings and models of checks, kinds, forms and functions.

>>> from cdmq.manual import explain
>>> explain("not_null")[0].title
'The value is there.'
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from cdmq.manual.keys import Key, keys_of
from cdmq.manual.page_lines import argument, key_lines, result, wrapped
from cdmq.problems import CdmqError, Problem, Span, closest

if TYPE_CHECKING:
    from pydantic import BaseModel


Sort = Literal["file", "check", "kind", "form", "function", "code"]
#: In the order in which a list of all is shown, with what each is.
SORTS: Mapping[Sort, str] = {
    "file": "Files: what stands in them besides rules",
    "kind": "Kinds: the sections of a rule file",
    "check": "Checks: what a rule of validation asks",
    "form": "Forms: what `standardise` knows",
    "function": "Functions: what SQL in rules may call",
    "code": "Problem codes",
}


@dataclass(frozen=True)
class Page:
    """One page of the manual. `text` is what follows the title; `notes` stand at its end."""

    sort: Sort
    name: str
    title: str
    text: str
    keys: tuple[Key, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        head = f"{self.name} ({self.sort})"
        parts = [head, "=" * len(head), "", *wrapped(self.title, "", "")]
        if self.text:
            parts += ["", self.text]
        if self.keys:
            parts += ["", "Keys:", *key_lines(self.keys)]
        for note in self.notes:
            parts += ["", *wrapped(note, "", "")]
        return "\n".join(parts)


def explain(word: str) -> tuple[Page, ...]:
    """The pages for a word, such as `email` (a check and a form); `check:email` is one of them.

    Raises CdmqError, with the nearest word, where there is none.
    """
    sort, colon, name = word.partition(":")
    wanted = name if colon else word
    if re.fullmatch(r"(?i)(cdmq)?\d{3}", wanted):
        wanted = "CDMQ" + wanted[-3:]
    from cdmq.sql.functions import spellings

    names = {
        wanted,
        wanted.lower(),
        spellings().get(wanted.lower(), wanted),
        _ALSO.get(wanted.lower(), wanted),
    }
    found = tuple(p for p in pages() if p.name in names and (not colon or p.sort == sort))
    if not found:
        is_code = bool(re.fullmatch(r"(?i)cdmq\w*", wanted))
        names = {p.name for p in pages() if (p.sort == "code") is is_code}
        near = closest(wanted, names if is_code else names | set(spellings()))
        all_ = "cdmq explain lists all"
        if places := _pages_with(wanted):
            raise CdmqError(
                Problem(
                    Span("explain"),
                    "CDMQ530",
                    f"'{word}' is a key and has no page of its own",
                    f"look at cdmq explain {' or '.join(places)}",
                )
            )
        raise CdmqError(
            Problem(
                Span("explain"),
                "CDMQ530",
                f"nothing is known of '{word}'",
                f"did you mean '{near}'? {all_}" if near else all_,
            )
        )
    return found


def _pages_with(key: str) -> list[str]:
    """The first pages of what this version runs that list a key."""
    from cdmq.kinds import kinds

    late = {name for name, module in kinds().items() if not module.built}
    found = [
        p.name
        for p in pages()
        if p.sort not in ("function", "code")
        and p.name not in late
        and any(key in (k.name, k.name.partition(".")[2]) for k in p.keys)
    ]
    return found[:2]


def explained(word: str) -> str:
    """The pages for a word as text; of several, how to ask for one."""
    found = explain(word)
    text = "\n\n\n".join(map(str, found))
    if len(found) == 1:
        return text
    ways = " or ".join(f"cdmq explain {p.sort}:{p.name}" for p in found)
    return f"{text}\n\n\nOne of them alone: {ways}"


@cache
def pages() -> tuple[Page, ...]:
    """Every page, by sort and name."""
    made = {
        "file": _files,
        "kind": _kinds,
        "check": _checks,
        "form": _forms,
        "function": _functions,
        "code": _codes,
    }
    return tuple(page for sort in SORTS for page in made[sort]())


def contents() -> str:
    """Every word that can be explained, with its first sentence."""
    lines: list[str] = []
    for sort, title in SORTS.items():
        own = [p for p in pages() if p.sort == sort]
        width = max(len(p.name) for p in own) if sort != "function" else 0
        lines += ["", title]
        if sort == "function":
            lines += wrapped(", ".join(p.name for p in own), "    ", "    ")
            continue
        for page in own:
            lines += wrapped(page.title, f"    {page.name:<{width}}  ", " " * (width + 6))
    return "\n".join([*lines[1:], "", "One of them: cdmq explain WORD"])


# pages of each sort -----------------------------------------------------------------------

#: Other words for a page.
_ALSO = {
    "datasets": "dataset",
    "models": "dataset",
    "models.yml": "dataset",
    "unit-test": "unit_test",
    "unit_tests": "unit_test",
    "people.yml": "people",
    "decision": "decisions",
    "cdmq_project": "project",
    "cdmq_project.yml": "project",
}


def _files() -> Iterator[Page]:
    from cdmq.kinds.unit_tests import model_of_test
    from cdmq.project.people import DecisionSpec, Person
    from cdmq.project.spec import DatasetSpec, ProjectFile

    models: dict[str, type[BaseModel]] = {
        "project": ProjectFile,
        "dataset": DatasetSpec,
        "unit_test": model_of_test(),
        "people": Person,
        "decisions": DecisionSpec,
    }
    for name, model in models.items():
        title, text = _split(model.__doc__)
        yield Page("file", name, title, text, keys_of(model, set(model.model_fields)))


def _kinds() -> Iterator[Page]:
    from cdmq.kinds import kinds
    from cdmq.project.fields import Head

    for name, module in sorted(kinds().items()):
        own = set(module.rule.model_fields) - set(Head.model_fields)
        title, text = _split(module.rule.__doc__)
        missing = "Not built yet: this version reads it, and says that it cannot run it."
        notes = module.manual.notes if module.built else (missing, *module.manual.notes)
        yield Page(
            "kind",
            name,
            title,
            text,
            (*keys_of(module.rule, own), *keys_of(module.rule, set(Head.model_fields))),
            notes,
        )


def _checks() -> Iterator[Page]:
    from cdmq.checks import checks
    from cdmq.checks.base import Check

    where = {
        "one": "It judges the `column` of its rule.",
        "many": "It judges `columns`.",
        "none": "It belongs to no column.",
        "key": "It judges the `key` of its dataset.",
    }
    for name, check in checks().items():
        title, text = _split(check.__doc__)
        common = set(Check.model_fields)
        keys = (*keys_of(check, set(check.model_fields) - common), *keys_of(check, common))
        yield Page(
            "check",
            name,
            title,
            text,
            keys if not check.OF_ITSELF else (),
            (
                f"{where[check.TAKES]} Dimension: {check.DIMENSION}. Keys of every rule (id, why, "
                "owner, severity, where, ...): cdmq explain validation",
            ),
        )


def _forms() -> Iterator[Page]:
    from cdmq.standards import FORMS

    for name, form in FORMS.items():
        title, text = _split(inspect.getdoc(form))
        keys = keys_of(form.OPTIONS, set(form.OPTIONS.model_fields))
        yield Page(
            "form",
            name,
            title,
            text.replace("**", "").replace("\\\\", "\\"),
            keys,
            (
                f"Written as `standardise: {name}` in a rule of defaults; its other keys: "
                "cdmq explain defaults",
            ),
        )


def _functions() -> Iterator[Page]:
    from cdmq.sql.functions import table

    for name, row in sorted(table().items()):
        notes = [f"Gives: {result(row)}. {row.nulls[0].upper()}{row.nulls[1:]}."]
        if row.also:
            notes.append(f"Also written: {', '.join(row.also)}")
        if row.may_fail:
            notes.append("A value on which it fails makes the flag `could_not_judge`.")
        keys = tuple(Key(a.name, argument(a), not a.optional, "", "") for a in row.args)
        yield Page("function", name, row.doc, row.signature, keys, tuple(notes))


def _codes() -> Iterator[Page]:
    from cdmq.manual.codes import codes

    for code in codes().values():
        example = "\n".join(f"    {line}" for line in code.example.rstrip().splitlines())
        text = f"Cause: {code.cause}\nRemedy: {code.remedy}\n\nExample:\n{example}"
        yield Page("code", code.code, f"{code.title}.", text)


def _split(doc: str | None) -> tuple[str, str]:
    """The first paragraph as one line, and the rest."""
    title, _, text = inspect.cleandoc(doc or "").partition("\n\n")
    return " ".join(title.split()), text.strip("\n")
