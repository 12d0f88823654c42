"""People are asked once about two parties: by their best pair of records, and how many more."""

from __future__ import annotations

import random
from typing import Any

from runner import World

ASKED = ("key", "other", "why", "sure", "more")
MODELS = "version: 1\ndatasets:\n  - {name: people, table: people_source, key: id}\n"


def _run(world: World, columns: str, rule: str, rows: list[list[Any]]) -> None:
    world.write(
        {
            "models/m.yml": MODELS,
            "rules/people.yml": f"""
version: 1
dataset: people
matching:
  - id: same
{rule}""",
        }
    )
    world.table("people_source", dict.fromkeys(columns.split(), "text"), rows)
    world.run()


def _queue(world: World, where: str = "to_run IS NULL") -> list[tuple[Any, ...]]:
    return world.audit_rows("queue", ASKED, where)


def test_two_parties_of_several_records_are_one_question(world: World) -> None:
    """All of one address, two tax numbers: six pairs say that the two firms may be one."""
    rule = "    same_if: [[mail]]\n    never_if_differs: [tax]\n"
    rows: list[list[Any]] = [
        ["a1", "x@x.de", "1"],
        ["a2", "x@x.de", "1"],
        ["b1", "x@x.de", "2"],
        ["b2", "x@x.de", "2"],
        ["b3", "x@x.de", "2"],
        ["c", "y@y.de", "3"],
    ]
    _run(world, "id mail tax", rule, rows)
    party = dict(world.audit_rows("xref", ("key", "party_id")))
    assert len({party[k] for k in ("a1", "b1", "c")}) == 3
    assert _queue(world) == [("a1", "b1", "veto", 1, 5)]
    world.run()
    assert _queue(world, "true") == [("a1", "b1", "veto", 1, 5)]
    _run(world, "id mail tax", rule, [r for r in rows if r[0] not in ("a1", "b3")])
    assert _queue(world) == [("a2", "b1", "veto", 1, 1)]  # the best that there is now
    _run(world, "id mail tax", rule, [[*r[:2], "1"] for r in rows])
    assert _queue(world) == []  # they are one


def _namesakes() -> list[list[Any]]:
    """People who are there up to three times; of some there are others of nearly the same name."""
    rnd = random.Random(3)

    def word(letters: int) -> str:
        return "".join(rnd.choice("abdegilmnorstu") for _ in range(letters)).capitalize()

    rows: list[list[Any]] = []
    for i in range(60):
        first, last, town = word(6), word(8), word(7)
        for other in range(1 + (i % 3 == 2)):
            mail, born = f"{last}{i}{other}@x.example".lower(), f"19{rnd.randrange(40, 99)}-03-11"
            for copy in range(1 + i % 3):
                name = first[:2] + first[3:] if copy else first
                rows.append([f"p{i}.{other}.{copy}", name, last, mail, town, born])
    return rows


def test_the_best_pair_is_shown_and_the_others_are_counted(world: World) -> None:
    _run(
        world,
        "id first last mail town born",
        """
    same_if: [[mail]]
    compare: {first: name, last: name, mail: email, town: name, born: date}
    merge_above: 99%
    review_above: 1%
""",
        _namesakes(),
    )
    party = dict(world.audit_rows("xref", ("key", "party_id")))
    between: dict[frozenset[str], list[tuple[Any, ...]]] = {}
    for a, b, verdict, probability in world.audit_rows(
        "pairs", ("key_a", "key_b", "verdict", "probability")
    ):
        if party[a] != party[b]:
            between.setdefault(frozenset((party[a], party[b])), []).append(
                (a, b, verdict, probability)
            )
    asked = _queue(world)
    assert len({frozenset((party[a], party[b])) for a, b, *_ in asked}) == len(asked)
    for a, b, _, probability, more in asked:
        alike = between[frozenset((party[a], party[b]))]
        assert more == len(alike) - 1
        shown = next(p for p in alike if p[:2] == (a, b))
        assert probability == shown[3]
        assert probability == max(p for *_, p in alike)
    assert any(more for *_, more in asked)


def test_a_question_of_any_rule_closes_with_it(world: World) -> None:
    """About a record or a cell, of a rule that matches nothing."""
    rules = "version: 1\ndataset: people\nvalidation:\n  - {column: mail, checks: [not_null]}\n"
    world.table("people", {"id": "integer", "mail": "text"}, [[1, None]])
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets: [{name: people, table: people, key: id}]\n",
            "rules/r.yml": rules,
        }
    )
    world.run()
    for about, column in (("record", "NULL"), ("cell", "'mail'")):
        world.sql(
            f"INSERT INTO {world.audit}.queue (rule_id, about, key, column_name, why, from_run) "
            f"SELECT 'people.mail.not_null', '{about}', '1', {column}, 'stale', max(run_id) "
            f"FROM {world.audit}.runs"
        )
    world.run()
    shown = ("about", "key", "column_name", "closed_because")
    assert world.audit_rows("queue", shown) == [
        ("cell", "1", "mail", None),
        ("record", "1", None, None),
    ]
    world.write({"rules/r.yml": rules.replace("mail", "id")})
    world.run()
    assert {r[3] for r in world.audit_rows("queue", shown)} == {"rule_removed"}
