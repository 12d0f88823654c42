"""Where a rule of relationships stands, what it hides, and what is told of a link."""

from __future__ import annotations

import pytest
from kinds.relationships.test_links import MODELS, RULES, begin, deliver, flags, links, ran
from runner import Twin

import cdmq


@pytest.mark.parametrize("twin", ["duckdb"], indirect=True)
def test_a_rule_in_the_file_of_the_links(twin: Twin) -> None:
    rules = RULES.replace("dataset: customers", "dataset: party_links").replace(
        "links: party_links", "links: party_links\n    parties: customers"
    )
    world = ran(twin, "A 1 2 supplies", "B 8 2 supplies", rules=rules)
    assert [f[0] for f in flags(world)] == ["B"]


@pytest.mark.parametrize("twin", ["duckdb"], indirect=True)
def test_where_is_about_links(twin: Twin) -> None:
    rules = RULES.replace("    types:", "    where: id <> 'B'\n    types:")
    world = ran(twin, "A 1 2 supplies", "B 8 2 supplies", rules=rules)
    assert flags(world) == []


@pytest.mark.parametrize("twin", ["duckdb"], indirect=True)
def test_what_pii_hides_is_hidden(twin: Twin) -> None:
    world = twin(begin)
    models = MODELS.replace("key: id}", "key: id, pii: {from_id: mask, to_id: hash}}")
    world.write({"models/m.yml": models})
    deliver(world, ["A 12345 2 supplies", "B 1 2 parent_of", "C 2 1 parent_of"])
    world.run()
    values = {(key, column): value for key, column, value, _ in flags(world)}
    assert values["A", "from_id"] == "1***"
    assert "loop" not in str(values["C", "from_id, to_id"])


@pytest.mark.parametrize("twin", ["duckdb"], indirect=True)
def test_the_story_of_a_link(twin: Twin) -> None:
    from cdmq.explaining.story import stories
    from cdmq.explaining.story_text import told

    world = ran(twin, "A 1 2 supplies 2020-01-01 2030-01-01", "B 1 8 supplies")
    project = cdmq.parse(world.root)
    of = {k: "\n".join(told(stories(project, k)[0])) for k in ("A", "B", "crm/1")}
    assert "owns" in stories(project, "A")[0].passes
    assert "8: nobody" in of["B"]
    assert "supplies, from 2020-01-01 to 2030-01-01" in of["crm/1"]


def test_days_of_a_file_that_are_none(twin: Twin) -> None:
    """A cell that is no day is no start: it could not be judged."""
    world = twin(begin)
    models = MODELS.replace("table: links_src", "file: links.csv").replace(
        "key: id}", "key: id, columns: {start: date, end: date}}"
    )
    lines = ["A,1,2,supplies,2020-01-01,", "B,1,3,supplies,31.31.2020,", "C,2,3,supplies,,never"]
    content = "\n".join(["id,from_id,to_id,type,start,end", *lines]) + "\n"
    world.write({"models/m.yml": models, "links.csv": content})
    world.run()
    assert flags(world) == [
        ("B", "start", "31.31.2020", "could_not_judge"),
        ("C", "end", "never", "could_not_judge"),
    ]
    assert [(a, b) for a, b, *_ in links(world)] == [("crm/1", "crm/2")]
