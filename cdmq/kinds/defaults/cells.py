"""The clean stage of a dataset: `defaults` and missing-value tokens as one layered query.

Layer 0 reads the source and turns tokens into NULL; each further layer applies the rules whose
inputs stand in the layers below. Besides the dataset's own columns the result holds, for a column
that rules write, hidden ones: `__raw_c` (as it came), `__reason_c` (why it is missing),
`__was_n_c` (before the n-th rule of a chain), and `__borrowed` (a bit per filled column).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from cdmq.datasets.rows import unreadable
from cdmq.datasets.tokens import is_token, without_tokens
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.defaults.chains import Chains, Order, spec_of
from cdmq.kinds.defaults.mended import mends
from cdmq.kinds.defaults.offers import Offers
from cdmq.kinds.defaults.words import DefaultRule
from cdmq.problems import Problem, Span
from cdmq.sql import nodes
from cdmq.sql.types import Type
from cdmq.standards.whitespace import blank
from cdmq.steps import Change, Stage
from cdmq.values import Dataset, Rule


@dataclass
class Cells:
    """Builds one dataset's stage. `source` is the relation to read; `conditions(rule, own)`
    gives a rule's `where` for the engine; `literal(rule, text, type)` a placeholder."""

    dataset: Dataset
    columns: Mapping[str, Type]
    source: exp.Expr
    conditions: Callable[[Rule, exp.Expr | None], Conditions]
    literal: Callable[[Rule, str, Type], exp.Expr]
    keep_raw: frozenset[str]
    order: Order
    offers: Offers

    def build(self) -> Stage | None:
        chains = self.order.chains()
        layers = self.order.layers(chains)
        if layers is None or self.order.problems:
            return None
        written = {c for c in self.columns if c in chains}
        self.kept = frozenset(written | self.keep_raw)
        self.mended = frozenset(
            c for c in written if any(mends(r, self.dataset, self.columns[c]) for r in chains[c])
        )
        self.placeholders = self._placeholders(chains)
        self.borrowable = tuple(
            c for c in self.columns if any(spec_of(r).fill_from for r in chains.get(c, ()))
        )
        if len(self.borrowable) > 62:
            self._problem(
                self.order.rules[0].span,
                "CDMQ214",
                f"{self.dataset.name} fills more than 62 columns from elsewhere",
                "split the dataset",
            )
            return None
        query = self._first_layer()
        for layer in layers:
            query = self._layer(query, layer, chains)
        if self.borrowable:
            query = self._with_bits(query)
        changes = tuple(self._change(rule, chain) for chain in chains.values() for rule in chain)
        return Stage(query, changes, self.kept, self.placeholders, self.borrowable, self.mended)

    @property
    def dialect(self) -> str:
        return self.offers.dialect

    def _problem(self, span: Span, code: str, cause: str, remedy: str) -> None:
        self.order.problems.append(Problem(span, code, cause, remedy))

    def _first_layer(self) -> exp.Select:
        shown: list[exp.Expr] = []
        for name in self.columns:
            value = without_tokens(
                self.dataset, name, self.columns[name], nodes.column(name), self.dialect
            )
            shown.append(nodes.alias(value, name))
            if name in self.kept:
                shown.append(nodes.alias(nodes.column(name), f"__raw_{name}"))
            if name in self.mended:
                text = unreadable(name, self.dialect)
                shown += [nodes.alias(text.copy(), f"__{n}_{name}") for n in ("text", "unread")]
        for name in self.placeholders:
            shown.append(nodes.alias(nodes.cast(nodes.null(), "text"), f"__reason_{name}"))
        for name in self.borrowable:
            shown.append(nodes.alias(exp.false(), f"__from_{name}"))
        return nodes.select(shown, self.source)

    def _layer(self, below: exp.Select, layer: list[Rule], chains: Chains) -> exp.Select:
        """Two steps: what each rule would write, computed once; then the cells with it."""
        offers = self.offers.over(below, layer)
        writes: dict[str, exp.Expr] = {}
        extra: list[exp.Expr] = []
        for rule in layer:
            column, place = rule.columns[0], chains[rule.columns[0]].index(rule)
            if place:
                extra.append(nodes.alias(nodes.column(column, "l"), f"__was_{place}_{column}"))
                if column in self.placeholders:
                    extra.append(
                        nodes.alias(
                            nodes.column(f"__reason_{column}", "l"), f"__why_{place}_{column}"
                        )
                    )
            writes.update(self._written(rule))
        shown = [
            nodes.alias(writes.get(a.alias, nodes.column(a.alias, "l")), a.alias)
            for a in below.expressions
        ]
        return nodes.select([*shown, *extra], nodes.beneath(offers, "l", self.offers.dialect))

    def _written(self, rule: Rule) -> dict[str, exp.Expr]:
        """The columns that a rule writes: the value, why it is missing, whether borrowed."""
        spec, column = spec_of(rule), rule.columns[0]
        value, offer = nodes.column(column, "l"), nodes.column(f"__new_{column}", "l")
        applies = self.conditions(rule, None).where
        there, gone = nodes.present(value.copy()), nodes.is_null(value.copy())
        offered, none = nodes.present(offer.copy()), nodes.is_null(offer.copy())
        out: dict[str, exp.Expr] = {}
        if spec.map or spec.standardise:
            if mending := mends(rule, self.dataset, self.columns[column]):
                unread = nodes.column(f"__unread_{column}", "l")
                there = nodes.every([gone, nodes.present(unread)])
            emptied = self._emptied(rule, value, offer)
            branches: list[tuple[exp.Expr, exp.Expr]] = [
                *((_and(applies, there, e), nodes.null()) for e in emptied),
                (_and(applies, there, offered), offer),
            ]
            if spec.otherwise:
                branches.append((_and(applies, there), nodes.null()))
                nothing = nodes.any_of([none, *(e.copy() for e in emptied)])
                self._set_reason(
                    out, column, _and(applies, there, nothing), spec.otherwise.reason, None
                )
            out[column] = nodes.cases(branches, value)
            if mending:
                read = (_and(applies, there, offered), nodes.cast(nodes.null(), "text"))
                out[f"__unread_{column}"] = nodes.cases([read], unread.copy())
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

    def _emptied(self, rule: Rule, value: exp.Expr, offer: exp.Expr) -> list[exp.Expr]:
        """When a tidied cell is missing: it holds nothing, or is a token in its new form."""
        column = rule.columns[0]
        token = is_token(self.dataset, column, self.columns[column], offer.copy(), self.dialect)
        found = [] if token is None else [token]
        if spec_of(rule).standardise and self.columns[column] in ("text", "unknown"):
            found.append(
                nodes.every([nodes.is_null(offer.copy()), blank(value.copy(), self.dialect)])
            )
        return found

    def _set_reason(
        self,
        out: dict[str, exp.Expr],
        column: str,
        when: exp.Expr,
        reason: str | None,
        cleared: exp.Expr | None,
    ) -> None:
        before = nodes.column(f"__reason_{column}", "l")
        pairs: list[tuple[exp.Expr, exp.Expr]] = []
        if cleared is not None:
            pairs.append((cleared, nodes.cast(nodes.null(), "text")))
        if reason is not None:
            pairs.append((when, nodes.text(reason)))
        out[f"__reason_{column}"] = nodes.cases(pairs, before)

    def _with_bits(self, below: exp.Select) -> exp.Select:
        bits: exp.Expr = nodes.number(0)
        for place, column in enumerate(self.borrowable):
            bit = nodes.when(
                nodes.column(f"__from_{column}", "l"),
                nodes.cast(nodes.number(1 << place), "bigint"),
                nodes.cast(nodes.number(0), "bigint"),
            )
            bits = bit if place == 0 else exp.Add(this=bits, expression=bit)
        kept = [
            nodes.alias(nodes.column(a.alias, "l"), a.alias)
            for a in below.expressions
            if not a.alias.startswith("__from_")
        ]
        return nodes.select(
            [*kept, nodes.alias(bits, "__borrowed")], nodes.beneath(below, "l", self.offers.dialect)
        )

    # changes ------------------------------------------------------------------------------

    def _placeholders(self, chains: Chains) -> dict[str, exp.Expr]:
        found: dict[str, exp.Expr] = {}
        for column, chain in chains.items():
            texts: dict[str, Rule] = {}
            for rule in chain:
                spec = spec_of(rule)
                text = (
                    spec.set
                    if spec.set is not None
                    else (spec.otherwise.set if spec.otherwise else None)
                )
                if text is not None:
                    texts.setdefault(text, rule)
            if len(texts) > 1:
                rule = list(texts.values())[1]
                self._problem(
                    rule.span,
                    "CDMQ215",
                    f"the column {column} has two placeholders: "
                    + " and ".join(f"'{t}'" for t in texts),
                    "one column, one placeholder: tell them apart by the reason",
                )
            for text, rule in texts.items():
                found.setdefault(column, self.literal(rule, text, self.columns[column]))
        return found

    def _change(self, rule: Rule, chain: list[Rule]) -> Change:
        """Reading the finished stage: before and after of one rule in its column's chain."""
        column, place, spec = rule.columns[0], chain.index(rule), spec_of(rule)
        raw = nodes.column(f"__raw_{column}")
        before = nodes.column(f"__was_{place}_{column}") if place else raw
        clean_before = (
            before
            if place
            else without_tokens(
                self.dataset, column, self.columns[column], raw.copy(), self.dialect
            )
        )
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
        changed: exp.Expr = differs
        new: exp.Expr = after.copy()
        if column in self.placeholders:
            changed = nodes.any_of([set_here, differs] if set_here is not None else [differs])
            new = nodes.when(nodes.present(why.copy()), self.placeholders[column].copy(), after)
        conditions = self.conditions(rule, clean_before)
        judged = nodes.present(nodes.paren(clean_before.copy()))
        text = None
        if mends(rule, self.dataset, self.columns[column]):
            text = nodes.column(f"__text_{column}")
            judged = nodes.any_of([judged, nodes.present(text.copy())])
        if spec.fill_from or spec.set is not None:
            judged = nodes.is_null(nodes.paren(clean_before.copy()))
        return Change(
            rule,
            column,
            changed,
            old=before.copy(),
            new=new,
            reason=why.copy(),
            tested=conditions.where,
            judged=judged,
            act=_act(spec, why),
            text=text,
            could_not_judge=conditions.unjudged(None),
        )


def _and(*parts: exp.Expr | None) -> exp.Expr:
    joined = nodes.all_of([p.copy() if p is not None else None for p in parts])
    assert joined is not None
    return joined


def _act(spec: DefaultRule, why: exp.Expr) -> exp.Expr:
    """What a default did, by its means: it set a placeholder, or tidied or borrowed."""
    if spec.means == "set":
        return nodes.text("set")
    act = nodes.text(spec.means)
    return nodes.when(nodes.present(why.copy()), nodes.text("set"), act) if spec.otherwise else act
