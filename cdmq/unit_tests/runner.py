"""Runs what a unit test gives through the stages of a run, in memory, and reads what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cdmq.kinds.expecting import Ran, expects
from cdmq.problems import CdmqError, Problem, Span
from cdmq.project.unit_test import UnitTest
from cdmq.project.zones import utc
from cdmq.sql import nodes
from cdmq.sql.logical import LOGICAL, Names
from cdmq.sql.relation import Relation
from cdmq.unit_tests.given import check_given, known_columns, make_tables, project_of, with_given
from cdmq.unit_tests.needed import Columns, needed
from cdmq.values import Project

if TYPE_CHECKING:
    from cdmq.outcomes import Executed
    from cdmq.sql.types import Type
    from cdmq.steps import DatasetSteps


#: Word of `expect` -> what the rules of a test found, as its kind reads it.
Found = Mapping[str, Any]


class Runner:
    """One in-memory connection for all tests; each has a schema of its own."""

    def __init__(self, project: Project) -> None:
        from cdmq.audit.pii_key import put
        from cdmq.warehouses.duckdb import DuckDB, Options

        self.warehouse = DuckDB(Options(path=":memory:"), project.root, threads=1)
        clocks = nodes.text(project.config.time_zone).sql()
        self.warehouse.run(f"SET TimeZone = {clocks}")
        put(self.warehouse, b"unit tests")  # a test keeps nothing: any key tells values apart
        self.catalog: Mapping[str, Columns] = known_columns(project, self.warehouse)
        self.shared = Names("main", 200, "unit")
        self.number = 0
        self.has_states = False

    def close(self) -> None:
        self.warehouse.close()

    def find(
        self, project: Project, catalog: Mapping[str, Columns], test: UnitTest, span: Span
    ) -> Found:
        """Raises CdmqError where the rules cannot be compiled or run on the given rows."""
        catalog = with_given(project, test, catalog)
        check_given(test, catalog, span)
        self.number += 1
        schema = f"unit_{self.number}"
        self.warehouse.run(f"CREATE SCHEMA {schema}")
        try:
            return self._find(project, catalog, test, schema, span)
        finally:
            self.warehouse.run(f"DROP SCHEMA {schema} CASCADE")

    def _find(
        self,
        project: Project,
        catalog: Mapping[str, Columns],
        test: UnitTest,
        schema: str,
        span: Span,
    ) -> Found:
        from cdmq.stages.compile import compile_rules
        from cdmq.stages.execute import Execution
        from cdmq.stages.plan import plan
        from cdmq.stages.told import Asked

        rules = [project.rules[name] for name in test.tested]
        need = needed(project, rules, test.given)
        own = project_of(project, test, rules, need, schema)
        narrow = need.narrow(own, test, catalog)
        make_tables(project, own, test, narrow, self.warehouse, span)
        tested = frozenset(test.tested) | need.also
        steps = compile_rules(own, narrow, "duckdb", only=tested)
        seeds = need.seeds - set(own.datasets)
        self._load_shared(seeds - set(test.given), own, steps)
        self._make_states(own)
        names = Names(schema, 200, "unit")
        names.staged, names.final = dict(self.shared.staged), dict(self.shared.final)
        self._load_given(seeds & set(test.given), own, names)
        done = Execution(
            own,
            narrow,
            plan(own, steps, self.warehouse.traits.fuse),
            self.warehouse,
            names,
            _moment(test, span, own.config.time_zone),
            Asked(tested, own.datasets),
        ).run()
        _look_at(done, test, span)
        ran = Ran(own, rules, narrow, steps, done, self.warehouse)
        return {w: expect.found(ran) for w, expect in expects().items() if w in test.expect}

    def _make_states(self, own: Project) -> None:
        """The audit tables of parties and levels, once and empty: no test has a past."""
        from cdmq.audit.tables import QUEUE, audit_schema
        from cdmq.kinds import kinds
        from cdmq.sql.shape import create_table

        if self.has_states or not any(kinds()[r.kind].tables for r in own.rules.values()):
            return
        schema = audit_schema(self.warehouse)
        self.warehouse.run(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for table in (QUEUE, *(t for kind in kinds().values() for t in kind.tables)):
            self.warehouse.run(create_table(table, schema).sql("duckdb"))
        self.has_states = True

    def _load_shared(
        self, seeds: frozenset[str], own: Project, steps: Mapping[str, DatasetSteps]
    ) -> None:
        """Seeds that no test gives and reference tables are loaded once for all tests."""
        from sqlglot import exp

        from cdmq.standards import reference_table

        def load(logical: str, columns: Mapping[str, Type], rows: Sequence[Any]) -> None:
            relation = Relation(f"shared_{len(self.shared.staged)}", "main")
            self.warehouse.load(relation, columns, rows)
            self.shared.put(logical, relation)

        for name in sorted(seeds):
            if f"seed:{name}" not in self.shared.staged:
                seed = own.seeds[name]
                load(f"seed:{name}", {c: "text" for c in seed.columns}, seed.rows)
        for step in steps.values():
            for table in step.stage.query.find_all(exp.Table) if step.stage else ():
                logical = table.name
                if (
                    table.db == LOGICAL
                    and logical.startswith("ref:")
                    and (logical not in self.shared.staged)
                ):
                    reference = reference_table(logical.removeprefix("ref:"))
                    load(logical, dict(reference.columns), list(reference.rows()))

    def _load_given(self, seeds: frozenset[str], own: Project, names: Names) -> None:
        """Seeds with the rows that a test gives them."""
        for i, name in enumerate(sorted(seeds)):
            seed, relation = own.seeds[name], Relation(f"given_seed_{i}", names.schema)
            self.warehouse.load(relation, {c: "text" for c in seed.columns}, seed.rows)
            names.put(f"seed:{name}", relation)


def _look_at(done: Executed, test: UnitTest, span: Span) -> None:
    """Raises CdmqError where a rule could not be run, or a time was asked for and none is said."""
    broken = [f"{name}: {why}" for name, why in done.failed.items()]
    broken += [f"{o.rule.id}: {o.error}" for o in done.outcomes.values() if o.error]
    if broken:
        raise CdmqError(Problem(span, "CDMQ523", "; ".join(dict.fromkeys(broken))))
    if done.timed and test.as_of is None:
        raise CdmqError(
            Problem(
                span,
                "CDMQ520",
                "its rules judge by as_of, and the test says none",
                "write as_of: with a date such as 2026-11-01, so that it finds the same on every "
                "day",
            )
        )


def _moment(test: UnitTest, span: Span, zone: str) -> str:
    """The test's `as_of` as the run's time (UTC); any where it says none and none is asked for."""
    if test.as_of is None:
        return datetime(2000, 1, 1).isoformat(sep=" ")
    try:
        moment = datetime.fromisoformat(test.as_of)
    except ValueError:
        raise CdmqError(
            Problem(
                span,
                "CDMQ520",
                f"as_of: '{test.as_of}' is no time",
                "write a date such as 2026-11-01",
            )
        ) from None
    return utc(moment, zone).replace(tzinfo=None).isoformat(sep=" ")
