"""What is read under a name that a rule or dataset had before shows what the new one shows; views of
what was removed go, unless somebody reads them."""

from __future__ import annotations

import datetime as dt
import re

import owned
import pytest
from runner import AS_OF, Twin, World

from cdmq.results import RunResult

#: Old name -> new name.
RULES = {"same": "alike", "best": "finest", "class": "rank", "known": "profile"}
DATASETS = {"customers": "clients", "people": "humans", "short": "brief"}
FILES = {
    **owned.FILES,
    "models/m.yml": owned.MODELS
    + "  - {name: people, key: party_id}\n  - {name: short, key: id}\n",
    "rules/customers.yml": owned.RULES
    + "completeness:\n  - {id: known, points: {name: 1}, ask_at_least: 50}\n",
    "rules/short.yml": "version: 1\ndataset: short\nvalidation: [{column: name, checks: [not_null]}]\n",
}
LATER = {
    "data/customers.csv": "id,name\n1,Anna\n2,n/a\n3,Anna\n4,Cleo\n5,n/a\n6,Cleo\n",
    "data/orders.csv": "id,customer,day\n1,1,2026-01-01\n2,2,2026-01-02\n",
}
OF_RULES = ("same__xref", "best__flags", "class__levels", "known__scores", "known__flags")
OF_DATASETS = (
    *(f"{d}{end}" for d in ("customers", "short") for end in ("", "__flagged", "__passed")),
    *("customers__clean", "customers__xref", "people"),
)


def begin_all(world: World) -> None:
    world.write(FILES)
    world.run()


@pytest.fixture
def begun(twin: Twin) -> World:
    return twin(begin_all)


def renamed(text: str, names: dict[str, str]) -> str:
    for old, new in names.items():
        text = re.sub(rf"(?<![\w/.]){old}(?![\w.])", new, text)
        text = re.sub(rf"((?:id|name): {new})(?=[,\n}}])", rf"\1\nFORMERLY {old}", text)
    text = re.sub(r"(\{[^{}\n]*)\nFORMERLY (\w+)", r"\1, formerly: \2", text)
    return re.sub(r"( +)(- \w+: \w+)\nFORMERLY (\w+)", r"\1\2\n\1  formerly: \3", text)


def rename(world: World, names: dict[str, str]) -> None:
    files = {name: renamed(text, names) for name, text in FILES.items() if "data/" not in name}
    if "short" in names:
        files = {**files, "models/brief.sql": files["models/short.sql"], "models/short.sql": ""}
    assert sum(text.count("formerly: ") for text in files.values()) == len(names)
    world.write({**files, **LATER})


def again(world: World, hours: int = 1, **words: str) -> RunResult:
    return world.run(as_of=AS_OF + dt.timedelta(hours=hours), **words)


def remove(world: World) -> None:
    """The rules about parties, and what they make; `tidy` and a check stay."""
    world.write(
        {
            "rules/customers.yml": owned.PLAIN["rules/customers.yml"],
            "rules/people.yml": "",
            "models/m.yml": owned.MODELS + "  - {name: short, key: id}\n",
        }
    )


def of_today(name: str, names: dict[str, str]) -> str:
    first, mark, end = name.partition("__")
    return names[first] + mark + end


@pytest.mark.parametrize("names", [RULES, DATASETS], ids=["rules", "datasets"])
@pytest.mark.parametrize("how", ["view", "table"])
def test_the_old_name_shows_what_the_new_one_does(
    begun: World, names: dict[str, str], how: str
) -> None:
    old = OF_RULES if names is RULES else OF_DATASETS
    if how == "table":
        begun.write({"cdmq_project.yml": "name: world\nprofile: world\nmaterialized: table\n"})
        again(begun)
    before = {name: begun.view(name) for name in old}
    rename(begun, names)
    again(begun, 2)
    shown = {name: begun.view(name) for name in old}
    assert shown == {name: begun.view(of_today(name, names)) for name in old}
    assert shown != before
    there, register = begun.relations(), registered(begun)
    again(begun, 3)
    assert (begun.relations(), registered(begun)) == (there, register)
    begun.write({"data/customers.csv": "id,name\n1,Zoe\n9,n/a\n"})
    again(begun, 4)
    assert {n: begun.view(n) for n in old} == {n: begun.view(of_today(n, names)) for n in old}
    assert {n: begun.view(n) for n in old} != shown


def registered(world: World) -> set[tuple[str, str, str]]:
    rows = world.sql(f"SELECT name, kind, made_of FROM {world.audit}.register")
    return {row for row in rows if row[2]}  # type: ignore[misc]


def test_a_view_of_somebody_goes_on_with_the_new_rows(begun: World) -> None:
    at = begun.schema
    begun.sql(f"CREATE VIEW {at}.dashboard AS SELECT key, score FROM {at}.known__scores")
    rename(begun, RULES)
    again(begun)
    assert [(r["key"], r["score"]) for r in begun.view("dashboard")] == [
        (r["key"], r["score"]) for r in begun.view("profile__scores")
    ]
    assert len(begun.view("dashboard")) == 6


def test_what_cdmq_did_not_make_stays(begun: World) -> None:
    at = begun.schema
    begun.sql(f"DROP VIEW {at}.known__scores")
    begun.sql(f"CREATE TABLE {at}.known__scores AS SELECT 'mine' AS key")
    rename(begun, RULES)
    again(begun)
    assert begun.view("known__scores") == [{"key": "mine"}]
    remove(begun)
    again(begun, 2)
    assert begun.view("known__scores") == [{"key": "mine"}]


def test_a_narrow_run_leaves_what_it_leaves_out(begun: World) -> None:
    rename(begun, RULES)
    before = begun.view("class__levels")
    again(begun, select="profile")
    assert begun.view("known__scores") == begun.view("profile__scores")
    assert begun.view("class__levels") == before
    assert "rank__levels" not in begun.relations()
    remove(begun)
    there = begun.relations()
    again(begun, 2, select="tidy")
    assert begun.relations() == there


def test_views_of_what_was_removed_go_unless_somebody_reads_them(begun: World) -> None:
    at = begun.schema
    begun.sql(f"CREATE VIEW {at}.dashboard AS SELECT key, score FROM {at}.known__scores")
    begun.sql(f"CREATE TABLE {at}.mine__scores AS SELECT 1 AS a")
    remove(begun)
    gone = {n for n in begun.relations() if n.startswith(("same", "best", "class", "people"))}
    assert gone >= {"same__xref", "best__flags", "class__levels", "people__passed"} & (
        begun.relations()
    )
    before = begun.relations()
    dropped = again(begun).dropped
    left = begun.relations()
    assert set(dropped) == before - left
    tables = {n for n in gone if n in left}
    assert before - left == gone - tables | {"known__flags", "customers__xref"}
    assert tables <= {"people", "people__stage", "people__clean"}
    assert {"known__scores", "dashboard", "mine__scores"} <= left
    assert again(begun, 2).dropped == ()
    assert begun.relations() == left
    begun.sql(f"DROP VIEW {at}.dashboard")
    assert again(begun, 3).dropped == ("known__scores",)
    assert left - begun.relations() == {"dashboard", "known__scores"}


def test_a_former_name_goes_with_its_rule(begun: World) -> None:
    rename(begun, RULES)
    again(begun)
    begun.write({"rules/people.yml": ""})
    again(begun, 2)
    assert not {"class__levels", "rank__levels"} & begun.relations()


def test_a_former_name_may_be_taken_again(begun: World) -> None:
    rename(begun, RULES)
    again(begun)
    begun.write({"models/known__scores.sql": "SELECT 1 AS one"})
    again(begun, 2)
    assert begun.view("known__scores") == [{"one": 1}]
