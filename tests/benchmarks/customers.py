"""Customers for the benchmarks: any number, the same every time, with planted dirt.

Made by one SQL statement whose only source of chance is the hash of the row number, so that the
same number of rows gives the same table on every machine. About 23 % of the records fail one of
the rules in `ruleset.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import duckdb

#: The day the benchmarks judge by.
AS_OF = "2026-11-01"


def _words(text: str) -> tuple[str, ...]:
    """Words of a text; an underscore stands for a space in one."""
    return tuple(w.replace("_", " ") for w in text.split())


STATUSES = ("active", "paused", "prospect", "closed")
SEGMENTS = ("enterprise", "business", "consumer")
COUNTRIES = ("AT", "BE", "DE", "ES", "FR", "IT", "NL", "PL")
#: NUTS-1 regions: the first two letters are the country.
REGIONS = _words("""
    AT1 AT2 AT3 BE1 BE2 BE3 DE1 DE2 DE3 DE4 DE5 DE6 DE7 DE8 DE9 DEA DEB DEC DED DEE DEF DEG
    ES1 ES2 ES3 ES4 ES5 ES6 ES7 FR1 FRB FRC FRD FRE FRF FRG FRH FRI FRJ FRK FRL FRM
    ITC ITF ITG ITH ITI NL1 NL2 NL3 NL4 PL2 PL4 PL5 PL6 PL7 PL8 PL9
""")
#: What people write instead of a country's code, and what they mean.
COUNTRY_NAMES = {
    "Österreich": "AT",
    "Austria": "AT",
    "Belgique": "BE",
    "Belgium": "BE",
    "Deutschland": "DE",
    "Germany": "DE",
    "D": "DE",
    "España": "ES",
    "Spain": "ES",
    "France": "FR",
    "F": "FR",
    "Italia": "IT",
    "Italy": "IT",
    "Nederland": "NL",
    "Holland": "NL",
    "Polska": "PL",
}

_FIRST = _words("""
    Anna Emil Marie Paul Sofia Lukas Emma Jonas Mia Leon Lea Felix Clara Hugo Chloé Louis
    Camille Jules Giulia Luca Chiara Marco Lucía Diego Carmen Pablo Sanne Daan Eva Bram Zofia
    Jakub Ewa Piotr Ines Noor Yusuf Aylin Olga Ivan
""")
_LAST = _words("""
    Müller Schmidt Weber Fischer Wagner Becker Hoffmann Gruber Huber Steiner Peeters Janssens
    Maes Martin Bernard Dubois Moreau Laurent Rossi Russo Ferrari Bianchi Romano García López
    Sánchez Martínez Pérez Visser Bakker Mulder Bos Nowak Kowalski Wójcik Mazur Kaya Demir
    Petrov Silva
""")
_CITIES = _words("""
    Wien Graz Linz Brussel Gent Namur Berlin Hamburg Bad_Homburg Köln Dresden Ulm Madrid Sevilla
    San_Sebastián Bilbao Paris Lyon Le_Havre Lille Nantes Roma Milano La_Spezia Torino Bari
    Amsterdam Den_Haag Utrecht Breda Warszawa Kraków Gdańsk Nowy_Sącz Łódź Poznań
""")
_STREETS = _words("""
    Hauptstraße Bahnhofstraße Gartenweg Lindenallee Rue_de_la_Gare Avenue_Foch Place_Verte
    Via_Roma Via_Garibaldi Corso_Italia Calle_Mayor Gran_Vía Kerkstraat Dorpsstraat Polna Długa
""")
_MAIL = ("example.com", "example.org", "mail.example.net", "post.example.eu")
_FIRMS = ("GmbH", "BV", "SARL", "SL", "SpA", "Sp. z o.o.")


def _pick(values: Iterable[str], salt: int, of: str = "i") -> str:
    listed = [f"'{v}'" for v in values]
    return f"[{', '.join(listed)}][1 + (hash({of}, {salt}) % {len(listed)})::INT]"


def _hit(salt: int, per_10k: float) -> str:
    """True for that many rows of 10,000."""
    return f"hash(i, {salt}) % 1000000 < {int(per_10k * 100)}"


def _upto(n: int, salt: int) -> str:
    return f"(hash(i, {salt}) % {n})::INT"


def query(rows: int) -> str:
    """The SELECT of all customers. `twin` makes second records of a customer's e-mail address."""
    today = f"DATE '{AS_OF}'"
    return f"""
WITH a AS (
    SELECT i, if({_hit(1, 0.5)} AND i > 1, i - 1, i) AS customer_id,
        if({_hit(2, 20)} AND i > 1, i - 1, i) AS twin,
        {_upto(5500, 3)} AS age, {_upto(100, 4)} AS u_status, {_upto(100, 5)} AS u_segment,
        if({_upto(5, 6)} = 0, 0, {_upto(60, 7)}) AS orders, {_pick(REGIONS, 8)} AS home
    FROM range(1, {rows} + 1) AS t(i)
), b AS (
    SELECT *, {today} - 1 - age AS signup, {_pick(_FIRST, 10, "twin")} AS given,
        {_pick(_LAST, 11, "twin")} AS family FROM a
), c AS (
    SELECT *, translate(lower(given || '.' || family), 'éíäöüóáñ', 'eiaouoan') || twin || '@'
        || {_pick(_MAIL, 12, "twin")} AS mail FROM b
)
SELECT customer_id::BIGINT AS customer_id,
    CASE WHEN {_hit(20, 60)} THEN NULL WHEN {_hit(21, 20)} THEN '' ELSE given END AS first_name,
    CASE WHEN {_hit(22, 60)} THEN NULL WHEN {_hit(23, 70)} THEN family || {_upto(10, 24)}
        WHEN {_hit(25, 20)} THEN left(family, 1) ELSE family END AS last_name,
    CASE WHEN u_segment >= 40 OR {_hit(26, 500)} THEN NULL
        ELSE family || ' ' || {_pick(_FIRMS, 27)} END AS company,
    CASE WHEN u_segment < 40 AND {_hit(28, 6000)} THEN family END AS trade_name,
    CASE WHEN {_hit(30, 150)} THEN NULL WHEN {_hit(31, 50)} THEN replace(mail, '@', '.')
        WHEN {_hit(32, 50)} THEN replace(mail, '@', '@@') WHEN {_hit(33, 40)} THEN ' ' || mail
        WHEN {_hit(34, 20)} THEN 'mailto:' || mail WHEN {_hit(35, 10)} THEN 'n/a'
        WHEN {_hit(36, 800)} THEN upper(mail) ELSE mail END AS email,
    CASE WHEN {_hit(40, 300)} THEN NULL WHEN {_hit(41, 250)} THEN 'ext. ' || {_upto(9999, 42)}
        ELSE '+' || (30 + {_upto(20, 43)}) || (100000000 + {_upto(899999999, 44)}) END AS phone,
    CASE WHEN {_hit(50, 50)} THEN NULL WHEN {_hit(51, 40)} THEN '-'
        ELSE {_pick(_STREETS, 52)} || ' ' || (1 + {_upto(199, 53)}) END AS street,
    CASE WHEN {_hit(54, 80)} THEN NULL WHEN {_hit(55, 80)} THEN {_upto(9999, 56)} || 'x'
        ELSE lpad(({_upto(99999, 57)})::VARCHAR, 5, '0') END AS postcode,
    CASE WHEN {_hit(58, 120)} THEN NULL WHEN {_hit(59, 20)} THEN 'X'
        WHEN {_hit(60, 400)} THEN '  ' || {_pick(_CITIES, 61)} || ' ' ELSE {_pick(_CITIES, 61)}
        END AS city,
    CASE WHEN {_hit(62, 60)} THEN NULL WHEN {_hit(63, 80)} THEN 'ZZ9' ELSE home END AS region,
    CASE WHEN {_hit(64, 50)} THEN NULL WHEN {_hit(65, 100)} THEN {_pick(COUNTRY_NAMES, 66)}
        WHEN {_hit(67, 50)} THEN {_pick(COUNTRIES, 68)} ELSE left(home, 2) END AS country,
    CASE WHEN {_hit(70, 300)} THEN NULL WHEN {_hit(71, 50)} THEN {today} + 30 + {_upto(3000, 72)}
        WHEN {_hit(73, 40)} THEN DATE '1800-01-01' ELSE {today} - 9125 - {_upto(20000, 74)}
        END AS birth_date,
    CASE WHEN {_hit(75, 50)} THEN NULL WHEN {_hit(76, 30)} THEN {today} + 10 ELSE signup
        END AS signup_date,
    CASE WHEN {_hit(77, 130)} THEN signup - 1 - {_upto(400, 78)}
        WHEN {_hit(79, 20)} THEN {today} + 5 WHEN orders = 0 AND {_hit(80, 5000)} THEN NULL
        WHEN orders > 0 AND {_hit(81, 100)} THEN NULL
        WHEN u_status < 70 AND NOT {_hit(82, 150)}
            THEN greatest(signup, {today} - {_upto(360, 83)})
        ELSE signup + {_upto(10000, 84)} % (age + 1) END AS last_order_date,
    CASE WHEN {_hit(85, 300)} THEN NULL WHEN {_hit(86, 100)} THEN -{_upto(100000, 87)} / 7
        WHEN {_hit(88, 60)} THEN orders * 2 ELSE orders * 25 + {_upto(5000000, 89)} / 100
        END::DECIMAL(12, 2) AS annual_revenue,
    CASE WHEN {_hit(90, 40)} THEN -1 WHEN {_hit(91, 20)} THEN 9999 ELSE orders END::INTEGER
        AS orders_12m,
    CASE WHEN {_hit(92, 400)} THEN NULL WHEN {_hit(93, 120)} THEN {_upto(300, 94)}
        ELSE 300 + {_upto(551, 95)} END::INTEGER AS credit_score,
    CASE WHEN {_hit(96, 80)} THEN 'ACTIVE ' WHEN u_status < 70 THEN 'active'
        WHEN u_status < 90 THEN 'paused' WHEN u_status < 97 THEN 'prospect' ELSE 'closed' END
        AS status,
    CASE WHEN {_hit(97, 60)} THEN 'unknown' WHEN u_segment < 15 THEN 'enterprise'
        WHEN u_segment < 40 THEN 'business' ELSE 'consumer' END AS segment,
    CASE WHEN hash(i, 98) % 10 > 0 THEN NULL
        WHEN {_hit(99, 200)} THEN {rows} + 1 + {_upto(9999, 100)}
        WHEN {_hit(101, 20)} THEN customer_id ELSE 1 + hash(i, 102) % {rows} END::BIGINT
        AS referrer_id,
    CASE WHEN {_hit(103, 60)} THEN signup - 30 WHEN {_hit(104, 30)} THEN {today} + 20
        ELSE greatest(signup, {today} - 1 - {_upto(700, 105)}) END::TIMESTAMP
        + to_seconds({_upto(86400, 106)}) AS updated_at
FROM c"""


def database(rows: int, folder: Path) -> Path:
    """The database file with the table `customers`; made where this one is not there yet."""
    made_by = hashlib.sha256(query(rows).encode()).hexdigest()[:8]
    path = folder / f"customers_{rows}_{made_by}.duckdb"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        with duckdb.connect(str(unfinished)) as connection:
            connection.execute(f"CREATE TABLE customers AS {query(rows)}")
        unfinished.rename(path)
    return path
