"""A wave of a segment: who is in it is frozen when it is first handed out; the same wave again is
the same rows."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.files.csv_out import csv_text, digest_of
from cdmq.kinds.exporting import Exported, Exporting
from cdmq.kinds.facts.numbers import after
from cdmq.kinds.segments.figures import figures_of, note
from cdmq.kinds.segments.query import members_query, reasons
from cdmq.kinds.segments.scope import Scope
from cdmq.kinds.segments.tables import EXPORTS, WAVES
from cdmq.kinds.segments.words import Consents
from cdmq.problems import CdmqError, Problem
from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node, logical
from cdmq.sql.relation import Relation
from cdmq.sql.text_form import text_of

WRITTEN_TO = ("contact", "comparison")


def wave(scope: Scope, at: Exporting) -> Exported:
    """The wave as it was frozen, or as it is frozen now."""
    known = frozen(scope, at)
    return _again(scope, at, known) if known else _first(scope, at)


def frozen(scope: Scope, at: Exporting) -> dict[str, Any] | None:
    """What the audit tables say of a wave that was handed out."""
    mine = of_rule(scope.rule.id, at.running.ids)
    named = nodes.equal(nodes.column("wave"), nodes.text(at.wave))
    query = nodes.select(
        [nodes.column(c) for c in WAVES.names], at.ledger.of(WAVES), nodes.every([mine, named])
    )
    rows = at.ledger.fetch(query)
    return dict(zip(WAVES.names, rows[0], strict=True)) if rows else None


def header(scope: Scope) -> tuple[str, ...]:
    """The columns of the file: whose row it is, the address, and what else the segment gives."""
    key = scope.rows.dataset.key
    cells = dict.fromkeys(_given(scope))
    return ("key" if len(key) != 1 else key[0], *(c for c in cells if (c,) != key))


def _given(scope: Scope) -> list[str]:
    asked = scope.spec.permission
    address = [asked.address] if isinstance(asked, Consents) else []
    return [scope.binder.real(c) for c in (*address, *scope.spec.columns)]


def _again(scope: Scope, at: Exporting, known: dict[str, Any]) -> Exported:
    """Raises CdmqError where the frozen rows are not there any more, or are others."""
    columns = tuple(json.loads(known["columns"]))
    rows = kept_rows(scope, at, known)
    digest = digest_of(csv_text(columns, rows))
    if digest != known["digest"]:
        cause = f"the rows of the wave '{at.wave}' were changed after it was handed out"
        raise CdmqError(
            Problem(scope.rule.span, "CDMQ452", cause, "give the next wave another name")
        )
    figures = json.loads(known["waterfall"])
    told = note(figures, [k for k in figures if k not in ("eligible", *_PARTS)])
    return Exported(scope.rule.id, at.wave, columns, rows, digest, figures, True, told)


_PARTS = ("contact", "holdout", "comparison")


def kept_rows(
    scope: Scope, at: Exporting, known: dict[str, Any]
) -> tuple[tuple[str | None, ...], ...]:
    """The rows of a wave as they were handed out."""
    warehouse = at.running.warehouse
    relation = Relation(known["relation"], warehouse.schema)
    there = warehouse.columns(relation)
    columns = json.loads(known["columns"])
    if there is None or set(columns) - set(there):
        cause = f"{relation} with the rows of the wave '{at.wave}' is not in the warehouse any more"
        raise CdmqError(
            Problem(scope.rule.span, "CDMQ451", cause, "give the next wave another name")
        )
    query = nodes.select([nodes.column(c) for c in columns], nodes.table(relation))
    rows = warehouse.fetch(query.sql(warehouse.dialect))
    return tuple(sorted((tuple(r) for r in rows), key=lambda r: str(r[0])))


def _first(scope: Scope, at: Exporting) -> Exported:
    """Freeze it: who is in, who is held out, and why others are not."""
    running, columns = at.running, header(scope)
    found = running.fetch(_judged(scope))
    counts = Counter((part, because) for _, part, because, *_ in found)
    why = reasons(scope)
    figures = figures_of([(p, b, n) for (p, b), n in counts.items()], why)
    rows = tuple(
        sorted(
            ((key, *cells) for key, part, _, *cells in found if part in WRITTEN_TO),
            key=lambda r: str(r[0]),
        )
    )
    digest = digest_of(csv_text(columns, rows))
    exported = Exported(scope.rule.id, at.wave, columns, rows, digest, figures, False)
    exported = replace(exported, note=note(figures, why))
    _freeze(scope, at, exported, {key: part for key, part, *_ in found if part != "out"})
    return exported


def _judged(scope: Scope) -> exp.Select:
    """What becomes of everybody, with the cells of the file."""
    rows = scope.rows
    cells = [c for c in dict.fromkeys(_given(scope)) if (c,) != rows.dataset.key]
    shown: list[exp.Expr] = [nodes.column(c, "q") for c in ("key", "part", "because")]
    own: list[exp.Expr] = [nodes.alias(rows.key(), "__key")]
    for i, column in enumerate(cells):
        own.append(nodes.alias(text_of(nodes.column(column), rows.columns[column]), f"c{i}"))
        shown.append(nodes.column(f"c{i}", "c"))
    query = nodes.select(shown, nodes.subquery(members_query(scope), "q"))
    same = nodes.equal(nodes.column("__key", "c"), nodes.column("key", "q"))
    return nodes.left_join(
        query, nodes.subquery(nodes.select(own, logical(rows.relation)), "c"), same
    )


def _freeze(scope: Scope, at: Exporting, exported: Exported, parts: dict[str, str]) -> None:
    warehouse, rule = at.running.warehouse, scope.rule.id
    relation = at.running.names.output(f"{rule}__wave_{at.wave}")[1]
    at.register.check(relation)
    warehouse.load(relation, dict.fromkeys(exported.columns, "text"), exported.rows)
    at.register.enter({relation: rule})
    asked = scope.spec.permission
    channel, purpose = None, None
    if isinstance(asked, Consents):
        channel, purpose = asked.channel, asked.purpose
    when = datetime.fromisoformat(at.running.render.as_of)
    common = [rule, at.wave]
    said = [channel, purpose, at.by, when, _until(scope, at), exported.digest, at.ledger.run_id]
    of = scope.rows.dataset.name
    at.ledger.add(EXPORTS, [[*common, key, part, of, *said] for key, part in sorted(parts.items())])
    at.ledger.add(
        WAVES,
        [
            [
                *common,
                at.version,
                *said,
                relation.name,
                json.dumps(exported.columns),
                json.dumps(exported.figures),
            ]
        ],
    )


def _until(scope: Scope, at: Exporting) -> datetime | None:
    """The end of the time in which a response counts: so long after the day of the wave."""
    asked = scope.spec.response
    if asked is None:
        return None
    day = nodes.cast(nodes.cast(as_of_node(), "date"), "timestamp")
    ((until,),) = at.running.fetch(nodes.select([after(day, asked.within)]))
    assert isinstance(until, datetime)
    return until
