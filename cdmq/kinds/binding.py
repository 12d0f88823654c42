"""The expressions of rules, bound to the columns of their dataset."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlglot import exp

from cdmq.kinds import kinds
from cdmq.problems import Problem, Span, excerpt
from cdmq.project.column_names import folded
from cdmq.sql import nodes
from cdmq.sql.dialects import dialect_of
from cdmq.sql.expressions import Bound, SqlProblem, bind
from cdmq.sql.never import check_must, check_where
from cdmq.sql.problem import COLUMN
from cdmq.sql.types import Type
from cdmq.values import Rule

#: What is said where a rule reads the column that it gives.
OWN = "'{}' is the column that this rule gives: a rule cannot read its own column"
OWN_REMEDY = "name columns that are there before it"


class Binder:
    """Binds each expression once. What does not fit is told in `problems`."""

    def __init__(self, columns: Mapping[str, Type], dialect: str, problems: list[Problem]) -> None:
        self.columns, self.dialect, self.problems = columns, dialect, problems
        self._known: dict[tuple[str, str], Bound | None] = {}

    def bound(self, rule: Rule, field: str) -> Bound | None:
        """A rule's field with names and types; None where it does not fit."""
        place = (rule.id, field)
        if place not in self._known:
            self._known[place] = self._bind(rule, field)
        return self._known[place]

    def _bind(self, rule: Rule, field: str) -> Bound | None:
        try:
            bound = bind(rule.expressions[field], self.columns)
            look(rule, field, bound)
            return bound
        except SqlProblem as error:
            cause, remedy = error.cause, error.remedy
            named = [c for c in rule.expressions[field].columns if gives_it(rule, c)]
            if error.code == COLUMN and named and self.real(named[0]) not in self.columns:
                cause, remedy = OWN.format(named[0]), OWN_REMEDY
            self.tell(
                rule,
                field,
                error.code,
                f"{cause} (at column "
                f"{max(error.column, 1)} of the SQL: "
                f"{excerpt(rule.expressions[field].text)})",
                remedy,
            )
            return None

    def real(self, name: str) -> str:
        """The column that a name means."""
        return real(name, self.columns)

    def guarded(self, node: exp.Expr) -> exp.Expr:
        """Nothing that a value does may end the statement, where a guard is there for that."""
        own = dialect_of(self.dialect).casts
        if own.guard is None or not _may_raise(node, own.never_raise):
            return node
        return nodes.call(own.guard, node)

    def tell(self, rule: Rule, field: str, code: str, cause: str, remedy: str) -> None:
        span: Span = rule.spans.get(field, rule.span)
        self.problems.append(Problem(span, code, cause, remedy))


def real(name: str, columns: Collection[str]) -> str:
    """The column that a name means: exactly, else without regard to case if only one does."""
    if name in columns:
        return name
    same = [c for c in columns if folded(c) == folded(name)]
    return same[0] if len(same) == 1 else name


def gives_it(rule: Rule, name: str) -> bool:
    """Whether a column is the one that the rule itself gives."""
    return folded(name) == folded(rule.id) and kinds()[rule.kind].gives(rule) is not None


def look(rule: Rule, field: str, bound: Bound) -> None:
    """Raise SqlProblem for a condition that comes out the same whatever a row holds."""
    if bound.type not in ("boolean", "unknown"):
        return
    if field == "must":
        check_must(bound.expression.tree, getattr(rule.spec, "missing", "pass") == "fail")
    elif field.rpartition(".")[2] == "where":
        check_where(bound.expression.tree)


def _may_raise(node: exp.Expr, never: Collection[str]) -> bool:
    """Arithmetic may overflow; comparisons and pattern matches do not raise."""
    return any(
        isinstance(n, exp.Binary)
        and isinstance(n, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.IntDiv | exp.Mod)
        or isinstance(n, exp.Func)
        and not (isinstance(n, exp.Anonymous) and n.name in never)
        and not isinstance(n, exp.And | exp.Or | exp.Case | exp.Coalesce)
        for n in node.walk()
    )
