"""The report of a run for a person: a line a rule as it ends, then what to look at first."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from cdmq.kinds import kinds
from cdmq.outcomes import Outcome, RuleResult
from cdmq.problems import printable
from cdmq.reports.style import STATUS_COLOURS, Style
from cdmq.results import Facts, RunResult
from cdmq.stages.judge import judge

#: The headings of findings: a rule that passes within its error_above is no error.
_HEADINGS = ("error", "warn", "info", "pass")
_STATUSES = ("pass", "warn", "fail", "no_data", "skipped", "error")


class TextReport:
    """Listens to a run and writes lines. `quiet`: only the lines of rules that fail."""

    def __init__(
        self,
        write: Callable[[str], None],
        style: Style,
        *,
        quiet: bool = False,
        width: int | None = None,
    ) -> None:
        self.write, self.style, self.quiet = write, style, quiet
        self.width = width or shutil.get_terminal_size((100, 24)).columns
        self.done = self.total = 0
        #: Problems that a line has told already: one of a dataset is one of all its rules.
        self.told: set[tuple[str, str]] = set()

    def __call__(self, event: str, value: object) -> None:
        if isinstance(value, Facts):
            self._start(value)
        elif isinstance(value, Outcome):
            self._rule(judge(value))
        elif isinstance(value, RunResult):
            self._end(value)

    def _start(self, facts: Facts) -> None:
        self.total = facts.selected
        if not self.quiet:
            self.write(
                f"cdmq {facts.command}: target {facts.target} ({facts.warehouse}), as of "
                f"{facts.as_of:%Y-%m-%d %H:%M:%S %Z}, run {facts.run_id}"
            )

    def _rule(self, result: RuleResult) -> None:
        self.done += 1
        if self.quiet and result.status not in ("fail", "error"):
            return
        clock = f"{datetime.now():%H:%M:%S}"
        total = max(self.total, self.done)  # what others stand on is told where it is bad
        place = f"{self.done:>{len(str(total))}} of {total}"
        word = self.style(f"{result.status.upper():<7}", STATUS_COLOURS[result.status])
        what, problem = said(result), (result.rule.dataset, result.message)
        if result.message and not result.outcome.evaluated and problem in self.told:
            what = f"dataset {result.rule.dataset}: as above"
        self.told.add(problem)
        self.write(f"{clock}  {place}  {word}  {printable(f'{result.rule.id}  {what}'.rstrip())}")

    def _end(self, result: RunResult) -> None:
        parts = (
            [_broken(result)]
            if self.quiet
            else [
                self._worst(result),
                _changed(result),
                _made(result),
                _broken(result),
                _audit(result),
                self._totals(result),
            ]
        )
        for part in parts:
            lines = list(part)
            if lines:
                self.write("")
            for line in lines:
                self.write(line)

    def _worst(self, result: RunResult) -> Iterable[str]:
        """Findings by severity and dimension, worst first; what only warns is no error."""
        found = [r for r in result.results if finds(r)]
        for heading in _HEADINGS:
            groups: dict[str, list[RuleResult]] = {}
            for r in found:
                if _heading(r) == heading:
                    group = r.rule.dimension or kinds()[r.rule.kind].tells.group
                    groups.setdefault(group, []).append(r)
            for dimension, rules in sorted(groups.items(), key=lambda g: -max(map(_badness, g[1]))):
                flags = sum(_flags(r.outcome) for r in rules)
                yield (
                    self.style(f"{heading.upper()}  {printable(dimension)}", heading)
                    + (f"  {counted(len(rules), 'rule')}")
                    + (f", {counted(flags, 'flag')}" if flags else "")
                )
                for r in sorted(rules, key=lambda r: (-_badness(r), r.rule.id)):
                    yield from map(printable, self._finding(r))

    def _finding(self, r: RuleResult) -> Iterable[str]:
        where = f"{r.rule.owner or 'no owner'}, {r.rule.span.file}:{r.rule.span.line}"
        line = f"  {r.rule.id:<40}  {said(r):<26}"
        if len(line) + 2 + len(where) <= self.width:
            yield f"{line}  {where}"
        else:
            yield line.rstrip() if len(line.rstrip()) <= self.width else f"  {r.rule.id}"
            if len(line.rstrip()) > self.width:
                yield f"      {said(r)}"
            yield f"      {where}"
        if r.outcome.samples:
            yield clipped(f"      keys: {', '.join(r.outcome.samples)}", self.width)

    def _totals(self, result: RunResult) -> Iterable[str]:
        counts = {s: sum(r.status == s for r in result.results) for s in _STATUSES}
        words = [
            self.style(f"{s.upper()}={n}", STATUS_COLOURS[s]) if n else f"{s.upper()}=0"
            for s, n in counts.items()
        ]
        yield (
            f"Done in {result.seconds:.1f} s. "
            + " ".join(words)
            + (f" TOTAL={len(result.results)}")
        )


def _heading(r: RuleResult) -> str:
    if r.rule.severity == "info":
        return "info"
    return r.status if r.status in ("warn", "pass") else r.rule.severity


def said(r: RuleResult) -> str:
    """What a rule found, in a few words."""
    kind = kinds()[r.rule.kind].tells
    if r.message and (kind.heading is None or not r.outcome.evaluated):
        return printable(r.message)
    if kind.changes:
        changed = f"{counted(r.outcome.changed, 'cell')} changed"
        return ", ".join(part for part in (changed, _found(r)) if part)
    return printable("; ".join(part for part in (_found(r), r.message) if part))


def _found(r: RuleResult) -> str:
    o = r.outcome
    words = []
    if o.failing and r.rule.check == "row_count":
        words.append(f"{o.tested:,} rows")
    elif o.failing:
        words.append(f"{o.failing:,} of {o.judged:,} ({percent(r.percent)})")
    if o.unjudged:
        words.append(f"{o.unjudged:,} could not be judged")
    if o.waived:
        words.append(f"{o.waived:,} waived")
    return ", ".join(words)


def _flags(o: Outcome) -> int:
    """The flags that were found, waived or not; a fact that could not be counted is none."""
    return o.failing + o.unjudged + o.waived


def finds(r: RuleResult) -> bool:
    """A rule with something to look at, `info` rules too."""
    return bool(r.outcome.failing or r.outcome.could_not_judge or r.outcome.waived)


def percent(share: float) -> str:
    return "<0.01%" if 0 < share < 0.005 else f"{share:.2f}%"


def counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def clipped(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 3, 0)] + "..."


def _badness(r: RuleResult) -> float:
    judged = max(r.outcome.judged, 1)
    return (r.outcome.failing + r.outcome.could_not_judge) / judged


def _changed(result: RunResult) -> Iterable[str]:
    rules = [r for r in result.results if r.outcome.evaluated and r.outcome.changed]
    if rules:
        counts = Counter(kinds()[r.rule.kind].tells.plural for r in rules)
        named = ", ".join(counted(n, word.removesuffix("s")) for word, n in counts.items())
        cells = sum(r.outcome.changed for r in rules)
        yield f"CHANGED CELLS  {named}, {counted(cells, 'cell')}"
    longest = max((len(r.rule.id) for r in rules), default=0)
    for r in sorted(rules, key=lambda r: (-r.outcome.changed, r.rule.id)):
        column = f"{r.rule.dataset}.{'.'.join(r.rule.columns)}"
        yield printable(
            f"  {r.rule.id:<{longest}}  {r.outcome.changed:>9,}  {r.rule.check} {column}"
        )


def _made(result: RunResult) -> Iterable[str]:
    """What rules say, where no count does: under the heading of their kind, by kind and id."""
    order = list(kinds())
    sections: dict[str, list[RuleResult]] = {}
    for r in sorted(result.results, key=lambda r: (order.index(r.rule.kind), r.rule.id)):
        heading = kinds()[r.rule.kind].tells.heading
        if heading is not None and r.outcome.note and r.outcome.evaluated:
            sections.setdefault(heading, []).append(r)
    for number, (heading, rules) in enumerate(sections.items()):
        if number:
            yield ""
        yield heading
        longest = max(len(r.rule.id) for r in rules)
        for r in rules:
            yield printable(f"  {r.rule.id:<{longest}}  {r.outcome.note}")


def _broken(result: RunResult) -> Iterable[str]:
    errors = [r for r in result.results if r.status == "error"]
    if result.failed or errors:
        yield "COULD NOT BE RUN"
    for name, why in result.failed.items():
        yield printable(f"  dataset {name}: {why}")
    for r in errors:
        if r.rule.dataset not in result.failed:
            told = r.message.startswith(f"{r.rule.span.file}:")  # the place stands in it
            where = "" if told else f" ({r.rule.span})"
            yield printable(f"  {r.rule.id}{where}: {r.message}")
    if result.problems:
        yield "NOT AS DECLARED"
    for problem in result.problems:
        yield f"  {problem}"
    if result.idle:
        yield "DECISIONS THAT DO NOT COUNT"
    for problem in result.idle:
        yield printable(f"  {problem}")


def _audit(result: RunResult) -> Iterable[str]:
    yield "; ".join(
        [
            *(
                f"{table}: {result.opened[table]:,} opened, {result.closed.get(table, 0):,} closed"
                for table in result.opened
            ),
            f"rule versions: {len(result.new_versions):,} new"
            + (f", words: {len(result.new_words):,} changed" if result.new_words else ""),
        ]
    )
    for name in result.rekeyed:
        yield f"the key of {name} was declared anew: what was open under the old one is closed"
    if result.dropped:
        yield f"views dropped, as what gave them was removed: {', '.join(result.dropped)}"
    yield f"Results: {shown_path(result.facts.target_path / 'run_results.json')}"
    yield f"Records: {shown_path(result.facts.database)}"


def shown_path(path: object) -> str:
    """A path as one would type it here."""
    from pathlib import Path

    text = str(path)
    try:
        return str(Path(text).relative_to(Path.cwd())) if text.startswith("/") else text
    except ValueError:
        return text
