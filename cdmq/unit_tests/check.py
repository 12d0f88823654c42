"""What can be wrong with a unit test itself, seen before it is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cdmq.kinds import kinds
from cdmq.kinds.expecting import Expect, Said, expects, nearest
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.project.unit_test import UnitTest
from cdmq.values import Project, Rule


def check_test(project: Project, test: UnitTest, span: Span) -> None:
    """Raises CdmqError with all that makes the test say less, or something else, than it seems."""
    rules = [project.rules[name] for name in test.tested]
    looks = (
        _unknown_fields(test),
        _of_no_rule(project, test, rules),
        _several(project, test, rules),
        _wrong(project, test, rules),
        _untold(project, test, rules),
    )
    said = [s for look in looks for s in look] or list(_nothing(project, test, rules))
    if said:
        raise CdmqError([Problem(span, *s) for s in said])


def words_of(project: Project, rule: Rule) -> dict[str, Expect]:
    """What may be expected of a rule: the words of its kind, and those of what it makes as others
    do."""
    makes = project.uses[rule.id].makes
    own = kinds()[rule.kind].expects
    return {
        word: expect
        for word, expect in expects().items()
        if word in own or (expect.made and any(n.startswith(expect.made) for n in makes))
    }


def one_at_a_time(kind: str) -> bool:
    """One test takes one rule of the kind: what is expected does not name the rule."""
    return any(not e.by_rule for e in kinds()[kind].expects.values())


def _unknown_fields(test: UnitTest) -> Iterator[Said]:
    for word, expect in expects().items():
        rows = test.expect.get(word, ()) if expect.fields else ()
        for key in dict.fromkeys(k for row in rows for k in row if k not in expect.fields):
            yield (
                "CDMQ524",
                f"expect: {word} have no '{key}' in unit test {test.name}",
                did_you_mean(key, expect.fields),
            )


def _nothing(project: Project, test: UnitTest, rules: Sequence[Rule]) -> Iterator[Said]:
    """A test that could never fail."""
    each = [words_of(project, r) for r in rules]
    mine = {w: e for w, e in expects().items() if any(w in words for words in each)}
    if not any(w in test.expect and (e.whole or test.expect[w]) for w, e in mine.items()):
        yield (
            "CDMQ525",
            f"the unit test {test.name} expects nothing of the rules it names",
            f"add expect: {{{next(iter(mine.values())).example}}}",
        )


def _untold(project: Project, test: UnitTest, rules: Sequence[Rule]) -> Iterator[Said]:
    """Rules of which no word tells."""
    for rule in rules:
        if not words_of(project, rule):
            yield (
                "CDMQ525",
                f"the unit test {test.name} names {rule.id}: no word of expect is about rules of "
                f"{rule.kind}",
                f"take {rule.id} out of its rules"
                if len(rules) > 1
                else f"take the unit test out, cdmq run judges {rule.id}",
            )


def _of_no_rule(project: Project, test: UnitTest, rules: Sequence[Rule]) -> Iterator[Said]:
    """What only a rule of another kind could make."""
    for kind in filter(one_at_a_time, kinds()):
        given = [
            w
            for w, expect in kinds()[kind].expects.items()
            if w in test.expect
            and not (expect.from_above and _stood_on(project, kind, rules))
            and not expect.by_rule
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


def _stood_on(project: Project, kind: str, rules: Sequence[Rule]) -> list[str]:
    """The rules of a kind that some rules are, or stand on."""
    found = (nearest(project, r, lambda near: near.kind == kind) for r in rules)
    return sorted({r.id for r in found if r})


def _several(project: Project, test: UnitTest, rules: Sequence[Rule]) -> Iterator[Said]:
    """What is found could be of one as of another."""
    alike = [[r.id for r in rules if r.kind == kind] for kind in kinds() if one_at_a_time(kind)]
    alike += [
        _stood_on(project, name, rules)
        for name, kind in kinds().items()
        if any(e.from_above for e in kind.expects.values())
    ]
    many = next((ids for ids in alike if len(ids) > 1), None)
    if many:
        yield (
            "CDMQ526",
            f"the unit test {test.name} could not tell what is of {' and what of '.join(many)}",
            "write a unit test for each",
        )


def _wrong(project: Project, test: UnitTest, rules: Sequence[Rule]) -> Iterator[Said]:
    """What the kinds of its rules say of it."""
    for rule in rules:
        for expect in kinds()[rule.kind].expects.values():
            yield from expect.wrong(project, test, rule)
