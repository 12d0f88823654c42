"""Who of a wave must not be written to any more: who withdrew, is in a list now, was split, or is no
longer there."""

from __future__ import annotations

import json
from dataclasses import replace

from sqlglot import exp

from cdmq.files.csv_out import csv_text, digest_of
from cdmq.kinds.exporting import Exported, Exporting
from cdmq.kinds.segments.query import NO_PERMISSION, judged_query
from cdmq.kinds.segments.scope import Scope, named
from cdmq.kinds.segments.waves import frozen, kept_rows
from cdmq.kinds.segments.words import Consents
from cdmq.problems import CdmqError, Problem
from cdmq.sql import nodes

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
    now = _Now(scope, at)
    found = tuple((*row, why) for row in rows if (why := now.why(row)))
    told = f"{len(found):,} of {len(rows):,} are not to be written to any more"
    digest = digest_of(csv_text(columns, found))
    return Exported(scope.rule.id, at.wave, columns, found, digest, note=told)


class _Now:
    """What is so by now."""

    def __init__(self, scope: Scope, at: Exporting) -> None:
        everybody = replace(scope, everybody=True)
        self.of_parties = scope.rows.dataset.made_by is not None
        self.address = isinstance(scope.spec.permission, Consents)
        self.judged = {key: rest for key, *rest in at.running.fetch(judged_query(everybody))}
        self.today: dict[str, set[str]] = {}
        for member, key in at.running.fetch(_today(scope, at.wave)):
            self.today.setdefault(str(member), set()).add(str(key))

    def why(self, row: Row) -> str | None:
        """Why somebody of the wave is to be taken back; None where he is not."""
        who = self.today.get(str(row[0]), set()) if self.of_parties else {str(row[0])}
        there = sorted(who & self.judged.keys())
        if not there:
            return "no longer there"
        for address, because, more in (self.judged[key] for key in there):
            moved = self.address and address != row[1]
            said_no = "said no" in (more or "")
            if because is not None and (said_no or not (moved and because == NO_PERMISSION)):
                return f"{because}: {more}" if more else str(because)
        return "split into several" if len(there) > 1 else None


def _today(scope: Scope, wave: str) -> exp.Select:
    """(member, key): who those of a wave are today."""
    shown = [nodes.column(c, "e") for c in ("member", "key")]
    ours = nodes.equal(nodes.column("wave", "e"), nodes.text(wave))
    where = nodes.every([nodes.column("mine", "e"), ours])
    return nodes.select(shown, named(f"exported:{scope.rule.id}", "e"), where).distinct()
