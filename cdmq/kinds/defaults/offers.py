"""What each default offers for its column: a code, a tidy form, a value from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from cdmq.datasets.tokens import without_tokens
from cdmq.kinds.defaults.chains import column_options_of, spec_of
from cdmq.kinds.defaults.mended import as_type, mends, options_of
from cdmq.sql import nodes
from cdmq.sql.equality import composed
from cdmq.sql.types import Type
from cdmq.standards import FORMS, Lookup, layered
from cdmq.values import Dataset, Rule

#: Tables to join, each with its condition.
Joins = list[tuple[exp.Expr, exp.Expr]]


@dataclass(frozen=True)
class Offers:
    """Writes the offers of the rules of a layer. `l` is the layer below in every query.

    `table` gives the node of another relation by its logical name.
    """

    dataset: Dataset
    columns: Mapping[str, Type]
    dialect: str
    table: Callable[[str], exp.Expr]
    #: The keys of all datasets, for `fill_from: dataset.column`.
    keys: Mapping[str, tuple[str, ...]]

    def over(self, below: exp.Select, layer: list[Rule]) -> exp.Select:
        """The layer below with `__new_c` beside it: the value that a rule offers, or NULL."""
        query, names = self._untidy(below, layer), [a.alias for a in below.expressions]
        offers: list[exp.Expr] = []
        joins: Joins = []
        for number, rule in enumerate(layer):
            spec, alias = spec_of(rule), f"j{number}"
            if spec.set is not None:
                continue
            if spec.standardise:
                query, offer = self._tidied(rule, alias, query, joins)
            else:
                offer = (self._mapped if spec.map else self._borrowed)(rule, alias, joins)
            offers.append(nodes.alias(offer, f"__new_{rule.columns[0]}"))
        return self._query(query, offers, joins, names)

    def _query(
        self,
        below: exp.Select,
        columns: Sequence[exp.Expr],
        joins: Sequence[tuple[exp.Expr, exp.Expr]],
        names: Sequence[str] | None = None,
    ) -> exp.Select:
        """A query over another: its columns (or those named), and more, with tables joined."""
        kept = names if names is not None else [a.alias for a in below.expressions]
        shown = [nodes.alias(nodes.column(n, "l"), n) for n in kept]
        query = nodes.select([*shown, *columns], nodes.beneath(below, "l", self.dialect))
        for table, on in joins:
            nodes.left_join(query, table, on)
        return query

    def _untidy(self, below: exp.Select, layer: list[Rule]) -> exp.Select:
        """The layer below with `__untidy_c`: NULL where the value has its form already.

        Engines skip a NULL, but work out both sides of a CASE for a whole block of rows.
        """
        shown: list[exp.Expr] = []
        for rule in layer:
            test = self._already(rule)
            if test is not None:
                value = nodes.column(rule.columns[0], "l")
                untidy = nodes.when(exp.Not(this=nodes.paren(test)), value)
                shown.append(nodes.alias(untidy, f"__untidy_{rule.columns[0]}"))
        return self._query(below, shown, ()) if shown else below

    def _already(self, rule: Rule) -> exp.Expr | None:
        """The cheap condition of a rule's form that its value needs nothing, if it has one."""
        form = spec_of(rule).standardise
        test = getattr(FORMS[form], "already", None) if form else None
        return test(nodes.column(rule.columns[0], "l"), self.dialect) if test else None

    def _mapped(self, rule: Rule, alias: str, joins: Joins) -> exp.Expr:
        """What the code map gives for the value; NULL where it does not know it."""
        seed = spec_of(rule).map
        assert seed is not None
        known = self._distinct_map(self.table(f"seed:{seed.seed}"), seed.from_, seed.to, alias)
        value = nodes.column(rule.columns[0], "l")
        joins.append(
            (known, nodes.equal(nodes.column("from", alias), composed(value, self.dialect)))
        )
        return nodes.column("to", alias)

    def _distinct_map(self, seed: exp.Expr, from_: str, to: str, alias: str) -> exp.Expr:
        source = nodes.column(from_)
        query = nodes.select(
            [nodes.alias(source, "from"), nodes.alias(exp.Min(this=nodes.column(to)), "to")],
            seed,
            nodes.present(source.copy()),
        )
        return nodes.subquery(nodes.group_by(query, [source.copy()]), alias)

    def _tidied(
        self, rule: Rule, alias: str, below: exp.Select, joins: Joins
    ) -> tuple[exp.Select, exp.Expr]:
        """The query with the columns that the form needs first, and the value in its form."""
        spec, column = spec_of(rule), rule.columns[0]
        options = {
            name: self._option(v) if name in column_options_of(spec) else v
            for name, v in spec.options.items()
        }
        mending = mends(rule, self.dataset, self.columns[column])
        if mending:
            options = {**options_of(rule, self.dataset), **options}
        spared = self._already(rule) is not None
        written = f"__unread_{column}" if mending else column
        untidy = nodes.column(f"__untidy_{column}" if spared else written, "l")
        tidied = layered(FORMS[str(spec.standardise)], untidy, options, self.dialect, alias)
        for layer in tidied.layers:
            more = [nodes.alias(node, name) for name, node in layer.columns]
            below = self._query(below, more, [self._lookup(lo) for lo in layer.lookups])
        if mending:  # a layer of its own: what is costly is computed once
            tidy = nodes.alias(tidied.value, f"{alias}_tidy")
            below = self._query(below, [tidy], [self._lookup(lo) for lo in tidied.lookups])
            value = nodes.column(f"{alias}_tidy", "l")
            return below, as_type(value, self.columns[column], self.dialect)
        joins += [self._lookup(lookup) for lookup in tidied.lookups]
        if not spared:
            return below, tidied.value
        as_it_is = nodes.when(nodes.is_null(untidy.copy()), nodes.column(column, "l"))
        return below, exp.Coalesce(this=tidied.value, expressions=[as_it_is])

    def _option(self, named: str) -> exp.Expr:
        """A column of that name, else the word itself: the country of every row."""
        return nodes.column(named, "l") if named in self.columns else nodes.text(named)

    def _lookup(self, lookup: Lookup) -> tuple[exp.Expr, exp.Expr]:
        table = self.table(f"ref:{lookup.table}")
        table.set("alias", exp.TableAlias(this=nodes.name(lookup.alias)))
        return table, lookup.on

    def _borrowed(self, rule: Rule, alias: str, joins: Joins) -> exp.Expr:
        """The first of the sources that has a value."""
        found: list[exp.Expr] = []
        for number, source in enumerate(spec_of(rule).fill_from):
            if "." not in source or source in self.columns:
                found.append(self._known(rule, source, nodes.column(source, "l")))
                continue
            other, column = source.split(".", 1)
            name = f"{alias}_{number}"
            own = self.dataset.spec.refers_to[other]
            key = self.keys[other]
            picked = nodes.select(
                [
                    *(nodes.alias(nodes.column(k), f"k{i}") for i, k in enumerate(key)),
                    nodes.alias(exp.Min(this=nodes.column(column)), "v"),
                ],
                self.table(f"clean:{other}"),
            )
            picked = nodes.group_by(picked, [nodes.column(k) for k in key])
            on = nodes.all_of(
                [
                    nodes.equal(
                        self._compared(o, nodes.column(f"k{i}", name)),
                        self._compared(o, nodes.column(o, "l")),
                    )
                    for i, o in enumerate(own)
                ]
            )
            assert on is not None
            joins.append((nodes.subquery(picked, name), on))
            found.append(self._known(rule, source, nodes.column("v", name)))
        return found[0] if len(found) == 1 else exp.Coalesce(this=found[0], expressions=found[1:])

    def _known(self, rule: Rule, source: str, value: exp.Expr) -> exp.Expr:
        """A borrowed value, or NULL where it is a token of the column that it is for."""
        own = source in self.columns and not isinstance(self.dataset.spec.missing_values, dict)
        if own:  # the same tokens are gone already
            return value
        column = rule.columns[0]
        return without_tokens(self.dataset, column, self.columns[column], value, self.dialect)

    def _compared(self, own: str, value: exp.Expr) -> exp.Expr:
        return composed(value, self.dialect) if self.columns[own] == "text" else value
