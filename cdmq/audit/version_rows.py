"""The versions of rules and of models' SQL that a run opens and closes, and who made them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import yaml
from sqlglot import exp

from cdmq.audit.authors import Authors, Authorship, Before
from cdmq.audit.changed_versions import ChangedVersions
from cdmq.audit.ledger import Ledger
from cdmq.audit.rule_authors import RuleAuthors, Standing
from cdmq.audit.tables import MODEL_VERSIONS, RULE_RESULTS, RULE_VERSIONS, RUN_INPUTS, RUNS
from cdmq.audit.versions import ModelVersion, Version, model_version
from cdmq.outcomes import Executed
from cdmq.sql import nodes
from cdmq.sql.shape import Table
from cdmq.values import Project

#: Who made a rule mean what it means, and by which commit.
_BY = ("author", "commit_id", "committed", "author_note")
#: Who changed what is said of it.
_WORDS = ("words_author", "words_commit", "words_committed", "words_note")
_STANDING = ("rule_id", "version", "meta_version", "dataset", *_BY, *_WORDS)


class VersionRows:
    """Reads what is open, and writes what a run changes. `write` belongs in its transaction."""

    def __init__(
        self,
        project: Project,
        versions: Mapping[str, Version],
        ledger: Ledger,
        built: Iterable[str],
    ) -> None:
        self.project, self.versions = project, versions
        self.ledger, self.run_id = ledger, ledger.run_id
        self.standing = {r: _standing(*of) for r, *of in self._still(RULE_VERSIONS, *_STANDING)}
        self.open = {r: (s.digest, s.meta) for r, s in self.standing.items()}
        self.datasets = {r: s.dataset for r, s in self.standing.items()}
        self.open_models = dict(self._still(MODEL_VERSIONS, "dataset", "version"))
        found = [model_version(project.datasets[n], project) for n in sorted(set(built))]
        self.digests = {m.dataset: m.digest for m in found if m}
        self.models = [
            m
            for m in found
            if m and m.digest not in {self.open_models.get(n) for n in project.names_of(m.dataset)}
        ]
        known = {
            n for d, spec in project.datasets.items() if spec.model for n in project.names_of(d)
        }
        anew = {n for m in self.models for n in project.names_of(m.dataset)}
        self.gone = [n for n in self.open_models if n not in known or n in anew]
        self.rows: list[list[Any]] = []
        self.committed: list[str] = []
        self.model_rows: list[list[Any]] = []

    def ask(self, changed: ChangedVersions, authors: Authors) -> None:
        """Find who made what is new, and who committed since what was not committed."""
        rules = self._rule_authors(changed, authors.state.commit)
        wanted, before = rules.wanted(), rules.before()
        runs = self._last_runs(RUN_INPUTS, "dataset", self.open_models if self.models else ())
        for model in self.models:
            wanted[f"model:{model.dataset}"] = model.digest
            for name in self.project.names_of(model.dataset):
                if name in self.open_models:
                    digest = self.open_models[name]
                    before[f"model:{model.dataset}"] = Before(digest, *runs.get((name, digest), ()))
        found = authors.authors(wanted, before)
        self.rows = [self._row(*row) for row in rules.rows(found)]
        self.committed = rules.committed(found)
        self.model_rows = [self._model_row(m, found[f"model:{m.dataset}"]) for m in self.models]

    def _rule_authors(self, changed: ChangedVersions, commit: str | None) -> RuleAuthors:
        open_ = {n: self.standing[o] for n in self.versions if (o := self._open_id(n)) in self.open}
        told = {n: o for n, o in open_.items() if n in changed.new or o.uncommitted}
        runs = self._last_runs(RULE_RESULTS, "rule_id", map(self._open_id, told))
        was = {
            n: replace(o, was=runs.get((self._open_id(n), o.digest), ())) for n, o in told.items()
        }
        away = self._away([n for n in changed.new if n not in open_])
        return RuleAuthors(self.versions, changed, {**open_, **was}, away, commit)

    def _away(self, names: Sequence[str]) -> dict[str, Standing]:
        """The last rows of rules of which none is open."""
        if not names:
            return {}
        mine = exp.In(this=nodes.column("rule_id"), expressions=[nodes.text(n) for n in names])
        query = nodes.select(
            [nodes.column(c) for c in _STANDING], self.ledger.of(RULE_VERSIONS), mine
        ).order_by(nodes.column("from_run"))
        return {name: _standing(*row) for name, *row in self.ledger.fetch(query)}

    def rekeyed(self) -> tuple[str, ...]:
        """The datasets that had another key when the rule about their key was last judged."""
        keys = [
            n
            for n, v in self.versions.items()
            if v.rule.check == "key"
            and self._open_id(n) in self.open
            and self.open[self._open_id(n)][0] != v.digest
        ]
        if not keys:
            return ()
        texts = dict(
            self.ledger.fetch(
                nodes.select(
                    [nodes.column("rule_id"), nodes.column("text")],
                    self.ledger.of(RULE_VERSIONS),
                    nodes.every(
                        [
                            nodes.is_null(nodes.column("to_run")),
                            exp.In(
                                this=nodes.column("rule_id"),
                                expressions=[nodes.text(self._open_id(n)) for n in keys],
                            ),
                        ]
                    ),
                )
            )
        )
        return tuple(
            self.versions[n].rule.dataset
            for n in keys
            if _columns(texts[self._open_id(n)]) != self.versions[n].rule.columns
        )

    def write(self, changed: ChangedVersions) -> None:
        self._close(
            RULE_VERSIONS, "rule_id", [*(name for name, _, _ in changed.closed), *self.committed]
        )
        self._close(MODEL_VERSIONS, "dataset", self.gone)
        self.ledger.add(RULE_VERSIONS, self.rows)
        self.ledger.add(MODEL_VERSIONS, self.model_rows)

    def inputs(self, executed: Executed) -> list[list[Any]]:
        """A row a dataset that the run read or made."""
        used = {b.dataset for b in executed.built} | executed.inputs.keys()
        rows = []
        for name, dataset in self.project.datasets.items():
            if name in used:
                seen = executed.inputs.get(name)
                rows.append(
                    [
                        self.run_id,
                        name,
                        dataset.origin,
                        seen.rows if seen else None,
                        seen.digest if seen else None,
                        self.digests.get(name),
                        ", ".join(dataset.depends_on) or None,
                        dataset.spec.formerly[-1] if dataset.spec.formerly else None,
                    ]
                )
        return rows

    def _open_id(self, name: str) -> str:
        """The id by which the row of a rule is open."""
        return name if name in self.open else self.versions[name].rule.formerly or ""

    def _row(
        self,
        version: Version,
        by: Authorship,
        words: Authorship,
    ) -> list[Any]:
        """`words`: who changed what is said of it, where that is all that is new."""
        rule = version.rule
        return [
            rule.id,
            version.digest,
            version.meta_digest,
            version.verdict_digest,
            rule.kind,
            rule.check,
            rule.dataset,
            rule.severity,
            version.text,
            rule.span.file,
            rule.span.line,
            by.author,
            by.commit,
            by.committed,
            by.note,
            words.author,
            words.commit,
            words.committed,
            words.note,
            rule.enabled,
            rule.why,
            rule.owner,
            ", ".join(sorted(self.project.read_by(rule.id) - {rule.dataset})) or None,
            ", ".join(rule.tags),
            rule.formerly,
            self.run_id,
            None,
        ]

    def _model_row(self, model: ModelVersion, by: Authorship) -> list[Any]:
        return [
            model.dataset,
            model.digest,
            model.text,
            model.file,
            by.author,
            by.commit,
            by.committed,
            by.note,
            self.run_id,
            None,
        ]

    def _still(self, table: Table, *columns: str) -> list[tuple[Any, ...]]:
        return self.ledger.fetch(
            nodes.select(
                [nodes.column(c) for c in columns],
                self.ledger.of(table),
                nodes.is_null(nodes.column("to_run")),
            )
        )

    def _last_runs(
        self, table: Table, column: str, names: Iterable[str]
    ) -> dict[tuple[str, str], tuple[Any, ...]]:
        """(rule or model, version) -> commit, dirtiness and --vars of the last run that read it so:
        a run that left it out may have read it with others."""
        wanted = sorted(set(filter(None, names)))
        if not wanted:
            return {}
        keys = (column, "version")
        last = nodes.group_by(
            nodes.select(
                [
                    *(nodes.column(k) for k in keys),
                    nodes.alias(exp.Max(this=nodes.column("run_id")), "run_id"),
                ],
                self.ledger.of(table),
                exp.In(this=nodes.column(column), expressions=[nodes.text(n) for n in wanted]),
            ),
            [nodes.column(k) for k in keys],
        )
        query = nodes.select(
            [
                *(nodes.column(k, "l") for k in keys),
                *(nodes.column(c, "r") for c in ("git_commit", "git_dirty", "vars")),
            ],
            self.ledger.of(RUNS, "r"),
        )
        query.append(
            "joins",
            exp.Join(
                this=nodes.subquery(last, "l"),
                on=nodes.equal(nodes.column("run_id", "l"), nodes.column("run_id", "r")),
            ),
        )
        return {(row[0], row[1]): row[2:] for row in self.ledger.fetch(query)}

    def _close(self, table: Table, column: str, names: Sequence[str]) -> None:
        if not names:
            return
        update = exp.Update(
            this=self.ledger.of(table),
            expressions=[exp.EQ(this=nodes.column("to_run"), expression=nodes.text(self.run_id))],
            where=exp.Where(
                this=nodes.all_of(
                    [
                        nodes.is_null(nodes.column("to_run")),
                        exp.In(
                            this=nodes.column(column), expressions=[nodes.text(n) for n in names]
                        ),
                    ]
                )
            ),
        )
        self.ledger.run(update)


def _standing(digest: str, meta: str, dataset: str, *by: Any) -> Standing:
    return Standing(digest, meta, dataset, Authorship(*by[:4]), Authorship(*by[4:]))


def _columns(text: str) -> tuple[str, ...]:
    """The columns that the text of a version names."""
    said = yaml.safe_load(text)
    return tuple([said["column"]] if "column" in said else said.get("columns", ()))
