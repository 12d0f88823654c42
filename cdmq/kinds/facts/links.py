"""How facts find the customer: by the key they refer to, or by the party of that key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from cdmq.kinds.facts.money import Money
from cdmq.sql import nodes
from cdmq.sql.equality import composed
from cdmq.sql.logical import logical
from cdmq.sql.text_form import key_of
from cdmq.sql.types import Type
from cdmq.values import Catalog, Dataset, Project


@dataclass(frozen=True)
class Hop:
    """A dataset on the way: its columns, its key, and the columns by which it leads on."""

    dataset: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    types: Mapping[str, Type]


@dataclass(frozen=True)
class Link:
    """How the rows of one dataset of facts refer to the records that are judged.

    `columns` make the key text of a record of the dataset `to`, or of the first of `hops`. They
    stand in the facts themselves; those of a hop, in the hop. `through`: the matching rule by
    which that record belongs to a party, where the judged dataset is a golden one. `dated`: which
    dataset on the way says when the facts happened: 0 is the facts, 1 the first hop.
    """

    facts: str
    happened_at: str | None
    columns: tuple[str, ...]
    to: str
    types: Mapping[str, Type]
    through: str | None = None
    hops: tuple[Hop, ...] = ()
    dated: int = 0
    #: The facts are the records themselves.
    own: bool = False
    money: Money | None = None

    def compared(self, key: exp.Expr, dialect: str) -> exp.Expr:
        """The text of a key in the form in which texts are equal."""
        last = self.hops[-1] if self.hops else self
        written = any(last.types[c] == "text" for c in last.columns)
        return composed(key, dialect) if written else key

    @property
    def by_day(self) -> bool:
        types = self.hops[self.dated - 1].types if self.dated else self.types
        return self.happened_at is not None and types[self.happened_at] == "date"

    @property
    def dates(self) -> str:
        """The dataset that says when a fact happened."""
        return self.hops[self.dated - 1].dataset if self.dated else self.facts

    def at(self) -> exp.Expr:
        """The column that says when a fact happened."""
        assert self.happened_at is not None
        return nodes.column(self.happened_at, f"h{self.dated}" if self.dated else "c")

    def key(self, dialect: str) -> exp.Expr:
        """The text by which a fact finds the record that is judged."""
        last, alias = (self.hops[-1], f"h{len(self.hops)}") if self.hops else (self, "c")
        return self.compared(_key(last.columns, last.types, alias), dialect)

    def source(self, query: exp.Select, dialect: str) -> exp.Select:
        """With the datasets on the way, `h1` the first. A record of them whose key stands twice
        leads nowhere."""
        columns, types, alias = self.columns, self.types, "c"
        for i, hop in enumerate(self.hops, start=1):
            known = _records(hop, i, self, dialect)
            mine = composed(_key(columns, types, alias), dialect)
            on = nodes.equal(nodes.column("__key", f"h{i}"), mine)
            nodes.left_join(query, nodes.subquery(known, f"h{i}"), on)
            columns, types, alias = hop.columns, hop.types, f"h{i}"
        return query


def _key(columns: Iterable[str], types: Mapping[str, Type], alias: str) -> exp.Expr:
    return key_of([(nodes.column(c, alias), types[c]) for c in columns])


def _records(hop: Hop, place: int, link: Link, dialect: str) -> exp.Select:
    """One row for each key of a dataset on the way."""
    key = composed(_key(hop.key, hop.types, "r"), dialect)
    wanted = dict.fromkeys(hop.columns)
    if link.happened_at is not None and link.dated == place:
        wanted[link.happened_at] = None
    shown = [nodes.alias(exp.Min(this=nodes.column(c, "r")), c) for c in wanted]
    source = logical(f"clean:{hop.dataset}")
    source.set("alias", exp.TableAlias(this=nodes.name("r")))
    query = nodes.group_by(nodes.select([nodes.alias(key, "__key"), *shown], source), [key.copy()])
    once = nodes.equal(exp.Count(this=exp.Star()), nodes.number(1))
    query.set("having", exp.Having(this=once))
    return query


def referred(judged: Dataset, facts: Dataset) -> str | None:
    """The dataset by which rows refer to the judged one themselves: it, or the one that it was
    made of."""
    for name in (judged.name, judged.made_of):
        if name is not None and name in facts.spec.refers_to:
            return name
    return None


def way(judged: Dataset, facts: Dataset, datasets: Mapping[str, Dataset]) -> tuple[str, ...] | None:
    """The datasets by which facts find the judged one, the last of them itself or the one that it
    was made of; of several ways the shortest, of equals the one that refers_to names first. Empty
    where the facts are those records; None where there is none."""
    ends = [n for n in (judged.name, judged.made_of) if n is not None]
    if facts.name in ends:
        return ()
    ways: list[tuple[str, ...]] = [()]
    seen = {facts.name, *ends}
    while ways:
        longer: list[tuple[str, ...]] = []
        for done in ways:
            last = datasets[done[-1]] if done else facts
            if (end := referred(judged, last)) is not None:
                return (*done, end)
            for name in last.spec.refers_to:
                if name in datasets and name not in seen:
                    seen.add(name)
                    longer.append((*done, name))
        ways = longer
    return None


def on_the_way(
    judged: Dataset, facts: Dataset, datasets: Mapping[str, Dataset]
) -> tuple[Dataset, ...]:
    """The datasets between facts and the judged one."""
    return tuple(datasets[n] for n in (way(judged, facts, datasets) or ())[:-1])


def dated_by(facts: Dataset, between: Iterable[Dataset]) -> tuple[int, str | None]:
    """Which dataset on the way says when the facts happened, and the column."""
    for i, dataset in enumerate((facts, *between)):
        if dataset.spec.happened_at is not None:
            return i, dataset.spec.happened_at
    return 0, None


def links(
    judged: Dataset, names: Iterable[str], project: Project, catalog: Catalog, dialect: str
) -> dict[str, Link]:
    """The link of each of these datasets of facts; each leads to the judged one (see way)."""
    found = {n: _link(judged, project.datasets[n], project, catalog) for n in names}
    return {
        n: replace(link, money=_money(n, project, catalog, dialect)) for n, link in found.items()
    }


def _money(facts: str, project: Project, catalog: Catalog, dialect: str) -> Money:
    spec = project.datasets[facts].spec
    rates = spec.amount and spec.amount.rates
    return Money(
        spec.amount, spec.counts_as, catalog[facts], catalog[rates] if rates else {}, dialect
    )


def _link(judged: Dataset, facts: Dataset, project: Project, catalog: Catalog) -> Link:
    found = way(judged, facts, project.datasets)
    assert found is not None
    to = found[-1] if found else facts.name
    between = [project.datasets[n] for n in found[:-1]]
    next_ = [d.name for d in between[1:]] + [to]
    hops = [
        Hop(d.name, d.key, tuple(d.spec.refers_to[on]), catalog[d.name])
        for d, on in zip(between, next_, strict=False)
    ]
    through = None
    if to != judged.name:  # of the rule that makes it: the one that it stands on
        (through,) = project.uses[str(judged.made_by)].kept
    dated, happened_at = dated_by(facts, between)
    own = tuple(facts.spec.refers_to[found[0]]) if found else facts.key
    return Link(
        facts.name,
        happened_at,
        own,
        to,
        catalog[facts.name],
        through,
        tuple(hops),
        dated,
        own=not found,
    )
