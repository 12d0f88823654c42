"""cdmq unit-test"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cdmq.cli.options import HERE, AllowEmpty, ProjectDir, Quiet, Select, Vars, words
from cdmq.problems import printable

if TYPE_CHECKING:
    from cdmq.unit_tests.tests import TestResult, UnitTestRun

NAMES = ("unit-test",)


def command(
    select: Select = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="List the rules without a unit test.")
    ] = False,
    allow_empty: AllowEmpty = False,
    quiet: Quiet = False,
    vars: Vars = None,
    project_dir: ProjectDir = HERE,
) -> None:
    """Run the unit tests of rules in memory.

    The given rows are the source as it came. The defaults that write what a rule reads run before
    it, as in a run; only what the rules named by the test find is compared. --select takes names
    of tests too. Exit codes: 0 all pass; 1 a test failed; 2 one could not be run.
    """
    from cdmq.project.given import read_vars
    from cdmq.unit_tests.tests import unit_test

    def listen(result: TestResult) -> None:
        if not quiet or result.status in ("fail", "error"):
            typer.echo("\n".join(map(printable, _told(result))))

    done = unit_test(
        project_dir,
        variables=read_vars(vars),
        select=words(select),
        allow_empty=allow_empty,
        listen=listen,
    )
    typer.echo(_summary(done))
    if coverage:
        typer.echo("\n".join(map(printable, _coverage(done))))
    raise typer.Exit(done.exit_code)


def _told(result: TestResult) -> list[str]:
    rules = ", ".join(result.test.tested)
    line = f"{result.status:<7}  {result.test.name}"
    if result.status == "pass":
        return [line]
    lines = [f"{line}  ({rules})  {result.span.file}:{result.span.line}"]
    lines += [f"         {difference}" for difference in result.differences]
    lines += [f"         {said}" for said in result.message.splitlines()]
    return lines


def _summary(done: UnitTestRun) -> str:
    counts = {
        s: sum(r.status == s for r in done.results) for s in ("pass", "fail", "error", "skipped")
    }
    words = ("passed", "failed", "could not be run", "skipped")
    said = ", ".join(
        f"{n} {w}" for n, w in zip(counts.values(), words, strict=True) if n or w == "passed"
    )
    total = len(done.results)
    return f"{total} unit test{'' if total == 1 else 's'}: {said} ({done.seconds:.1f} s)"


def _coverage(done: UnitTestRun) -> list[str]:
    if not done.uncovered:
        return ["Every rule has a unit test."]
    return [
        f"Rules without a unit test ({len(done.uncovered)}):",
        *(f"    {r.id}  {r.span.file}:{r.span.line}" for r in done.uncovered),
    ]
