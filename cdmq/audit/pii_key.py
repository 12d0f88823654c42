"""The key of the digests by which hidden values are told apart.

It is the secret of the target in profiles.yml; without one, a secret that is made once and kept in
a table that nobody else is granted. The same key must be used for ever: with another, every flag
on a hidden value would close and open again.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from cdmq.audit.tables import PII_KEY, RUN_INPUTS, audit_schema
from cdmq.problems import CdmqError, Problem, Span
from cdmq.sql import nodes
from cdmq.sql.keyed import KEY, KEY_COLUMNS, hmac_by, hmac_of, keyed_again, pads, spelled
from cdmq.sql.relation import Relation
from cdmq.sql.shape import Table
from cdmq.values import Dataset, Project
from cdmq.warehouses.temporary import Temporary

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

_MD5 = re.compile("(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
#: What a keyed digest of an input begins with.
_KEYED = "keyed "


def unlock(
    project: Project,
    warehouse: Warehouse,
    secret: str | None,
    span: Span,
    now: datetime,
    tables: Iterable[Table],
) -> None:
    """Put the key where statements find it, where a dataset hides a value. `tables`: what may hold
    such values. Raises CdmqError where it is not the one that runs before used."""
    if not any(map(_hides, project.datasets.values())):
        return
    schema = audit_schema(warehouse)
    table = Relation(PII_KEY.name, schema)
    warehouse.keep_private(table)
    known = warehouse.fetch(
        nodes.select([nodes.column("mark"), nodes.column("secret")], nodes.table(table)).sql(
            warehouse.dialect
        )
    )
    kept = known[0][1] if known else None
    key = (secret or kept or secrets.token_hex(32)).encode()
    mark = hmac_of(key, "cdmq")[:16]
    if known and known[0][0] != mark:
        raise CdmqError(_another(span, bool(secret), bool(kept), table))
    put(warehouse, key)
    if not known:
        with warehouse.transaction():
            types = {c.name: c.type for c in PII_KEY.columns}
            own = None if secret else key.decode()
            warehouse.insert(table, types, [[mark, own, now]])
            _bring_over(warehouse, schema, key, tables)


def _another(span: Span, given: bool, kept: bool, table: Relation) -> Problem:
    cause = (
        "is not the one that runs before used"
        if given and not kept
        else (
            "is given, and runs before used one of their own" if given else "is not given any more"
        )
    )
    return Problem(
        span,
        "CDMQ411",
        f"pii_secret {cause}: every flag on a value that pii: hides would close and open again",
        "give the target the secret of before (none, if it had none); to start "
        f"anew with another one on purpose, delete the row of {table}",
    )


def put(warehouse: Warehouse, key: bytes) -> None:
    """The key where the statements of this connection find it, and no other connection does."""
    Temporary(warehouse).load(KEY, KEY_COLUMNS, [list(pads(key))])


def _bring_over(warehouse: Warehouse, schema: str, key: bytes, tables: Iterable[Table]) -> None:
    """Digests of a cdmq without a key become keyed ones: they are the same values, no flag closes,
    and none can be guessed any more. Only rows with a digest hold what pii: hides."""
    for table in tables:
        relation = Relation(table.name, schema)
        hidden = nodes.present(nodes.column("digest"))
        for name in table.telling:
            found = warehouse.fetch(
                nodes.select(
                    [nodes.column(name)],
                    nodes.table(relation),
                    nodes.all_of([hidden, nodes.present(nodes.column(name))]),
                )
                .distinct()
                .sql(warehouse.dialect)
            )
            _replace(warehouse, relation, name, key, (str(r[0]) for r in found))
        for name in reversed(table.hidden):
            column = nodes.column(name)
            where = nodes.all_of([hidden.copy(), *_is_md5(column)])
            update = exp.Update(
                this=nodes.table(relation),
                where=exp.Where(this=where),
                expressions=[exp.EQ(this=column.copy(), expression=keyed_again(column.copy()))],
            )
            warehouse.run(spelled(update, warehouse.dialect).sql(warehouse.dialect))


def digester(warehouse: Warehouse, hides: bool) -> Callable[[str], str]:
    """Gives of the MD5 of a value what `keyed` gives of the value on this connection; where nothing
    is hidden, the MD5 itself."""
    if not hides:
        return str
    pads_ = nodes.select([nodes.column(c) for c in KEY_COLUMNS], nodes.table(KEY))
    ((inner, outer),) = warehouse.fetch(pads_.sql(warehouse.dialect))
    return partial(hmac_by, (str(inner), str(outer)))


def key_inputs(project: Project, warehouse: Warehouse, schema: str) -> None:
    """The digests of what runs read, where it holds hidden values: of a file that is known but for
    one of them, all could be tried out. What the digest is of stays in front."""
    names = sorted(hiding(project))
    if not names:
        return
    digest = nodes.column("digest")
    keyed_ = keyed_input(digest)
    where = nodes.every(
        [
            exp.In(this=nodes.column("dataset"), expressions=[nodes.text(n) for n in names]),
            exp.Not(this=exp.Like(this=digest, expression=nodes.text(f"{_KEYED}%"))),
        ]
    )
    update = exp.Update(
        this=nodes.table(Relation(RUN_INPUTS.name, schema)),
        where=exp.Where(this=where),
        expressions=[exp.EQ(this=nodes.column("digest"), expression=keyed_)],
    )
    warehouse.run(spelled(update, warehouse.dialect).sql(warehouse.dialect))


def hiding(project: Project) -> frozenset[str]:
    """The datasets that hide a value, by each name that they have or had: only of what they read
    are digests keyed."""
    return frozenset(
        n for name, d in project.datasets.items() if _hides(d) for n in project.names_of(name)
    )


def keyed_input(digest: exp.Expr) -> exp.Expr:
    """The digest of what a run read, as it is kept of what holds hidden values."""
    of = nodes.call("regexp_replace", digest.copy(), nodes.text(":[^:]*$"), nodes.text(":"))
    return nodes.concat([nodes.text(_KEYED), of, keyed_again(digest.copy())])


def _hides(dataset: Dataset) -> bool:
    return any(how != "plain" for how in dataset.spec.pii.values())


def _is_md5(column: exp.Expr) -> list[exp.Expr]:
    """32 letters, none of them another than these."""
    bare = nodes.call("translate", column.copy(), nodes.text("0123456789abcdef"), nodes.text(""))
    return [
        nodes.equal(nodes.call("length", column.copy()), nodes.number(32)),
        nodes.equal(bare, nodes.text("")),
    ]


def _replace(
    warehouse: Warehouse, relation: Relation, name: str, key: bytes, texts: Iterable[str]
) -> None:
    """Of a text that tells of several values, such as `email=..., phone=...`."""
    rows: list[list[Any]] = [
        [text, _MD5.sub(lambda m: hmac_of(key, m[0]), text)]
        for text in texts
        if _MD5.search(text) and not _MD5.fullmatch(text)
    ]
    if not rows:
        return
    pairs = Relation("__cdmq_brought_over")
    Temporary(warehouse).load(pairs, {"old": "text", "new": "text"}, rows)
    update = exp.Update(
        this=nodes.table(relation, "t"),
        from_=exp.From(this=nodes.table(pairs, "p")),
        expressions=[exp.EQ(this=nodes.column(name), expression=nodes.column("new", "p"))],
        where=exp.Where(
            this=nodes.every(
                [
                    nodes.present(nodes.column("digest", "t")),
                    nodes.equal(nodes.column(name, "t"), nodes.column("old", "p")),
                ]
            )
        ),
    )
    warehouse.run(update.sql(warehouse.dialect))
    warehouse.run(nodes.drop(pairs).sql(warehouse.dialect))
