"""What `pii:` says of columns holds for what is made of them: stacks, golden datasets, models."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from cdmq.problems import Problem
from cdmq.project.spec import Pii
from cdmq.sql.pii import strictest
from cdmq.values import Dataset

#: A model that takes all columns: `*`, but for that of count(*).
_ALL = re.compile(r"(select|distinct|all|,|\.)\s*\*", re.IGNORECASE)


def with_hidden(datasets: Mapping[str, Dataset], problems: list[Problem]) -> dict[str, Dataset]:
    """The datasets, each with what `pii:` says of its columns there or where they come from. The
    nearer word wins. `datasets` stand behind those that they read."""
    found: dict[str, Dataset] = {}
    for name, dataset in datasets.items():
        above = _above(dataset, found)
        own = {**above, **dataset.spec.pii}
        found[name] = (
            replace(dataset, spec=dataset.spec.model_copy(update={"pii": own}))
            if (above)
            else dataset
        )
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
