"""cdmq explain --record: masked keys, many members, older tables, PostgreSQL."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg
import pytest
from people_project import FILES, steady
from runner import postgres_parts
from small_project import Small
from told_people import ANNA, BERT, IDS, MERGED, told_story


@pytest.fixture
def own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    project = Small(tmp_path / "own", capsys)
    project.write(FILES)
    return project


def test_keys_that_pii_names_are_masked(own: Small) -> None:
    own.swap("models/people.yml", ("vat: mask}", "vat: mask, id: mask}"))
    own.run()
    out = told_story(own, "crm/1")
    assert "party   same_person  P-ANNA, with s***\n" in out
    assert "    s***  the same by same_if\n" in out
    assert "    lost: vat '***' to 'D***' of s*** (longest)\n" in out
    assert "shop/1" not in out
    assert "shop/1" in told_story(own, "crm/1", "--unmask")
    assert "    c***  since <2026-11-01>\n" in told_story(own, ANNA)


def test_losers_are_told_apart_and_masked(own: Small) -> None:
    """The values and keys of losers stand in one text."""
    own.swap(
        "data/crm.csv",
        (
            "1,Meyer,anna@example.com,111,Bonn,DE1",
            '1,"Meyer; shop/1: x",anna@example.com,111,Bonn,DE1',
        ),
    )
    own.swap("rules/people.yml", ("trust: [crm, shop]", "trust: [shop, crm]"))
    own.run()
    assert "    last   'Maier' of shop/1 (trusted); not 'Meyer' of crm/1, 'x' of shop/1\n" in (
        told_story(own, ANNA)
    )
    assert "    vat    'D***' of shop/1 (longest); not '***' of crm/1\n" in told_story(own, ANNA)
    own.swap("models/people.yml", ("last: plain, ", ""))
    out = told_story(own, ANNA)
    assert "    last   'M***' of shop/1 (trusted); not 'M***' of crm/1, '***' of shop/1\n" in out


def test_nothing_of_a_value_writes_on_the_terminal(own: Small) -> None:
    own.swap("data/crm.csv", ("1,Meyer,", "1,Me\x1b[31myer,"))
    own.run()
    out = told_story(own, ANNA)
    assert "\x1b" not in out
    assert "'Me\N{REPLACEMENT CHARACTER}[31myer' of crm/1" in out


def test_many_members_and_likenesses_are_counted(own: Small) -> None:
    own.write(
        {
            "data/crm.csv": "id,last,mail,phone,city,vat\n"
            + "".join(f"{i},Meyer,anna@example.com,{i},Bonn,\n" for i in range(1, 31))
        }
    )
    own.run()
    out = told_story(own, "crm/1")
    assert "with crm/10, crm/11, crm/12, crm/13, crm/14 and 25 more\n" in out
    assert "alike   same_person  30 records, the nearest 5\n" in out
    told = told_story(own, ANNA)
    assert "members same_person  31 records of people\n" in told
    assert "    and 11 more\n" in told


def test_audit_tables_of_an_older_cdmq(own: Small) -> None:
    """A reading command makes no tables: what is not there is empty."""
    own.run()
    with contextlib.closing(duckdb.connect(str(own.root / "target/small.duckdb"))) as connection:
        connection.execute("DROP VIEW cdmq.party_ids")
        for table in ("xref", "pairs", "party_events", "golden_cells", "tier_history", "queue"):
            for view in connection.execute(
                "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal "
                f"AND contains(sql, 'cdmq.{table}')"
            ).fetchall():
                connection.execute(f'DROP VIEW IF EXISTS "{view[0]}"."{view[1]}" CASCADE')
            connection.execute(f"DROP TABLE cdmq.{table}")
    assert told_story(own, "crm/1") == (
        "crm/1 in people\nNo rule ever flagged it, and no cell of it was changed.\n\n"
        "passes now (1): people.key\n"
    )
    told = own.told("explain", "--pair", "crm/1", "shop/1", "--rule", "same_person")
    assert told.code == 0
    assert "verdict  none" in told.out


def test_on_postgres(own: Small, postgres_uri: str) -> None:
    output = {"type": "postgres", "schema": "parties", **postgres_parts(postgres_uri)}
    own.write({"profiles.yml": json.dumps({"small": {"target": "it", "outputs": {"it": output}}})})
    with dropped(postgres_uri, "parties", "parties_cdmq"):
        own.run("2026-11-01")
        own.swap(*MERGED)
        own.run("2026-11-02")
        out = told_story(own, "crm/2")
        assert "    until <2026-11-02>: it was merged into P-ANNA\n" in out
        assert "    lost: mail 'bert@example.com' to 'anna@example.com' of crm/1" in out
        out = told_story(own, BERT)
        assert "This party ended: it is P-ANNA now." in out
        assert "    vat    'D***' of shop/1 (longest); not '***' of crm/1\n" in out
        out = steady(own.told("explain", "--pair", "crm/1", "shop/2").out, IDS)
        assert (
            "now      both are in the party P-ANNA, through others: crm/1 and crm/2 "
            "(same_if), crm/2 and shop/2 (same_if)\n"
        ) in out


@contextlib.contextmanager
def dropped(uri: str, *schemas: str) -> Iterator[None]:
    try:
        yield
    finally:
        with psycopg.connect(uri, autocommit=True) as connection:
            for name in schemas:
                connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")
