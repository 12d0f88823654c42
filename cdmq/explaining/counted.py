"""How many customers there are, and why: from the records of each source to parties, and from the
parties of one run to those of another. Both are read from the rows of `xref`, and sum exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from cdmq.audit.reading import Where, open_audit
from cdmq.audit.telling import Telling, one_of
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.runs.projects import parse
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.text_form import NO_KEY as KEYLESS
from cdmq.values import Project, Rule

#: What records are counted under that bear the label of no source.
ALL, NO_KEY = "all records", "without a key"
#: What happened to a party, by the event: the word of a bridge.
_BEGAN = {"mint": "new", "split": "split out of others", "return": "there again"}
_ENDED = {"merge": "merged into others", "retire": "gone"}


@dataclass(frozen=True)
class Source:
    """Of one source: its records, and how many parties they are."""

    name: str
    records: int
    parties: int

    @property
    def duplicates(self) -> int:
        """Records beyond the first of a party within the source."""
        return self.records - self.parties


@dataclass(frozen=True)
class Bridge:
    """From the parties of an earlier run to those of a later one: by how many each thing changed
    their number."""

    run: str
    before: int
    steps: Mapping[str, int]
    now: int


@dataclass(frozen=True)
class Counted:
    """The parties of one matching rule. `across`: parties beyond the first of one that several
    sources know: records of all sources - their duplicates - across = parties."""

    rule: str
    dataset: str
    run: str
    sources: tuple[Source, ...]
    parties: int
    bridge: Bridge | None

    @property
    def across(self) -> int:
        return sum(s.parties for s in self.sources) - self.parties


def counted(start: Path, rule: str | None, since: str | None, where: Where) -> tuple[Counted, ...]:
    """Of each matching rule that makes parties, or of one. `since`: the run from which the bridge
    leads, by default the one before the last. Raises CdmqError."""
    project = parse(start)
    rules = [r for r in project.rules.values() if getattr(r.spec, "makes", None) == "party"]
    if rule is not None and rule not in {r.id for r in rules}:
        cause = f"'{rule}' is no rule that makes parties"
        how = did_you_mean(rule, [r.id for r in rules])
        raise CdmqError(Problem(Span("count"), "CDMQ556", cause, how))
    if not rules:
        cause, how = "no rule of the project makes parties", "see: cdmq explain matching"
        raise CdmqError(Problem(Span("count"), "CDMQ556", cause, how))
    with open_audit(project.root, project.config, where) as audit:
        telling = Telling(project, audit, True)
        wanted = [r for r in rules if rule in (None, r.id)]
        return tuple(c for r in wanted for c in _of_rule(r, project, telling, since))


def _of_rule(
    rule: Rule, project: Project, telling: Telling, since: str | None
) -> Iterator[Counted]:
    at = _At(telling, telling.names_of(rule.id))
    runs = at.runs()
    if not runs:
        return
    now = runs[-1]
    if since is not None and since not in runs:
        cause = f"the rule {rule.id} was not judged in a run {since}"
        raise CdmqError(Problem(Span("--since"), "CDMQ556", cause, did_you_mean(since, runs)))
    before = since or (runs[-2] if len(runs) > 1 else None)
    dataset = project.datasets[rule.dataset]
    labels = list(dataset.spec.stack or ()) if dataset.key[:1] == ("source",) else []
    sources = tuple(Source(*row) for row in at.sources(now, labels))
    bridge = at.bridge(before, now) if before and before != now else None
    yield Counted(rule.id, rule.dataset, now, sources, at.parties(now), bridge)


@dataclass(frozen=True)
class _At:
    """The rows of `xref` of a rule, by every id that it had."""

    telling: Telling
    names: Sequence[str]

    def runs(self) -> list[str]:
        """The runs that judged the rule, in their order."""
        rows = self._fetch(
            [nodes.column("run_id")],
            "rule_results",
            [nodes.one_of(nodes.column("status"), ["pass", "warn", "fail"])],
        )
        return sorted({str(r) for (r,) in rows})

    def sources(self, run: str, labels: Sequence[str]) -> list[tuple[str, int, int]]:
        """(source, records, parties) of those that have records."""
        key = nodes.column("key")
        named = [
            (
                nodes.equal(
                    nodes.call("left", key.copy(), nodes.number(len(x) + 1)), nodes.text(f"{x}/")
                ),
                nodes.text(x),
            )
            for x in labels
        ]
        no_key = nodes.equal(
            nodes.call("left", key.copy(), nodes.number(len(KEYLESS))), nodes.text(KEYLESS)
        )
        source = nodes.cases([(no_key, nodes.text(NO_KEY)), *named], nodes.text(ALL))
        parties = exp.Count(this=exp.Distinct(expressions=[nodes.column("party_id")]))
        query = nodes.select(
            [nodes.alias(source, "s"), exp.Count(this=exp.Star()), parties],
            self._table("xref"),
            self._stood(run),
        )
        nodes.group_by(query, [source.copy()])
        order = {name: i for i, name in enumerate([*labels, ALL, NO_KEY])}
        rows = [(str(s), int(n), int(p)) for s, n, p in self.telling.audit.fetch(query)]
        return sorted(rows, key=lambda row: order[row[0]])

    def parties(self, run: str) -> int:
        parties = exp.Count(this=exp.Distinct(expressions=[nodes.column("party_id")]))
        query = nodes.select([parties], self._table("xref"), self._stood(run))
        return int(self.telling.audit.fetch(query)[0][0])

    def bridge(self, before: str, now: str) -> Bridge:
        """What became of the parties of a run, and what those of a later one came of."""
        events = self._events(before, now)
        began = self._only(now, before)
        ended = self._only(before, now)
        steps = dict.fromkeys((*_BEGAN.values(), *_ENDED.values()), 0)
        for party in began:
            steps[_BEGAN[events.get(party, {}).get("began", "mint")]] += 1
        for party in ended:
            steps[_ENDED[events.get(party, {}).get("ended", "retire")]] -= 1
        return Bridge(before, self.parties(before), steps, self.parties(now))

    def _events(self, before: str, now: str) -> dict[str, dict[str, str]]:
        """By party the last event of the runs in between by which it began, and by which it ended."""
        run = nodes.column("run_id")
        between = [
            exp.GT(this=run.copy(), expression=nodes.text(before)),
            exp.LTE(this=run.copy(), expression=nodes.text(now)),
        ]
        shown: list[exp.Expr] = [nodes.column(c) for c in ("run_id", "event", "party_id")]
        found: dict[str, dict[str, str]] = {}
        for _, event, party in sorted(self._fetch(shown, "party_events", between)):
            found.setdefault(party, {})["began" if event in _BEGAN else "ended"] = event
        return found

    def _only(self, run: str, other: str) -> list[str]:
        """The parties of one run that another has not."""
        party = nodes.column("party_id")
        there = nodes.select([party], self._table("xref"), self._stood(run)).distinct()
        others = nodes.select([party.copy()], self._table("xref"), self._stood(other))
        none = exp.Not(this=nodes.among(nodes.column("party_id", "p"), others))
        query = nodes.select([nodes.column("party_id", "p")], nodes.subquery(there, "p"), none)
        return [str(p) for (p,) in self.telling.audit.fetch(query)]

    def _stood(self, run: str) -> exp.Expr:
        """The condition that a row stood when a run had ended."""
        begun = exp.LTE(this=nodes.column("from_run"), expression=nodes.text(run))
        to_run = nodes.column("to_run")
        later = exp.GT(this=to_run, expression=nodes.text(run))
        still = nodes.any_of([nodes.is_null(to_run.copy()), later])
        return nodes.every([one_of("rule_id", self.names), begun, nodes.paren(still)])

    def _table(self, name: str) -> exp.Table:
        return nodes.table(Relation(name, self.telling.audit.schema))

    def _fetch(
        self, shown: Sequence[exp.Expr], table: str, where: Sequence[exp.Expr]
    ) -> list[tuple[str, ...]]:
        mine = nodes.every([one_of("rule_id", self.names), *where])
        return self.telling.audit.fetch(nodes.select(list(shown), self._table(table), mine))
