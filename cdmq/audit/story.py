"""All that happened to one record: its flags, its changed cells, and the rules it passes now.

    >>> from cdmq.audit.story import stories
    >>> stories("path/to/project", "crm/0010001")[0].passes      # doctest: +SKIP
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlglot import exp

from cdmq.audit.history import NO_GIT, NOT_COMMITTED, names_of
from cdmq.audit.pii import hides, hides_key, masked, masked_again
from cdmq.audit.reading import Audit, Row, Where, open_audit, same
from cdmq.audit.tables import CHANGES, FLAGS, RULE_RESULTS, RULE_VERSIONS
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.spec import Pii
from cdmq.sql import nodes
from cdmq.sql.text_form import key_of
from cdmq.sql.types import Type
from cdmq.values import Dataset, Project, Relation

#: How many keys are looked at for a near one.
_MOST = 100_000


@dataclass(frozen=True)
class Episode:
    """One flag or one change, from the run that saw it first to the run that closed it."""

    what: Literal["flag", "change"]
    #: The rule by its present id, and by the one it had then.
    rule: str
    then: str
    column: str
    #: A flag has a value, a change an old and a new one; by pii.
    value: str | None
    old: str | None
    new: str | None
    act: str | None
    reason: str | None
    state: str | None
    suggestion: str | None
    records: int
    why: str | None
    place: str
    author: str
    first_run: str
    first_seen: datetime | None
    first_as_of: datetime | None
    last_run: str
    last_seen: datetime | None
    last_as_of: datetime | None
    closed_run: str | None
    closed_as_of: datetime | None
    closed_because: str | None


@dataclass(frozen=True)
class Story:
    """One record of one dataset. `there`: it stands in the dataset of the last run."""

    dataset: str
    key: str
    there: bool | None
    episodes: tuple[Episode, ...]
    #: Rules that judge the dataset: those it passes now, fails now, and those not run.
    passes: tuple[str, ...]
    fails: tuple[str, ...]
    not_run: tuple[str, ...]


def stories(
    root: str | Path, key: str, dataset: str | None = None, *, unmask: bool = False,
    where: Where = Where(),  # noqa: B008
) -> tuple[Story, ...]:
    """The stories of the records with a key, one a dataset that knows it.

    What `pii:` hides is masked, unless `unmask`. Raises CdmqError, with near keys, where no
    dataset knows it.
    """
    from cdmq.api import parse

    project = parse(root)
    if dataset is not None and dataset not in project.datasets:
        raise CdmqError(Problem(Span("--dataset"), "CDMQ202", f"unknown dataset '{dataset}'",
                                did_you_mean(dataset, project.datasets)))
    with open_audit(root, where) as audit:
        teller = _Teller(project, audit, unmask)
        names = [dataset] if dataset else [n for n, d in project.datasets.items()
                                           if d.key and d.source != "seed"]
        found = tuple(s for n in names if (s := teller.story(n, key)) is not None)
        if not found:
            raise CdmqError(Problem(
                Span("--record"), "CDMQ531", f"no record with the key '{key}'"
                + (f" in {dataset}" if dataset else ""), teller.near(key, names)))
        return found


class _Teller:
    def __init__(self, project: Project, audit: Audit, unmask: bool) -> None:
        from cdmq.stages.catalog import stored_catalog

        self.project, self.audit, self.unmask = project, audit, unmask
        self.types = stored_catalog(project)[0]
        self.versions: dict[str, list[Row]] = {}
        for row in sorted(audit.rows(RULE_VERSIONS), key=lambda r: r["from_run"]):
            self.versions.setdefault(row["rule_id"], []).append(row)

    def story(self, dataset: str, key: str) -> Story | None:
        """None where neither the dataset nor its history knows the key."""
        there = self._there(dataset, key)
        about = nodes.all_of([same("dataset", dataset), same("key", key)])
        rows = [("flag", r) for r in self.audit.rows(FLAGS, about)]
        rows += [("change", r) for r in self.audit.rows(CHANGES, about)]
        if not rows and not there:
            return None
        rows.sort(key=lambda item: (item[1]["from_run"], item[0], item[1]["rule_id"]))
        judging = {n for n, versions in self.versions.items()
                   if versions[-1]["to_run"] is None and versions[-1]["dataset"] == dataset
                   and versions[-1]["kind"] == "validation"}
        verdicts = self._verdicts(judging | {r["rule_id"] for _, r in rows})
        fails = {self._now(r["rule_id"]) for what, r in rows
                 if what == "flag" and r["to_run"] is None}
        return Story(
            dataset, key, there,
            tuple(self._episode(what, r, dataset, verdicts) for what, r in rows),
            tuple(sorted(n for n in judging - fails if verdicts.get(n))), tuple(sorted(fails)),
            tuple(sorted(n for n in judging - fails if not verdicts.get(n))),
        )

    def _now(self, rule: str) -> str:
        """The present id of a rule."""
        return names_of(rule, [v for versions in self.versions.values() for v in versions])[0]

    def _verdicts(self, rules: Iterable[str]) -> dict[str, list[str]]:
        """Rule by its present id -> the runs that judged by it, in order."""
        rows = [v for versions in self.versions.values() for v in versions]
        names = sorted({n for rule in rules for n in names_of(rule, rows)})
        if not names:
            return {}
        known = exp.In(this=nodes.column("rule_id"), expressions=[nodes.text(n) for n in names])
        found: dict[str, list[str]] = {}
        for row in self.audit.rows(RULE_RESULTS, known):
            if row["status"] not in ("skipped", "error"):
                found.setdefault(self._now(row["rule_id"]), []).append(row["run_id"])
        return {rule: sorted(runs) for rule, runs in found.items()}

    def _episode(
        self, what: str, row: Row, dataset: str, verdicts: Mapping[str, Sequence[str]]
    ) -> Episode:
        version = self._version(row)
        # What could not be read as its type is a text, whatever the column is.
        unread = version is not None and version["check_name"] == "readable"
        now, closed = self._now(row["rule_id"]), row["to_run"]
        judged = [r for r in verdicts.get(now, ()) if closed is None or r < closed]
        last = max([row["from_run"], *judged])

        def show(name: str) -> str | None:
            return self._shown(dataset, row["column_name"], row.get(name), unread)

        return Episode(
            "flag" if what == "flag" else "change", now, row["rule_id"],
            row["column_name"] or "", show("value"), show("old_value"), show("new_value"),
            row.get("act"), row.get("reason"), row.get("state"), show("suggestion"),
            int(row["records"]), version["why"] if version else None,
            f"{version['file']}:{version['line']}" if version else "unknown",
            self._author(version), row["from_run"], self.audit.started(row["from_run"]),
            self.audit.as_of(row["from_run"]), last, self.audit.started(last),
            self.audit.as_of(last), closed, self.audit.as_of(closed), row["closed_because"],
        )

    def _version(self, row: Row) -> Row | None:
        """The rule as it stood when the episode was opened."""
        known = self.versions.get(row["rule_id"], [])
        return next((v for v in known if v["from_run"] <= row["from_run"] and (
            v["to_run"] is None or v["to_run"] > row["from_run"])), known[-1] if known else None)

    def _author(self, version: Row | None) -> str:
        if version is None:
            return "unknown"
        if version["author"]:
            commit = f", commit {version['commit_id'][:10]}" if version["commit_id"] else ""
            return f"{version['author']}{commit}"
        run = self.audit.runs.get(version["from_run"])
        return NOT_COMMITTED if run and run["git_commit"] else NO_GIT

    # values by pii ---------------------------------------------------------------------------

    def _shown(
        self, dataset: str, columns: str | None, value: str | None, unread: bool
    ) -> str | None:
        """A value as it may be shown."""
        if value is None or self.unmask or not columns:
            return value
        if unread and hides(self.project.datasets[dataset].spec, columns, "text"):
            return masked_again(value, self._how(dataset, columns))
        names = columns.split(", ")
        if not any(self._hides(dataset, n) for n in names):
            return value
        if len(names) == 1:
            return self._masked(dataset, columns, value)
        marks = "|".join(re.escape(n) for n in names)
        parts = re.split(rf"(?:^|, )({marks})=", value)[1:]
        if len(parts) != 2 * len(names):
            return masked(value)
        return ", ".join(
            f"{n}={v if v == 'NULL' else self._masked(dataset, n, v)}"
            for n, v in zip(parts[::2], parts[1::2], strict=True)
        )

    def _masked(self, dataset: str, column: str, value: str) -> str:
        if not self._hides(dataset, column):
            return value
        return masked_again(value, self._how(dataset, column))

    def _how(self, dataset: str, column: str) -> Pii:
        return self.project.datasets[dataset].spec.pii.get(column, "mask")

    def _hides(self, dataset: str, column: str) -> bool:
        type_: Type = self.types.get(dataset, {}).get(column, "unknown")
        return hides(self.project.datasets[dataset].spec, column, type_)

    # is it there -----------------------------------------------------------------------------

    def _keys(self, dataset: Dataset) -> tuple[Relation, exp.Expr] | None:
        """Where a dataset's records stand and the text of their key; None before a run."""
        from cdmq.stages.catalog import relation_of

        relation = relation_of(dataset) if dataset.source == "table" else Relation(
            dataset.name, self.audit.warehouse.schema)
        columns = self.audit.warehouse.columns(relation)
        if not columns or not dataset.key or any(k not in columns for k in dataset.key):
            return None
        return relation, key_of([(nodes.column(k), columns[k]) for k in dataset.key])

    def _there(self, name: str, key: str) -> bool | None:
        place = self._keys(self.project.datasets[name])
        if place is None:
            return None
        query = nodes.select([nodes.number(1)], nodes.table(place[0]),
                             nodes.equal(nodes.paren(place[1]), nodes.text(key)))
        return bool(self.audit.fetch(query.limit(1)))

    def near(self, key: str, names: Sequence[str]) -> str:
        """Keys that hold the one asked for, else those spelled most like it."""
        known: dict[str, str] = {}
        for name in names:
            place = self._keys(self.project.datasets[name])
            hidden = hides_key(self.project.datasets[name].spec) and not self.unmask
            if place is not None and not hidden:
                query = nodes.select([nodes.alias(place[1], "k")], nodes.table(place[0]))
                known.update((str(k), name) for (k,) in self.audit.fetch(query.limit(_MOST)) if k)
        near = [k for k in sorted(known) if key in k][:3] or difflib.get_close_matches(
            key, known, n=3, cutoff=0.6)
        if not near:
            return "look at the key: its parts are joined by a slash, such as crm/0010001"
        return "near it: " + ", ".join(f"{k} ({known[k]})" for k in near)
