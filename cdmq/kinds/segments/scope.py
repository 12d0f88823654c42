"""What a segment is compiled against, and the small queries that all of its parts share."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder, real
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.facts.links import referred
from cdmq.kinds.segments.before import Sent
from cdmq.kinds.segments.words import ENDED, Consents, SegmentRule
from cdmq.sql import nodes
from cdmq.sql.equality import composed
from cdmq.sql.logical import as_of_node, logical
from cdmq.sql.relation import Relation
from cdmq.sql.text_form import key_of, text_of
from cdmq.sql.types import Type
from cdmq.values import Catalog, Project, Rule

#: After all that happens: when a no was said that has no date.
FOREVER = "9999-12-31 00:00:00"
#: The keys of records or parties that object, while a segment is judged.
OBJECTED = Relation("__cdmq_objected")
_DIGITS = 32


@dataclass(frozen=True)
class Named:
    """The records of a dataset: the relation in which they stand, their key, and what names each
    where it has no key, or shares it."""

    relation: str
    key: exp.Expr
    name: exp.Expr


@dataclass(frozen=True)
class Scope:
    """A sound segment. `party`: the matching rule that says which records are one, if any; `named`:
    how that names the records of a party; `salt`: what the hashes begin with, the first id that the
    segment had."""

    rule: Rule
    rows: Rows
    project: Project
    catalog: Catalog
    binder: Binder
    party: str | None
    named: Named
    salt: str
    #: Everybody is asked, whether he fits or not.
    everybody: bool = False
    #: People recorded objections: the keys stand in OBJECTED.
    objected: bool = False

    @property
    def spec(self) -> SegmentRule:
        assert isinstance(self.rule.spec, SegmentRule)
        return self.rule.spec

    @property
    def dialect(self) -> str:
        return self.rows.dialect

    @property
    def conditions(self) -> Conditions:
        return Conditions(self.rule, self.binder, self.rows.behind)

    @property
    def records(self) -> str:
        """The dataset of the records of a party."""
        return self.rows.dataset.made_of or self.rows.dataset.name

    @property
    def ended(self) -> exp.Expr | None:
        """Over the records: whether the customer has ended by now; None where nobody says."""
        types, said = self.types(self.records), self.project.datasets[self.records].spec.ended
        if ENDED not in self.rule.expressions or said is None:
            return None
        binder = Binder(types, self.dialect, [])
        when = Conditions(self.rule, binder, _nothing).holds(ENDED)
        if said.on is None:
            return when
        on = nodes.cast(nodes.column(real(said.on, types)), "date")
        later = exp.GT(this=on, expression=nodes.cast(as_of_node(), "date"))
        return nodes.when(surely(later), exp.false(), when)

    @property
    def by_ids(self) -> bool:
        """Whether a log or list names parties by their ids, which may be those of before."""
        own, asked = self.rows.dataset, self.spec.permission
        named = [n for n in self.spec.never if isinstance(n, str)]
        named += [asked.dataset] if isinstance(asked, Consents) else []
        known = [self.project.datasets[n] for n in named if n in self.project.datasets]
        return own.made_by is not None and any(referred(own, d) == own.name for d in known)

    @property
    def sent(self) -> Sent:
        """Who was in waves of segments that reach the same people."""
        own, known = self.rows.dataset, self.project.datasets
        others = [d.name for d in known.values() if d.made_of == own.name]
        related = [own.name, *([own.made_of] if own.made_of else others)]
        names = tuple(dict.fromkeys(n for d in related for n in self.project.names_of(d)))
        of_parties = own.made_by is not None
        return Sent(self.rule.id, self.party, of_parties, names, self.dialect)

    def types(self, dataset: str) -> Mapping[str, Type]:
        """The columns of a dataset; of the segment's own without those that rules give."""
        return self.catalog[dataset]

    def text(self, dataset: str, column: str, alias: str | None = None) -> exp.Expr:
        """A cell of a clean dataset as text, in the form in which texts are compared."""
        types = self.types(dataset)
        name = real(column, types)
        value = text_of(nodes.column(name, alias), types[name])
        return composed(value, self.dialect) if types[name] == "text" else value

    def compared(self, key: exp.Expr) -> exp.Expr:
        """A key in the form in which keys are compared."""
        return composed(nodes.paren(key), self.dialect)

    def refers_to(self, dataset: str, alias: str) -> exp.Expr:
        """The key to which the rows of a dataset refer, in the same form."""
        facts = self.project.datasets[dataset]
        to = referred(self.rows.dataset, facts)
        assert to is not None
        types = self.types(dataset)
        columns = [real(c, types) for c in facts.spec.refers_to[to]]
        found = key_of([(nodes.column(c, alias), types[c]) for c in columns])
        return self.compared(found)

    def owners(self, dataset: str) -> str:
        """The part of the query that says whose the rows of a dataset are: of the party itself, or
        of one of its records."""
        to = referred(self.rows.dataset, self.project.datasets[dataset])
        return "owners" if to == self.records else "selves"

    def drawn(self, what: str, key: exp.Expr) -> exp.Expr:
        """A text that says by chance, and each time the same, what becomes of a member."""
        return nodes.call("md5", nodes.concat([nodes.text(f"{what} {self.salt} "), key]))

    def below(self, what: str, key: exp.Expr, share: Decimal | None) -> exp.Expr:
        """Whether a member is among the share that chance takes."""
        if not share:
            return exp.false()
        if share == 1:
            return exp.true()
        text = nodes.by_code_point(self.drawn(what, key), self.dialect)
        return exp.LT(this=nodes.paren(text), expression=nodes.text(limit(share)))


def _nothing(how: str, column: str) -> exp.Expr:
    raise AssertionError(f"{how}({column}) is refused where segments are looked at")


def limit(share: Decimal) -> str:
    """Digests that are less make such a share of all."""
    return f"{int(Fraction(share) * 16**_DIGITS):0{_DIGITS}x}"


def drawn(what: str, salt: str, key: str) -> str:
    """The same text as in the warehouse, for who wants to check it."""
    return hashlib.md5(f"{what} {salt} {key}".encode(), usedforsecurity=False).hexdigest()


def part(name: str, alias: str | None = None) -> exp.Table:
    """A part of the query, by its name."""
    return nodes.table(Relation(f"__{name}"), alias)


def named(relation: str, alias: str) -> exp.Table:
    """A relation by its logical name, under an alias."""
    table = logical(relation)
    table.set("alias", exp.TableAlias(this=nodes.name(alias)))
    return table


def join(query: exp.Select, table: exp.Expr, on: exp.Expr) -> exp.Select:
    query.append("joins", exp.Join(this=table, on=on))
    return query


def moment(text: str) -> exp.Expr:
    return nodes.cast(nodes.text(text), "timestamp")


def surely(condition: exp.Expr) -> exp.Expr:
    """What is not known is not so."""
    return exp.Coalesce(this=nodes.paren(condition), expressions=[exp.false()])
