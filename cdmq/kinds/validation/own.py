"""The rules that datasets have of themselves: readable, lines, key and delivered."""

from __future__ import annotations

from collections.abc import Iterator

from cdmq.checks import checks
from cdmq.datasets.model_text import render_model
from cdmq.files.reading import is_of
from cdmq.kinds.kind import Known
from cdmq.problems import Problem
from cdmq.values import Dataset, Documents, Rule


def own(at: Known, documents: Documents) -> Iterator[Rule]:
    """The rules of each dataset's own that no rule file says more of."""
    said = {(r.dataset, r.check, r.columns) for r in at.rules.values() if r.kind == "validation"}
    for d in at.datasets.values():
        for column, type_ in d.spec.columns.items() if d.source == "file" and d.key else ():
            if type_ != "text" and (d.name, "readable", (column,)) not in said:
                yield _rule(d, "readable", (column,), f"The file declares {column} as {type_}.")
        if is_of(d, "csv", "xlsx", "json") and (d.name, "lines", ()) not in said:
            yield _rule(
                d, "lines", (), "A line that cannot be read is a record that nobody judges."
            )
        if _has_key_rule(d) and (d.name, "key", d.key) not in said:
            yield _rule(
                d,
                "key",
                d.key,
                f"{d.name} says that {' and '.join(d.key)} "
                f"{'names' if len(d.key) == 1 else 'name'} a record.",
            )
        if _comes_from_outside(d, documents) and (d.name, "delivered", ()) not in said:
            yield _rule(d, "delivered", (), "A source that held records holds some.")


def own_problems(at: Known, documents: Documents) -> Iterator[Problem]:
    """Rules of a dataset's own that a rule file speaks of, where there is none such."""
    for rule in at.rules.values():
        if getattr(rule.spec, "OF_ITSELF", False):
            yield from _misplaced(rule, at.datasets[rule.dataset], documents)


def _misplaced(rule: Rule, d: Dataset, documents: Documents) -> Iterator[Problem]:
    if rule.where is not None:
        yield Problem(
            rule.spans.get("where", rule.span),
            "CDMQ271",
            f"{rule.check} judges every record: it has no where: (rule {rule.id})",
            "take where: away; error_above: says how many may fail",
        )
    if rule.check == "readable" and (
        d.source != "file" or d.spec.columns.get(rule.columns[0], "text") == "text"
    ):
        yield Problem(
            rule.span,
            "CDMQ270",
            f"{d.name}.{rule.columns[0]} has no rule readable: it is no "
            "column of a file with a declared type",
            f"declare it in models/*.yml: columns: {{{rule.columns[0]}: date}}",
        )
    elif rule.check == "lines" and not is_of(d, "csv", "xlsx", "json"):
        yield Problem(
            rule.span,
            "CDMQ270",
            f"{d.name} has no rule lines: it is not read from csv, xlsx or json files",
            "take the rule out",
        )
    elif rule.check == "delivered" and not _comes_from_outside(d, documents):
        yield Problem(
            rule.span,
            "CDMQ270",
            f"{d.name} has no rule delivered: it is made of other datasets",
            "name a rule with check: row_count in its holds:",
        )


def _rule(d: Dataset, check: str, columns: tuple[str, ...], why: str) -> Rule:
    known = checks()[check]
    return Rule(
        id=".".join((d.name, *(columns if check == "readable" else ()), check)),
        kind="validation",
        check=check,
        dataset=d.name,
        columns=columns,
        spec=known(),
        severity="error",
        dimension=known.DIMENSION,
        where=None,
        why=why,
        owner=d.spec.owner,
        tags=tuple(d.spec.tags),
        enabled=True,
        formerly=None,
        meta={},
        stage="raw",
        warn_above="0",
        error_above="0",
        span=d.span,
        last_line=d.span.line,
    )


def _has_key_rule(dataset: Dataset) -> bool:
    """Of a seed that nothing declares the first column is taken to look it up by: no promise."""
    declared = dataset.seed is None or dataset.span.file != dataset.seed.path
    return bool(dataset.key) and declared


def _comes_from_outside(dataset: Dataset, documents: Documents) -> bool:
    """Its records are delivered, and not made of other datasets."""
    if dataset.source != "model":
        return dataset.source in ("file", "table", "seed")
    try:
        text = render_model(dataset, documents.variables, documents.macros)
    except ValueError:
        return False  # told where the graph is made
    return any(how == "source" for how, _ in text.references())
