"""Unit tests of rules: given rows and what they lead to, run for real in memory.

    >>> from cdmq import unit_test
    >>> unit_test("path/to/project").exit_code      # doctest: +SKIP

The given rows are the source as it came. What stands before a rule in a run stands before it
here: the `missing_values` of the dataset, and the defaults that write what the rule reads; only
the findings of the rules that the test names are compared. A dataset that is not given is built
from its parts where it is a stack, a SQL model or made by a golden rule (then its records are
matched first), else it is empty; a given one is not built.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cdmq.kinds.expected import Difference
from cdmq.kinds.expecting import Told, expects, refuse
from cdmq.problems import CdmqError, Problem, Span
from cdmq.project.unit_test import UnitTest
from cdmq.unit_tests.check import check_test, words_of
from cdmq.values import Project, Rule

if TYPE_CHECKING:
    from cdmq.unit_tests.runner import Found, Runner

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


@dataclass(frozen=True)
class UnitTestRun:
    """All unit tests of a run. `uncovered` are the rules that no test of the project names, though
    it could."""

    results: tuple[TestResult, ...]
    uncovered: tuple[Rule, ...]
    seconds: float = field(compare=False, default=0.0)

    @property
    def exit_code(self) -> int:
        """2 if a test could not be run, else 1 if one failed, else 0."""
        statuses = {r.status for r in self.results}
        return 2 if "error" in statuses else 1 if "fail" in statuses else 0


def unit_test(
    root: str | Path = ".",
    *,
    variables: Mapping[str, Any] | None = None,
    select: str | None = None,
    allow_empty: bool = False,
    listen: Callable[[TestResult], None] = lambda result: None,
) -> UnitTestRun:
    """Run the unit tests of a project. `listen` is called with each result as it comes.

    `select` takes the names of tests (with *), and all that `cdmq run --select` takes: then the
    tests of the selected rules are run. Raises CdmqError where the project cannot be read, or
    `select` chooses nothing.
    """
    from cdmq.runs.projects import parse

    started = time.perf_counter()
    project = parse(root, variables)
    chosen = _selected(project, select, allow_empty) if select else list(project.unit_tests)
    results = list(_results(project, chosen, listen)) if chosen else []
    return UnitTestRun(tuple(results), _uncovered(project), time.perf_counter() - started)


def _uncovered(project: Project) -> tuple[Rule, ...]:
    tested = {rule for test, _ in project.unit_tests if test.enabled for rule in test.tested}
    return tuple(
        r
        for r in project.rules.values()
        if r.id not in tested and not getattr(r.spec, "OF_ITSELF", False) and words_of(project, r)
    )


def _selected(project: Project, words: str, allow_empty: bool) -> list[tuple[UnitTest, Span]]:
    """The tests whose names fit a word, and those of the rules that the other words select."""
    from cdmq.graph.select import select

    names = {t.name for t, _ in project.unit_tests}
    fit = {w: {n for n in names if fnmatchcase(n, w)} for w in words.split()}
    others = " ".join(w for w, found in fit.items() if not found)
    rules = select(project, others, allow_empty=allow_empty).rules if others else frozenset()
    named = set().union(*fit.values())
    chosen = [
        (t, span) for t, span in project.unit_tests if t.name in named or rules & set(t.tested)
    ]
    if not chosen and not allow_empty:
        raise CdmqError(
            Problem(
                Span("--select"),
                "CDMQ522",
                f"no unit test is of what '{words}' selects",
                "rules without one: cdmq unit-test --coverage",
            )
        )
    return chosen


def _results(
    project: Project, chosen: Sequence[tuple[UnitTest, Span]], listen: Callable[[TestResult], None]
) -> Iterator[TestResult]:
    from cdmq.unit_tests.runner import Runner
    from cdmq.unit_tests.together import batches, find_together

    runner = Runner(project)
    try:
        together: dict[str, Found] = {}
        for batch in batches(project, [t for t, _ in chosen]):
            with suppress(CdmqError):  # each of them is run alone, and says what is wrong
                together |= find_together(project, runner, batch)
        for test, span in chosen:
            result = _result(project, runner, test, span, together.get(test.name))
            listen(result)
            yield result
    finally:
        runner.close()


def _result(
    project: Project, runner: Runner, test: UnitTest, span: Span, found: Found | None
) -> TestResult:
    rules = [project.rules[name] for name in test.tested]
    off = [r.id for r in rules if not r.enabled]
    if off or not test.enabled:
        return TestResult(
            test, span, "skipped", message=f"the rule {off[0]} is disabled" if off else "disabled"
        )
    try:
        check_test(project, test, span)
        found = found or runner.find(project, runner.catalog, test, span)
        wrong = _differences(test, span, found)
    except CdmqError as error:
        return TestResult(test, span, "error", message=str(error))
    return TestResult(test, span, "fail" if wrong else "pass", tuple(wrong))


def _differences(test: UnitTest, span: Span, found: Found) -> list[Difference]:
    """Of each word that the test expects. Raises CdmqError with what any of them cannot name."""
    wrong: list[Difference] = []
    problems: list[Problem] = []
    for word, expect in expects().items():
        if word in test.expect:
            try:
                wrong += expect.differences(test.expect[word], found[word], Told(test.name, span))
            except CdmqError as error:
                problems += error.problems
    refuse(problems)
    return wrong
