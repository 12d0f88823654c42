"""What `pii:` says of columns holds for what is made of them: stacks, golden datasets, models,
cells that a rule fills."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cdmq.problems import Problem
from cdmq.project.spec import Pii
from cdmq.sql.pii import hides, strictest
from cdmq.values import Dataset

#: A column that a rule writes, the dataset whose values it may write there, and its column.
Carried = tuple[str, str, str]
#: A model that takes all columns: `*`, but for that of count(*).
_ALL = re.compile(r"(select|distinct|all|,|\.)\s*\*", re.IGNORECASE)


def with_hidden(
    datasets: Mapping[str, Dataset],
    carried: Mapping[str, Sequence[Carried]],
    problems: list[Problem],
) -> dict[str, Dataset]:
    """The datasets, each with what `pii:` says of its columns there or where they come from. The
    nearer word wins, but a column into which a rule may write the value of another hides as much as
    that one: `carried`, by dataset. `datasets` stand behind those that they read."""
    found: dict[str, Dataset] = {}
    for name, dataset in datasets.items():
        said = {**_above(dataset, found), **dataset.spec.pii}
        found[name] = _saying(dataset, said)
        own = _filled(found, name, carried.get(name, ()))
        if above := frozenset(own) - frozenset(dataset.spec.pii):
            found[name] = replace(found[name], hidden_above=above)
        if dataset.model and not own and (read := _hiding(dataset, found)):
            problems.append(
                Problem(
                    dataset.span,
                    "CDMQ227",
                    f"the SQL model {name} reads columns of {read[0]} "
                    f"that pii: hides ({', '.join(read[1])}), and says of none of its own whether it "
                    "does",
                    f"add pii: to {name} in models/*.yml: mask, hash or omit, or plain for what "
                    "everybody may see",
                    severity="warning",
                )
            )
    return found


def _saying(dataset: Dataset, pii: dict[str, Pii]) -> Dataset:
    """The dataset with these words."""
    if pii == dataset.spec.pii:
        return dataset
    return replace(dataset, spec=dataset.spec.model_copy(update={"pii": pii}))


def _filled(found: dict[str, Dataset], name: str, carried: Sequence[Carried]) -> Mapping[str, Pii]:
    """The words of a dataset, after each column has the strictest of those of the columns whose
    values may come into it: that of one in turn of others. They are put into `found`."""
    before = None
    while before != (words := found[name].spec.pii):
        before, words = words, dict(words)
        for column, other, source in carried:
            if other not in found or (how := _word(found[other], source)) == "plain":
                continue
            if how is None:  # hidden on screens, as a text of which pii: says nothing
                words = words or dict.fromkeys(found[name].key, "plain")
                if words.get(column) == "plain":
                    del words[column]
            else:
                words[column] = strictest([words.get(column, "plain"), how])
        found[name] = _saying(found[name], words)
    return words


def _word(dataset: Dataset, column: str) -> Pii | None:
    """What pii: says of a column; None where it is hidden for it is not named."""
    spec = dataset.spec
    if column not in spec.pii and hides(spec, column, spec.columns.get(column, "unknown")):
        return None
    return spec.pii.get(column, "plain")


def _above(dataset: Dataset, found: Mapping[str, Dataset]) -> dict[str, Pii]:
    """What is said of its columns where they come from."""
    if dataset.maker is not None and dataset.made_of in found:
        return dataset.maker.hidden(dataset, found[str(dataset.made_of)])
    return _of_stack(dataset, found)


def _of_stack(dataset: Dataset, found: Mapping[str, Dataset]) -> dict[str, Pii]:
    """Of several words the strictest; plain where none of those with pii: masks it unnamed."""
    said: list[dict[str, Pii]] = []
    for label, source in (dataset.spec.stack or {}).items():
        if source in found and (pii := found[source].spec.pii):
            names = dataset.spec.rename.get(label, {})
            words: dict[str, Pii] = {**dict.fromkeys(found[source].key, "plain"), **pii}
            said.append({names.get(c, c): how for c, how in words.items()})
    named = {c: strictest(own[c] for own in said if c in own) for own in said for c in own}
    kept = {c: how for c, how in named.items() if how != "plain" or all(c in o for o in said)}
    return {**kept, "source": "plain"} if said else {}


def _hiding(dataset: Dataset, found: Mapping[str, Dataset]) -> tuple[str, list[str]] | None:
    """The first dataset of which it may read hidden columns, and these."""
    text = dataset.model.text if dataset.model else ""
    for name in dataset.depends_on:
        said = found[name].spec.pii if name in found else {}
        if hidden := [
            c
            for c, how in said.items()
            if how != "plain"
            and (_ALL.search(text) or re.search(rf"\b{re.escape(c)}\b", text, re.IGNORECASE))
        ]:
            return name, hidden
    return None
