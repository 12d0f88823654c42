"""What each rule found, and by which meaning, when it was last judged: the version that is open may
be of a run in which it was switched off, or could not be run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from cdmq.audit.ledger import Ledger
from cdmq.audit.tables import RULE_RESULTS, RULE_VERSIONS
from cdmq.audit.versions import Version
from cdmq.sql import nodes


@dataclass(frozen=True)
class LastJudged:
    """Reads what stood before this run is written."""

    ledger: Ledger

    @cached_property
    def rows(self) -> Mapping[str, tuple[str, str, str]]:
        """Rule, by its id then -> run, version, and what was found as a fingerprint."""
        newest = nodes.alias(exp.Max(this=nodes.column("run_id")), "run_id")
        evaluated = nodes.select(
            [nodes.column("rule_id"), newest],
            self.ledger.of(RULE_RESULTS),
            nodes.present(nodes.column("fingerprint")),
        )
        last = nodes.subquery(nodes.group_by(evaluated, [nodes.column("rule_id")]), "l")
        shown = ("rule_id", "run_id", "version", "fingerprint")
        query = nodes.select(
            [nodes.column(c, "r") for c in shown], self.ledger.of(RULE_RESULTS, "r")
        )
        same = [
            nodes.equal(nodes.column(c, "l"), nodes.column(c, "r")) for c in ("rule_id", "run_id")
        ]
        query.append("joins", exp.Join(this=last, on=nodes.every(same)))
        return {
            str(rule): (run, version, mark) for rule, run, version, mark in self.ledger.fetch(query)
        }

    def fingerprint(self, rule: str) -> str | None:
        return self.rows[rule][2] if rule in self.rows else None

    def changed(
        self, versions: Iterable[Version], ids: Mapping[str, Sequence[str]]
    ) -> frozenset[str]:
        """The rules whose verdicts may differ from those of before. `ids`: of a rule that had
        others, each."""
        was: list[tuple[Version, str]] = []
        for version in versions:
            name = version.rule.id
            found = [self.rows[i] for i in ids.get(name, (name,)) if i in self.rows]
            if found and max(found)[1] != version.digest:
                was.append((version, max(found)[1]))
        verdicts = self._verdicts({digest for _, digest in was})
        return frozenset(v.rule.id for v, digest in was if verdicts.get(digest) != v.verdict_digest)

    def _verdicts(self, digests: Iterable[str]) -> dict[str, str]:
        """Version -> the digest of what in it decides on a record."""
        wanted = [nodes.text(d) for d in sorted(digests)]
        if not wanted:
            return {}
        query = nodes.select(
            [nodes.column("version"), nodes.column("verdict_version")],
            self.ledger.of(RULE_VERSIONS),
            nodes.every(
                [
                    exp.In(this=nodes.column("version"), expressions=wanted),
                    nodes.present(nodes.column("verdict_version")),
                ]
            ),
        )
        return dict(self.ledger.fetch(query))
