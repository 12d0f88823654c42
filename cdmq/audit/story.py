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

from cdmq.audit.history import NO_GIT, NOT_COMMITTED
from cdmq.audit.pii import masked
from cdmq.audit.reading import Audit, Row, Where, open_audit, same
from cdmq.audit.tables import CHANGES, FLAGS, RULE_RESULTS, RULE_VERSIONS, Table
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
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
    rule: str
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
    last_run: str
    last_seen: datetime | None
    closed_run: str | None
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
    root: str | Path, key: str, dataset: str | None = None, *, show_values: bool = False,
    where: Where = Where(),  # noqa: B008
) -> tuple[Story, ...]:
    """The stories of the records with a key, one a dataset that knows it.

    Text whose column `pii` does not call plain is masked, unless `show_values`. Raises CdmqError,
    with near keys, where no dataset knows it.
    """
    from cdmq.api import parse

    project = parse(root)
    if dataset is not None and dataset not in project.datasets:
        raise CdmqError(Problem(Span("--dataset"), "CDMQ202", f"unknown dataset '{dataset}'",
                                did_you_mean(dataset, project.datasets)))
    with open_audit(root, where) as audit:
        teller = _Teller(project, audit, show_values)
        names = [dataset] if dataset else [n for n, d in project.datasets.items()
                                           if d.key and d.source != "seed"]
        found = tuple(s for n in names if (s := teller.story(n, key)) is not None)
        if not found:
            raise CdmqError(Problem(
                Span("--record"), "CDMQ531", f"no record with the key '{key}'"
                + (f" in {dataset}" if dataset else ""), teller.near(key, names)))
        return found


class _Teller:
    def __init__(self, project: Project, audit: Audit, show_values: bool) -> None:
        from cdmq.stages.catalog import stored_catalog

        self.project, self.audit, self.show_values = project, audit, show_values
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
        judging = [n for n, versions in self.versions.items()
                   if versions[-1]["to_run"] is None and versions[-1]["dataset"] == dataset
                   and versions[-1]["kind"] == "validation"]
        fails = {r["rule_id"] for what, r in rows if what == "flag" and r["to_run"] is None}
        ran = self._evaluated(judging)
        return Story(
            dataset, key, there, tuple(self._episode(what, r, dataset) for what, r in rows),
            tuple(sorted(n for n in judging if n in ran and n not in fails)),
            tuple(sorted(fails)), tuple(sorted(set(judging) - ran - fails)),
        )

    def _evaluated(self, rules: Iterable[str]) -> set[str]:
        """The rules whose last result is a verdict."""
        last: dict[str, Row] = {}
        for row in sorted(self.audit.rows(RULE_RESULTS), key=lambda r: r["run_id"]):
            if row["status"] != "skipped":
                last[row["rule_id"]] = row
        return {n for n in rules if n in last and last[n]["status"] != "error"}

    def _episode(self, what: str, row: Row, dataset: str) -> Episode:
        version = self._version(row)
        closed = row["to_run"]
        last = (self.audit.before(closed) if closed else self._last_run(row["rule_id"])) or (
            row["from_run"])
        show = lambda name: self._shown(dataset, row["column_name"], row.get(name))  # noqa: E731
        return Episode(
            "flag" if what == "flag" else "change", row["rule_id"], row["column_name"] or "",
            show("value"), show("old_value"), show("new_value"), row.get("act"),
            row.get("reason"), row.get("state"), row.get("suggestion"), int(row["records"]),
            version["why"] if version else None,
            f"{version['file']}:{version['line']}" if version else "unknown",
            self._author(version), row["from_run"], self.audit.started(row["from_run"]),
            max(last, row["from_run"]), self.audit.started(max(last, row["from_run"])), closed,
            row["closed_because"],
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

    def _last_run(self, rule: str) -> str | None:
        known = exp.Max(this=nodes.column("run_id"))
        verdict = exp.Not(this=exp.In(this=nodes.column("status"), expressions=[
            nodes.text("skipped"), nodes.text("error")]))
        query = nodes.select([known], nodes.table(Relation(RULE_RESULTS.name, self.audit.schema)),
                             nodes.all_of([same("rule_id", rule), verdict]))
        found = self.audit.fetch(query)[0][0]
        return str(found) if found else None

    # values by pii ---------------------------------------------------------------------------

    def _shown(self, dataset: str, columns: str | None, value: str | None) -> str | None:
        """A value as it may be shown: text is masked unless its column is plain."""
        if value is None or self.show_values or not columns:
            return value
        names = columns.split(", ")
        if len(names) == 1:
            return value if self._plain(dataset, names[0]) else masked(value)
        marks = "|".join(re.escape(n) for n in names)
        parts = re.split(rf"(?:^|, )({marks})=", value)[1:]
        if len(parts) != 2 * len(names):
            return masked(value)
        return ", ".join(
            f"{n}={v if v == 'NULL' or self._plain(dataset, n) else masked(v)}"
            for n, v in zip(parts[::2], parts[1::2], strict=True)
        )

    def _plain(self, dataset: str, column: str) -> bool:
        spec = self.project.datasets[dataset].spec if dataset in self.project.datasets else None
        if spec is None:
            return False
        if column in spec.pii:
            return True  # `plain`, or stored as mask, hash or omit say
        return column in spec.key or self._type(dataset, column) not in ("text", "unknown")

    def _type(self, dataset: str, column: str) -> Type:
        return self.types.get(dataset, {}).get(column, "unknown")

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
            if place is not None:
                query = nodes.select([nodes.alias(place[1], "k")], nodes.table(place[0]))
                known.update((str(k), name) for (k,) in self.audit.fetch(query.limit(_MOST)) if k)
        near = [k for k in sorted(known) if key in k][:3] or difflib.get_close_matches(
            key, known, n=3, cutoff=0.6)
        if not near:
            return "look at the key: its parts are joined by a slash, such as crm/0010001"
        return "near it: " + ", ".join(f"{k} ({known[k]})" for k in near)


def told(story: Story) -> list[str]:
    """The story as lines for a steward."""
    lines = [f"{story.key} in {story.dataset}"]
    if story.there is False:
        lines.append("It is no longer in the dataset.")
    if not story.episodes:
        lines.append("No rule ever flagged it, and no cell of it was changed.")
    for episode in story.episodes:
        lines += ["", *_told(episode)]
    for title, rules in (("fails now", story.fails), ("passes now", story.passes),
                         ("not run", story.not_run)):
        if rules:
            lines += ["", f"{title} ({len(rules)}): {', '.join(rules)}"]
    return lines


_BECAUSE: Mapping[str, str] = {
    "fixed": "it passes now", "changed": "its value changed",
    "gone": "the record is no longer in the dataset",
    "out_of_scope": "the rule's where no longer takes it in",
    "rule_changed": "the rule was changed", "rule_removed": "the rule was removed",
}


def _told(e: Episode) -> list[str]:
    seen = f"first seen {_run(e.first_run, e.first_seen)}"
    if e.closed_run is None:
        seen += f"; open, last seen {_run(e.last_run, e.last_seen)}"
    else:
        seen += f"; last seen {_run(e.last_run, e.last_seen)}"
    lines = [_what(e), f"    {seen}"]
    if e.closed_run is not None:
        because = _BECAUSE.get(e.closed_because or "", e.closed_because)
        lines.append(f"    closed by run {e.closed_run}: {because}")
    lines += [f"    why: {e.why or 'not said'}", f"    rule at {e.place}, {e.author}"]
    return lines


def _what(e: Episode) -> str:
    twice = f" ({e.records} records share it)" if e.records > 1 else ""
    if e.what == "change":
        reason = f", reason: {e.reason}" if e.reason else ""
        return (f"change  {e.rule}  {e.column}: {_value(e.old)} -> {_value(e.new)} "
                f"({e.act}{reason}){twice}")
    state = " could not be judged" if e.state == "could_not_judge" else ""
    hint = f", suggested: {e.suggestion}" if e.suggestion else ""
    about = f"{e.column}: " if e.column and "=" not in (e.value or "") else ""
    return f"flag    {e.rule}{state}  {about}{_value(e.value)}{hint}{twice}"


def _value(value: str | None) -> str:
    return "nothing" if value is None else f"'{value}'"


def _run(run: str, when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M} (run {run})" if when else f"in run {run}"
