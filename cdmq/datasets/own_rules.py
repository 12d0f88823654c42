"""The rules that datasets have of themselves: readable, key and delivered; and what guards them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from cdmq.checks import checks
from cdmq.datasets.model_text import render_model
from cdmq.files.reading import is_of
from cdmq.problems import Problem, Span, did_you_mean
from cdmq.values import Dataset, Documents, Rule

#: Check of a rule of a dataset's own that guards it -> what lifts that.
_LIFTED = {
    "delivered": "may_be_empty: true at the dataset",
    "lines": "bad_lines_at_most: 100% of its file",
}


def own_rules(
    datasets: Mapping[str, Dataset], rules: Iterable[Rule], documents: Documents
) -> Iterator[Rule]:
    """The rules of each dataset's own that no rule file says more of."""
    said = {(r.dataset, r.check, r.columns) for r in rules if r.kind == "validation"}
    for d in datasets.values():
        for column, type_ in d.spec.columns.items() if d.source == "file" and d.key else ():
            if type_ != "text" and (d.name, "readable", (column,)) not in said:
                yield _rule(d, "readable", (column,), f"The file declares {column} as {type_}.")
        if is_of(d, "csv", "xlsx", "json") and (d.name, "lines", ()) not in said:
            yield _rule(
                d, "lines", (), "A line that cannot be read is a record that nobody judges."
            )
        if has_key_rule(d) and (d.name, "key", d.key) not in said:
            yield _rule(
                d,
                "key",
                d.key,
                f"{d.name} says that {' and '.join(d.key)} "
                f"{'names' if len(d.key) == 1 else 'name'} a record.",
            )
        if comes_from_outside(d, documents) and (d.name, "delivered", ()) not in said:
            yield _rule(d, "delivered", (), "A source that held records holds some.")


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


def has_key_rule(dataset: Dataset) -> bool:
    """Of a seed that nothing declares the first column is taken to look it up by: no promise."""
    declared = dataset.seed is None or dataset.span.file != dataset.seed.path
    return bool(dataset.key) and declared


def comes_from_outside(dataset: Dataset, documents: Documents) -> bool:
    """Its records are delivered, and not made of other datasets."""
    if dataset.source != "model":
        return dataset.source in ("file", "table", "seed")
    try:
        text = render_model(dataset, documents.variables, documents.macros)
    except ValueError:
        return False  # told where the graph is made
    return any(how == "source" for how, _ in text.references())


def check_own(
    rules: Iterable[Rule],
    datasets: Mapping[str, Dataset],
    documents: Documents,
    problems: list[Problem],
) -> None:
    """Rules of a dataset's own that a rule file speaks of, where there is none such."""
    for rule in rules:
        if not getattr(rule.spec, "OF_ITSELF", False):
            continue
        d = datasets[rule.dataset]
        if rule.where is not None:
            problems.append(
                Problem(
                    rule.spans.get("where", rule.span),
                    "CDMQ271",
                    f"{rule.check} judges every record: it has no where: (rule {rule.id})",
                    "take where: away; error_above: says how many may fail",
                )
            )
        if rule.check == "readable" and (
            d.source != "file" or d.spec.columns.get(rule.columns[0], "text") == "text"
        ):
            problems.append(
                Problem(
                    rule.span,
                    "CDMQ270",
                    f"{d.name}.{rule.columns[0]} has no rule readable: it is no "
                    "column of a file with a declared type",
                    f"declare it in models/*.yml: columns: {{{rule.columns[0]}: date}}",
                )
            )
        elif rule.check == "lines" and not is_of(d, "csv", "xlsx", "json"):
            problems.append(
                Problem(
                    rule.span,
                    "CDMQ270",
                    f"{d.name} has no rule lines: it is not read from csv, xlsx or json files",
                    "take the rule out",
                )
            )
        elif rule.check == "delivered" and not comes_from_outside(d, documents):
            problems.append(
                Problem(
                    rule.span,
                    "CDMQ270",
                    f"{d.name} has no rule delivered: it is made of other datasets",
                    "name a rule with check: row_count in its holds:",
                )
            )


def numbered(datasets: Iterable[Dataset]) -> Iterator[Problem]:
    """A warning for each dataset whose records are named by their place."""
    for d in datasets:
        if d.numbered:
            yield Problem(
                d.span,
                "CDMQ274",
                f"the records of {d.name} are named by their row number: a line "
                "put in above makes others of all below it, in flags, parties and history",
                "name a column that stays with the record, where the file has one",
                severity="warning",
            )


def guarded(
    datasets: Mapping[str, Dataset],
    rules: Mapping[str, Rule],
    places: Mapping[str, Span],
    problems: list[Problem],
) -> dict[str, Dataset]:
    """The datasets with the rules that must pass, or a delivery of it is held back.

    `places`: where each dataset says `holds:`.
    """
    found = {}
    for name, dataset in datasets.items():
        own = [r.id for r in rules.values() if r.dataset == name and r.check in _LIFTED]
        named = dict.fromkeys([*own, *dataset.spec.holds])
        for rule in named:
            problems += _no_guard(rule, dataset, rules, places.get(name, dataset.span))
        ids = tuple(r for r in named if r in rules and rules[r].enabled)
        found[name] = replace(dataset, guards=ids)
    return found


def _no_guard(
    name: str, dataset: Dataset, rules: Mapping[str, Rule], place: Span
) -> Iterator[Problem]:
    """Why a rule cannot guard a dataset; that it is disabled is a warning."""
    rule, mine = rules.get(name), [r for r in rules.values() if r.dataset == dataset.name]
    guards = [r.id for r in mine if getattr(r.spec, "GUARDS", False)]
    if rule is None:
        yield Problem(
            place,
            "CDMQ272",
            f"holds: unknown rule '{name}' (dataset {dataset.name})",
            did_you_mean(name, guards) or "write the rule, for example check: row_count",
        )
    elif rule.dataset != dataset.name:
        yield Problem(
            place,
            "CDMQ272",
            f"holds: '{name}' is a rule of {rule.dataset}, not of {dataset.name}",
            f"name it in holds: of {rule.dataset}, or write one for {dataset.name}",
        )
    elif name in dataset.spec.holds and not getattr(rule.spec, "GUARDS", False):
        yield Problem(
            place,
            "CDMQ272",
            f"holds: '{name}' is a check {rule.check}, which cannot hold a delivery back",
            "say in file: how many lines may be bad, with bad_lines_at_most"
            if rule.check == "lines"
            else "name a rule with check: row_count",
        )
    elif _is_lifted(rule, dataset):
        return
    elif rule.severity == "info":
        yield Problem(
            rule.span,
            "CDMQ272",
            f"'{name}' is to hold deliveries of {dataset.name} "
            "back, but with severity: info it always passes",
            "say severity: error or warn",
        )
    elif not rule.enabled:
        lifted = _LIFTED.get(rule.check)
        yield Problem(
            rule.span,
            "CDMQ273",
            f"'{name}' is disabled: it holds no delivery of {dataset.name} back",
            "enable it, or " + (f"say {lifted}" if lifted else "take it out of holds:"),
            severity="warning",
        )


def _is_lifted(rule: Rule, dataset: Dataset) -> bool:
    """Whether the dataset says that a guard of its own holds nothing back."""
    if rule.check == "lines":
        return dataset.spec.file is not None and dataset.spec.file.bad_lines_at_most == "100%"
    return rule.check == "delivered" and bool(dataset.spec.may_be_empty)
