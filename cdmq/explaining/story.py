"""All that happened to one record: its flags, its changed cells, and the rules it passes now.

>>> from cdmq.explaining.story import stories
>>> stories(cdmq.parse("path/to/project"), "crm/0010001")[0].passes      # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from cdmq.audit.meanings import blank, names_of, switched_off
from cdmq.audit.moments import run_at, stood
from cdmq.audit.reading import Audit, Row, Where, open_audit, same
from cdmq.audit.tables import CHANGES, FLAGS, RULE_RESULTS, RUN_INPUTS
from cdmq.audit.telling import Telling, When, one_of
from cdmq.explaining.judged import judged
from cdmq.explaining.party_story import belongs, party_story
from cdmq.explaining.party_values import Belongs, PartyStory
from cdmq.kinds.matching.tables import XREF
from cdmq.project.spec import Pii
from cdmq.sql import nodes
from cdmq.values import Project


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
    #: The version of the rule by which it was judged last; `why`, `place` and `author` are its.
    version: str | None = None
    #: The version by which it was opened, and who made that.
    first_version: str | None = None
    first_author: str = "unknown"


@dataclass(frozen=True)
class Story:
    """One record of one dataset. `there`: it stands in the dataset of the last run; with `at` then,
    and None where the audit tables do not say."""

    dataset: str
    key: str
    there: bool | None
    episodes: tuple[Episode, ...]
    #: Rules that judge the dataset: those it passes now, fails now, and those not run.
    passes: tuple[str, ...]
    fails: tuple[str, ...]
    not_run: tuple[str, ...]
    #: Those that were run and say nothing of it: `where` leaves it out, or nothing is there.
    not_judged: tuple[str, ...] = ()
    #: Those that the newest run which read the dataset left out, and the run that judged by each
    #: last, the latest first: what stands there now they have not seen.
    judged_before: tuple[tuple[str, When], ...] = ()
    #: The newest run that read the dataset.
    newest: When | None = None
    #: Rules that are switched off.
    off: tuple[str, ...] = ()
    #: Its parties, likenesses, golden cells and levels.
    belongs: Belongs = Belongs()
    #: The party whose id the key is.
    party: PartyStory | None = None
    #: Only what was known when this run was done, without parties and levels.
    at: When | None = None
    #: Columns of the episodes with the words of `pii:` by which the audit tables hold no more of
    #: them than is told, though all was asked for.
    kept: tuple[tuple[str, Pii], ...] = ()


def stories(
    project: Project,
    key: str,
    dataset: str | None = None,
    *,
    unmask: bool = False,
    as_of: str | None = None,
    where: Where = Where(),  # noqa: B008
) -> tuple[Story, ...]:
    """The stories of the records with a key, one a dataset that knows it; of a party by its id.

    What `pii:` hides is masked, unless `unmask`. With `as_of` what was known then, by when runs
    ran. Raises CdmqError, with near keys, where no dataset knows it.
    """
    with open_audit(project.root, project.config, where) as audit:
        teller = _Teller(project, audit, unmask, None if as_of is None else run_at(audit, as_of))
        names = teller.named(dataset)
        found = [s for n in names if (s := teller.story(n, key)) is not None]
        party = party_story(teller, key) if as_of is None else None
        if party is not None:
            found = list(_with_party(found, party, key, dataset))
        if not found:
            raise teller.unknown("--record", key, names, dataset)
        return tuple(found)


def _with_party(
    found: Iterable[Story], party: PartyStory, key: str, dataset: str | None
) -> Iterator[Story]:
    """A golden record's story tells its party; where there is none the party stands alone."""
    told = False
    for story in found:
        if story.dataset in party.golden_datasets:
            told = True
            story = replace(story, party=party, belongs=replace(story.belongs, levels=()))
        yield story
    if not told and dataset in (None, party.dataset, *party.golden_datasets):
        yield Story(party.dataset, key, None, (), (), (), (), party=party)


class _Teller(Telling):
    """Tells flags, changes and rules of records. `at`: as they stood when that run was done."""

    def __init__(self, project: Project, audit: Audit, unmask: bool, at: str | None) -> None:
        super().__init__(project, audit, unmask)
        self.at = at
        told = {rule: stood(rows, at) for rule, rows in self.versions.items()}
        self.versions = {rule: rows for rule, rows in told.items() if rows}

    def story(self, dataset: str, key: str) -> Story | None:
        """None where neither the dataset nor its history knows the key."""
        there: bool | None = self.there(dataset, key)
        about = nodes.all_of([one_of("dataset", self.project.names_of(dataset)), same("key", key)])
        ever = {"flag": self.audit.rows(FLAGS, about), "change": self.audit.rows(CHANGES, about)}
        rows = [(what, r) for what, found in ever.items() for r in stood(found, self.at)]
        belonging = belongs(self, dataset, key) if self.at is None else Belongs()
        if not any(ever.values()) and not there and not belonging.memberships:
            return None
        if self.at is not None:
            there = self._was_there(dataset, key, [r for _, r in rows])
        rows.sort(key=lambda item: (item[1]["from_run"], item[0], item[1]["rule_id"]))
        return self._told(dataset, key, there, rows, belonging)

    def _told(
        self,
        dataset: str,
        key: str,
        there: bool | None,
        rows: Sequence[tuple[str, Row]],
        belonging: Belongs,
    ) -> Story:
        names = self.project.names_of(dataset)
        judging = {
            n: versions[-1]
            for n, versions in self.versions.items()
            if versions[-1]["to_run"] is None
            and versions[-1]["dataset"] in names
            and versions[-1]["kind"] == "validation"
        }
        verdicts = self._verdicts(judging.keys() | {r["rule_id"] for _, r in rows})
        fails = {
            self.now(r["rule_id"]) for what, r in rows if what == "flag" and r["to_run"] is None
        }
        off = {n for n, version in judging.items() if switched_off(version)}
        run = {n for n in judging.keys() - fails - off if verdicts.get(n)}
        newest = max([*self._reading(names), *(verdicts[n][-1] for n in run)], default=None)
        seen = {n for n in run if verdicts[n][-1] == newest}
        if there is False:  # of what is not there nothing is said
            passes, silent, before = set[str](), set[str](), set[str]()
        elif self.at is not None:
            passes, silent, before = seen, set(), run - seen
        else:
            passes = seen & judged(self, dataset, key, seen) if there else set()
            silent, before = (seen - passes, run - seen) if there else (set(), set())
        return Story(
            dataset,
            key,
            there,
            tuple(self._episode(what, r, dataset, verdicts) for what, r in rows),
            tuple(sorted(passes)),
            tuple(sorted(fails)),
            tuple(sorted(judging.keys() - fails - run - off)),
            tuple(sorted(silent)),
            tuple(
                (n, self.when(verdicts[n][-1]))
                for n in sorted(sorted(before), key=lambda n: verdicts[n][-1], reverse=True)
            ),
            self.when(newest) if newest else None,
            tuple(sorted(off - fails)),
            belonging,
            at=self.when(self.at) if self.at else None,
            kept=tuple(self._kept(dataset, rows)) if self.unmask else (),
        )

    def _kept(self, dataset: str, rows: Sequence[tuple[str, Row]]) -> Iterator[tuple[str, Pii]]:
        named = {c for _, r in rows for c in (r["column_name"] or "").split(", ")}
        return (
            (c, how)
            for c, how in self.project.datasets[dataset].spec.pii.items()
            if c in named and how != "plain"
        )

    def _reading(self, names: Sequence[str]) -> set[str]:
        """The runs that read or made a dataset, by any name that it had."""
        return {
            r["run_id"]
            for r in self.rows(RUN_INPUTS, one_of("dataset", names))
            if r["run_id"] <= (self.at or r["run_id"])
        }

    def _was_there(self, dataset: str, key: str, rows: Sequence[Row]) -> bool | None:
        """Whether the record stood in the dataset when the run was done, as far as its rows say:
        an open one says so, and that the last of them closed as its record went says it did not."""
        parties = self.rules_on(dataset, "matching")
        if parties:
            rows = [
                *rows,
                *stood(
                    self.rows(XREF, nodes.every([one_of("rule_id", parties), same("key", key)])),
                    self.at,
                ),
            ]
        if any(r["to_run"] is None for r in rows):
            return True
        gone = [r["to_run"] for r in rows if r["closed_because"] == "gone"]
        return False if gone and max(gone) == max(r["to_run"] for r in rows) else None

    def _verdicts(self, rules: Iterable[str]) -> dict[str, list[str]]:
        """Rule by its present id -> the runs that judged by it, in order."""
        rows = [v for versions in self.versions.values() for v in versions]
        names = sorted({n for rule in rules for n in names_of(rule, rows)})
        if not names:
            return {}
        found: dict[str, list[str]] = {}
        for row in self.audit.rows(RULE_RESULTS, one_of("rule_id", names)):
            if row["status"] not in ("skipped", "error") and row["run_id"] <= (
                self.at or row["run_id"]
            ):
                found.setdefault(self.now(row["rule_id"]), []).append(row["run_id"])
        return {rule: sorted(runs) for rule, runs in found.items()}

    def _episode(
        self, what: str, row: Row, dataset: str, verdicts: Mapping[str, Sequence[str]]
    ) -> Episode:
        now, closed = self.now(row["rule_id"]), row["to_run"]
        judged = [r for r in verdicts.get(now, ()) if closed is None or r < closed]
        last = max([row["from_run"], *judged])
        first, version = (self._version(row["rule_id"], run) for run in (row["from_run"], last))
        # What could not be read as its type is a text, whatever the column is.
        unread = version is not None and version["check_name"] == "readable"

        def show(name: str) -> str | None:
            return self.shown(dataset, row["column_name"], row.get(name), unread)

        return Episode(
            "flag" if what == "flag" else "change",
            now,
            row["rule_id"],
            row["column_name"] or "",
            show("value"),
            show("old_value"),
            show("new_value"),
            row.get("act"),
            row.get("reason"),
            row.get("state"),
            show("suggestion"),
            int(row["records"]),
            version["why"] if version else None,
            f"{version['file']}:{version['line']}" if version else "unknown",
            self._author(version),
            row["from_run"],
            self.audit.started(row["from_run"]),
            self.audit.as_of(row["from_run"]),
            last,
            self.audit.started(last),
            self.audit.as_of(last),
            closed,
            self.audit.as_of(closed),
            row["closed_because"],
            version["version"] if version else None,
            row["version"],
            self._author(first),
        )

    def _version(self, rule: str, run: str) -> Row | None:
        """The rule as a run used it, by whatever id it had then."""
        used = [
            v
            for n in self.names_of(rule)
            for v in self.versions.get(n, ())
            if v["from_run"] <= run and (v["to_run"] is None or v["to_run"] > run)
        ]
        known = used or self.versions.get(rule, [])
        return max(known, key=lambda v: str(v["from_run"])) if known else None

    def _author(self, version: Row | None) -> str:
        """Who made it mean what it means."""
        if version is None:
            return "unknown"
        if version["author"]:
            commit = f", commit {version['commit_id'][:10]}" if version["commit_id"] else ""
            return f"{version['author']}{commit}"
        return blank(version, self.audit)
