"""The clean stage of a dataset: what its defaults make of the cells."""

from __future__ import annotations

from functools import partial

from sqlglot import exp

from cdmq.files.missing import tokens_of
from cdmq.kinds.compiling import Layering
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.defaults.cells import Cells
from cdmq.kinds.defaults.chains import Order
from cdmq.kinds.defaults.offers import Offers
from cdmq.kinds.defaults.problems import default_problems
from cdmq.sql import nodes
from cdmq.sql.literals import literal
from cdmq.sql.logical import logical
from cdmq.sql.thousands import ambiguous
from cdmq.sql.types import NUMBERS, Type
from cdmq.steps import Stage
from cdmq.values import Rule


def stage(at: Layering) -> Stage | None:
    return _Layer(at).stage()


class _Layer:
    """Builds the stage of one dataset."""

    def __init__(self, at: Layering) -> None:
        self.at = at

    def stage(self) -> Stage | None:
        defaults = self.at.project.rules_of(self.at.dataset.name, "defaults")
        rules = tuple(
            r
            for r in defaults
            if r.enabled and self.at.apart(r, partial(self._default_is_sound, r))
        )
        copied = self.at.dataset.source == "table" and self.at.dataset.may_be_held
        if not rules and not self.at.dataset.spec.missing_values and not copied:
            return None
        self.kept_raw = self._wanted_raw({r.columns[0] for r in rules})
        off: dict[str, frozenset[str]] = {}
        for rule in defaults:
            if not rule.enabled:
                off[rule.columns[0]] = off.get(rule.columns[0], frozenset()) | {rule.id}
        keys = {name: d.key for name, d in self.at.project.datasets.items()}
        cells = Cells(
            dataset=self.at.dataset,
            columns=self.at.columns,
            source=logical(f"source:{self.at.dataset.name}"),
            conditions=self._conditions,
            literal=self._placeholder,
            keep_raw=self.kept_raw,
            order=Order(self.at.dataset, rules, off, self.at.problems),
            offers=Offers(self.at.dataset, self.at.columns, self.at.binder.dialect, logical, keys),
        )
        return self._whole(rules, cells)

    def _whole(self, rules: tuple[Rule, ...], cells: Cells) -> Stage | None:
        """The stage; what does not fit in it, such as a placeholder, is of its first default."""
        return self.at.apart(rules[0], cells.build) if rules else cells.build()

    def _wanted_raw(self, written: set[str]) -> frozenset[str]:
        """The columns that a rule reaches behind with raw(), and a key that tokens may empty. What
        neither rules nor tokens change is as it came."""
        found = set(self.at.dataset.key) if self.at.dataset.spec.missing_values else set()
        for rule in self.at.project.rules.values():
            if rule.dataset == self.at.dataset.name:
                for expression in rule.expressions.values():
                    found |= {c for how, c in expression.behind if how == "raw"}
                if rule.stage == "raw":
                    found |= set(rule.columns)
        return frozenset(
            r
            for c in found
            if (r := self.at.binder.real(c)) in self.at.columns
            and (r in written or tokens_of(self.at.dataset, r))
        )

    def _default_is_sound(self, rule: Rule) -> bool:
        """Columns, types and seeds of a default exist; what is wrong is told."""
        found = default_problems(
            rule, self.at.dataset, self.at.columns, self.at.project, self.at.catalog
        )
        self.at.problems.extend(found)
        bound = all(self.at.binder.bound(rule, f) for f in rule.expressions)
        return not found and bound

    def _conditions(self, rule: Rule, own: exp.Expr | None) -> Conditions:
        """Those of a default, reading the layer below (`l`); or the finished stage, where `own` is
        what stood in the column that the rule writes."""
        table = "l" if own is None else None

        def column(c: str) -> exp.Expr:
            here = own is not None and c == rule.columns[0]
            return own.copy() if own is not None and here else nodes.column(c, table)

        def behind(how: str, c: str) -> exp.Expr:
            return nodes.column(f"__raw_{c}" if c in self.kept_raw else c, table)

        return Conditions(rule, self.at.binder, behind, column)

    def _placeholder(self, rule: Rule, text: str, type_: Type) -> exp.Expr:
        found = literal(text, type_)
        if type_ in NUMBERS and (how := ambiguous(text)):
            self.at.binder.tell(
                rule,
                "set" if "set" in rule.spans else "otherwise",
                "CDMQ132",
                f"{text} may be of thousands, or have three decimals",
                how,
            )
        if found is None:
            field = "set" if "set" in rule.spans else "otherwise"
            self.at.binder.tell(
                rule,
                field,
                "CDMQ216",
                f"'{text}' is no {type_}, the type of {rule.columns[0]}",
                "set a value of the column's type",
            )
            return nodes.null()
        return found
