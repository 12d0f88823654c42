"""compile: a rule of freshness -> a row a record that it watches, with what stands in its cells.

Its columns: `key`; `ckey`, the key as the log finds it; `changed`, when the source changed the
record; `source`, of a stack the label of its part, `whom`, the key of recheck_after that fits, and
`rate_of`, both in words; `whole`, the digest of the record; `f0`, ...
whether it has each level that the queue asks for first; and of each watched column, by its place,
`v0`, ... the text that stands there in its composed form (NULL where nothing does), `d0`, ... its
digest, `m0`, ... the digest that it had before `pii` hid it, `s0`, ... the text as `pii` lets it be
kept, and `q0`, ... when `verified_at` says that it was proved.

Records without a key, those whose key stands twice and those of which `where` can't be told have no
row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.facts.links import Link
from cdmq.kinds.freshness.words import OTHERWISE, FreshnessRule
from cdmq.kinds.holding import holds_value, key_twice
from cdmq.kinds.in_time import in_time
from cdmq.sql import nodes
from cdmq.sql.equality import composed
from cdmq.sql.keyed import keyed
from cdmq.sql.logical import logical
from cdmq.sql.pii import stored
from cdmq.sql.text_form import record_digest, text_of
from cdmq.values import Rule

_OF_RECORD = ("key", "ckey", "changed", "source", "whom", "rate_of", "whole")
#: A row of them is unfolded: one a column.
CELL = {"value": "v", "digest": "d", "before": "m", "shown": "s", "verified": "q"}


@dataclass(frozen=True)
class Watched:
    """A rule that is sound (see problems.py), over the rows of its dataset."""

    rule: Rule
    rows: Rows
    binder: Binder
    link: Link | None

    @property
    def spec(self) -> FreshnessRule:
        assert isinstance(self.rule.spec, FreshnessRule)
        return self.rule.spec

    @property
    def dialect(self) -> str:
        return self.binder.dialect

    @property
    def columns(self) -> tuple[str, ...]:
        """The watched columns, as the dataset names them."""
        return tuple(map(self.binder.real, self.spec.watched))

    @property
    def changed_at(self) -> str | None:
        named = self.rows.dataset.spec.changed_at
        return self.binder.real(named) if named else None

    def verified_at(self, column: str) -> str | None:
        """The column that says when a column was proved."""
        for proved, at in self.rows.dataset.spec.verified_at.items():
            if self.binder.real(proved) == column:
                return self.binder.real(at)
        return None

    def conditions(self) -> Conditions:
        return Conditions(self.rule, self.binder, self.rows.behind)

    def query(self) -> exp.Select:
        texts = self._texts()
        shown: list[exp.Expr] = [nodes.column(c, "t") for c in _OF_RECORD]
        shown += [nodes.column(f"f{i}", "t") for i in range(len(self.spec.asked_first))]
        for i, column in enumerate(self.columns):
            shown += self._cell(i, column)
        keys = nodes.subquery(key_twice(self.rows), "d")
        query = nodes.select(
            shown,
            nodes.beneath(texts, "t", self.dialect),
            nodes.is_null(nodes.column("key", "d")),
        )
        return nodes.left_join(
            query, keys, nodes.equal(nodes.column("key", "d"), nodes.column("key", "t"))
        )

    def _cell(self, i: int, column: str) -> list[exp.Expr]:
        how = self.rows.dataset.spec.pii.get(column, "plain")
        value = nodes.column(f"v{i}", "t")
        plain = nodes.call("md5", value.copy())
        cell = {
            "v": value,
            "d": plain if how == "plain" else keyed(value.copy()),
            "m": plain.copy(),
            "s": stored(value.copy(), how),
            "q": nodes.column(f"q{i}", "t"),
        }
        return [nodes.alias(node, f"{mark}{i}") for mark, node in cell.items()]

    def _texts(self) -> exp.Select:
        """Of the rows that the rule is about: the key, and the texts that stand in the cells."""
        key, about = self.rows.key(), self.conditions()
        compared = key.copy()
        if self.link is not None and self.link.through is None:
            compared = self.link.compared(compared, self.dialect)
        shown = [
            nodes.alias(key, "key"),
            nodes.alias(compared, "ckey"),
            nodes.alias(self._moment(self.changed_at), "changed"),
            nodes.alias(self._source(), "source"),
            nodes.alias(self._whom(about), "whom"),
            nodes.alias(self._rate_of(about), "rate_of"),
            nodes.alias(self._whole(), "whole"),
        ]
        for i, level in enumerate(self.spec.asked_first):
            has = exp.Coalesce(this=about.holds(f"level.{level}"), expressions=[exp.false()])
            shown.append(nodes.alias(has, f"f{i}"))
        for i, column in enumerate(self.columns):
            type_ = self.rows.columns[column]
            text = composed(text_of(nodes.column(column), type_), self.dialect)
            there = holds_value(column, type_, self.dialect)
            shown.append(nodes.alias(nodes.when(there, text), f"v{i}"))
            shown.append(nodes.alias(self._moment(self.verified_at(column)), f"q{i}"))
        wanted = nodes.all_of([about.where, nodes.present(nodes.paren(key.copy()))])
        return nodes.select(shown, logical(self.rows.relation), wanted)

    def _moment(self, column: str | None) -> exp.Expr:
        if column is None:
            return nodes.cast(nodes.null(), "timestamp")
        return nodes.cast(in_time(nodes.column(column), self.rows.columns[column]), "timestamp")

    def _whom(self, about: Conditions) -> exp.Expr:
        if self.spec.recheck_after is None:
            return nodes.cast(nodes.null(), "text")
        fits = [
            (about.holds(f"level.{whom}"), nodes.text(whom))
            for whom in self.spec.recheck_after
            if whom != OTHERWISE
        ]
        return nodes.cases(fits, nodes.text(OTHERWISE)) if fits else nodes.text(OTHERWISE)

    def _source(self) -> exp.Expr:
        """Of a stack the label: what its parts deliver fades by rates of its own."""
        if self.rows.dataset.spec.stack is None or "source" not in self.rows.columns:
            return nodes.cast(nodes.null(), "text")
        return nodes.column("source")

    def _rate_of(self, about: Conditions) -> exp.Expr:
        """Source and level, as `label` in rates.py has them."""
        parts = [p for p in (self._source(), self._whom(about)) if not isinstance(p, exp.Cast)]
        both = [*parts[:1], *(n for p in parts[1:] for n in (nodes.text(", "), p))]
        return nodes.concat([nodes.paren(p) for p in both]) if both else nodes.text("")

    def _whole(self) -> exp.Expr:
        """The digest of all that is said of a record; what says when and by whom is not of it."""
        if self.spec.unchanged_for is None:
            return nodes.cast(nodes.null(), "text")
        spec = self.rows.dataset.spec
        about = {spec.changed_at, spec.changed_by, *spec.verified_at.values()}
        left_out = {self.binder.real(c) for c in about if c} | set(self.rows.given)
        parts = [(nodes.column(c), t) for c, t in self.rows.columns.items() if c not in left_out]
        digest = nodes.call("substr", record_digest(parts), nodes.number(len("no key: ") + 1))
        hidden = any(how != "plain" for how in spec.pii.values())
        return keyed(digest) if hidden else digest


def cells_of(relation: str, columns: Sequence[str]) -> exp.Select:
    """A row a cell in which a value stands, of the rows of a query of `Watched`."""
    shown: list[exp.Expr] = [nodes.column(c) for c in ("key", "ckey", "changed", "whom", "rate_of")]

    def unfolded(values: list[exp.Expr], name: str) -> exp.Expr:
        return nodes.alias(nodes.call("unnest", exp.Array(expressions=values)), name)

    shown.append(unfolded([nodes.text(c) for c in columns], "column_name"))
    for name, mark in CELL.items():
        shown.append(unfolded([nodes.column(f"{mark}{i}") for i in range(len(columns))], name))
    every = nodes.select(shown, logical(relation))
    return nodes.select(
        [exp.Star()], nodes.subquery(every, "u"), nodes.present(nodes.column("value"))
    )
