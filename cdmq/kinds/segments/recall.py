"""Who of a wave must not be written to any more: who withdrew, is in a list now, was split, or is no
longer there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.audit.tables import audit_schema
from cdmq.files.csv_out import csv_text, digest_of
from cdmq.kinds.exporting import Exported, Exporting
from cdmq.kinds.segments.before import leads_before
from cdmq.kinds.segments.query import NO_PERMISSION, judged_query
from cdmq.kinds.segments.scope import Scope
from cdmq.kinds.segments.waves import frozen, kept_rows
from cdmq.kinds.segments.words import Consents
from cdmq.problems import CdmqError, Problem
from cdmq.sql import nodes
from cdmq.sql.relation import Relation

Row = tuple[str | None, ...]


def recall(scope: Scope, at: Exporting) -> Exported:
    """Raises CdmqError where nothing was handed out under that name."""
    known = frozen(scope, at)
    if known is None:
        cause = f"no wave of {scope.rule.id} is named '{at.wave}'"
        how = "the table waves has those that were handed out"
        raise CdmqError(Problem(scope.rule.span, "CDMQ454", cause, how))
    columns = (*json.loads(known["columns"]), "why")
    rows = kept_rows(scope, at, known)
    now = _Now(scope, at, known)
    found = tuple((*row, why) for row in rows if (why := now.why(row)))
    told = f"{len(found):,} of {len(rows):,} are not to be written to any more"
    digest = digest_of(csv_text(columns, found))
    return Exported(scope.rule.id, at.wave, columns, found, digest, note=told)


class _Now:
    """What is so by now."""

    def __init__(self, scope: Scope, at: Exporting, known: dict[str, Any]) -> None:
        self.scope, self.at = scope, at
        everybody = replace(scope, everybody=True)
        asked = scope.spec.permission
        self.address = isinstance(asked, Consents)
        self.judged = {key: rest for key, *rest in at.running.fetch(judged_query(everybody))}
        self.leads = dict(self._leads())
        self.split = set(self._split(known["run_id"]))

    def _leads(self) -> Iterator[tuple[str, str]]:
        if self.scope.party is not None:
            schema = audit_schema(self.at.running.warehouse)
            query = leads_before(self.scope.party, schema, self.at.running.ids)
            yield from ((str(a), str(b)) for a, b in self.at.ledger.fetch(query))

    def _split(self, since: str) -> Iterator[str]:
        """The parties out of which others came after the wave."""
        if self.scope.party is None:
            return
        where = [
            of_rule(self.scope.party, self.at.running.ids),
            nodes.equal(nodes.column("event"), nodes.text("split")),
            exp.GT(this=nodes.column("run_id"), expression=nodes.text(since)),
        ]
        schema = audit_schema(self.at.running.warehouse)
        table = nodes.table(Relation("party_events", schema))
        query = nodes.select([nodes.column("other")], table, nodes.every(where))
        yield from (str(other) for (other,) in self.at.ledger.fetch(query))

    def why(self, row: Row) -> str | None:
        """Why somebody of the wave is to be taken back; None where he is not."""
        key = str(row[0])
        now = key if key in self.judged else self.leads.get(key, key)
        if now not in self.judged:
            return "no longer there"
        address, because, more = self.judged[now]
        moved = self.address and address != row[1]
        if because is not None and not (moved and because == NO_PERMISSION and not _said_no(more)):
            return f"{because}: {more}" if more else str(because)
        return "split into several" if key in self.split else None


def _said_no(more: str | None) -> bool:
    return "said no" in (more or "")
