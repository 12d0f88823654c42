"""The projects in examples/: run as a user runs them, their figures computed another way.

Each project has a module here that reads its files with plain Python and says which records every
rule must flag and which cells every default must change. Nothing is compared with a stored copy of
our own output.
"""

from __future__ import annotations

import re

from ran import Figures, Ran

import cdmq.api


def test_the_run_ends_well(ran: Ran) -> None:
    assert ran.exit_code in (0, 1)
    assert (
        ran.rows("SELECT rule_id FROM cdmq.rule_results WHERE status IN ('error', 'skipped')") == []
    )


#: The rules that a dataset has of itself: none of them finds anything in the examples.
OF_ITSELF = (".key", ".delivered", ".lines")


def test_no_rule_goes_uncomputed(ran: Ran, figures: Figures) -> None:
    """Who is whose party, and which level, has tests of its own."""
    rules = {r.id: r.kind for r in cdmq.api.parse(ran.root).rules.values()}
    assert {r[0] for r in ran.rows("SELECT rule_id FROM cdmq.rule_results")} == set(rules)
    judged = {
        r
        for r, kind in rules.items()
        if kind in ("validation", "defaults", "trends") and not r.endswith(OF_ITSELF)
    }
    assert judged == set(figures.flags) | set(figures.changes)
    assert set(rules.values()) <= {"validation", "defaults", "matching", "tiering", "trends"}


def test_flags_are_those_computed_another_way(ran: Ran, figures: Figures) -> None:
    found = ran.flags()
    for rule, expected in figures.flags.items():
        flagged = found.get(rule, {})
        assert set(flagged) == set(expected), rule
        for key, value in expected.items():
            assert value is None or flagged[key] == value, (rule, key)
    assert set(found) <= set(figures.flags)


def test_counts_are_those_computed_another_way(ran: Ran, figures: Figures) -> None:
    counted = dict(ran.rows("SELECT rule_id, failing FROM cdmq.rule_results"))
    assert {r: counted[r] for r in figures.flags} == {r: len(f) for r, f in figures.flags.items()}


def test_changes_are_those_computed_another_way(ran: Ran, figures: Figures) -> None:
    found = ran.changes()
    for rule, expected in figures.changes.items():
        changed = found.get(rule, {})
        assert set(changed) == set(expected), rule
        for key, (old, new) in expected.items():
            given = changed[key]
            if rule in figures.folded:
                assert given[1] is not None
                assert given[1][0].isupper(), (rule, key)
                given = (given[0], given[1].lower())
            assert given == (old, new), (rule, key)
    assert set(found) <= set(figures.changes)


def test_every_rule_says_why(ran: Ran) -> None:
    project = cdmq.api.parse(ran.root)
    seeds = {d.name for d in project.datasets.values() if d.source == "seed"}  # nobody's own
    assert [
        r.id for r in project.rules.values() if not r.why or not (r.owner or r.dataset in seeds)
    ] == []


def test_unit_tests_pass_and_cover_every_rule(ran: Ran) -> None:
    from cdmq.unit_tests import tests as unit_tests

    run = unit_tests.unit_test(ran.root)
    assert [
        (r.test.name, r.message, [str(d) for d in r.differences])
        for r in run.results
        if r.status != "pass"
    ] == []
    assert run.results
    assert [r.id for r in run.uncovered] == []


def test_figures_in_the_readme_are_right(ran: Ran, figures: Figures) -> None:
    told = dict(re.findall(r"^\| `([^`/]+)` \| ([\d,]+) \|", ran.readme(), re.MULTILINE))
    counts = {r: len(f) for r, f in (*figures.flags.items(), *figures.changes.items())}
    assert {r: int(n.replace(",", "")) for r, n in told.items()} == {r: counts[r] for r in told}


def test_a_second_run_opens_nothing(ran: Ran) -> None:
    again = cdmq.api.run(ran.root, as_of=ran.as_of)
    assert again.exit_code == ran.exit_code
    assert set(again.opened.values()) == {0}
    assert set(again.closed.values()) == {0}
    assert tuple(again.new_versions) == ()
    assert len(ran.rows("SELECT * FROM cdmq.match_models")) == len(
        ran.rows("SELECT DISTINCT rule_id FROM cdmq.match_models")
    )
