"""examples/cdnow: the levels of its run are those of plain Python."""

from __future__ import annotations

from ran import Ran
from tiering.test_tiering_cdnow import conditions, open_levels, purchases, rule
from tiering.tier_oracle import figure, next_level


def test_levels_are_those_worked_out_again(cdnow: Ran) -> None:
    """Everyone was new in the first quarter: nobody is too young, and nobody had a level."""
    spec, expected = rule(), {}
    for customer, own in purchases().items():
        f = {n: figure(m, own, cdnow.as_of, lambda _: True) for n, m in spec.measures.items()}
        expected[customer] = next_level(
            spec, conditions(f).__getitem__, lambda _: None, False, None, 0
        )
    assert open_levels(cdnow.root) == expected


def test_one_warning_and_nothing_else(cdnow: Ran) -> None:
    assert cdnow.exit_code == 0
    assert {
        r[0] for r in cdnow.rows("SELECT rule_id FROM cdmq.rule_results WHERE status <> 'pass'")
    } == {"not_for_nothing"}
