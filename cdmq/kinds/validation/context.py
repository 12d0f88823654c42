"""What a check may ask while one rule is compiled."""

from __future__ import annotations

from sqlglot import exp

from cdmq.datasets.rows import Rows, unreadable
from cdmq.datasets.seeds import written_as
from cdmq.kinds.binding import Binder
from cdmq.kinds.conditions import Conditions
from cdmq.problems import CdmqError, Problem, did_you_mean
from cdmq.sql import nodes
from cdmq.sql.equality import composed
from cdmq.sql.literals import how_written, literal
from cdmq.sql.logical import as_of_node, logical
from cdmq.sql.nulls import never_null, strict
from cdmq.sql.text_form import text_of
from cdmq.sql.thousands import ambiguous
from cdmq.sql.types import NUMBERS, OPAQUE, Type, a, comparable
from cdmq.values import Catalog, Project, Rule


class RuleContext:
    """The Context of `cdmq.checks.base`, for one rule and one engine.

    With `check_only` an expression is bound but not written: names and types are looked at.
    """

    def __init__(
        self,
        rule: Rule,
        rows: Rows,
        binder: Binder,
        project: Project,
        catalog: Catalog,
        as_of: exp.Expr,
        check_only: bool,
    ) -> None:
        self.rule, self.rows, self.binder = rule, rows, binder
        self.project, self.catalog = project, catalog
        self.as_of, self.check_only = as_of, check_only
        self.dialect = binder.dialect
        self.conditions = Conditions(rule, binder, rows.behind, self.column, as_of)

    @property
    def relation(self) -> str:
        """Cells that could not be read stand only in the source, or a standard reads them."""
        unread = self.rule.check == "readable" and not self._is_mended(self.rule.columns[0])
        return f"source:{self.rule.dataset}" if unread else self.rows.relation

    def _is_mended(self, column: str) -> bool:
        return self.rows.stage is not None and column in self.rows.stage.mended

    def column(self, name: str) -> exp.Expr:
        raw = self.rule.stage == "raw" and self.rule.check != "readable"
        if raw and self.rows.stage and name in self.rows.stage.kept:
            return nodes.column(f"__raw_{name}")
        return nodes.column(name)

    def type_of(self, name: str) -> Type:
        return self.rows.columns.get(name, "unknown")

    def check_type(self, name: str) -> None:
        """A Problem where the check asks more of a column than its type can tell."""
        type_ = self.type_of(name)
        if type_ in OPAQUE and self.rule.check not in ("not_null", "readable", "key"):
            raise self.problem(
                "column",
                "CDMQ247",
                f"{name} is {a(type_)}: of it only not_null can be asked",
                "take what you need out of it in a SQL model, and check that",
            )

    def how_to_type(self, name: str, type_: Type, must: str) -> str:
        dataset = self.rows.dataset
        if dataset.source in ("file", "seed"):
            return f"add to the dataset ({dataset.span}): columns: {{{name}: {type_}}}"
        return (
            f"make it {type_} in the source or a model, or write: check: expression, must: {must}"
        )

    def text(self, name: str) -> exp.Expr:
        type_ = self.type_of(name)
        if type_ not in ("text", "unknown"):
            raise self.problem(
                "column",
                "CDMQ217",
                f"the column {name} is {type_}, not text",
                "this check judges text",
            )
        return self.comparable(name)

    def comparable(self, name: str) -> exp.Expr:
        value = self.column(name)
        return composed(value, self.dialect) if self.type_of(name) == "text" else value

    def unreadable(self, name: str) -> exp.Expr:
        if self._is_mended(name):
            return nodes.column(f"__unread_{name}")
        return unreadable(name, self.dialect)

    def shown_text(self, column: str) -> exp.Expr:
        if self.rule.check == "readable":
            return self.unreadable(column)
        return text_of(self.column(column), self.rows.columns.get(column, "text"))

    def literal(self, text: str, type_: Type, field: str) -> exp.Expr:
        if text == "as_of" and type_ in ("date", "timestamp"):
            return nodes.cast(as_of_node(), type_)
        if type_ in NUMBERS and (how := ambiguous(text)):
            raise self.problem(
                field, "CDMQ132", f"{text} may be of thousands, or have three decimals", how
            )
        found = literal(text, type_)
        if found is None:
            raise self.problem(
                field,
                "CDMQ216",
                f"'{text}' is no {type_}, the type of the column",
                how_written(type_),
            )
        return found

    def expression(self, field: str) -> exp.Expr:
        return exp.true() if self.check_only else self.conditions.holds(field)

    def presence(self, field: str) -> exp.Expr | None:
        bound = self.conditions.bound(field)
        if never_null(bound.expression.tree):
            return None
        if strict(bound.expression.tree) and not bound.expression.behind:
            return nodes.all_present([self.column(c) for c in bound.expression.columns])
        return nodes.present(nodes.paren(self.expression(field)))

    def could_not_judge(self, field: str) -> exp.Expr | None:
        return None if self.check_only else self.conditions.could_not_judge(field)

    def inside(self, unjudged: exp.Expr | None) -> exp.Expr | None:
        """The rows of which the check could not be judged, of those that `where` lets in."""
        if self.check_only or unjudged is None:
            return unjudged
        return nodes.all_of([self.conditions.where, unjudged])

    def table(self) -> exp.Expr:
        return logical(self.relation)

    def tested(self) -> exp.Expr | None:
        return self.expression("where") if "where" in self.rule.expressions else None

    def other(self, dataset: str) -> exp.Expr:
        return logical(f"clean:{dataset}")

    def other_column(self, dataset: str, name: str | None) -> exp.Expr:
        if dataset not in self.project.datasets:
            raise self.problem(
                "to",
                "CDMQ202",
                f"unknown dataset '{dataset}'",
                did_you_mean(dataset, self.project.datasets),
            )
        key = self.project.datasets[dataset].key
        if name is None and len(key) != 1:
            raise self.problem(
                "to",
                "CDMQ206",
                f"{dataset} has no key of one column",
                "say which column with field:",
            )
        wanted = name or key[0]
        known = self.catalog.get(dataset)
        if known is not None and wanted not in known:
            raise self.problem(
                "field",
                "CDMQ203",
                f"{dataset} has no column '{wanted}'",
                did_you_mean(wanted, known),
            )
        own = self.rule.columns[0] if self.rule.columns else None
        if own and known and not comparable(self.type_of(self.binder.real(own)), known[wanted]):
            raise self.problem(
                "field",
                "CDMQ217",
                f"{dataset}.{wanted} is {known[wanted]}, {own} "
                f"is {self.type_of(self.binder.real(own))}",
                "compare columns of one type; columns: declares that of a file's",
            )
        found = nodes.column(wanted)
        text = known is not None and known[wanted] == "text"
        return composed(found, self.dialect) if text else found

    def seed_values(self, seed: str, column: str | None) -> tuple[str, ...]:
        found = self.project.seeds.get(seed)
        if found is None:
            raise self.problem(
                "seed",
                "CDMQ218",
                f"there is no seed '{seed}'",
                did_you_mean(seed, self.project.seeds),
            )
        wanted = column or found.columns[0]
        if wanted not in found.columns:
            raise self.problem(
                "column",
                "CDMQ203",
                f"the seed {seed} has no column '{wanted}'",
                did_you_mean(wanted, found.columns),
            )
        place = found.columns.index(wanted)
        values = tuple(dict.fromkeys(v for r in found.rows if (v := r[place]) is not None))
        if column is None and written_as(wanted, values):
            raise self.problem(
                "seed",
                "CDMQ122",
                f"'{wanted}' in the first line of the seed {seed} is written as "
                "all its values are: it may be no header",
                f"give the seed a header line; if it has one, say column: {wanted}",
            )
        return values

    def problem(self, field: str, code: str, cause: str, remedy: str = "") -> CdmqError:
        span = self.rule.spans.get(field, self.rule.span)
        return CdmqError(Problem(span, code, f"{cause} (rule {self.rule.id})", remedy))
