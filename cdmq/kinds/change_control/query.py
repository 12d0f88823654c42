"""What is asked of the warehouse: the protected cells, those that differ from what is approved, and
the rows of the log and of the approvals. All but the comparison is worked out beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds.change_control.words import ApprovalLog, ChangeLog
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.holding import key_twice
from cdmq.sql import nodes
from cdmq.sql.duckdb_types import WRITTEN
from cdmq.sql.logical import as_of_node, logical
from cdmq.sql.text_form import key_of, text_of
from cdmq.sql.types import MOMENTS, Type

#: What stands in `approved`, in this order.
APPROVED = ("key", "column_name", "value", "approved_at", "how", "change_id")


def cells_query(rows: Rows, conditions: Conditions, columns: Sequence[str]) -> exp.Query:
    """A row a protected cell: key, column_name, value. A record without a key, or whose key stands
    twice, has none."""
    known = _subquery(records_query(rows, conditions, columns), "r")
    parts = []
    for i, column in enumerate(columns):
        shown = [
            nodes.column("key", "r"),
            nodes.alias(nodes.text(column), "column_name"),
            nodes.alias(nodes.column(f"v{i}", "r"), "value"),
        ]
        parts.append(nodes.select(shown, known.copy()))
    return nodes.union_all(parts)


def records_query(rows: Rows, conditions: Conditions, columns: Sequence[str] = ()) -> exp.Select:
    """A row a record that the rule is about: its key, and v0, ..., the texts of its columns."""
    key = rows.key()
    twice = exp.Not(this=nodes.among(nodes.paren(rows.key()), key_twice(rows)))
    shown = [
        nodes.alias(key, "key"),
        *(
            nodes.alias(text_of(nodes.column(c), rows.columns[c]), f"v{i}")
            for i, c in enumerate(columns)
        ),
    ]
    where = [nodes.present(nodes.paren(key.copy())), twice, conditions.where]
    return nodes.select(shown, logical(rows.relation), nodes.all_of(where))


def differing(cells: str, approved: exp.Select) -> exp.Select:
    """The cells whose value is not the approved one: all of APPROVED, and the value now."""
    query = nodes.select(
        [*(nodes.column(c, "a") for c in APPROVED), nodes.column("value", "c")],
        _named(cells, "c"),
        nodes.distinct_from(nodes.column("value", "a"), nodes.column("value", "c")),
    )
    query.append("joins", exp.Join(this=_subquery(approved, "a"), on=_same("a", "c")))
    return query


def now_approved(
    cells: str, approved: exp.Select, moved: str, how: str, since: date | None
) -> exp.Query:
    """All of APPROVED as it is now: as it was, but where a cell moved; and cells that are new, with
    what they show, from `since` on or from as_of."""
    was = nodes.select(
        [
            nodes.column("key", "a"),
            nodes.column("column_name", "a"),
            *(_moved_or(c, nodes.column(c, "a")) for c in APPROVED[2:]),
        ],
        _subquery(approved, "a"),
    )
    nodes.left_join(was, _named(moved, "m"), _same("m", "a"))
    fresh = {
        "value": nodes.column("value", "c"),
        "approved_at": nodes.cast(
            nodes.text(since.isoformat()) if since else as_of_node(), "timestamp"
        ),
        "how": nodes.text(how),
        "change_id": nodes.cast(nodes.null(), "text"),
    }
    new = nodes.select(
        [
            nodes.column("key", "c"),
            nodes.column("column_name", "c"),
            *(_moved_or(c, node) for c, node in fresh.items()),
        ],
        _named(cells, "c"),
        nodes.is_null(nodes.column("key", "a")),
    )
    nodes.left_join(new, _subquery(approved.copy(), "a"), _same("a", "c"))
    nodes.left_join(new, _named(moved, "m"), _same("m", "c"))
    return nodes.union_all([was, new])


def put_back(
    dataset: str, key: exp.Expr, column: str, type_: Type, cells: str, approved: str
) -> exp.Update:
    """Puts the approved values of a column into the place of others, in what stands of the dataset
    in this run."""
    back = differing(cells, _all_of(approved))
    for shown, named in zip(back.expressions, APPROVED, strict=False):
        shown.replace(nodes.alias(shown.copy(), f"__{named}"))
    back.set("expressions", [e for e in back.expressions if isinstance(e, exp.Alias)])
    named_ = nodes.equal(nodes.column("column_name", "a"), nodes.text(column))
    back = back.where(named_, copy=False)
    value: exp.Expr = nodes.column("__value", "b")
    value = value if type_ in ("text", "unknown") else nodes.cast(value, WRITTEN[type_])
    return exp.Update(
        this=logical(f"source:{dataset}"),
        from_=exp.From(this=_subquery(back, "b")),
        expressions=[exp.EQ(this=nodes.column(column), expression=value)],
        where=exp.Where(this=nodes.equal(nodes.column("__key", "b"), nodes.paren(key.copy()))),
    )


def _all_of(approved: str) -> exp.Select:
    return nodes.select([nodes.column(c) for c in APPROVED], logical(approved))


def judged_query(records: exp.Select, held: str, columns: Sequence[str]) -> exp.Select:
    """A row a record: its key, and of each protected column why a change of it is held (w0, ...)
    and the digest of its values (d0, ...)."""
    shown: list[exp.Expr] = [nodes.column("key", "r")]
    query = nodes.select(shown, _subquery(records, "r"))
    for i, column in enumerate(columns):
        alias = f"h{i}"
        shown.append(nodes.alias(nodes.column("why", alias), f"w{i}"))
        shown.append(nodes.alias(nodes.column("digest", alias), f"d{i}"))
        on = [
            nodes.equal(nodes.column("key", alias), nodes.column("key", "r")),
            nodes.equal(nodes.column("column_name", alias), nodes.text(column)),
        ]
        nodes.left_join(query, _named(held, alias), nodes.every(on))
    query.set("expressions", shown)
    return query


@dataclass(frozen=True)
class Logs:
    """The rows of the log of changes, and of the approvals, as texts but for their days."""

    changes: ChangeLog
    key: Sequence[str]
    types: Mapping[str, Type]
    #: The matching rule by which the keys of the log are parties.
    through: str | None
    approvals: ApprovalLog | None
    approval_types: Mapping[str, Type]

    def changes_query(self, approved: exp.Select, begins: date | None) -> exp.Select:
        """A row a change until as_of that is not older than the approved value of its cell: key, id,
        column, old, new, by, at."""
        log, types = self.changes, self.types
        shown = {
            "key": key_of([(nodes.column(c), types[c]) for c in log.key]),
            "id": key_of([(nodes.column(c), types[c]) for c in self.key]),
            "column_name": _text(log.column, types),
            "old": _text(log.old, types),
            "new": _text(log.new, types),
            "by": _text(log.by, types),
            "at": nodes.cast(nodes.column(log.at), "timestamp"),
        }
        rows = _shown(shown, logical(f"clean:{log.dataset}"), _until_now(log.at, types))
        if self.through is None:
            known: exp.Select = nodes.select([exp.Star()], _subquery(rows, "l"))
            key = nodes.column("key", "l")
        else:
            key = nodes.column("party_id", "x")
            known = nodes.select([], _subquery(rows, "l"))
            on = nodes.equal(nodes.column("key", "x"), nodes.column("key", "l"))
            known.append("joins", exp.Join(this=_named(f"xref:{self.through}", "x"), on=on))
        rest = [nodes.column(c, "l") for c in list(shown)[1:]]
        known.set("expressions", [nodes.alias(key.copy(), "key"), *rest])
        on = nodes.every(
            [
                nodes.equal(nodes.column("key", "a"), key.copy()),
                nodes.equal(
                    exp.Lower(this=nodes.column("column_name", "a")),
                    exp.Lower(this=nodes.column("column_name", "l")),
                ),
            ]
        )
        nodes.left_join(known, _subquery(approved, "a"), on)
        day, since = _day(nodes.column("at", "l")), _day(nodes.column("approved_at", "a"))
        recent: exp.Expr = exp.Coalesce(
            this=nodes.paren(exp.GTE(this=day, expression=since)), expressions=[exp.true()]
        )
        if begins is not None:
            first = nodes.cast(nodes.text(begins.isoformat()), "date")
            recent = nodes.every([recent, exp.GTE(this=day.copy(), expression=first)])
        return known.where(recent, copy=False)

    def approvals_query(self) -> exp.Select | None:
        """A row an approval until as_of: change, by, role, through, at."""
        said, types = self.approvals, self.approval_types
        if said is None:
            return None
        none = nodes.cast(nodes.null(), "text")
        shown = {
            "change": _text(said.change, types),
            "by": _text(said.by, types),
            "role": _text(said.role, types),
            "through": _text(said.through, types) if said.through else none,
            "at": nodes.cast(nodes.column(said.at), "timestamp"),
        }
        return _shown(shown, logical(f"clean:{said.dataset}"), _until_now(said.at, types))


def among(
    of: str | exp.Select, wanted: str, columns: Sequence[str] = ("key", "column_name", "value")
) -> exp.Select:
    """Columns of the cells that stand in `wanted`, too."""
    source = _named(of, "c") if isinstance(of, str) else _subquery(of, "c")
    query = nodes.select([nodes.column(c, "c") for c in columns], source)
    query.append("joins", exp.Join(this=_named(wanted, "w"), on=_same("w", "c")))
    return query


def _shown(shown: Mapping[str, exp.Expr], source: exp.Expr, where: exp.Expr) -> exp.Select:
    return nodes.select([nodes.alias(node, name) for name, node in shown.items()], source, where)


def _until_now(column: str, types: Mapping[str, Type]) -> exp.Expr:
    kind = types[column] if types[column] in MOMENTS else "timestamp"
    return exp.LTE(this=nodes.column(column), expression=nodes.cast(as_of_node(), kind))


def _text(column: str, types: Mapping[str, Type]) -> exp.Expr:
    return text_of(nodes.column(column), types[column])


def _day(moment: exp.Expr) -> exp.Expr:
    return nodes.cast(moment, "date")


def _moved_or(column: str, else_: exp.Expr) -> exp.Expr:
    moved = nodes.present(nodes.column("key", "m"))
    return nodes.alias(nodes.when(moved, nodes.column(column, "m"), else_), column)


def _named(name: str, alias: str) -> exp.Table:
    found = logical(name)
    found.set("alias", exp.TableAlias(this=nodes.name(alias)))
    return found


def _subquery(query: exp.Query, alias: str) -> exp.Subquery:
    return nodes.subquery(query, alias)


def _same(a: str, b: str) -> exp.Expr:
    return nodes.every(
        [nodes.equal(nodes.column(c, a), nodes.column(c, b)) for c in ("key", "column_name")]
    )
