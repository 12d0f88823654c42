"""What `where` can't read is flagged by every kind that judges records, and never left out silently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import kind_cases as of
import pytest
from runner import Twin, World

import cdmq
from cdmq.datasets.remembered import stored_catalog
from cdmq.explaining.story import stories
from cdmq.explaining.story_text import told
from cdmq.kinds import kinds

MODELS = """
version: 1
datasets:
  - {name: people, table: people, key: id, pii: {age: mask}}
  - {name: orders, table: orders, key: oid, happened_at: d, refers_to: {people: id}}
"""
RULES = {
    "tiering": """
  - id: judged
    measures: {n: {from: orders, count: rows, if_none: 0}}
    levels: [{core: "n >= 1"}, {ordinary: otherwise}]
    where: WHERE
""",
    "matching": "\n  - {id: judged, same_if: [[email]], where: WHERE}\n",
    "completeness": "\n  - {id: judged, points: {email: 1}, where: WHERE}\n",
    "defaults": "\n  - {id: judged, column: email, set: none, reason: unknown, where: WHERE}\n",
    "validation": "\n  - {id: judged, check: expression, must: \"email <> ''\", where: WHERE}\n",
}
COLUMNS = {"id": "text", "email": "text", "age": "text"}
#: The state of each kind: a row a record that was judged.
STATES = {"tiering": "tier_history", "matching": "xref", "completeness": "completeness_scores"}
ROWS = [["a", "x", "5"], ["b", "x", "7"], ["c", "x", "old"], ["d", "x", "50"]]
UNREAD = '"age::integer < 10"'


def write(world: World, kind: str, where: str = UNREAD) -> None:
    rules = f"version: 1\ndataset: people\nowner: ada\n{kind}:{RULES[kind].replace('WHERE', where)}"
    world.write({"models/m.yml": MODELS, "rules/r.yml": rules})


def deliver(world: World, rows: list[list[Any]]) -> None:
    world.table("people", COLUMNS, rows)
    world.table("orders", {"oid": "text", "id": "text", "d": "date"}, [["1", "a", "2026-01-01"]])


@pytest.fixture(params=sorted(RULES))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def begin(world: World, kind: str) -> None:
    write(world, kind)
    deliver(world, ROWS)
    world.run()


def flags(world: World) -> list[tuple[Any, ...]]:
    columns = ("key", "column_name", "value", "state", "to_run")
    return [
        (key, column, value, state, ended is None)
        for key, column, value, state, ended in world.audit_rows("flags", columns)
    ]


def judged(world: World, kind: str) -> set[str]:
    """The records that the rule judged as they are, and said something of."""
    rows = world.audit_rows(STATES[kind], ("key", "to_run"))
    return {str(key) for key, ended in rows if ended is None}


def test_a_record_of_which_it_can_not_be_told_is_flagged(
    twin: Callable[..., World], kind: str
) -> None:
    world = twin(begin, kind)
    told = world.results()["judged"]
    assert told["could_not_judge"] == 1
    assert told["status"] == ("warn" if kind in ("defaults", "tiering") else "fail")
    ((key, columns, value, state, open_),) = flags(world)
    assert (key, state, open_) == ("c", "could_not_judge", True)
    assert (columns, value) == ("age", "***")


def test_it_is_no_level_and_no_score(twin: Callable[..., World], kind: str) -> None:
    if kind in STATES:
        left = judged(twin(begin, kind), kind)
        assert left == ({"a", "b", "c", "d"} if kind == "matching" else {"a", "b"})


def test_who_could_not_be_judged_is_one_with_nobody(twin: Callable[..., World]) -> None:
    """Though the same e-mail address stands there."""
    world = twin(begin, "matching")
    rows = world.audit_rows("xref", ("key", "party_id"))
    parties: dict[str, set[str]] = {}
    for key, party in rows:
        parties.setdefault(str(party), set()).add(str(key))
    assert sorted(sorted(p) for p in parties.values()) == [["a", "b"], ["c"], ["d"]]


def test_what_is_mended_closes(twin: Callable[..., World], kind: str) -> None:
    world = twin(begin, kind)
    deliver(world, [*ROWS[:2], ["c", "x", "8"], ROWS[3]])
    again = world.run()
    assert again.exit_code == 0
    assert [f[-1] for f in flags(world)] == [False]
    if kind in STATES:
        assert "c" in judged(world, kind)


def test_a_second_run_changes_nothing(twin: Callable[..., World], kind: str) -> None:
    world = twin(begin, kind)
    before = flags(world)
    world.run()
    assert flags(world) == before


def test_where_that_reads_all_flags_nobody(world: World, kind: str) -> None:
    write(world, kind, '"try_cast(age as integer) < 10"')
    deliver(world, ROWS)
    assert world.run().exit_code == 0
    assert flags(world) == []


def test_a_model_is_trained_though_some_can_not_be_judged(world: World) -> None:
    rules = RULES["matching"].replace("same_if: [[email]]", "compare: {email: exact, age: exact}")
    write(world, "matching")
    world.write(
        {"rules/r.yml": f"version: 1\ndataset: people\nmatching:{rules.replace('WHERE', UNREAD)}"}
    )
    rows = [[str(i), f"p{i // 2}", str(i // 2 % 9)] for i in range(400)]
    deliver(world, [*rows, ["x", "p1", "old"]])
    world.run()
    assert [f[:1] for f in flags(world)] == [("x",)]


@pytest.mark.parametrize("kind", ["completeness", "tiering"])
def test_what_it_had_ends_as_it_could_not_be_judged(twin: Callable[..., World], kind: str) -> None:
    world = twin(begin, kind)
    deliver(world, [["a", "x", "five"], ["b", "x", "70"], ["c", "x", "8"]])
    world.run()
    columns = ("key", "closed_because", "to_run")
    ended = {k: why for k, why, run in world.audit_rows(STATES[kind], columns) if run is not None}
    assert ended == {"a": "could_not_judge", "b": "out_of_scope"}
    lines = "\n".join(told(stories(cdmq.parse(world.root), "a", "people")[0]))
    assert "the rule could not judge it" in lines
    assert "could not be judged" in lines


@pytest.mark.parametrize("where", [UNREAD, '"try_cast(age as integer) < 10"'])
def test_who_judged_then_is_told_as_who_judges_now(
    twin: Callable[..., World], kind: str, where: str
) -> None:
    """Also when the rule is gone, or says something else meanwhile."""
    world = twin(begin, kind)
    write(world, kind, where)
    world.run()
    now = stories(cdmq.parse(world.root), "a", "people")[0]
    flags_some = where == UNREAD or kind == "validation"
    assert ("judged" in now.passes) == flags_some
    then = "9999-01-01"
    for after in ("nothing", "changed", "gone"):
        if after == "changed":
            write(world, kind, "\"age = '5'\"")
        elif after == "gone":
            world.write({"rules/r.yml": ""})
        story = stories(cdmq.parse(world.root), "a", "people", as_of=then)[0]
        assert ("judged" in story.passes) == flags_some, after


def refused(world: World) -> str:
    """What is said of a project that is none; nothing of a sound one."""
    try:
        cdmq.parse(world.root)
    except cdmq.CdmqError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("twin", ["duckdb"], indirect=True)
@pytest.mark.parametrize("kind", [name for name, kind in kinds().items() if kind.built])
def test_no_kind_leaves_out_silently_what_its_where_cannot_read(kind: str, twin: Twin) -> None:
    """The rule of its case flags the records that an expression of the same words flags; or its
    kind takes no `where`."""
    world, said = twin(of.begin, kind), of.cases(kind)
    project = cdmq.parse(world.root)
    dataset = project.rules[said["rule"]].dataset
    column = list(stored_catalog(project)[0][dataset])[-1]
    unread = f"CAST(CAST({column} AS text) || 'x' AS integer) < 4"
    (item,) = of.items(said["rules"], said["rule"])
    item["where"] = unread
    said["rules"][dataset].setdefault("validation", []).append(
        {"id": "all_read", "check": "expression", "must": unread}
    )
    of.put(world, said["rules"])
    if refusal := refused(world):
        assert "rule takes no where" in refusal
        return
    world.run()
    found = {
        rule: world.audit_rows(
            "flags", ["key", "records"], f"rule_id = '{rule}' AND state = 'could_not_judge'"
        )
        for rule in ("all_read", said["rule"])
    }
    assert found["all_read"]
    assert found[said["rule"]] == found["all_read"]
