"""Episodes are kept in little room, and shown as ever; those of an older cdmq are brought over whole."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from older import OLDER, begin, enter, tables
from runner import CHANGE, FLAG, World

from cdmq.problems import CdmqError
from cdmq.warehouses.base import StatementError

RULE, DEFAULT = "people.mail.not_null", "phone_unknown"
#: Who is in the run from which all closed rows are, and the one that closed them.
ONCE = ("20200101T000000000-bbbbbb", "20200101T000000001-bbbbbb", "fixed")


@dataclass(frozen=True)
class Episodes:
    """A table that became a view: its columns, rows that were closed, what many have in common."""

    name: str
    columns: tuple[str, ...]
    closed: tuple[tuple[object, ...], ...]
    common: tuple[str, ...]
    #: How many different ones `closed` has of that.
    numbers: int
    #: The key of the one row that stays open.
    stays: str

    @property
    def one(self) -> str:
        return self.name.removesuffix("s")


EPISODE = ("records", "from_run", "to_run", "closed_because")
COMMON = ("rule_id", "version", "dataset", "column_name")
FLAGS = Episodes(
    "flags",
    (*COMMON[:3], "key", "column_name", "value", "digest", "state", "suggestion", *EPISODE),
    (  # about a dataset, hidden, suggested, of two versions, twice the same
        (RULE, "v1", "people", None, "", "7", None, "failed", None, 1),
        (RULE, "v1", "people", "9", "mail", "x***", "d1", "failed", None, 2),
        (RULE, "v1", "people", "9", "mail", "x***", "d1", "could_not_judge", None, 2),
        (RULE, "v2", "people", "9", "mail", "gold", None, "failed", "Gold", 1),
        (RULE, "v2", "people", "8", "mail", "gold", None, "failed", "Gold", 1),
        (RULE, "v2", "people", "8", "mail", "lead", None, "failed", None, 1),
        (RULE, "v2", "people", "8", "mail", "lead", None, "failed", None, 1),
        ("gone", "v1", "formerly", "8", "a, b", "a=1, b='", None, "failed", None, 1),
    ),
    (*COMMON, "state"),
    5,
    "4",
)
CHANGES = Episodes(
    "changes",
    (
        *COMMON[:3],
        "key",
        "column_name",
        "old_value",
        "new_value",
        "digest",
        "act",
        "reason",
        *EPISODE,
    ),
    (  # to and from nothing, hidden, of two versions, of a dataset under another name, twice the same
        (DEFAULT, "v1", "people", "9", "phone", None, "none", None, "set", "unknown", 2),
        (DEFAULT, "v1", "people", "8", "phone", "n/a", "none", None, "set", "invalid", 1),
        (DEFAULT, "v2", "people", "8", "phone", "1***", "2***", "d1", "standardise", None, 1),
        (DEFAULT, "v2", "people", "8", "phone", "1***", "2***", "d2", "standardise", None, 1),
        (DEFAULT, "v2", "formerly", "8", "phone", "n/a", None, None, "map", None, 1),
        (DEFAULT, "v2", "formerly", "8", "phone", "n/a", None, None, "map", None, 1),
        ("gone", "v1", "formerly", "8", "town", "'", "Bonn", None, "fill_from", None, 1),
    ),
    COMMON,
    4,
    "2",
)
BOTH = (FLAGS, CHANGES)


@pytest.fixture
def wide(world: World) -> World:
    """A world in which an older cdmq kept an episode in a row of its own, with all that it says."""
    begin(world, next(p for p in OLDER if p.stem == "da71e14"))
    for kept in BOTH:
        for row in kept.closed:
            shown = ", ".join(
                "NULL" if v is None else "'" + str(v).replace("'", "''") + "'"
                for v in (*row, *ONCE)
            )
            world.sql(f"INSERT INTO {world.audit}.{kept.name} VALUES ({shown})")
    return world


def types(world: World, name: str) -> list[tuple[object, ...]]:
    return world.sql(
        "SELECT column_name, data_type FROM information_schema.columns "
        f"WHERE table_schema = '{world.audit}' AND table_name = '{name}' ORDER BY ordinal_position"
    )


def test_the_view_shows_what_the_table_held(wide: World) -> None:
    of_then = f"from_run = '{ONCE[0]}'"
    before = {kept.name: wide.audit_rows(kept.name, kept.columns, of_then) for kept in BOTH}
    shown = {kept.name: types(wide, kept.name) for kept in BOTH}
    wide.run()
    for kept in BOTH:
        assert len(before[kept.name]) == len(kept.closed)
        assert wide.audit_rows(kept.name, kept.columns, of_then) == before[kept.name]
        assert [c for c, _ in shown[kept.name]] == list(kept.columns)
        assert types(wide, kept.name) == shown[kept.name]
        told = wide.audit_rows(f"{kept.one}_rules", kept.common)
        open_ = wide.audit_rows(kept.name, ("key",), "to_run IS NULL")
        assert open_ == [(kept.stays,)]
        assert len(told) == len(set(told)) == kept.numbers + 2  # the open row's, and that of today
        entered = wide.audit_rows(
            "register", ("kind",), f"schema_name = '{wide.audit}' AND name = '{kept.name}'"
        )
        assert entered == [("view",)]
    assert wide.audit_rows("flag_suggestions", ("value", "suggestion")) == [("gold", "Gold")]
    again = wide.run()
    assert {k: v for k, v in {**again.opened, **again.closed}.items() if v} == {}


def test_who_reads_them_reads_them_still(wide: World) -> None:
    """Views of others and of cdmq, one over another; on PostgreSQL with what is granted."""
    audit, schema, world = wide.audit, wide.schema, wide
    views = {
        "mine": f"SELECT key FROM {audit}.flags WHERE to_run IS NULL",
        "hers": f"SELECT count(*) AS n FROM {schema}.mine",
        "theirs": f"SELECT key FROM {audit}.changes WHERE to_run IS NULL",
        "ours": f"SELECT f.key AS f, c.key AS c FROM {audit}.flags AS f, {schema}.theirs AS c "
        "WHERE f.to_run IS NULL",
    }
    for name, query in views.items():
        world.sql(f"CREATE VIEW {schema}.{name} AS {query}")
    granted = [f"{audit}.flags", f"{audit}.changes", *(f"{schema}.{v}" for v in ("hers", "ours"))]
    if world.engine == "postgres":
        reader = f"reader_{schema}"
        world.sql(f"CREATE VIEW {schema}.people__flagged AS SELECT key FROM {audit}.flags")
        said = "made by cdmq of the project world: a run replaces it"
        world.sql(f"COMMENT ON VIEW {schema}.people__flagged IS '{said}'")
        enter(world, schema, "people__flagged", "view")
        world.sql(f"CREATE ROLE {reader}")
        granted.append(f"{schema}.people__flagged")
        for name in granted:
            world.sql(f"GRANT SELECT ON {name} TO {reader}")
    world.run()
    assert [r["key"] for r in world.view("mine")] == ["4"]
    assert [r["n"] for r in world.view("hers")] == [1]
    assert [r["key"] for r in world.view("theirs")] == ["2"]
    assert [(r["f"], r["c"]) for r in world.view("ours")] == [("4", "2")]
    if world.engine == "postgres":
        assert [r["id"] for r in world.view("people__flagged")] == [4]
        for name in granted:
            (held,) = world.sql(f"SELECT has_table_privilege('{reader}', '{name}', 'SELECT')")
            assert held == (True,), name


@pytest.mark.parametrize("kept", BOTH, ids=lambda kept: kept.name)
def test_what_would_be_lost_is_said_and_nothing_is_done(wide: World, kept: Episodes) -> None:
    if wide.engine == "duckdb":
        wide.sql(f"CREATE VIEW {wide.audit}.{kept.one}_rows AS SELECT 1 AS mine")
        with pytest.raises(CdmqError, match="CDMQ441"):
            wide.run()
    else:
        wide.sql(f"CREATE INDEX mine ON {wide.audit}.{kept.name} (key)")
        lost = f"{kept.name} becomes a view, .*the index .*mine would be lost"
        with pytest.raises((CdmqError, StatementError), match=lost):
            wide.run()
    for each in BOTH:
        assert len(wide.audit_rows(each.name, ("key",), "to_run IS NOT NULL")) == len(each.closed)
        assert tables(wide)[each.name] == list(each.columns)
    assert wide.audit_rows("schema_version", ("version",)) == [(2,)]


@pytest.fixture
def people(world: World) -> World:
    world.table(
        "people",
        {"id": "integer", "mail": "text", "phone": "text"},
        [[1, None, "n/a"], [2, None, "+49 221 471040"], [3, "x", "+49221471041"]],
    )
    models = "version: 1\ndatasets: [{name: people, table: people, key: id}]\n"
    rules = (
        "version: 1\ndataset: people\nvalidation: [{column: mail, checks: [not_null]}]\n"
        "defaults:\n  - {id: phone_unknown, column: phone, standardise: phone, region: DE, "
        "otherwise: {set: none, reason: unknown}}\n"
    )
    world.write({"models/m.yml": models, "rules/r.yml": rules})
    world.run()
    return world


def test_a_number_is_of_what_flags_have_in_common(people: World) -> None:
    """Of a new version flags that are open keep theirs; of states without flags there is none."""
    world = people
    assert world.audit_rows("flag_rules", ("judgement", "rule_id", "column_name", "state")) == [
        (1, RULE, "mail", "failed")
    ]
    assert world.audit_rows("flag_rows", ("judgement", "key", "records")) == [
        (1, "1", 1),
        (1, "2", 1),
    ]
    before = world.audit_rows("flags", FLAG)
    rules = (world.root / "rules/r.yml").read_text()
    world.write({"rules/r.yml": rules.replace("]}]", "], severity: warn}]")})
    world.sql("UPDATE people SET mail = NULL WHERE id = 3")
    world.run()
    assert world.audit_rows("flag_rows", ("judgement", "key")) == [(1, "1"), (1, "2"), (2, "3")]
    assert [f for f in world.audit_rows("flags", FLAG) if f not in before] != []
    assert len(world.audit_rows("flag_rules", ("version",))) == 2


def test_a_number_is_of_what_changes_have_in_common(people: World) -> None:
    """Whatever was done to a cell; and a change closes under the number that it was opened with."""
    world = people
    rows = ("judgement", "key", "old_value", "new_value", "act", "reason", "closed_because")
    number = ("judgement", "rule_id", "dataset", "column_name")
    assert world.audit_rows("change_rules", number) == [(1, DEFAULT, "people", "phone")]
    first = [
        (1, "1", "n/a", "none", "set", "unknown", None),
        (1, "2", "+49 221 471040", "+49221471040", "standardise", None, None),
    ]
    assert world.audit_rows("change_rows", rows) == first
    before = world.audit_rows("changes", CHANGE)
    rules = (world.root / "rules/r.yml").read_text()
    world.write({"rules/r.yml": rules.replace("region: DE", "region: AT")})
    world.sql("UPDATE people SET phone = 'n/a' WHERE id = 3")
    world.sql("UPDATE people SET phone = '+49221471041' WHERE id = 1")
    ended = world.run()
    assert (ended.opened["changes"], ended.closed["changes"]) == (1, 1)
    assert world.audit_rows("change_rows", rows) == [
        (*first[0][:-1], "rule_changed"),
        first[1],
        (2, "3", "n/a", "none", "set", "unknown", None),
    ]
    assert len(world.audit_rows("change_rules", ("version",))) == 2
    assert [c for c in before if c not in world.audit_rows("changes", CHANGE)] == []
    again = world.run()
    assert (again.opened["changes"], again.closed["changes"]) == (0, 0)
    assert len(world.audit_rows("change_rules", ("version",))) == 2
