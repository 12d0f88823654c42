"""Party ids: minted once, carried from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdmq.matching.largest_overlap import heirs

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Who is where, and was where. A party that is all of one cluster's past, and has no other, stays.
_OVERLAPS = """
CREATE OR REPLACE TEMP TABLE _now AS
SELECT m.cluster, r.key, b.party_id
FROM members AS m JOIN records AS r ON r.rid = m.rid LEFT JOIN before AS b ON b.key = r.key;
CREATE OR REPLACE TEMP TABLE _overlaps AS
SELECT cluster, party_id, count(*) AS records FROM _now WHERE party_id IS NOT NULL
GROUP BY cluster, party_id;
CREATE OR REPLACE TEMP TABLE _shared AS
SELECT cluster, party_id, records FROM _overlaps
WHERE cluster IN (SELECT cluster FROM _overlaps GROUP BY cluster HAVING count(*) > 1)
OR party_id IN (SELECT party_id FROM _overlaps GROUP BY party_id HAVING count(*) > 1);
CREATE OR REPLACE TEMP TABLE _ids AS
SELECT cluster, party_id FROM _overlaps ANTI JOIN _shared USING (cluster)
"""
_KEPT = "INSERT INTO _ids SELECT unnest($1::INTEGER[]), unnest($2::VARCHAR[])"
_UNNAMED = """
CREATE OR REPLACE TEMP TABLE _taken AS
SELECT party_id FROM minted UNION SELECT party_id FROM before;
CREATE OR REPLACE TEMP TABLE _minted AS SELECT cluster, party_id FROM _ids WHERE false;
CREATE OR REPLACE TEMP TABLE _unnamed AS
SELECT m.cluster, r.key FROM members AS m JOIN records AS r ON r.rid = m.rid
ANTI JOIN _ids AS i ON i.cluster = m.cluster WHERE m.rid = m.cluster
"""
#: 64 bits: among 100 million ids one of 3,700 projects sees two alike, and then counts on.
_MINT = """
INSERT INTO _minted
WITH tried AS (
  SELECT cluster, key, 'P' || upper(left(sha256(concat_ws(chr(31), $1, $2, key)), 16)) AS party_id
  FROM _unnamed
)
SELECT cluster, party_id FROM tried ANTI JOIN _taken USING (party_id)
ANTI JOIN _minted USING (party_id)
QUALIFY row_number() OVER (PARTITION BY party_id ORDER BY key) = 1
"""
_NAMED = "DELETE FROM _unnamed WHERE cluster IN (SELECT cluster FROM _minted)"
_XREF = """
INSERT INTO _ids SELECT cluster, party_id FROM _minted;
CREATE OR REPLACE TABLE xref AS
SELECT n.key, i.party_id FROM _now AS n JOIN _ids AS i ON i.cluster = n.cluster
"""
_EVENTS = """
CREATE OR REPLACE TABLE events AS
WITH first_of AS (
  SELECT cluster, party_id AS other, records FROM _overlaps SEMI JOIN _minted USING (cluster)
  QUALIFY row_number() OVER (PARTITION BY cluster ORDER BY records DESC, party_id) = 1
), last_of AS (
  SELECT party_id, cluster, records FROM _overlaps ANTI JOIN _ids USING (party_id)
  QUALIFY row_number() OVER (PARTITION BY party_id ORDER BY records DESC, cluster) = 1
)
SELECT 'mint' AS event, m.party_id, NULL::VARCHAR AS other, count(*) AS records
FROM _minted AS m JOIN _now AS n USING (cluster)
WHERE m.cluster NOT IN (SELECT cluster FROM first_of) GROUP BY m.party_id
UNION ALL
SELECT 'split', m.party_id, f.other, f.records FROM _minted AS m JOIN first_of AS f USING (cluster)
UNION ALL
SELECT 'merge', l.party_id, i.party_id, l.records FROM last_of AS l JOIN _ids AS i USING (cluster)
UNION ALL
SELECT 'retire', party_id, NULL, count(*) FROM before
ANTI JOIN _overlaps USING (party_id) GROUP BY party_id
"""
_DONE = """
DROP TABLE _now; DROP TABLE _overlaps; DROP TABLE _shared; DROP TABLE _ids; DROP TABLE _taken;
DROP TABLE _minted; DROP TABLE _unnamed
"""


def carry(connection: DuckDBPyConnection, rule_id: str) -> None:
    """Make `xref` and `events` from `members`, `records`, `before` and `minted`.

    A party stays where most of its records are: ids go to clusters by largest overlap (see
    largest_overlap.py). A cluster without one gets a new id, made of the rule and its smallest
    key, never one that was used before. The result does not depend on the order of rows.

    events, with the number of records they are about:

    - mint: a new party none of whose records had one (all its records);
    - split: a new party, taken out of `other`, which lives on (the records that came from it);
    - merge: the party ends, `other` has most of its records (those it has);
    - retire: the party ends, none of its records is left; `other` is NULL (those it had).

    A party that ended is found again by following `other` of its merge, at most one per party
    ever: `other` is alive when the event is written and no id comes back to life, so each step
    leads to a later run and the chain ends, at a living party or at a retire.
    """
    connection.execute(_OVERLAPS)
    shared = connection.execute("SELECT party_id, cluster, records FROM _shared").fetchall()
    kept = heirs({(party, cluster): records for party, cluster, records in shared})
    connection.execute(_KEPT, [list(kept.keys()), list(kept.values())])
    _mint(connection, rule_id)
    connection.execute(_XREF)
    connection.execute(_EVENTS)
    connection.execute(_DONE)


def _mint(connection: DuckDBPyConnection, rule_id: str) -> None:
    connection.execute(_UNNAMED)
    attempt = 0
    while connection.execute("SELECT 1 FROM _unnamed LIMIT 1").fetchall():
        connection.execute(_MINT, [rule_id, str(attempt)])
        connection.execute(_NAMED)
        attempt += 1
