"""Flags and changes as episodes: by which version of a rule, since when, until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cdmq.audit.meanings import blank, names_of
from cdmq.audit.moments import stood
from cdmq.audit.reading import Audit, Row
from cdmq.audit.tables import RULE_RESULTS
from cdmq.audit.telling import Telling, one_of
from cdmq.explaining.story_values import Episode
from cdmq.values import Project


class TellingAt(Telling):
    """Tells how it all stood when the run `at` was done; with None as it stands now."""

    def __init__(self, project: Project, audit: Audit, unmask: bool, at: str | None) -> None:
        super().__init__(project, audit, unmask)
        self.at = at
        told = {rule: stood(rows, at) for rule, rows in self.versions.items()}
        self.versions = {rule: rows for rule, rows in told.items() if rows}

    def verdicts(self, rules: Iterable[str]) -> dict[str, list[str]]:
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

    def episode(
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
            self._hidden(what, row, dataset),
        )

    def _hidden(self, what: str, row: Row, dataset: str) -> bool:
        """Whether a value was there, and left out: of a change no more is known than that it may
        have been."""
        if what == "flag":
            return row.get("digest") is not None
        of = self.project.datasets.get(dataset)
        return of is not None and of.spec.pii.get(row["column_name"]) == "omit"

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
