"""Party ids: minted once, carried from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdmq.matching.largest_overlap import heirs

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Who is where, and was where; the cluster is NULL where the record is gone.
_NOW = """
CREATE OR REPLACE TEMP TABLE _now AS
SELECT m.cluster, coalesce(r.key, b.key) AS key, b.party_id
FROM (members AS m JOIN records AS r ON r.rid = m.rid) FULL JOIN before AS b ON b.key = r.key
"""
#: A party that is in one cluster only, where no other party is, stays. These are nearly all:
#: they are told by counting, without a look at each two that share records.
_IDS = """
CREATE OR REPLACE TEMP TABLE _ids AS
SELECT p.cluster, p.party_id FROM (
  SELECT party_id, min(cluster) AS cluster, count(*) AS records FROM _now
  WHERE party_id IS NOT NULL AND cluster IS NOT NULL
  GROUP BY party_id HAVING min(cluster) = max(cluster)
) AS p JOIN (
  SELECT cluster, count(party_id) AS records FROM _now GROUP BY cluster
) AS c ON c.cluster = p.cluster AND c.records = p.records
"""
_SHARED = """
CREATE OR REPLACE TEMP TABLE _shared AS
SELECT cluster, party_id, count(*) AS records FROM _now ANTI JOIN _ids USING (cluster)
WHERE party_id IS NOT NULL AND cluster IS NOT NULL GROUP BY cluster, party_id
"""
_KEPT = "INSERT INTO _ids SELECT unnest($1::INTEGER[]), unnest($2::VARCHAR[])"
_UNNAMED = """
CREATE OR REPLACE TEMP TABLE _minted AS SELECT cluster, party_id FROM _ids WHERE false;
CREATE OR REPLACE TEMP TABLE _unnamed AS
SELECT cluster, min(key) AS key FROM _now ANTI JOIN _ids USING (cluster)
WHERE cluster IS NOT NULL GROUP BY cluster
"""
#: 64 bits: of 3,700 projects with 100 million ids one sees two alike, and counts on.
_MINT = """
INSERT INTO _minted
WITH tried AS (
  SELECT cluster, key, 'P' || upper(left(sha256(concat_ws(chr(31), $1, $2, key)), 16)) AS party_id
  FROM _unnamed
)
SELECT arg_min(cluster, key), party_id FROM tried
ANTI JOIN minted USING (party_id) ANTI JOIN before USING (party_id)
ANTI JOIN _minted USING (party_id) GROUP BY party_id
"""
_NAMED = "DELETE FROM _unnamed WHERE cluster IN (SELECT cluster FROM _minted)"
_XREF = """
INSERT INTO _ids SELECT cluster, party_id FROM _minted;
CREATE OR REPLACE TABLE xref AS
SELECT n.key, i.party_id FROM _now AS n JOIN _ids AS i ON i.cluster = n.cluster
"""
#: A new party whose records had one, and a party that ends though its records are there, are in
#: _shared: all others keep their id, come from nowhere or are gone.
_EVENTS = """
CREATE OR REPLACE TABLE events AS
WITH first_of AS (
  SELECT cluster, party_id AS other, records FROM _shared SEMI JOIN _minted USING (cluster)
  QUALIFY row_number() OVER (PARTITION BY cluster ORDER BY records DESC, party_id) = 1
), last_of AS (
  SELECT party_id, cluster, records FROM _shared ANTI JOIN _ids USING (party_id)
  QUALIFY row_number() OVER (PARTITION BY party_id ORDER BY records DESC, cluster) = 1
), gone AS (
  SELECT party_id, count(*) AS records FROM _now WHERE cluster IS NULL GROUP BY party_id
)
SELECT 'mint' AS event, m.party_id, NULL::VARCHAR AS other, count(*) AS records
FROM _minted AS m JOIN _now AS n USING (cluster)
WHERE m.cluster NOT IN (SELECT cluster FROM first_of) GROUP BY m.party_id
UNION ALL
SELECT 'split', m.party_id, f.other, f.records FROM _minted AS m JOIN first_of AS f USING (cluster)
UNION ALL
SELECT 'merge', l.party_id, i.party_id, l.records FROM last_of AS l JOIN _ids AS i USING (cluster)
UNION ALL
SELECT 'retire', party_id, NULL, records FROM gone
WHERE party_id NOT IN (SELECT n.party_id FROM _now AS n SEMI JOIN gone USING (party_id)
                       WHERE n.cluster IS NOT NULL)
"""
_DONE = """
DROP TABLE _now; DROP TABLE _ids; DROP TABLE _shared; DROP TABLE _minted; DROP TABLE _unnamed
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
    for statement in (_NOW, _IDS, _SHARED):
        connection.execute(statement)
    shared = connection.execute("SELECT party_id, cluster, records FROM _shared").fetchall()
    kept = heirs({(party, cluster): records for party, cluster, records in shared})
    connection.execute(_KEPT, [list(kept.keys()), list(kept.values())])
    _mint(connection, rule_id)
    for statement in (_XREF, _EVENTS, _DONE):
        connection.execute(statement)


def _mint(connection: DuckDBPyConnection, rule_id: str) -> None:
    connection.execute(_UNNAMED)
    attempt = 0
    while connection.execute("SELECT 1 FROM _unnamed LIMIT 1").fetchall():
        connection.execute(_MINT, [rule_id, str(attempt)])
        connection.execute(_NAMED)
        attempt += 1
