"""The clean stage of a dataset: `defaults` and missing-value tokens as one layered query.

Layer 0 reads the source and turns tokens into NULL; each further layer applies the rules whose
inputs stand in the layers below. Besides the dataset's own columns the result holds, for a column
that rules write, hidden ones: `__raw_c` (as it came), `__reason_c` (why it is missing),
`__was_n_c` (before the n-th rule of a chain), and `__borrowed` (a bit per filled column).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.kinds.defaults import DefaultRule
from cdmq.problems import Problem, Span, did_you_mean
from cdmq.sql import nodes
from cdmq.sql.types import Type
from cdmq.steps import Change, Stage
from cdmq.values import Dataset, Rule

if TYPE_CHECKING:
    from cdmq.standards import Lookup


@dataclass
class Cells:
    """Builds one dataset's stage.

    `source` is the relation to read; `lower(rule, own)` gives a rule's `where` for the
    engine; `table` the node of another relation by its logical name; `literal(rule, text, type)`
    a placeholder.
    """

    dataset: Dataset
    columns: Mapping[str, Type]
    rules: tuple[Rule, ...]
    source: exp.Expr
    dialect: str
    lower: Callable[[Rule, exp.Expr | None], exp.Expr]
    table: Callable[[str], exp.Expr]
    literal: Callable[[Rule, str, Type], exp.Expr]
    other_columns: Callable[[str], Mapping[str, Type]]
    keep_raw: frozenset[str]
    #: Column -> rules on it that are switched off: `after:` may name them.
    others: Mapping[str, frozenset[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def build(self) -> Stage | None:
        chains = self._chains()
        layers = self._layers(chains)
        if layers is None or self.problems:
            return None
        written = {c for c in self.columns if c in chains}
        self.kept = frozenset(written | self.keep_raw)
        self.placeholders = self._placeholders(chains)
        self.borrowable = tuple(
            c for c in self.columns if any(_spec(r).fill_from for r in chains.get(c, ()))
        )
        if len(self.borrowable) > 62:
            self._problem(self.rules[0].span, "CDMQ214", f"{self.dataset.name} fills more than 62 "
                          "columns from elsewhere", "split the dataset")
            return None
        query = self._first_layer()
        for layer in layers:
            query = self._layer(query, layer, chains)
        if self.borrowable:
            query = self._with_bits(query)
        changes = tuple(
            self._change(rule, chain) for chain in chains.values() for rule in chain
        )
        return Stage(query, changes, self.kept, self.placeholders, self.borrowable)

    def _problem(self, span: Span, code: str, cause: str, remedy: str) -> None:
        self.problems.append(Problem(span, code, cause, remedy))

    # order --------------------------------------------------------------------------------

    def _chains(self) -> dict[str, list[Rule]]:
        """Column -> its rules, in the order that `after:` gives them."""
        chains: dict[str, list[Rule]] = {}
        for rule in sorted(self.rules, key=lambda r: r.id):
            chains.setdefault(rule.columns[0], []).append(rule)
        for column, rules in chains.items():
            chains[column] = self._chain(column, rules)
        return chains

    def _chain(self, column: str, rules: list[Rule]) -> list[Rule]:
        """The rules one after the other; not saying which is first is a Problem."""
        waiting, done = {r.id: r for r in rules}, []
        for rule in rules:
            for name in _spec(rule).after:
                if name not in waiting and name not in self.others.get(column, ()):
                    self._problem(rule.spans.get("after", rule.span), "CDMQ208",
                                  f"after: '{name}' is no rule that writes {column}",
                                  did_you_mean(name, waiting))
                    return rules
        while waiting:
            ready = [
                r for r in waiting.values()
                if not any(name in waiting for name in _spec(r).after)
            ]
            if len(ready) != 1:
                first, *more = sorted(ready or waiting.values(), key=lambda r: r.span)
                if not ready:
                    path = " -> ".join(r.id for r in (first, *more, first))
                    self._problem(first.span, "CDMQ207", f"after: goes in a circle: {path}",
                                  "take after: out of one of them")
                else:
                    self._problem(more[0].span, "CDMQ208", f"'{first.id}' and '{more[0].id}' both "
                                  f"write the column {column}",
                                  f"say in one of them which is first, for example after: {first.id}")
                return rules
            done.append(waiting.pop(ready[0].id))
        return done

    def reads(self, rule: Rule) -> set[str]:
        """The columns whose final value a rule needs, without the one it writes."""
        spec = _spec(rule)
        found = {c for c in spec.fill_from if "." not in c}
        found |= {c for e in rule.expressions.values() for c in e.columns}
        found |= {spec.options[o] for o in self._column_options(spec) if o in spec.options}
        for source in spec.fill_from:
            if "." in source:
                found |= set(self.dataset.spec.refers_to.get(source.split(".")[0], ()))
        return found - {spec.column}

    def _column_options(self, spec: DefaultRule) -> frozenset[str]:
        from cdmq.standards import FORMS, column_options

        return column_options(FORMS[spec.standardise]) if spec.standardise else frozenset()

    def _layers(self, chains: Mapping[str, list[Rule]]) -> list[list[Rule]] | None:
        """Rules by the layer in which all that they read is final."""
        waiting = [r for chain in chains.values() for r in chain]
        layers: list[list[Rule]] = []
        while waiting:
            left = {r.columns[0] for r in waiting}
            ids = {r.id for r in waiting}
            layer = [
                r for r in waiting
                if not (self.reads(r) & left)
                and not any(p.id in ids for p in _before(r, chains[r.columns[0]]))
            ]
            if not layer:
                path = " -> ".join(self._circle(waiting, left))
                self._problem(min(r.span for r in waiting), "CDMQ207",
                              f"defaults read each other in a cycle: {path}",
                              "one of them must not read the next")
                return None
            layers.append(layer)
            waiting = [r for r in waiting if r not in layer]
        return layers

    def _circle(self, waiting: list[Rule], left: set[str]) -> list[str]:
        """The columns of one cycle, each made from the next."""
        reads = {c: sorted({x for r in waiting if r.columns[0] == c for x in self.reads(r)} & left)
                 for c in left}
        path = [next(c for c in sorted(left) if reads[c])]
        while path[-1] not in path[:-1]:
            path.append(next(iter(reads[path[-1]]), path[0]))
        return path[path.index(path[-1]) :]

    # query --------------------------------------------------------------------------------

    def _first_layer(self) -> exp.Select:
        shown: list[exp.Expr] = []
        for name in self.columns:
            value = without_tokens(self.dataset, name, self.columns[name], nodes.column(name))
            shown.append(nodes.alias(value, name))
            if name in self.kept:
                shown.append(nodes.alias(nodes.column(name), f"__raw_{name}"))
        for name in self.placeholders:
            shown.append(nodes.alias(nodes.cast(nodes.null(), "text"), f"__reason_{name}"))
        for name in self.borrowable:
            shown.append(nodes.alias(exp.false(), f"__from_{name}"))
        return nodes.select(shown, self.source)

    def _layer(
        self, below: exp.Select, layer: list[Rule], chains: Mapping[str, list[Rule]]
    ) -> exp.Select:
        """Two steps: what each rule would write, computed once; then the cells with it."""
        offers = self._offers(below, layer)
        writes: dict[str, exp.Expr] = {}
        extra: list[exp.Expr] = []
        for rule in layer:
            column, place = rule.columns[0], chains[rule.columns[0]].index(rule)
            if place:
                extra.append(nodes.alias(nodes.column(column, "l"), f"__was_{place}_{column}"))
                if column in self.placeholders:
                    extra.append(nodes.alias(
                        nodes.column(f"__reason_{column}", "l"), f"__why_{place}_{column}"
                    ))
            writes.update(self._written(rule))
        shown = [
            nodes.alias(writes.get(a.alias, nodes.column(a.alias, "l")), a.alias)
            for a in below.expressions
        ]
        return nodes.select([*shown, *extra], nodes.beneath(offers, "l", self.dialect))

    def _offers(self, below: exp.Select, layer: list[Rule]) -> exp.Select:
        """The layer below with `__new_c` beside it: the value that a rule offers, or NULL."""
        query, names = self._untidy(below, layer), [a.alias for a in below.expressions]
        offers: list[exp.Expr] = []
        joins: list[tuple[exp.Expr, exp.Expr]] = []
        for number, rule in enumerate(layer):
            spec, alias = _spec(rule), f"j{number}"
            if spec.set is not None:
                continue
            if spec.standardise:
                query, offer = self._tidied(rule, alias, query, joins)
            else:
                offer = (self._mapped if spec.map else self._borrowed)(rule, alias, joins)
            offers.append(nodes.alias(offer, f"__new_{rule.columns[0]}"))
        return self._over(query, offers, joins, names)

    def _over(
        self, below: exp.Select, columns: Sequence[exp.Expr],
        joins: Sequence[tuple[exp.Expr, exp.Expr]], names: Sequence[str] | None = None,
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
        return self._over(below, shown, ()) if shown else below

    def _already(self, rule: Rule) -> exp.Expr | None:
        """The cheap condition of a rule's form that its value needs nothing, if it has one."""
        from cdmq.standards import FORMS

        form = _spec(rule).standardise
        test = getattr(FORMS[form], "already", None) if form else None
        return test(nodes.column(rule.columns[0], "l"), self.dialect) if test else None

    def _written(self, rule: Rule) -> dict[str, exp.Expr]:
        """The columns that a rule writes: the value, why it is missing, whether borrowed."""
        spec, column = _spec(rule), rule.columns[0]
        value, offer = nodes.column(column, "l"), nodes.column(f"__new_{column}", "l")
        applies = self.lower(rule, None) if "where" in rule.expressions else None
        there, gone = nodes.present(value.copy()), nodes.is_null(value.copy())
        offered, none = nodes.present(offer.copy()), nodes.is_null(offer.copy())
        out: dict[str, exp.Expr] = {}
        if spec.map or spec.standardise:
            branches: list[tuple[exp.Expr, exp.Expr]] = [(_and(applies, there, offered), offer)]
            if spec.otherwise:
                branches.append((_and(applies, there), nodes.null()))
                self._set_reason(out, column, _and(applies, there, none), spec.otherwise.reason,
                                 None)
            out[column] = nodes.cases(branches, value)
        elif spec.fill_from:
            filled = _and(applies, gone, offered)
            out[column] = nodes.when(filled, offer, value)
            before = nodes.column(f"__from_{column}", "l")
            out[f"__from_{column}"] = nodes.when(filled.copy(), exp.true(), before)
            reason = spec.otherwise.reason if spec.otherwise else None
            if column in self.placeholders:
                self._set_reason(out, column, _and(applies, gone), reason, filled.copy())
        else:
            assert spec.reason is not None
            unset = nodes.is_null(nodes.column(f"__reason_{column}", "l"))
            self._set_reason(out, column, _and(applies, gone, unset), spec.reason, None)
        return out

    def _set_reason(
        self, out: dict[str, exp.Expr], column: str, when: exp.Expr, reason: str | None,
        cleared: exp.Expr | None,
    ) -> None:
        before = nodes.column(f"__reason_{column}", "l")
        pairs: list[tuple[exp.Expr, exp.Expr]] = []
        if cleared is not None:
            pairs.append((cleared, nodes.cast(nodes.null(), "text")))
        if reason is not None:
            pairs.append((when, nodes.text(reason)))
        out[f"__reason_{column}"] = nodes.cases(pairs, before)

    def _mapped(
        self, rule: Rule, alias: str, joins: list[tuple[exp.Expr, exp.Expr]]
    ) -> exp.Expr:
        """What the code map gives for the value; NULL where it does not know it."""
        seed = _spec(rule).map
        assert seed is not None
        known = self._distinct_map(self.table(f"seed:{seed.seed}"), seed.from_, seed.to, alias)
        value = nodes.column(rule.columns[0], "l")
        joins.append((known, nodes.equal(nodes.column("from", alias), value)))
        return nodes.column("to", alias)

    def _tidied(
        self, rule: Rule, alias: str, below: exp.Select, joins: list[tuple[exp.Expr, exp.Expr]]
    ) -> tuple[exp.Select, exp.Expr]:
        """The query with the columns that the form needs first, and the value in its form."""
        from cdmq.standards import FORMS, layered

        spec, column = _spec(rule), rule.columns[0]
        options = {
            name: nodes.column(v, "l") if name in self._column_options(spec) else v
            for name, v in spec.options.items()
        }
        spared = self._already(rule) is not None
        untidy = nodes.column(f"__untidy_{column}" if spared else column, "l")
        tidied = layered(FORMS[str(spec.standardise)], untidy, options, self.dialect, alias)
        for layer in tidied.layers:
            more = [nodes.alias(node, name) for name, node in layer.columns]
            below = self._over(below, more, [self._lookup(lo) for lo in layer.lookups])
        joins += [self._lookup(lookup) for lookup in tidied.lookups]
        if not spared:
            return below, tidied.value
        as_it_is = nodes.when(nodes.is_null(untidy.copy()), nodes.column(column, "l"))
        return below, exp.Coalesce(this=tidied.value, expressions=[as_it_is])

    def _lookup(self, lookup: Lookup) -> tuple[exp.Expr, exp.Expr]:
        table = self.table(f"ref:{lookup.table}")
        table.set("alias", exp.TableAlias(this=nodes.name(lookup.alias)))
        return table, lookup.on

    def _distinct_map(self, seed: exp.Expr, from_: str, to: str, alias: str) -> exp.Expr:
        source = nodes.column(from_)
        query = nodes.select(
            [nodes.alias(source, "from"), nodes.alias(exp.Min(this=nodes.column(to)), "to")],
            seed, nodes.present(source.copy()),
        )
        return nodes.subquery(nodes.group_by(query, [source.copy()]), alias)

    def _borrowed(
        self, rule: Rule, alias: str, joins: list[tuple[exp.Expr, exp.Expr]]
    ) -> exp.Expr:
        """The first of the sources that has a value."""
        found: list[exp.Expr] = []
        for number, source in enumerate(_spec(rule).fill_from):
            if "." not in source:
                found.append(nodes.column(source, "l"))
                continue
            other, column = source.split(".", 1)
            name = f"{alias}_{number}"
            own = self.dataset.spec.refers_to[other]
            key = list(self._key_of(other))
            picked = nodes.select(
                [*(nodes.alias(nodes.column(k), f"k{i}") for i, k in enumerate(key)),
                 nodes.alias(exp.Min(this=nodes.column(column)), "v")],
                self.table(f"clean:{other}"),
            )
            picked = nodes.group_by(picked, [nodes.column(k) for k in key])
            on = nodes.all_of([
                nodes.equal(nodes.column(f"k{i}", name), nodes.column(o, "l"))
                for i, o in enumerate(own)
            ])
            assert on is not None
            joins.append((nodes.subquery(picked, name), on))
            found.append(nodes.column("v", name))
        return found[0] if len(found) == 1 else exp.Coalesce(this=found[0], expressions=found[1:])

    def _key_of(self, other: str) -> tuple[str, ...]:
        return self.keys[other]

    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def _with_bits(self, below: exp.Select) -> exp.Select:
        bits: exp.Expr = nodes.number(0)
        for place, column in enumerate(self.borrowable):
            bit = nodes.when(nodes.column(f"__from_{column}", "l"),
                             nodes.cast(nodes.number(1 << place), "bigint"),
                             nodes.cast(nodes.number(0), "bigint"))
            bits = bit if place == 0 else exp.Add(this=bits, expression=bit)
        kept = [
            nodes.alias(nodes.column(a.alias, "l"), a.alias)
            for a in below.expressions if not a.alias.startswith("__from_")
        ]
        return nodes.select([*kept, nodes.alias(bits, "__borrowed")],
                            nodes.beneath(below, "l", self.dialect))

    # changes ------------------------------------------------------------------------------

    def _placeholders(self, chains: Mapping[str, list[Rule]]) -> dict[str, exp.Expr]:
        found: dict[str, exp.Expr] = {}
        for column, chain in chains.items():
            texts: dict[str, Rule] = {}
            for rule in chain:
                spec = _spec(rule)
                text = spec.set if spec.set is not None else (
                    spec.otherwise.set if spec.otherwise else None
                )
                if text is not None:
                    texts.setdefault(text, rule)
            if len(texts) > 1:
                rule = list(texts.values())[1]
                self._problem(rule.span, "CDMQ215", f"the column {column} has two placeholders: "
                              + " and ".join(f"'{t}'" for t in texts),
                              "one column, one placeholder: tell them apart by the reason")
            for text, rule in texts.items():
                found.setdefault(column, self.literal(rule, text, self.columns[column]))
        return found

    def _change(self, rule: Rule, chain: list[Rule]) -> Change:
        """Reading the finished stage: before and after of one rule in its column's chain."""
        column, place, spec = rule.columns[0], chain.index(rule), _spec(rule)
        raw = nodes.column(f"__raw_{column}")
        before = nodes.column(f"__was_{place}_{column}") if place else raw
        clean_before = before if place else without_tokens(
            self.dataset, column, self.columns[column], raw.copy())
        last = place == len(chain) - 1
        after = nodes.column(column) if last else nodes.column(f"__was_{place + 1}_{column}")
        why: exp.Expr = nodes.cast(nodes.null(), "text")
        why_before = why
        if column in self.placeholders:
            name = f"__reason_{column}" if last else f"__why_{place + 1}_{column}"
            why = nodes.column(name)
            why_before = nodes.column(f"__why_{place}_{column}") if place else why_before
        set_here = nodes.all_of([nodes.present(why.copy()), nodes.is_null(why_before.copy())])
        differs = nodes.distinct_from(after.copy(), clean_before.copy())
        changed = differs if column not in self.placeholders else nodes.any_of(
            [set_here, differs] if set_here is not None else [differs]
        )
        new: exp.Expr = after.copy()
        if column in self.placeholders:
            new = nodes.when(nodes.present(why.copy()), self.placeholders[column].copy(), after)
        tested = self.lower(rule, clean_before) if "where" in rule.expressions else None
        judged = nodes.present(nodes.paren(clean_before.copy()))
        if spec.fill_from or spec.set is not None:
            judged = nodes.is_null(nodes.paren(clean_before.copy()))
        return Change(rule, column, changed, before.copy(), new, why.copy(), tested, judged)


def token_literals(dataset: Dataset, column: str, type_: Type) -> list[exp.Expr]:
    """The `missing_values` of a column as literals of its type; a token of another form is none.

    `000` is the form of a text: it does not make the number 0 a missing one.
    """
    from cdmq.sql.literals import literal

    given = dataset.spec.missing_values
    tokens = given.get(column, []) if isinstance(given, dict) else given
    numbers = type_ in ("integer", "decimal", "double")
    found = (literal(t, type_) for t in dict.fromkeys(tokens)
             if not (numbers and re.match(r"[+-]?0\d", t)))
    return [node for node in found if node is not None]


def without_tokens(dataset: Dataset, name: str, type_: Type, value: exp.Expr) -> exp.Expr:
    """A value, or NULL where it is one of the column's `missing_values`."""
    tokens = token_literals(dataset, name, type_)
    if not tokens:
        return value
    return nodes.when(exp.In(this=value, expressions=tokens), nodes.null(), value.copy())


def _spec(rule: Rule) -> DefaultRule:
    assert isinstance(rule.spec, DefaultRule)
    return rule.spec


def _before(rule: Rule, chain: list[Rule]) -> list[Rule]:
    return chain[: chain.index(rule)]


def _and(*parts: exp.Expr | None) -> exp.Expr:
    joined = nodes.all_of([p.copy() if p is not None else None for p in parts])
    assert joined is not None
    return joined
