"""compile: a completeness rule -> one query that gives the score of each record.

Its rows are, one for each key: `key`, `score` (0 to 100, two decimals; NULL where no point
applies), `missing` (the points that apply and are not met, as written; NULL where there is none)
and `ask_next`; and of each point, by its place, `a0`, ... whether it applies, and `u0`, ... whether
it applies and is not met. Records without a key, those whose key stands twice
and those of which a condition can't be told have no row.

Each layer is a subquery over the one before. `p0`, ... say of a column whether a value stands in
it, `s0`, ... the reason of its placeholder, `z0`, ... whether it has an open error flag; `x0`, ...
of a point whether its condition lets it out, `w0`, ... its weight where it applies.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder
from cdmq.kinds.completeness.points import Point, points_of
from cdmq.kinds.completeness.words import CompletenessRule
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.holding import holds_value, key_twice
from cdmq.sql import nodes
from cdmq.sql.dialects import dialect_of
from cdmq.sql.logical import logical
from cdmq.values import Rule

COLUMNS = ("key", "score", "missing", "ask_next")
_LEAVES, _NEVER_ASKED = "not_applicable", "declined"


def scores_query(
    rule: Rule, rows: Rows, binder: Binder, flags: str = "", flagged: Sequence[str] = ()
) -> exp.Select:
    """The score of each record. The rule is sound: completeness_problems finds nothing.

    `flags`: the relation with `key` and 1 in `z0`, `z1`, ... of a record that has an open error
    flag in the column of that place in `flagged`.
    """
    return _Scores(rule, rows, binder, flags, tuple(flagged)).query()


def unscored(conditions: Conditions) -> exp.Expr | None:
    """The rows that can't be scored, as a cell can't be read that `where` or `not_applicable` asks
    for; None where none can be such."""
    fields = [f for f in conditions.rule.expressions if f != "where"]
    found = [n for f in fields if (n := conditions.could_not_judge(f)) is not None]
    return conditions.unjudged(nodes.any_of(found) if found else None)


def read(conditions: Conditions) -> exp.Expr | None:
    """The others; None where that is every row."""
    found = unscored(conditions)
    if found is None:
        return None
    told = exp.Coalesce(this=nodes.paren(found), expressions=[exp.false()])
    return exp.Not(this=told)


class _Scores:
    def __init__(
        self, rule: Rule, rows: Rows, binder: Binder, flags: str, flagged: tuple[str, ...]
    ) -> None:
        assert isinstance(rule.spec, CompletenessRule)
        self.rule, self.rows, self.binder = rule, rows, binder
        self.points = points_of(rule.spec, binder)
        self.columns = tuple(dict.fromkeys(c for p in self.points for c in p.columns))
        self.flags, self.flagged = flags, flagged
        self.conditions = Conditions(rule, binder, rows.behind)

    def query(self) -> exp.Select:
        got, all_ = (nodes.column(n, "l") for n in ("got", "everything"))
        shown = {
            "key": nodes.column("key", "l"),
            "score": nodes.when(
                exp.GT(this=all_, expression=nodes.number(0)), self._share(got, all_.copy())
            ),
            "missing": nodes.column("missing", "l"),
            "ask_next": nodes.column("ask_next", "l"),
        }
        shown |= {name: nodes.column(name, "l") for name in self._of_points()}
        return nodes.select(
            [nodes.alias(node, name) for name, node in shown.items()],
            nodes.beneath(self._summed(), "l", self.rows.dialect),
        )

    def _of_points(self) -> list[str]:
        return [f"{mark}{i}" for i in range(len(self.points)) for mark in "au"]

    def _share(self, part: exp.Expr, whole: exp.Expr) -> exp.Expr:
        """Part in 100 of the whole with two decimals: in whole numbers, so that each engine rounds
        alike, half up."""
        twice = exp.Mul(this=whole.copy(), expression=nodes.number(2))
        above = exp.Add(this=exp.Mul(this=part, expression=nodes.number(20_000)), expression=whole)
        over, under = nodes.paren(above), nodes.paren(twice)
        hundredths = dialect_of(self.rows.dialect).numbers.quotient(over, under)
        exact = nodes.cast(nodes.paren(hundredths), "decimal(7, 2)")
        scaled = exp.Mul(this=exact, expression=nodes.number("0.01"))
        return nodes.cast(nodes.paren(scaled), "decimal(5, 2)")

    def _summed(self) -> exp.Select:
        """What is met and what applies by weight, and the points that are not met."""
        weights = [nodes.column(f"w{i}", "l") for i in range(len(self.points))]
        met = [nodes.when(self._unmet(i), nodes.number(0), w.copy()) for i, w in enumerate(weights)]
        named = [
            nodes.when(self._unmet(i), nodes.text(f", {p.name}"), nodes.text(""))
            for i, p in enumerate(self.points)
        ]
        listed = nodes.call(
            "substr", nodes.concat([nodes.paren(n) for n in named]), nodes.number(3)
        )
        shown = {
            "key": nodes.column("key", "l"),
            "got": _total(met),
            "everything": _total(weights),
            "missing": nodes.call("nullif", listed, nodes.text("")),
            "ask_next": self._next(),
        }
        shown |= {name: nodes.column(name, "l") for name in self._of_points()}
        return nodes.select(
            [nodes.alias(node, name) for name, node in shown.items()],
            nodes.beneath(self._judged(), "l", self.rows.dialect),
        )

    def _next(self) -> exp.Expr:
        """The heaviest that is not met; of equal ones the first that is written."""
        order = sorted(range(len(self.points)), key=lambda i: -self.points[i].weight)
        asked = []
        for i in order:
            declined = [self._has_reason(c, _NEVER_ASKED) for c in self._replaced(self.points[i])]
            may = [exp.Not(this=nodes.paren(nodes.any_of(declined)))] if declined else []
            asked.append((nodes.every([self._unmet(i), *may]), nodes.text(self.points[i].name)))
        return nodes.cases(asked, nodes.cast(nodes.null(), "text"))

    def _unmet(self, i: int) -> exp.Expr:
        return nodes.column(f"u{i}", "l")

    def _judged(self) -> exp.Select:
        """Of each point whether it applies, whether it is met, and what it weighs."""
        shown: list[exp.Expr] = [nodes.column("key", "l")]
        for i, point in enumerate(self.points):
            met = nodes.any_of([nodes.column(f"p{self._place(c)}", "l") for c in point.columns])
            out = self._leaves(i, point)
            applies = exp.true() if out is None else exp.Not(this=nodes.paren(out))
            unmet = nodes.every([exp.Not(this=nodes.paren(met)), applies.copy()])
            weight: exp.Expr = nodes.number(point.weight)
            if out is not None:
                weight = nodes.when(out.copy(), nodes.number(0), weight)
            shown.append(nodes.alias(applies, f"a{i}"))
            shown.append(nodes.alias(unmet, f"u{i}"))
            shown.append(nodes.alias(nodes.cast(weight, "bigint"), f"w{i}"))
        shown += [nodes.column(f"s{self._place(c)}", "l") for c in self.columns if self._set(c)]
        return nodes.select(shown, nodes.beneath(self._looked_up(), "l", self.rows.dialect))

    def _leaves(self, i: int, point: Point) -> exp.Expr | None:
        """Whether a point leaves the sum; None where it never does."""
        ways: list[exp.Expr] = []
        if point.condition in self.rule.expressions:
            ways.append(nodes.column(f"x{i}", "l"))
        if len(self._replaced(point)) == len(point.columns):
            ways.append(nodes.every([self._has_reason(c, _LEAVES) for c in point.columns]))
        return nodes.any_of(ways) if ways else None

    def _has_reason(self, column: str, reason: str) -> exp.Expr:
        said = exp.Coalesce(
            this=nodes.column(f"s{self._place(column)}", "l"), expressions=[nodes.text("")]
        )
        return nodes.equal(said, nodes.text(reason))

    def _replaced(self, point: Point) -> list[str]:
        """The columns of a point in which a default may set a placeholder."""
        return [c for c in point.columns if self._set(c)]

    def _set(self, column: str) -> bool:
        return self.rows.stage is not None and column in self.rows.stage.placeholders

    def _place(self, column: str) -> int:
        return self.columns.index(column)

    def _looked_up(self) -> exp.Select:
        """The cells with their flags, without the records whose key is not theirs alone."""
        read = self._read()
        key = nodes.column("key", "r")
        shown: list[exp.Expr] = [key]
        for column in read.expressions[1:]:
            name = column.alias
            cell: exp.Expr = nodes.column(name, "r")
            if (mark := self._mark(name)) is not None:
                cell = nodes.every([cell, nodes.is_null(nodes.column(mark, "z"))])
            shown.append(nodes.alias(cell, name))
        query = nodes.select(
            shown, nodes.subquery(read, "r"), nodes.is_null(nodes.column("key", "d"))
        )
        nodes.left_join(query, nodes.subquery(key_twice(self.rows), "d"), _same_key("d"))
        if self.flagged:
            flags = nodes.select([exp.Star()], logical(self.flags))
            nodes.left_join(query, nodes.subquery(flags, "z"), _same_key("z"))
        return query

    def _mark(self, name: str) -> str | None:
        """Where the flags of a column stand, of the name of its cells."""
        column = self.columns[int(name[1:])] if name.startswith("p") else None
        return f"z{self.flagged.index(column)}" if column in self.flagged else None

    def _read(self) -> exp.Select:
        """Of the rows that the rule is about: the key, cells, reasons and conditions."""
        key = self.rows.key()
        shown = [nodes.alias(key, "key")]
        for i, column in enumerate(self.columns):
            shown.append(
                nodes.alias(
                    holds_value(column, self.rows.columns[column], self.rows.dialect), f"p{i}"
                )
            )
            if self._set(column):
                shown.append(nodes.alias(self.rows.behind("reason", column), f"s{i}"))
        for i, point in enumerate(self.points):
            if point.condition in self.rule.expressions:
                out = self.conditions.holds(point.condition)
                told = exp.Coalesce(this=nodes.paren(out), expressions=[exp.false()])
                shown.append(nodes.alias(told, f"x{i}"))
        wanted = [
            self.conditions.where,
            read(self.conditions),
            nodes.present(nodes.paren(key.copy())),
        ]
        return nodes.select(shown, logical(self.rows.relation), nodes.all_of(wanted))


def _same_key(alias: str) -> exp.Expr:
    return nodes.equal(nodes.column("key", alias), nodes.column("key", "r"))


def _total(parts: Sequence[exp.Expr]) -> exp.Expr:
    return reduce(lambda a, b: exp.Add(this=a, expression=b), parts)
