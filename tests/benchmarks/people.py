"""People for the matching benchmark: any number, the same every time, with the truth.

About 15 % are further records of somebody who is there already, up to five of one person.
Columns: unique_id, source_dataset, cluster (the true person), first_name, surname, dob, email,
phone, street, city, postcode. The only source of chance is the hash of numbers.

What is hard in it: a quarter of the people live in families of three who share surname and
street, half of these the telephone too; every sixth child has the first name of a parent; one
family in a hundred has twins. The noise of a further record depends on its source: the shop has
short names and slips of the keyboard, the call centre what was heard, the archive what has been
true once. (The generator in ../shared/bench has couples instead of families, nobody of the same
name at one address, and the same noise in all sources.)

python tests/benchmarks/people.py --people 1000000 --parquet people.parquet
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words("""
    anna emil marie paul sofia lukas emma jonas mia leon lea felix clara hugo chloe louis camille
    jules giulia luca chiara marco lucia diego carmen pablo sanne daan eva bram zofia jakub ewa
    piotr ines noor yusuf aylin olga ivan katharina maximilian elisabeth alexander johanna
    sebastian margarethe friedrich charlotte benedikt franziska dominik valentina raphael isabella
    nikolaus theresa konstantin magdalena gregor antonia stefan veronika matthias helena andreas
    barbara thomas monika christoph susanne michael claudia wolfgang sabine robert petra josef
    renate georg ursula karl ingrid hans helga franz gerda anton erika fatima mehmet elif omar
    layla ali nadia viktor irina dmitri tatiana bogdan milena zoran jelena dragan mirjana sven
    astrid lars ingeborg nils freya mathieu amelie olivier beatriz joao catarina rui teresa
""")
SHORT = dict(
    pair.split(":")
    for pair in _words("""
    katharina:kathi maximilian:max elisabeth:lisa alexander:alex johanna:hanna sebastian:basti
    margarethe:grete friedrich:fritz charlotte:lotte franziska:franzi dominik:nik isabella:bella
    nikolaus:klaus theresa:resi magdalena:leni antonia:toni stefan:steff veronika:vroni
    andreas:andi thomas:tom monika:moni christoph:chris susanne:susi michael:michi wolfgang:wolfi
    robert:bob josef:sepp ursula:uschi giulia:giu barbara:babsi matthias:hias helena:leni
""")
)
HEADS = _words("""
    alt bach berg birn brand braun burg dorn eber eich erl falk feld fisch frank gold grab grun
    haus heid hell hirsch hof holz kirch klein korn kron lang lind mair mark mitter moos neu nieder
    ober oster rauch reich ried rosen roth sand schaf schatt schon schwarz seid sonn stein stroh
    tal tann unter vogel wald weber wein weis wies wild winter wolf zell zimmer kowal nov petr
    mart rod sanch janss vis moreau dub ross bianch silv kay demir popov horv
""")
TAILS = _words("""
    er mann bauer hofer inger auer ler berger huber ell egger bichler lechner reiter meister ner
    wirth thaler brunner leitner ski ova ic ez sen ini eau
""")
STREETS = [
    a + b
    for a in _words("""
    haupt bahnhof garten linden kirch schul berg wald feld muhl rosen birken eichen wiesen burg
    bach ring post markt dorf sonnen blumen ahorn tannen kloster schloss brunnen hafen
""")
    for b in ("strasse", "weg", "gasse", "allee", "platz")
]
TOWNS = [
    a + b
    for a in _words("""
    alt neu ober unter gross klein markt sankt wald see berg stein kirch schon rot weiss
""")
    for b in ("dorf", "bach", "hausen", "kirchen", "feld", "stadt", "au", "brunn")
]
SOURCES = ("shop", "calls", "archive")
#: Of 1,000 further records of a source, how many have it: the noise that differs by source.
SHORT_NAME = {"shop": 250, "calls": 100, "archive": 0}
SLIP = {"shop": 240, "calls": 120, "archive": 40}
HEARD = {"shop": 0, "calls": 220, "archive": 20}
OUTDATED = {"shop": 80, "calls": 120, "archive": 320}
#: Of 1,000 records, how many lack the cell.
MISSING = {
    "first_name": 10,
    "surname": 10,
    "dob": 120,
    "email": 190,
    "phone": 180,
    "street": 50,
    "city": 30,
    "postcode": 60,
}

MACROS = """
CREATE MACRO u(i, salt) AS (hash(i::BIGINT * 1000 + salt) >> 11)::DOUBLE / 9007199254740992.0;
CREATE MACRO hit(i, salt, of_1000) AS u(i, salt) * 1000 < of_1000;
CREATE MACRO upto(i, salt, n) AS floor(u(i, salt) * n)::INT;
CREATE MACRO pick(list, i, salt) AS list[1 + upto(i, salt, len(list))];
CREATE MACRO often(list, i, salt) AS list[1 + floor(u(i, salt) ** 1.6 * len(list))::INT];
CREATE MACRO cut(s, n) AS left(s, n) || substr(s, n + 2);
CREATE MACRO slip(s, i, salt) AS CASE WHEN length(s) < 4 THEN s ELSE
    CASE upto(i, salt, 4)
    WHEN 0 THEN cut(s, 1 + upto(i, salt + 1, length(s) - 1))
    WHEN 1 THEN left(s, 1 + upto(i, salt + 1, length(s) - 1))
        || substr(s, 1 + upto(i, salt + 1, length(s) - 1))
    WHEN 2 THEN left(s, 1 + upto(i, salt + 1, length(s) - 2))
        || substr(s, 3 + upto(i, salt + 1, length(s) - 2), 1)
        || substr(s, 2 + upto(i, salt + 1, length(s) - 2), 1)
        || substr(s, 4 + upto(i, salt + 1, length(s) - 2))
    ELSE left(s, 1 + upto(i, salt + 1, length(s) - 1)) || chr(97 + upto(i, salt + 2, 26))
        || substr(s, 3 + upto(i, salt + 1, length(s) - 1)) END END;
CREATE MACRO heard(s) AS replace(replace(replace(replace(replace(replace(
    s, 'tz', 'z'), 'ch', 'k'), 'th', 't'), 'ei', 'ai'), 'dt', 't'), 'v', 'f');
"""


def _list(values: list[str]) -> str:
    return "[" + ", ".join(f"'{v}'" for v in values) + "]"


def _by_source(shares: dict[str, int], salt: int) -> str:
    cases = " ".join(f"WHEN '{s}' THEN {n}" for s, n in shares.items())
    return f"hit(r, {salt}, CASE source {cases} END)"


def persons(people: int) -> str:
    """`h` names the family or, who lives alone, the person; `place` 2 is the child."""
    return f"""
CREATE TABLE person AS
WITH a AS (
    SELECT p, p // 3 AS f, p % 3 AS place, hit(p // 3, 1, 250) AS family,
        hit(p // 3, 2, 10) AS twins FROM range({int(people * 0.85) + 1}) AS t(p)
), b AS (
    SELECT *, if(family, -1 - f, p) AS h, DATE '1932-01-01' + upto(p, 3, 24000) AS born,
        often({_list(FIRST)}, if(family AND place = 2 AND hit(p, 4, 167), p - 1, p), 5)
            AS first_name
    FROM a
), c AS (
    SELECT *, often({_list(HEADS)}, h, 6) || often({_list(TAILS)}, h, 7) AS surname,
        CASE WHEN family AND place = 2 THEN DATE '1985-01-01' + upto(f, 8, 12000)
            WHEN family AND twins AND place = 1 THEN DATE '1985-01-01' + upto(f, 8, 12000)
            ELSE born END AS dob,
        upto(h, 9, 300) + 1 || ' ' || pick({_list(STREETS)}, h, 10) AS street,
        often({_list(TOWNS)}, h, 11) AS city, if(family AND hit(f, 12, 500), h, p) AS line FROM b
)
SELECT p, first_name, surname, dob, street, city,
    printf('%05d', (hash(city) % 900)::INT * 100 + 1000 + upto(h, 13, 30)) AS postcode,
    CASE upto(p, 14, 3) WHEN 0 THEN first_name || '.' || surname
        WHEN 1 THEN left(first_name, 1) || surname || upto(p, 15, 1000)
        ELSE surname || '_' || year(dob) || upto(p, 15, 50) END || '@' ||
        pick(['mail.example', 'post.example', 'web.example', 'home.example'], p, 16) AS email,
    '+43' || (600000000 + upto(line, 17, 99999999)) AS phone FROM c"""


def records() -> str:
    """`r` numbers the records: eight a person, of which 0 is the first and without noise."""
    further = f"""
    SELECT * REPLACE (
        CASE WHEN {_by_source(SHORT_NAME, 40)} THEN coalesce(short[first_name], first_name)
            WHEN {_by_source(SLIP, 41)} THEN slip(first_name, r, 42)
            WHEN {_by_source(HEARD, 45)} THEN heard(first_name) ELSE first_name END AS first_name,
        CASE WHEN hit(r, 46, 80)
            THEN often({_list(HEADS)}, r, 47) || often({_list(TAILS)}, r, 48)
            WHEN {_by_source(SLIP, 49)} THEN slip(surname, r, 50)
            WHEN {_by_source(HEARD, 53)} THEN heard(surname) ELSE surname END AS surname,
        CASE WHEN hit(r, 54, 50) AND day(dob) <= 12 THEN make_date(year(dob), day(dob), month(dob))
            WHEN hit(r, 55, 40) THEN dob + 1 + upto(r, 56, 9)
            WHEN hit(r, 57, 30) THEN make_date(year(dob) + 1, month(dob), least(day(dob), 28))
            ELSE dob END AS dob,
        CASE WHEN hit(r, 60, 250) THEN first_name || upto(r, 61, 99999) || '@mail.example'
            WHEN {_by_source(SLIP, 62)} THEN slip(email, r, 63) ELSE email END AS email,
        CASE WHEN hit(r, 66, 250) THEN '+43' || (600000000 + upto(r, 67, 99999999))
            WHEN {_by_source(SLIP, 68)} THEN cut(phone, 8) || upto(r, 69, 10)
            ELSE phone END AS phone,
        CASE WHEN moved THEN upto(r, 70, 300) + 1 || ' ' || pick({_list(STREETS)}, r, 71)
            WHEN {_by_source(SLIP, 72)} THEN slip(street, r, 73)
            WHEN hit(r, 76, 150) THEN replace(street, 'strasse', 'str') ELSE street END AS street,
        if(moved, often({_list(TOWNS)}, r, 77), city) AS city,
        if(moved, printf('%05d', 1000 + upto(r, 78, 90000)), postcode) AS postcode)
    FROM (SELECT *, {_by_source(OUTDATED, 79)} AS moved FROM copies, kept)"""
    return f"""
CREATE TABLE record AS
WITH kept AS (SELECT MAP {{{", ".join(f"'{k}': '{v}'" for k, v in SHORT.items())}}} AS short),
copies AS (
    SELECT p * 8 + k AS r, pick({_list(list(SOURCES))}, p * 8 + k, 30) AS source, * EXCLUDE k
    FROM person, range(1, 5) AS t(k) WHERE hit(p, 31, 92) AND u(p, 32) >= [0, 0.5, 0.72, 0.87][k]
), further AS ({further})
SELECT * EXCLUDE (moved, short) REPLACE (if(hit(r, 80, 70), surname, first_name) AS first_name,
    if(hit(r, 80, 70), first_name, surname) AS surname) FROM further WHERE hit(r, 81, 900)
UNION ALL SELECT r, source, * EXCLUDE (r, source) FROM copies WHERE NOT hit(r, 81, 900)
UNION ALL SELECT p * 8 AS r, pick({_list(list(SOURCES))}, p, 33) AS source, * FROM person"""


def make(people: int, path: Path) -> None:
    """Write so many records to a parquet file."""
    cells = ", ".join(
        f"if(hit(r, {90 + i}, {share}), NULL, {name}) AS {name}"
        for i, (name, share) in enumerate(MISSING.items())
    )
    with duckdb.connect() as connection:
        connection.execute(MACROS)
        connection.execute(persons(people))
        connection.execute(records())
        connection.sql(
            f"SELECT 'u' || lpad(r::VARCHAR, 10, '0') AS unique_id, source AS "
            f"source_dataset, p AS cluster, {cells} FROM record "
            f"ORDER BY hash(r) LIMIT {people}"
        ).write_parquet(str(path))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--parquet", type=Path, required=True)
    given = parser.parse_args()
    make(given.people, given.parquet)
