"""The levels that a unit test expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field, model_validator

from cdmq.kinds.expected import Difference
from cdmq.kinds.expecting import Expect, Members, Ran, Said, Told, refuse
from cdmq.kinds.tiering.words import NEW, TieringRule
from cdmq.problems import did_you_mean
from cdmq.project.fields import Model
from cdmq.project.spec import UnitTest
from cdmq.values import Project, Rule


class ExpectedLevel(Model):
    """The level of a party, named by any of its records, or of a record by itself."""

    of: str | None = Field(
        None, description="Of a golden dataset: the key of any record of the party."
    )
    key: str | None = Field(None, description="Of another dataset: the key of the record.")
    level: str

    @model_validator(mode="after")
    def _of_one(self) -> ExpectedLevel:
        if (self.of is None) == (self.key is None):
            raise ValueError("say whose level it is: by of (any record of the party) or by key")
        return self


class Levels(Model):
    levels: list[ExpectedLevel] | None = Field(
        None, description="Of a tiering rule: the level of everyone."
    )


@dataclass(frozen=True)
class _Found:
    """`levels`: party, or key of a record where `by_key` -> level and its reason."""

    members: Members
    levels: Mapping[str, tuple[str, str | None]]
    by_key: bool


def _found(ran: Ran) -> _Found:
    rule = next((r for r in ran.rules if r.kind == "tiering"), None)
    if rule is None:
        return _Found(ran.members, {}, True)
    kept = ran.kept(rule.id, "tier_history", "key", "level", "reason")
    levels = {key: (level, reason) for key, level, reason in kept}
    return _Found(ran.members, levels, not ran.project.datasets[rule.dataset].made_by)


def _compared(
    expect: Expect, wanted: Sequence[ExpectedLevel], found: _Found, told: Told
) -> list[Difference]:
    """Everyone's level is told, a party's by one of its records or by several."""
    refuse(found.members.unknown((w.of for w in wanted if w.of is not None), told))
    seen: set[str] = set()
    wrong = []
    for level in wanted:
        name = "key" if level.key is not None else "of"
        whose = str(level.key if level.key is not None else level.of)
        who = whose if name == "key" else found.members.party_of[whose]
        seen.add(who)
        row = {name: whose, "level": level.level}
        made, reason = found.levels.get(who, (None, None))
        if made is None:
            wrong.append(Difference(expect.what, row, None))
        elif made != level.level:
            wrong.append(Difference(expect.what, row, {**row, "level": made}, reason or ""))
    members = found.members.parties
    for who in sorted(found.levels.keys() - seen, key=lambda w: members.get(w, [w])):
        made, reason = found.levels[who]
        named = {"key": who} if found.by_key else {"of": members[who][0]}
        wrong.append(Difference(expect.what, None, {**named, "level": made}, reason or ""))
    return wrong


def _wrong(project: Project, test: UnitTest, rule: Rule) -> Iterator[Said]:
    """Levels that it has not, whose level it is, and facts that cannot find their party."""
    assert isinstance(rule.spec, TieringRule)
    known = [*rule.spec.level_names, *([NEW] if rule.spec.new_for else [])]
    given = rule.dataset in test.given
    of = project.datasets[rule.dataset].made_of
    golden = project.datasets[rule.dataset].made_by and not given
    for level in test.expect.get("levels", ()):
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
    facts = [m.dataset for m in rule.spec.measures.values() if m.dataset in project.datasets]
    if of and given and (by := [f for f in facts if of in project.datasets[f].spec.refers_to]):
        yield (
            "CDMQ528",
            f"given {rule.dataset}: {by[0]} finds a party by the records of {of} "
            f"(unit test {test.name})",
            f"give {of} in place of {rule.dataset}",
        )


EXPECTS = {
    "levels": Expect(
        Levels, "level", "levels: [{of: KEY, level: NAME}]", _found, _compared, wrong=_wrong
    )
}
