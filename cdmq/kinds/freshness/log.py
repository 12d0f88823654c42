"""What a log says of values: of each the last time that it was right, and that it was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from cdmq.kinds.facts.links import Link, referred
from cdmq.kinds.freshness.words import Proof
from cdmq.kinds.in_time import in_time
from cdmq.sql import nodes
from cdmq.sql.equality import composed
from cdmq.sql.logical import as_of_node, logical
from cdmq.sql.text_form import key_of, text_of
from cdmq.values import Catalog, Dataset, Project


def link_of(spec: Proof, judged: Dataset, project: Project, catalog: Catalog) -> Link:
    """How the rows of the log find the records that are judged."""
    log = project.datasets[spec.dataset]
    to, at = referred(judged, log), spec.at or log.spec.happened_at
    assert to is not None
    assert at is not None
    through = None
    if to != judged.name:
        (through,) = project.uses[str(judged.made_by)].kept
    columns = tuple(log.spec.refers_to[to])
    return Link(spec.dataset, at, columns, to, catalog[spec.dataset], through)


@dataclass(frozen=True)
class Log:
    """The rows of a log, and whose cells they are about."""

    spec: Proof
    link: Link
    #: The watched columns.
    columns: Sequence[str]
    dialect: str

    def tries(self) -> exp.Select:
        """A row a row of the log that has a day until as_of: `key`, `column_name` (NULL: none that
        is watched), `value`, `at`, and `result`: good, bad, other or NULL."""
        key, through = nodes.column("key", "f"), self.link.through
        if through is not None:
            key = nodes.column("party_id", "x")
        shown: list[exp.Expr] = [nodes.alias(key, "key")]
        shown += [nodes.column(c, "f") for c in ("column_name", "value", "at", "result")]
        query = nodes.select(shown, nodes.subquery(self._rows(), "f"), self._dated())
        if through is not None:
            xref = logical(f"xref:{through}")
            xref.set("alias", exp.TableAlias(this=nodes.name("x")))
            known = self.link.compared(nodes.column("key", "x"), self.dialect)
            query.append(
                "joins", exp.Join(this=xref, on=nodes.equal(known, nodes.column("key", "f")))
            )
        return query

    def told(self) -> exp.Select:
        """A row a value of a cell: `key`, `column_name`, `value`, `good_at` and `bad_at`."""
        about = [nodes.column(c, "w") for c in ("key", "column_name", "value")]
        shown: list[exp.Expr] = [*about]
        for result in ("good", "bad"):
            last = exp.Filter(
                this=exp.Max(this=nodes.column("at", "w")),
                expression=exp.Where(
                    this=nodes.equal(nodes.column("result", "w"), nodes.text(result))
                ),
            )
            shown.append(nodes.alias(last, f"{result}_at"))
        said = [nodes.present(nodes.column(c, "w")) for c in ("column_name", "value", "result")]
        query = nodes.select(shown, nodes.subquery(self.tries(), "w"), nodes.every(said))
        return nodes.group_by(query, [c.copy() for c in about])

    def account(self, known: exp.Select) -> exp.Select:
        """One row: how many rows the log has, and how many of them say nothing, by why: without a
        day, with a day that is none, with one still to come, about no watched column, of no known
        record. `known`: the keys of records, as the log finds them."""
        everything = exp.Count(this=exp.Star())
        dated = nodes.column("at", "f")
        why = [
            nodes.column("undated", "f"),
            nodes.every([nodes.is_null(dated), exp.Not(this=nodes.column("ahead", "f"))]),
            nodes.column("ahead", "f"),
            nodes.is_null(nodes.column("column_name", "f")),
            nodes.is_null(nodes.column("key", "k")),
        ]
        shown: list[exp.Expr] = [everything]
        for i, reason in enumerate(why):
            others = [exp.Not(this=nodes.paren(w.copy())) for w in why[:i]]
            where = exp.Where(this=nodes.every([*others, reason.copy()]))
            shown.append(exp.Filter(this=everything.copy(), expression=where))
        query = nodes.select(shown, nodes.subquery(self._rows(), "f"))
        return nodes.left_join(
            query,
            nodes.subquery(known.distinct(), "k"),
            nodes.equal(nodes.column("key", "k"), nodes.column("key", "f")),
        )

    def known(self, keys: exp.Select) -> exp.Select:
        """The keys by which the log may find records: those of members where it tells of them.
        `keys`: those of the records that are judged."""
        if self.link.through is None:
            return keys
        key = self.link.compared(nodes.column("key"), self.dialect)
        return nodes.select([nodes.alias(key, "key")], logical(f"xref:{self.link.through}"))

    def _dated(self) -> exp.Expr:
        return nodes.present(nodes.column("at", "f"))

    def _rows(self) -> exp.Select:
        link = self.link
        key = link.compared(
            key_of([(nodes.column(c, "c"), link.types[c]) for c in link.columns]), self.dialect
        )
        assert link.happened_at is not None
        at, type_ = nodes.column(link.happened_at, "c"), link.types[link.happened_at]
        now = nodes.cast(as_of_node(), "date" if type_ == "date" else "timestamp")
        ahead = exp.GT(this=at.copy(), expression=now)
        moment = in_time(at, type_)
        shown = {
            "key": key,
            "column_name": self._column(),
            "value": composed(self._text(self.spec.value), self.dialect),
            "at": nodes.cast(moment, "timestamp"),
            "result": self._result(),
            "undated": nodes.is_null(at.copy()),
            "ahead": exp.Coalesce(this=nodes.paren(ahead), expressions=[exp.false()]),
        }
        source = logical(f"clean:{link.facts}")
        source.set("alias", exp.TableAlias(this=nodes.name("c")))
        return nodes.select([nodes.alias(node, name) for name, node in shown.items()], source)

    def _column(self) -> exp.Expr:
        said = exp.Lower(this=self._text(self.spec.column))
        named = [
            (nodes.equal(said.copy(), nodes.text(c.lower())), nodes.text(c)) for c in self.columns
        ]
        return nodes.cases(named, nodes.cast(nodes.null(), "text"))

    def _result(self) -> exp.Expr:
        said = self._text(self.spec.result)
        pairs = [
            (nodes.one_of(said.copy(), words), nodes.text(result))
            for result, words in (("good", self.spec.good), ("bad", self.spec.bad))
            if words
        ]
        pairs.append((nodes.present(said), nodes.text("other")))
        return nodes.cases(pairs, nodes.cast(nodes.null(), "text"))

    def _text(self, column: str) -> exp.Expr:
        return text_of(nodes.column(column, "c"), self.link.types[column])
