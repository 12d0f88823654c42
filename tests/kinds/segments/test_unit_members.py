"""The members that a unit test expects: of parties by any of their records, and what is wrong."""

from __future__ import annotations

import pytest
from kinds.segments import campaign as c
from runner import World

from cdmq.cli import main

GIVEN = """
version: 1
unit_tests:
  - name: who_gets_the_news
    rule: news
    as_of: 2026-11-01
    given:
      people:
        - {id: a, code: "1", email: a@x.org, birth_date: 1980-01-01, amount: 20, street: s1}
        - {id: b, code: "1", email: a@x.org, birth_date: 1980-01-01, amount: 20}
        - {id: c, code: "2", email: c@x.org, birth_date: 1980-01-01, amount: 20}
        - {id: d, code: "3", email: d@x.org, birth_date: 1980-01-01, amount: 1}
        - {id: e, code: "4", tax: "1", email: e@x.org, birth_date: 1980-01-01, amount: 30}
        - {id: f, code: "4", tax: "2", email: e@x.org, birth_date: 1980-01-01, amount: 1}
      consents:
        - {no: 1, person: a, purpose: news, channel: email, address: a@x.org,
           status: granted, at: 2026-01-01, proof: x}
        - {no: 2, person: e, purpose: news, channel: email, address: e@x.org,
           status: granted, at: 2026-01-01, proof: x}
        - {no: 3, person: f, purpose: news, channel: email, status: withdrawn, at: 2026-02-01}
      gone: []
      robinson: []
    expect:
      members:
"""
#: Of a dataset that a rule stands on by way of golden records nobody else says them.
TYPES = "changed_at: changed, columns: {changed: date, birth_date: date, amount: integer}}"
GOOD = """
        - {of: b, part: in}
        - {of: c, part: out, because: no permission}
        - {of: e, part: out, because: no permission}
"""
WRONG = """
        - {of: a, part: out}
        - {of: c, part: in}
        - {key: d, part: contact}
"""


def told(world: World, capsys: pytest.CaptureFixture[str], expected: str) -> tuple[int, str]:
    c.write(world)
    models = c.MODELS.replace("changed_at: changed}", TYPES)
    world.write({"models/m.yml": models})
    world.write({"unit_tests/t.yml": GIVEN + expected})
    with pytest.raises(SystemExit) as ended:
        main(["unit-test", "--project-dir", str(world.root)])
    out = capsys.readouterr()
    return int(ended.value.code or 0), out.out + out.err


def test_members_of_parties(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told(world, capsys, GOOD)
    assert code == 0, said


def test_what_is_not_as_expected_is_told(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told(world, capsys, WRONG)
    assert code == 1, said
    assert "part should be 'out'" in said
    assert "missing member: key 'd', part 'contact'" in said
    assert "unexpected member: of 'e', part 'out'" in said
    assert "a record that may be the same said no on 2026-02-01" in said
