"""Party ids: minted once, carried from run to run, and back to a party that returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdmq.kinds.matching.engine.largest_overlap import heirs

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Each record that is or was: its cluster (NULL: not there), the party it had in the last run
#: (NULL: none), the one it had when it was last there, and the one whose own it is.
_NOW = """
CREATE OR REPLACE TEMP TABLE _now AS
SELECT m.cluster, coalesce(r.key, h.key) AS key,
  CASE WHEN h.to_run IS NULL THEN h.party_id END AS party_id, h.party_id AS last,
  CASE WHEN a.key IS NULL THEN h.party_id ELSE a.own END AS own
FROM (members AS m JOIN records AS r ON r.rid = m.rid) FULL JOIN was AS h ON h.key = r.key
LEFT JOIN astray AS a ON a.key = h.key
"""
#: A party whose records are in one cluster only, where no other's are, and that has none of its own
#: elsewhere, stays. These are nearly all: they are told by counting, without a look at each two
#: that share records.
_STAYS = """
CREATE OR REPLACE TEMP TABLE _ids AS
SELECT p.cluster, p.party_id FROM (
  SELECT last AS party_id, min(cluster) AS cluster, count(*) AS records FROM _now
  WHERE last IS NOT NULL AND cluster IS NOT NULL
  GROUP BY last HAVING min(cluster) = max(cluster)
) AS p JOIN (
  SELECT cluster, count(last) AS records FROM _now GROUP BY cluster
) AS c ON c.cluster = p.cluster AND c.records = p.records
LEFT JOIN (
  SELECT own, min(cluster) AS one, max(cluster) AS other FROM _now
  WHERE cluster IS NOT NULL GROUP BY own
) AS o ON o.own = p.party_id
WHERE o.own IS NULL OR (o.one = p.cluster AND o.other = p.cluster)
"""
#: What ties an id to a cluster: records that are its own, then those that had it last.
_TIES = """
CREATE OR REPLACE TEMP TABLE _ties AS
SELECT party_id, cluster, sum(own) AS own, sum(last) AS last FROM (
  SELECT own AS party_id, cluster, 1 AS own, 0 AS last FROM _now
  UNION ALL SELECT last, cluster, 0, 1 FROM _now
) WHERE party_id IS NOT NULL AND cluster IS NOT NULL
  AND party_id NOT IN (SELECT party_id FROM _ids) AND cluster NOT IN (SELECT cluster FROM _ids)
GROUP BY party_id, cluster
"""
_CONTESTED = """
SELECT party_id, cluster, own * (SELECT count(*) + 1 FROM _now) + last FROM _ties
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
ANTI JOIN minted USING (party_id) ANTI JOIN was USING (party_id)
ANTI JOIN _minted USING (party_id) GROUP BY party_id
"""
_NAMED = "DELETE FROM _unnamed WHERE cluster IN (SELECT cluster FROM _minted)"
_XREF = """
INSERT INTO _ids SELECT cluster, party_id FROM _minted;
CREATE OR REPLACE TABLE xref AS
SELECT n.key, i.party_id FROM _now AS n JOIN _ids AS i ON i.cluster = n.cluster
"""
#: A party is merged while it holds a record that is the own of one that ended. Such records stay
#: whose own they were, and who comes meanwhile is nobody's own. All other records are the own of
#: the party they are in.
_ASTRAY = """
CREATE OR REPLACE TEMP TABLE _merged AS
SELECT DISTINCT cluster FROM _now SEMI JOIN _ids USING (cluster)
WHERE own IS NOT NULL AND own NOT IN (SELECT party_id FROM _ids);
CREATE OR REPLACE TABLE new_astray AS
SELECT n.key, CASE WHEN n.own NOT IN (SELECT party_id FROM _ids) THEN n.own END AS own
FROM _now AS n JOIN _ids AS i USING (cluster) SEMI JOIN _merged USING (cluster)
WHERE n.own IS DISTINCT FROM i.party_id
UNION ALL
SELECT key, own FROM _now WHERE cluster IS NULL AND own IS DISTINCT FROM last
"""
#: Where an id without records leads: to most of its own records, else to most of its last ones.
_LEADS = """
CREATE OR REPLACE TABLE leads AS
WITH ended AS (
  SELECT party_id FROM (SELECT party_id FROM minted UNION SELECT party_id FROM was)
  ANTI JOIN _ids USING (party_id)
), whose AS (
  SELECT a.own AS party_id, x.party_id AS now_id FROM xref AS x JOIN new_astray AS a USING (key)
), lately AS (
  SELECT n.party_id, x.party_id AS now_id FROM _now AS n JOIN xref AS x USING (key)
  UNION ALL
  SELECT b.party_id, x.party_id FROM bygone AS b JOIN xref AS x USING (key)
  WHERE b.party_id NOT IN (SELECT party_id FROM _now WHERE party_id IS NOT NULL)
), found AS (
  SELECT party_id, now_id, 1 AS kind FROM whose UNION ALL SELECT party_id, now_id, 2 FROM lately
)
SELECT party_id, now_id FROM found SEMI JOIN ended USING (party_id) GROUP BY party_id, now_id, kind
QUALIFY row_number() OVER (PARTITION BY party_id ORDER BY kind, count(*) DESC, now_id) = 1
"""
#: Records of the last run by party and cluster, where they met or parted: all others keep their
#: id, come from nowhere or are gone.
_EVENTS = """
CREATE OR REPLACE TEMP TABLE _shared AS
SELECT cluster, party_id, count(*) AS records FROM _now
WHERE party_id IS NOT NULL AND cluster IS NOT NULL GROUP BY cluster, party_id;
CREATE OR REPLACE TEMP TABLE _new AS
SELECT cluster, party_id FROM _ids
WHERE party_id NOT IN (SELECT party_id FROM _now WHERE party_id IS NOT NULL);
CREATE OR REPLACE TABLE events AS
WITH first_of AS (
  SELECT cluster, party_id AS other, records FROM _shared SEMI JOIN _new USING (cluster)
  QUALIFY row_number() OVER (PARTITION BY cluster ORDER BY records DESC, party_id) = 1
), last_of AS (
  SELECT party_id, cluster, records FROM _shared ANTI JOIN _ids USING (party_id)
  QUALIFY row_number() OVER (PARTITION BY party_id ORDER BY records DESC, cluster) = 1
), gone AS (
  SELECT party_id, count(*) AS records FROM _now
  WHERE party_id IS NOT NULL AND cluster IS NULL AND party_id NOT IN (SELECT party_id FROM _shared)
  GROUP BY party_id
)
SELECT CASE WHEN m.cluster IS NULL THEN 'return' WHEN f.cluster IS NULL THEN 'mint' ELSE 'split' END
    AS event, w.party_id, f.other,
  CASE WHEN m.cluster IS NULL OR f.cluster IS NULL THEN count(*) ELSE f.records END AS records
FROM _new AS w JOIN _now AS n USING (cluster) LEFT JOIN _minted AS m USING (cluster)
LEFT JOIN first_of AS f USING (cluster)
GROUP BY w.party_id, m.cluster, f.cluster, f.other, f.records
UNION ALL
SELECT 'merge', l.party_id, i.party_id, l.records FROM last_of AS l JOIN _ids AS i USING (cluster)
UNION ALL
SELECT 'retire', party_id, NULL, records FROM gone WHERE party_id NOT IN (SELECT party_id FROM _ids)
"""
_DONE = "; ".join(
    f"DROP TABLE {t}"
    for t in ("_now", "_ids", "_ties", "_minted", "_unnamed", "_merged", "_shared", "_new")
)


def carry(connection: DuckDBPyConnection, rule_id: str) -> None:
    """Make `xref`, `new_astray`, `leads`, `events` from `members`, `records` and what was before:
    `was` (the party of each record when it was last there, and the run in which that ended),
    `astray` (records that are another party's own than `was` says; NULL: nobody's), `minted`
    (every id) and `bygone` (the records that each id had when it last had any).

    A record is the own of the party in which it last was while nobody was merged into that: a
    party is merged while it holds records that are the own of one that ended. A party stays where
    its records stay together, none of another comes in, and none of its own is elsewhere; it is
    there again when its records return so. Where parties meet or part, ids go to clusters by the
    largest overlap with own records, then with those that had it last (see largest_overlap.py). A
    cluster without one gets a new id, made of the rule and its smallest key, never one that was
    used before. The result does not depend on the order of rows.

    events, with the number of records they are about:

    - mint: a new party none of whose records had one in the last run (all its records);
    - split: a new party, taken out of `other`, in the last run (the records that came from it);
    - return: a party that had ended is there again (all its records), most of them out of `other`;
    - merge: the party ends, `other` has most of its records (those it has);
    - retire: the party ends, none of its records is left; `other` is NULL (those it had).

    `leads`: for each id that has ended, the party that has most of its own records, else most of
    those it had last; no row where none is left.
    """
    for statement in (_NOW, _STAYS, _TIES):
        connection.execute(statement)
    contested = connection.execute(_CONTESTED).fetchall()
    kept = heirs({(party, cluster): int(weight) for party, cluster, weight in contested})
    connection.execute(_KEPT, [list(kept.keys()), list(kept.values())])
    _mint(connection, rule_id)
    for statement in (_XREF, _ASTRAY, _LEADS, _EVENTS, _DONE):
        connection.execute(statement)


def _mint(connection: DuckDBPyConnection, rule_id: str) -> None:
    connection.execute(_UNNAMED)
    attempt = 0
    while connection.execute("SELECT 1 FROM _unnamed LIMIT 1").fetchall():
        connection.execute(_MINT, [rule_id, str(attempt)])
        connection.execute(_NAMED)
        attempt += 1
