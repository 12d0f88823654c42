"""Digests of what pii: hides are keyed: nobody without the key can guess a value from them."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from pathlib import Path

import pytest
from runner import AS_OF, Twin, World

import cdmq
from cdmq.problems import CdmqError

MODELS = """\
version: 1
datasets:
  - name: people
    table: raw
    key: id
    pii: {phone: hash, mail: mask, note: omit}
"""
RULES = """\
version: 1
dataset: people
defaults:
  - {id: town, column: phone, map: {seed: towns, from: old, to: new}}
validation:
  - {column: phone, checks: [{accepted_values: {values: ["1"]}}]}
  - {column: mail, checks: [{accepted_values: {values: ["1"]}}]}
  - {id: both, check: expression, must: "phone = note"}
"""
ROWS = [
    [1, "5550001", "anna@x.org", "a"],
    [2, "5550002", "b@x.org", "b"],
    [3, "5550000", None, "c"],
]
SECRET = "a very long secret of the vault"
LATER = AS_OF + dt.timedelta(hours=1)


def prepare(world: World) -> None:
    world.table("raw", {"id": "integer", "phone": "text", "mail": "text", "note": "text"}, ROWS)
    world.write(
        {
            "models/m.yml": MODELS,
            "rules/r.yml": RULES,
            "seeds/towns.csv": "old,new\n5550000,5551111\n",
        }
    )
    with_secret(world, None)


def run_without_secret(world: World) -> None:
    prepare(world)
    world.run()


def run_with_secret(world: World) -> None:
    prepare(world)
    with_secret(world, SECRET)
    world.run()


@pytest.fixture
def people(world: World) -> World:
    prepare(world)
    return world


@pytest.fixture
def ran(twin: Twin) -> World:
    """After the first run, by a key that it made itself."""
    return twin(run_without_secret)


@pytest.fixture
def ran_with_secret(twin: Twin) -> World:
    """After the first run, by the key SECRET."""
    return twin(run_with_secret)


def secret_of(world: World) -> str:
    return str(world.sql(f"SELECT secret FROM {world.audit}.pii_key")[0][0])


def keyed(secret: str, text: str) -> str:
    """HMAC-SHA-256 of the MD5, as any library does it."""
    md5 = hashlib.md5(text.encode()).hexdigest()
    return hmac.new(secret.encode(), md5.encode(), "sha256").hexdigest()


def with_secret(world: World, secret: str | None) -> None:
    profile = json.loads((world.root / "profiles.yml").read_text())
    output = profile["world"]["outputs"]["it"]
    output.pop("pii_secret", None)
    output.update({"pii_secret": secret} if secret else {})
    world.write({"profiles.yml": json.dumps(profile)})


def moved(world: World) -> dict[str, int]:
    result = world.run(as_of=LATER)
    return {k: v for k, v in {**result.opened, **result.closed}.items() if v}


def test_a_digest_is_an_hmac_of_every_engine(ran: World) -> None:
    secret = secret_of(ran)
    assert len(secret) == 64
    flags = {
        (r[0], r[1]): r[2:]
        for r in ran.sql(f"SELECT rule_id, key, value, digest FROM {ran.audit}.flags")
    }
    phone = keyed(secret, "5550001")
    assert flags["people.phone.accepted_values", "1"] == (phone, phone)
    assert flags["people.mail.accepted_values", "2"] == ("b***", keyed(secret, "b@x.org"))
    assert flags["both", "1"] == (
        f"phone={phone}, note=NULL",
        keyed(secret, "phone=5550001, note=a"),
    )
    changes = ran.sql(f"SELECT old_value, new_value, digest FROM {ran.audit}.changes")
    assert changes == [
        (keyed(secret, "5550000"), keyed(secret, "5551111"), keyed(secret, "5550000\x025551111"))
    ]
    assert moved(ran) == {}


def test_a_secret_of_the_profile_stands_nowhere_else(ran_with_secret: World) -> None:
    people = ran_with_secret
    assert people.sql(f"SELECT secret FROM {people.audit}.pii_key") == [(None,)]
    digests = {r[0] for r in people.sql(f"SELECT digest FROM {people.audit}.flags")}
    assert keyed(SECRET, "5550002") in digests
    assert moved(people) == {}
    for path in people.root.rglob("*"):
        assert (
            path.name == "profiles.yml"
            or not path.is_file()
            or (SECRET.encode() not in path.read_bytes())
        ), path
    for (sql,) in people.sql(f"SELECT sql FROM {people.audit}.statements"):
        assert SECRET not in sql
        assert SECRET.encode().hex() not in sql


def refused_and_left(people: World, first: str | None, second: str | None, said: str) -> None:
    """Before a flag closes; the first secret goes on, and the remedy works."""
    before = people.flags()
    with_secret(people, second)
    with pytest.raises(CdmqError, match=f"CDMQ411 pii_secret {said}"):
        people.run(as_of=LATER)
    assert people.flags() == before
    with_secret(people, first)
    assert moved(people) == {}
    with_secret(people, second)
    people.sql(f"DELETE FROM {people.audit}.pii_key")  # as the remedy says
    assert moved(people) == {"flags": 8, "changes": 1}


@pytest.mark.parametrize(
    ("second", "said"),
    [("another secret", "is not the one that runs before used"), (None, "is not given any more")],
)
def test_another_secret_is_refused(ran_with_secret: World, second: str | None, said: str) -> None:
    refused_and_left(ran_with_secret, SECRET, second, said)


def test_a_first_secret_is_refused(ran: World) -> None:
    refused_and_left(ran, None, SECRET, "is given, and runs before used one of their own")


def test_digests_of_a_cdmq_without_a_key_are_brought_over(ran: World) -> None:
    flags = {
        keyed(secret_of(ran), text): hashlib.md5(text.encode()).hexdigest()
        for text in [
            "5550001",
            "5550002",
            "5551111",
            "5550000",
            "anna@x.org",
            "b@x.org",
            "5550000\x025551111",
            "phone=5550001, note=a",
            "phone=5550002, note=b",
            "phone=5551111, note=c",
        ]
    }
    for new, old in flags.items():
        for table, columns in (
            ("flag_rows", ("value", "digest")),
            ("change_rows", ("old_value", "new_value", "digest")),
        ):
            for column in columns:
                ran.sql(
                    f"UPDATE {ran.audit}.{table} SET {column} = replace({column}, '{new}', '{old}')"
                )
    ran.sql(f"DELETE FROM {ran.audit}.pii_key")
    old = {r[0] for r in ran.sql(f"SELECT digest FROM {ran.audit}.flags")}
    assert {len(d) for d in old} == {32}
    assert moved(ran) == {}
    digests = ran.sql(
        f"SELECT digest FROM {ran.audit}.flags UNION SELECT digest FROM {ran.audit}.changes"
    )
    assert {len(d[0]) for d in digests} == {64}
    values = " ".join(
        str(r) for t in ("flags", "changes") for r in ran.sql(f"SELECT * FROM {ran.audit}.{t}")
    )
    assert not any(md5 in values for md5 in flags.values())


def test_nobody_is_granted_the_key(people: World) -> None:
    if people.engine == "duckdb":  # a file has no grants: it has only to run
        people.run()
        assert secret_of(people)
        return
    people.sql(f"CREATE ROLE reader_{people.schema}")
    people.sql(f"CREATE SCHEMA {people.audit}")
    people.sql(
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {people.audit} GRANT ALL ON TABLES TO PUBLIC, "
        f"reader_{people.schema}"
    )
    asked = (
        f"SELECT has_table_privilege('reader_{people.schema}', '{people.audit}.pii_key', 'SELECT')"
    )
    people.run()
    assert people.sql(asked) == [(False,)]
    people.sql(f"GRANT SELECT (secret) ON {people.audit}.pii_key TO PUBLIC")
    people.run(as_of=LATER)
    assert people.sql(
        f"SELECT has_column_privilege('reader_{people.schema}', "
        f"'{people.audit}.pii_key', 'secret', 'SELECT')"
    ) == [(False,)]
    assert people.sql(asked.replace("pii_key", "runs")) == [(True,)]
    people.sql(
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {people.audit} REVOKE ALL ON TABLES FROM "
        f"PUBLIC, reader_{people.schema}"
    )


def test_without_hidden_values_there_is_no_key(people: World) -> None:
    people.write(
        {"models/m.yml": MODELS.replace("{phone: hash, mail: mask, note: omit}", "{phone: plain}")}
    )
    people.run()
    assert people.sql(f"SELECT * FROM {people.audit}.pii_key") == []


def test_shown_digests_are_not_masked_again(ran: World) -> None:
    from cdmq.explaining.story import stories

    (story,) = stories(cdmq.parse(ran.root), "1")
    assert keyed(secret_of(ran), "5550001") in {e.value for e in story.episodes}


def test_the_compiled_sql_can_be_read(people: World) -> None:
    import cdmq.api

    files = cdmq.api.compile(people.root).files
    text = " ".join(Path(f).read_text() for f in files if Path(f).is_file())
    assert "__cdmq_keyed" not in text


def test_digests_of_what_was_read_are_keyed_where_it_hides_values(people: World) -> None:
    """Who knows a line but for a phone cannot try out the phones; the kind of digest is told."""
    file = b"id,phone\n1,5550001\n"
    (people.root / "data").mkdir()
    (people.root / "data" / "p.csv").write_bytes(file)
    own = "  - {name: listed, file: data/p.csv, key: id, formerly: [once]%s}\n"
    people.write({"models/m.yml": MODELS + own % ""})
    people.run()
    plain = f"sha256:{hashlib.sha256(file).hexdigest()}"

    def digests(dataset: str) -> list[str]:
        return [
            r[0]
            for r in people.sql(
                f"SELECT digest FROM {people.audit}.run_inputs "
                f"WHERE dataset = '{dataset}' ORDER BY run_id"
            )
        ]

    assert digests("listed") == [plain]
    secret = secret_of(people)
    people.sql(
        f"INSERT INTO {people.audit}.run_inputs (run_id, dataset, digest) VALUES "
        f"('0', 'once', '{plain}')"
    )
    people.write({"models/m.yml": MODELS + own % ", pii: {phone: omit}"})
    people.run(as_of=LATER)
    mac = hmac.new(secret.encode(), plain.encode(), "sha256").hexdigest()
    assert digests("listed") == [f"keyed sha256:{mac}"] * 2
    assert digests("once") == [f"keyed sha256:{mac}"]
    assert {d.rpartition(":")[0][:10] for d in digests("people")} == {"keyed rows"}
    assert digests("towns")[0].startswith("sha256:")
