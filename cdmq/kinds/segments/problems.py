"""What must be true of a segment before it is compiled: its columns, types and conditions."""

from __future__ import annotations

from dataclasses import dataclass

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import OWN, OWN_REMEDY, Binder, gives_it, real
from cdmq.kinds.facts.links import referred
from cdmq.kinds.facts.problems import FactsLook
from cdmq.kinds.segments.words import ENDED, Consents, Never, SegmentRule
from cdmq.problems import Problem, did_you_mean
from cdmq.sql.types import MOMENTS, Type, comparable
from cdmq.values import Catalog, Project, Rule


@dataclass(frozen=True)
class Look:
    """Looks at one segment; what is wrong goes to `found`. What hangs on the columns of a dataset
    that is not in the catalog is not told: that is another's problem."""

    rule: Rule
    rows: Rows
    project: Project
    catalog: Catalog
    found: list[Problem]

    @property
    def spec(self) -> SegmentRule:
        assert isinstance(self.rule.spec, SegmentRule)
        return self.rule.spec

    def tell(self, field: str, code: str, cause: str, remedy: str) -> None:
        place = field if field in self.rule.spans else field.partition(".")[0]
        span = self.rule.spans.get(place, self.rule.span)
        self.found.append(Problem(span, code, f"{cause} (rule {self.rule.id})", remedy))

    def at_all(self) -> None:
        self.conditions()
        adults, asked = self.spec.adults, self.spec.permission
        for column in self.spec.columns:
            self.own("columns", column)
        if adults is not None:
            self.own("adult_at.born", adults.born, MOMENTS, "a date or timestamp")
        self.response()
        if isinstance(asked, Consents):
            self.log(asked)
        else:
            self.column("permission", self.rows.dataset.made_of or self.rows.dataset.name, asked)
        for i, one in enumerate(self.spec.never):
            if isinstance(one, Never):
                self.values(f"never.{i}", one)
            elif one in self.project.datasets:
                self.refers("never", one)

    def conditions(self) -> None:
        binder = Binder(self.rows.columns, self.rows.dialect, self.found)
        for field in (f for f in self.rule.expressions if f not in ("response.where", ENDED)):
            self.condition(field, binder)
        of = self.rows.dataset.made_of or self.rows.dataset.name
        said = self.project.datasets[of].spec.ended
        if ENDED in self.rule.expressions and said is not None and of in self.catalog:
            self.condition(ENDED, Binder(self.catalog[of], self.rows.dialect, self.found))
            for how in sorted({h for h, _ in self.rule.expressions[ENDED].behind}):
                cause = f"{how}() is not known in ended of {of}"
                self.tell(ENDED, "CDMQ251", cause, "use the name alone")
            if said.on is not None:
                self.column(ENDED, of, said.on, MOMENTS, "a date or timestamp")

    def condition(self, field: str, binder: Binder) -> None:
        bound = binder.bound(self.rule, field)
        if bound and bound.type not in ("boolean", "unknown"):
            cause = f"'{field}' must be true or false, this is {bound.type}"
            how = "write a comparison, for example: status = 'active'"
            self.tell(field, "CDMQ315", cause, how)

    def response(self) -> None:
        asked = self.spec.response
        if asked is None:
            return
        dialect = self.rows.dialect
        look = FactsLook(self.rule, self.project, self.catalog, dialect, self.found)
        sound = look.facts(asked.dataset, "response.from", self.rows)
        if sound and asked.dataset in self.catalog:
            look.measure("response", asked.facts)
        look.time("response.within", asked.within)

    def own(
        self, field: str, column: str, types: frozenset[Type] | None = None, wanted: str = ""
    ) -> Type | None:
        """The type of a column of the segment's own dataset."""
        name = real(column, self.rows.columns)
        if name not in self.rows.columns:
            cause = f"{self.rows.dataset.name} has no column '{column}'"
            remedy = did_you_mean(column, self.rows.columns)
            if gives_it(self.rule, column):
                cause, remedy = OWN.format(column), OWN_REMEDY
            self.tell(field, "CDMQ203", cause, remedy)
            return None
        return self._fits(
            field, self.rows.dataset.name, name, self.rows.columns[name], types, wanted
        )

    def column(
        self,
        field: str,
        dataset: str,
        column: str,
        types: frozenset[Type] | None = None,
        wanted: str = "",
    ) -> Type | None:
        """The type of a column of another dataset."""
        known = self.catalog.get(dataset)
        if known is None:
            return None
        name = real(column, known)
        if name not in known:
            cause = f"{dataset} has no column '{column}'"
            self.tell(field, "CDMQ203", cause, did_you_mean(column, known))
            return None
        return self._fits(field, dataset, name, known[name], types, wanted)

    def _fits(
        self,
        field: str,
        dataset: str,
        column: str,
        type_: Type,
        types: frozenset[Type] | None,
        wanted: str,
    ) -> Type | None:
        if types is not None and type_ not in types and type_ != "unknown":
            cause = f"{dataset}.{column} is {type_}, not {wanted}"
            self.tell(field, "CDMQ217", cause, "declare it in columns: of the dataset")
            return None
        return type_

    def log(self, asked: Consents) -> None:
        """The log of consents is there, with its columns, and refers to the records."""
        if asked.dataset not in self.project.datasets:
            cause = f"unknown dataset '{asked.dataset}'"
            how = did_you_mean(asked.dataset, self.project.datasets)
            self.tell("permission.from", "CDMQ202", cause, how)
            return
        self.refers("permission.from", asked.dataset)
        for field in ("channel_in", "value", "status", "proof"):
            self.column(f"permission.{field}", asked.dataset, getattr(asked, field))
        if asked.purpose is not None:
            self.column("permission.purpose_in", asked.dataset, asked.purpose_in)
        self.column("permission.at", asked.dataset, asked.at, MOMENTS, "a date or timestamp")
        if asked.to is None and real(asked.channel, self.rows.columns) not in self.rows.columns:
            cause = f"{self.rows.dataset.name} has no column '{asked.channel}', as the channel is"
            self.tell("permission.channel", "CDMQ203", cause, "say what is written to: to: COLUMN")
            return
        mine = self.own("permission.to", asked.address)
        theirs = self.catalog.get(asked.dataset, {}).get(asked.value)
        if mine and theirs and not comparable(mine, theirs):
            cause = f"{asked.address} is {mine}, {asked.dataset}.{asked.value} is {theirs}"
            self.tell("permission.value", "CDMQ217", cause, "compare columns of one type")

    def refers(self, field: str, name: str) -> None:
        """A dataset refers to the records, by all parts of their key."""
        dataset, own = self.project.datasets[name], self.rows.dataset
        to = referred(own, dataset)
        wanted = own.made_of or own.name
        if to is None:
            cause = f"{name} does not say how it refers to {wanted}"
            how = f"add to the dataset ({dataset.span}): refers_to: {{{wanted}: [...]}}"
            if field == "never":
                how += f"; of a list of values write {{from: {name}, match: {{COLUMN: COLUMN}}}}"
            self.tell(field, "CDMQ221", cause, how)
            return
        columns, key = dataset.spec.refers_to[to], self.project.datasets[to].key
        if len(columns) != len(key):
            cause = (
                f"refers_to {to} of {name} has {len(columns)} columns, the key of {to} has "
                f"{len(key)}"
            )
            self.tell(field, "CDMQ221", cause, "name them all, in the order of the key")
            return
        for column in columns:
            self.column(field, name, column)

    def values(self, field: str, one: Never) -> None:
        """A list of values is there, and its columns are of the types of ours."""
        if one.dataset not in self.project.datasets:
            cause = f"unknown dataset '{one.dataset}'"
            how = did_you_mean(one.dataset, self.project.datasets)
            self.tell(f"{field}.from", "CDMQ202", cause, how)
            return
        for mine, theirs in one.match.items():
            types = (
                self.own(f"{field}.match.{mine}", mine),
                self.column(f"{field}.match.{mine}", one.dataset, theirs),
            )
            if types[0] and types[1] and not comparable(types[0], types[1]):
                cause = f"{mine} is {types[0]}, {one.dataset}.{theirs} is {types[1]}"
                how = "compare columns of one type"
                self.tell(f"{field}.match.{mine}", "CDMQ217", cause, how)
