"""What must be true of a golden rule before it is compiled: its columns, labels and dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdmq.kinds.binding import real
from cdmq.kinds.golden.layout import SOURCE, Layout, layout, not_picked
from cdmq.kinds.golden.words import PARTY, GoldenRule
from cdmq.problems import Problem, did_you_mean
from cdmq.sql.types import MOMENTS, SIZED, Type
from cdmq.values import Dataset, Rule

#: fields, the most exact first, code, cause, remedy
Told = tuple[tuple[str, ...], str, str, str]


def golden_problems(rule: Rule, dataset: Dataset, columns: Mapping[str, Type]) -> list[Problem]:
    """All that does not fit between a golden rule and the dataset whose records it joins."""
    spec = rule.spec
    assert isinstance(spec, GoldenRule)
    told = [
        *_named(spec, dataset, columns),
        *_trust(spec, dataset, columns),
        *_dates(spec, dataset, columns),
        *_taken(layout(rule, dataset, columns)),
        *_letters(layout(rule, dataset, columns), spec),
    ]
    return [
        Problem(
            next((rule.spans[f] for f in fields if f in rule.spans), rule.span),
            code,
            f"{cause} (rule {rule.id})",
            remedy,
        )
        for fields, code, cause, remedy in told
    ]


def _named(spec: GoldenRule, dataset: Dataset, columns: Mapping[str, Type]) -> Iterator[Told]:
    """Columns that are not there, or of which nothing is picked."""
    names = [((f"columns.{c}", "columns"), c) for c in spec.columns]
    names += [((f"together.{g}", "together"), c) for g, own in spec.together.items() for c in own]
    seen: dict[str, str] = {}
    for fields, name in names:
        column = real(name, columns)
        if column not in columns:
            yield (
                fields,
                "CDMQ203",
                f"{dataset.name} has no column '{name}'",
                did_you_mean(name, columns),
            )
        elif (why := not_picked(dataset, column)) is not None:
            yield (
                fields,
                "CDMQ240",
                f"'{name}' {why}: there is nothing to pick",
                f"take it out of {fields[-1]}",
            )
        elif seen.setdefault(column, name) != name:
            yield (
                fields,
                "CDMQ240",
                f"'{name}' and '{seen[column]}' are one column",
                "keep one of them",
            )


def _trust(spec: GoldenRule, dataset: Dataset, columns: Mapping[str, Type]) -> Iterator[Told]:
    """Labels of sources that are not there."""
    if not spec.trust:
        return
    if SOURCE not in columns:
        yield (
            ("trust",),
            "CDMQ241",
            f"{dataset.name} does not say from which source a record is",
            f"stack the sources, or give it a column '{SOURCE}'",
        )
    for label in spec.trust:
        if dataset.spec.stack is not None and label not in dataset.spec.stack:
            yield (
                ("trust",),
                "CDMQ241",
                f"the stack {dataset.name} has no source '{label}'",
                did_you_mean(label, dataset.spec.stack),
            )


def _dates(spec: GoldenRule, dataset: Dataset, columns: Mapping[str, Type]) -> Iterator[Told]:
    """Words that need changed_at or verified_at."""
    changed, verified = dataset.spec.changed_at, dataset.spec.verified_at
    places: list[tuple[tuple[str, ...], str | None, list[str]]] = [
        (("pick",), None, list(spec.pick))
    ]
    for name, own in spec.columns.items():
        places.append(((f"columns.{name}", "columns"), real(name, columns), list(own)))
    for fields, column, words in places:
        for word in words:
            if word in ("newest", "oldest") and changed is None:
                yield (
                    fields,
                    "CDMQ242",
                    f"{word} needs to know when a record was changed, and "
                    f"{dataset.name} has no changed_at",
                    "add changed_at to the dataset, or take another word",
                )
            elif word in ("newest", "oldest") and columns.get(str(changed)) not in _DATED:
                yield (
                    fields,
                    "CDMQ217",
                    f"{word} goes by {changed}, which is "
                    f"{columns.get(str(changed), 'not there')}, not a date",
                    f"declare it: columns: {{{changed}: timestamp}}",
                )
            elif word == "verified" and not verified:
                yield (
                    fields,
                    "CDMQ243",
                    f"{dataset.name} has no verified_at",
                    "add verified_at to the dataset, or take another word",
                )
            elif word == "verified" and column in columns and column not in verified:
                yield (
                    fields,
                    "CDMQ243",
                    f"{dataset.name} does not say when {column} was verified",
                    f"add to the dataset: verified_at: {{{column}: ...}}",
                )
            elif word == "verified":
                of = [column] if column else list(verified)
                yield from _proofs(fields, {c: verified[c] for c in of if c in verified}, columns)


def _proofs(
    fields: tuple[str, ...], verified: Mapping[str, str], columns: Mapping[str, Type]
) -> Iterator[Told]:
    for date in dict.fromkeys(verified.values()):
        if columns.get(date, "unknown") not in MOMENTS | {"unknown"}:
            yield (
                fields,
                "CDMQ217",
                f"verified goes by {date}, which is {columns[date]}, not a date",
                f"declare it: columns: {{{date}: date}}",
            )


def _letters(plan: Layout, spec: GoldenRule) -> Iterator[Told]:
    """largest and smallest of what has no size: text goes by its letters."""
    told: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for unit in plan.units:
        for word in unit.picks:
            texts = [c for c in unit.columns if plan.columns[c] not in SIZED]
            if word in ("largest", "smallest") and texts:
                own = [c for c in spec.columns if real(c, plan.columns) in texts]
                fields: tuple[str, ...] = ("pick",)
                if own:
                    fields = (f"columns.{own[0]}", "columns")
                told.setdefault((fields, word), []).extend(texts)
    for (fields, word), names in told.items():
        several = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
        types = " and ".join(sorted({plan.columns[n] for n in names}))
        remedy = f"declare it in columns: of {plan.dataset.name}, or take another word"
        if fields == ("pick",):
            remedy = f"say {word} in columns: of those that are numbers or dates"
        yield (
            fields,
            "CDMQ245",
            f"{word} needs a number or a date, and {several} "
            f"{'is' if len(names) == 1 else 'are'} {types}, which goes by its letters: '100' "
            "comes before '18'",
            remedy,
        )


def _taken(plan: Layout) -> Iterator[Told]:
    """Columns of the dataset that stand where the golden dataset has one of its own."""
    own = [n for n in plan.types() if n not in plan.picked and n != plan.changed_at]
    for column in (*plan.picked, *([plan.changed_at] if plan.changed_at else [])):
        if any(column.lower() == name.lower() for name in (PARTY, *own)):
            yield (
                ("into",),
                "CDMQ244",
                f"the column '{column}' of {plan.dataset.name} has a name "
                "that golden records have for themselves",
                "rename it in the stack or in a SQL model",
            )


#: A number may count versions of a record.
_DATED = MOMENTS | {"integer", "unknown"}
