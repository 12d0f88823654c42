"""Unit tests of rules: given rows, expected flags and changes, run for real in memory.

    >>> from cdmq.unit_tests import unit_test
    >>> unit_test("path/to/project").exit_code      # doctest: +SKIP

The given rows are the source as it came. What stands before a rule in a run stands before it
here: the `missing_values` of the dataset, and the defaults that write what the rule reads; only
the findings of the rules that the test names are compared. A dataset that is not given is built
from its parts where it is a stack or a SQL model, else it is empty; a given one is not built.
"""

from __future__ import annotations

import difflib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.spec import UnitTest
from cdmq.unit_expected import CHANGE_FIELDS, FLAG_FIELDS, Difference, differences
from cdmq.values import Project, Rule

if TYPE_CHECKING:
    from cdmq.steps import DatasetSteps
    from cdmq.unit_given import Columns
    from cdmq.warehouses.duckdb import DuckDB

TestStatus = Literal["pass", "fail", "error", "skipped"]


@dataclass(frozen=True)
class TestResult:
    """One unit test, run. `message` says why it could not be run or was skipped."""

    __test__ = False

    test: UnitTest
    span: Span
    status: TestStatus
    differences: tuple[Difference, ...] = ()
    message: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class UnitTestRun:
    """All unit tests of a run. `uncovered` are the rules that no test of the project names."""

    results: tuple[TestResult, ...]
    uncovered: tuple[Rule, ...]
    seconds: float = field(compare=False, default=0.0)

    @property
    def exit_code(self) -> int:
        """2 if a test could not be run, else 1 if one failed, else 0."""
        statuses = {r.status for r in self.results}
        return 2 if "error" in statuses else 1 if "fail" in statuses else 0


def unit_test(
    root: str | Path = ".", *, variables: Mapping[str, Any] | None = None,
    select: str | None = None, allow_empty: bool = False,
    listen: Callable[[TestResult], None] = lambda result: None,
) -> UnitTestRun:
    """Run the unit tests of a project. `listen` is called with each result as it comes.

    `select` takes the names of tests (with *), and all that `cdmq run --select` takes: then the
    tests of the selected rules are run. Raises CdmqError where the project cannot be read, or
    `select` chooses nothing.
    """
    from cdmq.api import parse

    started = time.perf_counter()
    project = parse(root, variables)
    chosen = _selected(project, select, allow_empty) if select else list(project.unit_tests)
    runner = _Runner(project, [t for t, _ in chosen]) if chosen else None
    results = []
    try:
        for test, span in chosen:
            assert runner is not None
            result = runner.run(test, span)
            listen(result)
            results.append(result)
    finally:
        if runner:
            runner.close()
    return UnitTestRun(tuple(results), _uncovered(project), time.perf_counter() - started)


def _uncovered(project: Project) -> tuple[Rule, ...]:
    tested = {rule for test, _ in project.unit_tests if test.enabled for rule in test.tested}
    return tuple(
        r for r in project.rules.values() if r.id not in tested and r.check != "readable"
    )


def _selected(
    project: Project, words: str, allow_empty: bool
) -> list[tuple[UnitTest, Span]]:
    """The tests whose names fit a word, and those of the rules that the other words select."""
    from cdmq.stages.select import select

    names = {t.name for t, _ in project.unit_tests}
    fit = {w: {n for n in names if fnmatchcase(n, w)} for w in words.split()}
    others = " ".join(w for w, found in fit.items() if not found)
    rules = select(project, others, allow_empty=allow_empty).rules if others else frozenset()
    named = set().union(*fit.values())
    chosen = [
        (t, span) for t, span in project.unit_tests if t.name in named or rules & set(t.tested)
    ]
    if not chosen and not allow_empty:
        raise CdmqError(Problem(Span("--select"), "CDMQ522", f"no unit test is of what '{words}' "
                                "selects", "rules without one: cdmq unit-test --coverage"))
    return chosen


class _Runner:
    """One in-memory connection for all tests; each has a schema of its own."""

    def __init__(self, project: Project, tests: Sequence[UnitTest]) -> None:
        from cdmq.sql.logical import Names
        from cdmq.unit_given import known_columns
        from cdmq.warehouses.duckdb import DuckDB, Options

        self.project = project
        self.warehouse: DuckDB = DuckDB(Options(path=":memory:"), project.root, threads=1)
        self.catalog: dict[str, Columns] = known_columns(project, tests, self.warehouse)
        self.shared = Names("main", 200, "unit")
        self.number = 0

    def close(self) -> None:
        self.warehouse.close()

    def run(self, test: UnitTest, span: Span) -> TestResult:
        started = time.perf_counter()
        rules = [self.project.rules[name] for name in test.tested]
        off = [r.id for r in rules if not r.enabled]
        if off or not test.enabled:
            why = f"the rule {off[0]} is disabled" if off else "disabled"
            return TestResult(test, span, "skipped", message=why)
        self.number += 1
        schema = f"unit_{self.number}"
        try:
            wrong = self._compare(test, rules, schema, span)
            result = TestResult(test, span, "fail" if wrong else "pass", tuple(wrong))
        except CdmqError as error:
            result = TestResult(test, span, "error", message=str(error))
        return TestResult(result.test, span, result.status, result.differences, result.message,
                          time.perf_counter() - started)

    def _compare(
        self, test: UnitTest, rules: Sequence[Rule], schema: str, span: Span
    ) -> list[Difference]:
        _check_expected(test, rules, span)
        self.warehouse.run(f"CREATE SCHEMA {schema}")
        try:
            flags, changes = self._found(test, rules, schema, span)
        finally:
            self.warehouse.run(f"DROP SCHEMA {schema} CASCADE")
        wrong = []
        if test.expect.flags is not None:
            wrong += differences("flag", test.expect.flags, flags)
        if test.expect.changes is not None:
            wrong += differences("change", test.expect.changes, changes)
        return wrong

    def _found(
        self, test: UnitTest, rules: Sequence[Rule], schema: str, span: Span
    ) -> tuple[list[dict[str, str | None]], list[dict[str, str | None]]]:
        from cdmq.sql.logical import Names
        from cdmq.stages.compile import compile_rules
        from cdmq.stages.execute import Execution
        from cdmq.stages.plan import plan
        from cdmq.unit_given import check_given, make_tables, needed, project_of

        check_given(test, self.catalog, span)
        need = needed(self.project, rules, test.given)
        own = project_of(self.project, test, rules, need, schema)
        catalog = need.narrow(own, test, self.catalog)
        make_tables(self.project, own, test, catalog, self.warehouse, span)
        tested = frozenset(r.id for r in rules)
        steps = compile_rules(own, catalog, "duckdb", only=tested)
        self._load_shared(need.seeds - set(own.datasets), own, steps)
        names = Names(schema, 200, "unit")
        names.staged, names.final = dict(self.shared.staged), dict(self.shared.final)
        planned = plan(own, steps, self.warehouse.traits.fuse)
        done = Execution(own, catalog, planned, self.warehouse, names, _moment(test, span),
                         rules=tested, datasets=own.datasets, build=True).run()
        broken = [f"{name}: {why}" for name, why in done.failed.items()]
        broken += [f"{o.rule.id}: {o.error}" for o in done.outcomes.values() if o.error]
        if broken:
            raise CdmqError(Problem(span, "CDMQ523", "; ".join(dict.fromkeys(broken))))
        return _flags(own, rules, steps, done.numbers, self.warehouse), _changes(
            rules, done.numbers, self.warehouse)

    def _load_shared(
        self, seeds: frozenset[str], own: Project, steps: Mapping[str, DatasetSteps]
    ) -> None:
        """Seeds and reference tables are loaded once for all tests."""
        from sqlglot import exp

        from cdmq.sql.logical import LOGICAL
        from cdmq.sql.types import Type
        from cdmq.standards import reference_table
        from cdmq.values import Relation

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
                if table.db == LOGICAL and logical.startswith("ref:") and (
                        logical not in self.shared.staged):
                    reference = reference_table(logical.removeprefix("ref:"))
                    load(logical, dict(reference.columns), list(reference.rows()))


def _moment(test: UnitTest, span: Span) -> str:
    """The test's `as_of` as the run's time; now where it says none."""
    if test.as_of is None:
        return datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ")
    try:
        moment = datetime.fromisoformat(test.as_of)
    except ValueError:
        raise CdmqError(Problem(span, "CDMQ520", f"as_of: '{test.as_of}' is no time",
                                "write a date such as 2026-11-01")) from None
    if moment.tzinfo:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(sep=" ")


def _check_expected(test: UnitTest, rules: Sequence[Rule], span: Span) -> None:
    """Fields that no flag or change has, and a test that could never fail."""
    problems = []
    for what, rows, fields in (("flags", test.expect.flags, FLAG_FIELDS),
                               ("changes", test.expect.changes, CHANGE_FIELDS)):
        unknown = dict.fromkeys(k for row in rows or () for k in row if k not in fields)
        problems += [
            Problem(span, "CDMQ524", f"expect: {what} have no '{k}' in unit test {test.name}",
                    did_you_mean(k, fields)) for k in unknown
        ]
    kinds = {r.kind for r in rules}
    if ("defaults" not in kinds or test.expect.changes is None) and (
            "validation" not in kinds or test.expect.flags is None):
        wanted = "changes" if kinds == {"defaults"} else "flags"
        problems.append(Problem(span, "CDMQ525", f"the unit test {test.name} expects nothing of "
                                "the rules it names", f"add expect: {{{wanted}: []}}"))
    if problems:
        raise CdmqError(problems)


def _rows(warehouse: DuckDB, relation: Any, names: Sequence[str]) -> Counter[tuple[Any, ...]]:
    from cdmq.sql import nodes

    query = nodes.select([nodes.column(n) for n in names], nodes.table(relation))
    return Counter(warehouse.fetch(query.sql("duckdb")))


def _flags(
    project: Project, rules: Sequence[Rule], steps: Mapping[str, DatasetSteps],
    numbers: Mapping[str, int], warehouse: DuckDB,
) -> list[dict[str, str | None]]:
    from cdmq.steps import FOUND

    by_code = {numbers[r.id]: r for r in rules if r.kind == "validation"}
    shown = {j.rule.id: ", ".join(j.shown) or None for s in steps.values() for j in s.judgements}
    found: list[dict[str, str | None]] = []
    for (code, key, value, _), records in _rows(
            warehouse, FOUND, ("code", "key", "value", "digest")).items():
        rule = by_code.get(code // 2)
        if rule is not None:
            found.append({
                "rule": rule.id, "key": key, "column": shown.get(rule.id), "value": value,
                "state": "could_not_judge" if code % 2 else "failed",
                "suggestion": _suggestion(rule, value, project), "records": str(records),
            })
    return found


def _changes(
    rules: Sequence[Rule], numbers: Mapping[str, int], warehouse: DuckDB
) -> list[dict[str, str | None]]:
    from cdmq.steps import CHANGED

    by_code = {2 * numbers[r.id]: r for r in rules if r.kind == "defaults"}
    names = ("code", "key", "old_value", "new_value", "act", "reason")
    return [
        {"rule": by_code[code].id, "key": key, "column": by_code[code].columns[0], "old": old,
         "new": new, "act": act, "reason": reason, "records": str(records)}
        for (code, key, old, new, act, reason), records in _rows(warehouse, CHANGED, names).items()
        if code in by_code
    ]


def _suggestion(rule: Rule, value: str | None, project: Project) -> str | None:
    """The nearest allowed value, as a run writes it into the flag."""
    if value is None or not getattr(rule.spec, "suggest", False):
        return None
    from cdmq.audit.episodes import _allowed

    by_lower = {a.lower(): a for a in _allowed(rule.spec, project)}
    near = difflib.get_close_matches(value.strip().lower(), by_lower, 1, 0.6)
    return by_lower[near[0]] if near else None
