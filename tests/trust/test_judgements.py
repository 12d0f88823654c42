"""The SQL of the auditor's page, over histories in which all that can happen to rules happens.

What was open is looked at after each run; what a query says of a day must be that, whatever runs
came later.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest
from judged_history import DAYS, History
from parties.people import GOLDEN, MATCHING, TIERS
from parties.people import people as parties_of
from runner import World


def test_each_alone(world: World) -> None:
    history = History(world)
    happens = [
        history.words,
        history.data,
        history.meaning,
        history.rename,
        history.words,
        history.data,
        history.meaning,
        history.switch,
        history.data,
        history.switch,
        history.nothing_judged,
        history.drop,
        history.other,
        history.drop,
    ]
    history.run(DAYS[0])
    new = []
    for day, event in zip(DAYS[1:], happens, strict=False):
        event()
        history.run(day)
        new.append(history.check_new())
    assert max(new) == 1  # somebody of 110
    for day in [*DAYS[: len(happens) + 1], datetime(2999, 1, 1)]:
        history.check(day)


@pytest.mark.parametrize("seed", range(3))
def test_at_random(world: World, seed: int) -> None:
    """Several at once, runs of some rules alone, and runs that judge as of an earlier day."""
    random, history = Random(seed), History(world, orders=False)
    happens = [
        history.words,
        history.meaning,
        history.rename,
        history.switch,
        history.drop,
        history.data,
        history.data,
        history.other,
        history.nothing_judged,
    ]
    history.run(DAYS[0])
    for day in DAYS[1:10]:
        for event in random.sample(happens, random.randint(0, 3)):
            event()
        some = random.choice(["", "", "column:email", "" if history.rules.gone else "column:age"])
        history.run(
            day - timedelta(days=random.choice([0, 0, 0, 3])),
            **({"select": some, "allow_empty": True} if some else {}),
        )
        history.check_new()
    for day in [*DAYS[:11], datetime(2999, 1, 1)]:
        history.check(day)


def test_every_row_meets_the_judgement_that_opened_it(world: World) -> None:
    """Once, also where a run made parties and golden records below the rule that it was asked for,
    and where words of a rule changed since."""
    parties_of(world, MATCHING + GOLDEN, TIERS)
    world.run(select="rule:persons.mail.not_null")
    said = (MATCHING + GOLDEN).replace("owner: stewards", "owner: sales")
    assert "owner: sales" in said
    parties_of(world, said, TIERS)
    world.run()
    for table in ("flags", "changes", "xref", "pairs", "golden_cells", "tier_history"):
        ((rows, met, same),) = world.sql(f"""
            SELECT count(*), count(j.rule), count(CASE WHEN j.version = t.version THEN 1 END)
            FROM {world.audit}.{table} AS t LEFT JOIN {world.audit}.judgements AS j
            ON j.run_id = t.from_run AND j.rule_id = t.rule_id""")
        assert rows == met == same, table
        assert rows or table == "changes"
    twice = world.sql(
        f"SELECT rule FROM {world.audit}.judgements GROUP BY rule, run_id HAVING count(*) > 1"
    )
    assert twice == []
