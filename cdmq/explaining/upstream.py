"""What a rule's results hang on beside its own words: the data, and the SQL of models above it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from cdmq.audit.reading import Audit, Row
from cdmq.audit.tables import MODEL_VERSIONS, RUN_INPUTS
from cdmq.explaining.differences import changed


@dataclass(frozen=True)
class ModelChange:
    """A change of a model, or of a macro in it, from which a rule's dataset is made.

    `found_before` and `found_after` are of the rule: of the last run without it and the first with.
    """

    dataset: str
    file: str
    author: str
    commit: str
    committed: str | None
    changed: tuple[str, ...]
    run: str
    ran: datetime | None
    as_of: datetime | None
    found_before: int | None
    found_after: int | None


@dataclass(frozen=True)
class DataChange:
    """A source that had other content in the first run with a version than in the last before.
    Rows are None where they were not counted."""

    dataset: str
    rows_before: int | None
    rows_after: int | None


class Upstream:
    """The datasets that rules stand on, run by run."""

    def __init__(self, audit: Audit) -> None:
        self.inputs: dict[str, list[Row]] = {}
        rows = sorted(audit.rows(RUN_INPUTS), key=lambda r: r["run_id"])
        self.later = {r["formerly"]: r["dataset"] for r in rows if r["formerly"]}
        for row in rows:
            self.inputs.setdefault(self._now(row["dataset"]), []).append(row)
        self.models: dict[str, list[Row]] = {}
        for row in sorted(audit.rows(MODEL_VERSIONS), key=lambda r: r["from_run"]):
            self.models.setdefault(self._now(row["dataset"]), []).append(row)

    def data(self, rule: Row, before: str, after: str) -> tuple[DataChange, ...] | None:
        """The sources whose content is not the same in two runs; None where nobody can tell."""
        then, now = self._at(before), self._at(after)
        found = []
        names = self._above(_reads(rule), then) | self._above(_reads(rule), now)
        if not names & then.keys() or not names & now.keys():
            return None
        for name in sorted(names):
            old, new = then.get(name, {}), now.get(name, {})
            # A digest of rows is only good for one release of an engine.
            ways = {str(r.get("digest")).rpartition(":")[0] for r in (old, new)}
            if old.get("source") not in ("file", "table", "seed", None) and (
                new.get("source") not in ("file", "table", "seed", None)
            ):
                continue
            if old.get("rows") == new.get("rows") and len(ways) > 1 and old and new:
                return None
            if (old.get("rows"), old.get("digest")) != (new.get("rows"), new.get("digest")):
                found.append(DataChange(name, old.get("rows"), new.get("rows")))
        return tuple(found)

    def changes(self, rule: Row, first: str, end: str | None) -> Iterator[tuple[Row, Row]]:
        """(old, new) of each model above a rule that changed in a run from `first` to `end`."""
        runs = {
            r["run_id"]
            for rows in self.inputs.values()
            for r in rows
            if first <= r["run_id"] and (end is None or r["run_id"] < end)
        }
        above = {n for run in runs for n in self._above(_reads(rule), self._at(run))}
        for name in sorted(above & self.models.keys()):
            for old, new in pairwise(self.models[name]):
                if first <= new["from_run"] and (end is None or new["from_run"] < end):
                    yield old, new

    def _now(self, name: str) -> str:
        """The present name of a dataset."""
        seen = {name}
        while self.later.get(name, name) not in seen:
            name = self.later[name]
            seen.add(name)
        return name

    def _at(self, run: str) -> dict[str, Row]:
        """What stood there in a run: it came by that run, or by an earlier one."""
        found = {}
        for name, rows in self.inputs.items():
            known = bisect_right(rows, run, key=lambda r: str(r["run_id"]))
            if known:
                found[name] = rows[known - 1]
        return found

    def _above(self, names: Iterable[str], inputs: Mapping[str, Row]) -> set[str]:
        found: set[str] = set()
        todo = list(names)
        while todo:
            name = self._now(todo.pop())
            if name not in found:
                found.add(name)
                todo += _listed(inputs.get(name, {}).get("reads"))
        return found


def model_change(
    old: Row, new: Row, audit: Audit, blank: str, results: Iterable[tuple[str, int]]
) -> ModelChange:
    """`results`: (run, found) of the rule, in order. `blank`: where nobody is named."""
    run = new["from_run"]
    before = [n for r, n in results if r < run]
    after = [n for r, n in results if r >= run]
    return ModelChange(
        new["dataset"],
        new["file"],
        new["author"] or blank,
        str(new["commit_id"])[:10] if new["commit_id"] else blank,
        new["committed"],
        tuple(changed(old["text"], new["text"])),
        run,
        audit.started(run),
        audit.as_of(run),
        before[-1] if before else None,
        after[0] if after else None,
    )


def _reads(rule: Row) -> list[str]:
    return [rule["dataset"], *_listed(rule["reads"])]


def _listed(names: Any) -> list[str]:
    return str(names).split(", ") if names else []
