"""What must be true of rules that count facts: their datasets, columns, types and conditions."""

from __future__ import annotations

from collections.abc import Mapping

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder
from cdmq.kinds.facts.links import dated_by, on_the_way, way
from cdmq.kinds.facts.money import CURRENCY, RATE, VALID_FROM
from cdmq.kinds.facts.words import Facts
from cdmq.kinds.words import Duration
from cdmq.problems import Problem, did_you_mean
from cdmq.sql.types import MOMENTS, NUMBERS, Type
from cdmq.values import Catalog, Dataset, Project, Rule

#: What the column of a measure must be: its types, how they are called, and what else to do.
_REMEDY = "declare it in columns: of the dataset, or {} another column"
_WANTED: Mapping[str, tuple[frozenset[Type], str, str]] = {
    "sum": (NUMBERS, "a number", _REMEDY.format("add up")),
    "avg": (NUMBERS, "a number", _REMEDY.format("take the mean of")),
    "min": (NUMBERS | MOMENTS, "a number, date or timestamp", _REMEDY.format("compare")),
    "max": (NUMBERS | MOMENTS, "a number, date or timestamp", _REMEDY.format("compare")),
}
_ANY: frozenset[Type] = frozenset({"unknown"})
#: A window longer than this leaves the calendars of the engines.
_LONGEST = 1000 * 365.25


class FactsLook:
    """Looks at one rule; what is wrong goes to `found`. A dataset of facts that is not in the
    catalog is another's problem: what hangs on its columns is not told."""

    def __init__(
        self, rule: Rule, project: Project, catalog: Catalog, dialect: str, found: list[Problem]
    ) -> None:
        self.rule, self.project, self.catalog = rule, project, catalog
        self.dialect, self.found = dialect, found

    def tell(self, field: str, code: str, cause: str, remedy: str) -> None:
        span = self.rule.spans.get(field, self.rule.span)
        self.found.append(Problem(span, code, f"{cause} (rule {self.rule.id})", remedy))

    def facts(self, name: str, place: str, rows: Rows, timed: bool = True) -> bool:
        """A dataset of facts is there, leads to the records that are judged, and is dated where
        somebody asks when facts happened."""
        if name not in self.project.datasets:
            self.tell(
                place,
                "CDMQ202",
                f"unknown dataset '{name}'",
                did_you_mean(name, self.project.datasets),
            )
            return False
        facts, before = self.project.datasets[name], len(self.found)
        between = on_the_way(rows.dataset, facts, self.project.datasets)
        number, happened_at = dated_by(facts, between)
        dated = (facts, *between)[number].name
        if happened_at is None and timed:
            self.tell(
                place,
                "CDMQ250",
                f"{name} does not say when its facts happened",
                f"add to the dataset ({facts.span}): happened_at: COLUMN",
            )
        elif happened_at is not None and dated in self.catalog:
            self.column(
                place,
                dated,
                happened_at,
                MOMENTS,
                "a date or timestamp",
                "declare it in columns: of the dataset",
            )
        found = way(rows.dataset, facts, self.project.datasets)
        if found is None:
            wanted = rows.dataset.made_of or rows.dataset.name
            self.tell(
                place,
                "CDMQ221",
                f"{name} does not say how it refers to {wanted}",
                f"add to the dataset ({facts.span}): refers_to: {{{wanted}: [...]}}",
            )
        for one, to in zip((facts, *between), found or (), strict=False):
            if one.name in self.catalog:
                self.reference(place, one, to, rows)
        return len(self.found) == before

    def reference(self, place: str, facts: Dataset, to: str, rows: Rows) -> None:
        own, key = facts.spec.refers_to[to], self.project.datasets[to].key
        if len(own) != len(key):
            self.tell(
                place,
                "CDMQ221",
                f"refers_to {to} of {facts.name} has {len(own)} columns, "
                f"the key of {to} has {len(key)}",
                "name them all, in the order of the key",
            )
            return
        known = rows.columns if to == rows.dataset.name else self.catalog.get(to, {})
        for mine, its in zip(own, key, strict=True):
            wanted = known.get(its, "unknown")
            fitting = NUMBERS if wanted in NUMBERS else frozenset({wanted})
            self.column(
                place,
                facts.name,
                mine,
                fitting,
                f"{wanted}, as {to}.{its} is",
                "compare columns of one type; columns: declares that of a file's",
            )

    def column(
        self,
        place: str,
        dataset: str,
        name: str,
        types: frozenset[Type],
        wanted: str,
        remedy: str,
    ) -> None:
        """A column of a dataset of facts is there and of one of the types."""
        columns = self.catalog[dataset]
        if name not in columns:
            self.tell(
                place, "CDMQ203", f"{dataset} has no column '{name}'", did_you_mean(name, columns)
            )
        elif columns[name] not in types and "unknown" not in types:
            self.tell(
                place, "CDMQ217", f"{dataset}.{name} is {columns[name]}, not {wanted}", remedy
            )

    def measure(self, place: str, measure: Facts) -> None:
        if measure.column is not None:
            types, wanted, remedy = _WANTED.get(measure.way, (_ANY, "", ""))
            field = f"{place}.{measure.way}"
            self.column(field, measure.dataset, measure.column, types, wanted, remedy)
            self.if_none(f"{place}.if_none", measure, measure.column)
        self.rates(place, measure)
        field = f"{place}.where"
        if field in self.rule.expressions:
            columns = self.catalog[measure.dataset]
            self.condition(field, Binder(columns, self.dialect, self.found))
            self.behind(field, "a measure reads clean facts")

    def rates(self, place: str, measure: Facts) -> None:
        """The rates of a currency can be looked up."""
        amount = self.project.datasets[measure.dataset].spec.amount
        if amount is None or amount.rates not in self.catalog or amount.column != measure.column:
            return
        said = "columns: of that dataset declares it"
        wanted: dict[str, tuple[frozenset[Type], str]] = {
            CURRENCY: (_ANY, ""),
            VALID_FROM: (MOMENTS, "a date or timestamp"),
            RATE: (NUMBERS, "a number"),
        }
        for column, (types, called) in wanted.items():
            self.column(f"{place}.from", str(amount.rates), column, types, called, said)

    def if_none(self, field: str, measure: Facts, column: str) -> None:
        type_ = self.catalog[measure.dataset].get(column)
        if measure.if_none is not None and measure.way in ("min", "max") and type_ in MOMENTS:
            cause = f"if_none is a number, {measure.dataset}.{column} is {type_}"
            self.tell(field, "CDMQ217", cause, "take if_none away")

    def condition(self, field: str, binder: Binder) -> None:
        bound = binder.bound(self.rule, field)
        if bound and bound.type not in ("boolean", "unknown"):
            self.tell(
                field,
                "CDMQ315",
                f"'{field.rpartition('.')[2]}' must be true or false, this is {bound.type}",
                "write a comparison, for example: amount > 0",
            )

    def behind(self, field: str, why: str) -> None:
        for how in sorted({h for h, _ in self.rule.expressions[field].behind}):
            self.tell(field, "CDMQ251", f"{how}() is not known here: {why}", "use the name alone")

    def time(self, field: str, value: Duration | None) -> None:
        if value is not None and value.days > _LONGEST:
            self.tell(field, "CDMQ252", f"{value} is more than 1000 years", "leave it out")
