"""A key that no dataset knows, and those like it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from cdmq.audit.telling import Telling
from cdmq.problems import CdmqError, Problem, Span
from cdmq.sql import nodes
from cdmq.sql.pii import hides_key

#: How many keys are looked at for a near one.
_MOST = 100_000


def unknown(
    telling: Telling, flag: str, key: str, names: Sequence[str], dataset: str | None
) -> CdmqError:
    """That no dataset knows a key, with near ones."""
    return CdmqError(
        Problem(
            Span(flag),
            "CDMQ531",
            f"no record with the key '{key}'" + (f" in {dataset}" if dataset else ""),
            _near(telling, key, names),
        )
    )


def _near(telling: Telling, key: str, names: Iterable[str]) -> str:
    """Keys that hold the one asked for, else those spelled most like it."""
    known: dict[str, str] = {}
    for name in names:
        place = telling.keys_of(telling.project.datasets[name])
        hidden = hides_key(telling.project.datasets[name].spec) and not telling.unmask
        if place is not None and not hidden:
            query = nodes.select([nodes.alias(place[1], "k")], nodes.table(place[0]))
            known.update((str(k), name) for (k,) in telling.audit.fetch(query.limit(_MOST)) if k)
    near = [k for k in sorted(known) if key in k][:3] or difflib.get_close_matches(
        key, known, n=3, cutoff=0.6
    )
    if not near:
        return "look at the key: its parts are joined by a slash, such as crm/0010001"
    return "near it: " + ", ".join(f"{k} ({known[k]})" for k in near)
