"""What can be wrong with a unit test itself, seen before it is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cdmq.kinds.golden.words import GoldenRule
from cdmq.kinds.matching.words import MatchingRule
from cdmq.kinds.tiering.words import NEW, TieringRule
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.project.spec import UnitTest
from cdmq.values import Project, Rule

#: What each kind makes, by the keys of `expect`.
MADE: Mapping[str, tuple[str, ...]] = {
    "validation": ("flags",),
    "defaults": ("changes",),
    "matching": ("pairs", "parties"),
    "golden": ("cells",),
    "tiering": ("levels",),
}
#: The kinds of which one test takes one rule: what is expected does not name the rule.
ONE = ("matching", "golden", "tiering")
_FIELDS = {
    "flags": ("rule", "key", "column", "value", "state", "suggestion", "records"),
    "changes": ("rule", "key", "column", "old", "new", "act", "reason", "records"),
}
_WRITE = {
    "flags": "flags: []",
    "changes": "changes: []",
    "pairs": "parties: []",
    "cells": "cells: [{of: KEY, column: NAME, value: TEXT}]",
    "levels": "levels: [{of: KEY, level: NAME}]",
}


def matching_of(project: Project, rule: Rule) -> str | None:
    """The matching rule that a rule is, or that its dataset stands on."""
    spec = rule.spec
    if isinstance(spec, MatchingRule):
        return rule.id
    maker = (
        rule
        if isinstance(spec, GoldenRule)
        else project.rules.get(str(project.datasets[rule.dataset].made_by))
    )
    return maker.spec.matched_by if maker and isinstance(maker.spec, GoldenRule) else None


def check_test(project: Project, test: UnitTest, span: Span) -> None:
    """Raises CdmqError with all that makes the test say less, or something else, than it seems."""
    rules = [project.rules[name] for name in test.tested]
    looks = (
        _unknown_fields(test),
        _of_no_rule(project, test, rules),
        _several(project, test, rules),
        _levels(project, test, rules),
        _made(project, test, rules),
    )
    said = [s for look in looks for s in look] or list(_nothing(test, rules))
    if said:
        raise CdmqError([Problem(span, *s) for s in said])


#: Code, cause, remedy.
Said = tuple[str, str, str]


def _unknown_fields(test: UnitTest) -> Iterator[Said]:
    for what, fields in _FIELDS.items():
        rows = getattr(test.expect, what) or ()
        for key in dict.fromkeys(k for row in rows for k in row if k not in fields):
            yield (
                "CDMQ524",
                f"expect: {what} have no '{key}' in unit test {test.name}",
                did_you_mean(key, fields),
            )


def _nothing(test: UnitTest, rules: Sequence[Rule]) -> Iterator[Said]:
    """A test that could never fail."""
    kinds = [k for k in MADE if k in {r.kind for r in rules}]
    looked_at = [w for k in kinds for w in MADE[k] if getattr(test.expect, w) is not None]
    if not looked_at or (looked_at == ["cells"] and not test.expect.cells):
        yield (
            "CDMQ525",
            f"the unit test {test.name} expects nothing of the rules it names",
            f"add expect: {{{_WRITE[MADE[kinds[0]][0]]}}}",
        )


def _of_no_rule(project: Project, test: UnitTest, rules: Sequence[Rule]) -> Iterator[Said]:
    """What only a rule of another kind could make. Parties may be told wherever there are any."""
    matched = any(matching_of(project, r) for r in rules)
    for kind in ONE:
        given = [
            w
            for w in MADE[kind]
            if getattr(test.expect, w) is not None and not (w == "parties" and matched)
        ]
        if given and not any(r.kind == kind for r in rules):
            near = [r.id for r in project.rules.values() if r.kind == kind]
            yield (
                "CDMQ526",
                f"expect: {given[0]} are made by {kind} rules, the unit test "
                f"{test.name} names none",
                f"name one of them in rules: {', '.join(sorted(near)[:3])}"
                if near
                else f"take {given[0]} out",
            )


def _several(project: Project, test: UnitTest, rules: Sequence[Rule]) -> Iterator[Said]:
    stood_on = sorted({m for r in rules if (m := matching_of(project, r))})
    many = next((n for k in ONE if len(n := [r.id for r in rules if r.kind == k]) > 1), None)
    if many or len(stood_on) > 1:
        yield (
            "CDMQ526",
            f"the unit test {test.name} could not tell what is of "
            f"{' and what of '.join(many or stood_on)}",
            "write a unit test for each",
        )


def _levels(project: Project, test: UnitTest, rules: Sequence[Rule]) -> Iterator[Said]:
    rule = next((r for r in rules if isinstance(r.spec, TieringRule)), None)
    if rule is None:
        return
    assert isinstance(rule.spec, TieringRule)
    known = [*rule.spec.level_names, *([NEW] if rule.spec.new_for else [])]
    golden = project.datasets[rule.dataset].made_by and rule.dataset not in test.given
    for level in test.expect.levels or ():
        if level.level not in known:
            yield (
                "CDMQ527",
                f"expect: {rule.id} has no level '{level.level}' in unit test {test.name}",
                did_you_mean(level.level, known),
            )
        if level.of is not None and not golden:
            yield (
                "CDMQ527",
                f"expect: {rule.id} judges the records of {rule.dataset}, no parties "
                f"(unit test {test.name})",
                f"write key: {level.of} in place of of",
            )


def _made(project: Project, test: UnitTest, rules: Sequence[Rule]) -> Iterator[Said]:
    """A golden dataset is given, but the test needs to know whose records it joins."""
    for rule in rules:
        into = rule.spec.into if isinstance(rule.spec, GoldenRule) else rule.dataset
        of = project.datasets[into].made_of if into in project.datasets else None
        if of is None or into not in test.given:
            continue
        facts = (
            [
                m.dataset
                for m in rule.spec.measures.values()
                if m.dataset in project.datasets
                and of in project.datasets[m.dataset].spec.refers_to
            ]
            if isinstance(rule.spec, TieringRule)
            else []
        )
        if facts or isinstance(rule.spec, GoldenRule):
            why = (
                f"{facts[0]} finds a party by the records of {of}"
                if facts
                else (f"{rule.id} makes it of {of}")
            )
            yield (
                "CDMQ528",
                f"given {into}: {why} (unit test {test.name})",
                f"give {of} in place of {into}",
            )
