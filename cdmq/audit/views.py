"""What is asked of the audit tables most, as views that are right by construction.

A version stands in several rows of `rule_versions` where its words changed or it returned, and a
rule has several ids where it was renamed. In `judgements` a rule and a run stand once.
"""

from __future__ import annotations

from cdmq.audit.episode_tables import EPISODES
from cdmq.sql.shape import Table, View, columns

#: A version that is followed by none was removed, or is in use. `formerly` says which one a renamed
#: rule follows only in the run that used its new id first: later the old id may be another rule's.
JUDGEMENTS = View(
    Table(
        "judgements",
        "one row a rule and a run that judged by it, or in which it "
        "was switched off or removed; a view",
        columns("""
    rule text the rule, by the id that it has now or had last
    rule_id text its id in that run, as in flags and changes
    version text digest of its meaning
    version_before text that of the run before which judged by it; NULL for the first
    dataset text the dataset
    kind text its kind: the section of a rule file in which it stands
    severity text error, warn or info
    text text the rule as resolved, in YAML
    author text who made it mean this; NULL of one that was removed
    commit_id text the commit in which this meaning appeared
    committed text when, as git says
    author_note text why nobody is named, or what else made it so
    why text why the rule exists
    owner text who answers for it
    run_id text the run
    as_of timestamp the time that it judged by
    finished timestamp when it was published (UTC)
    status text pass, warn, fail or no_data; off where it is switched off; removed
    tested bigint rows under where
    judged bigint rows with something to judge
    failing bigint rows that fail
    could_not_judge bigint rows that could not be judged, and facts that no figure could count
    changed bigint cells that a default changed
"""),
    ),
    """
WITH RECURSIVE begun AS (
  SELECT v.rule_id, v.from_run, v.formerly, count(b.rule_id) AS followed
  FROM rule_versions AS v
  LEFT JOIN rule_versions AS b ON b.rule_id = v.rule_id AND b.to_run = v.from_run
  GROUP BY v.rule_id, v.from_run, v.formerly
), steps AS (
  SELECT v.rule_id, v.from_run, v.to_run,
    coalesce(max(CASE WHEN n.rule_id = v.rule_id THEN n.rule_id END), min(n.rule_id)) AS next_id
  FROM rule_versions AS v
  LEFT JOIN begun AS n ON n.from_run = v.to_run
    AND (n.rule_id = v.rule_id OR (n.formerly = v.rule_id AND n.followed = 0))
  GROUP BY v.rule_id, v.from_run, v.to_run
), named AS (
  SELECT s.rule_id AS rule, s.rule_id, s.from_run, s.to_run AS removed_run
  FROM steps AS s WHERE s.next_id IS NULL
  UNION ALL
  SELECT n.rule, s.rule_id, s.from_run, NULL
  FROM named AS n JOIN steps AS s ON s.next_id = n.rule_id AND s.to_run = n.from_run
)
SELECT n.rule, v.rule_id, v.version,
  CASE WHEN r.status <> 'skipped' THEN lag(v.version) OVER (
    PARTITION BY n.rule, r.status = 'skipped' ORDER BY r.run_id) END AS version_before,
  v.dataset, v.kind, v.severity, v.text, v.author, v.commit_id, v.committed, v.author_note, v.why,
  v.owner, r.run_id, u.as_of, u.finished,
  CASE WHEN r.status = 'skipped' THEN 'off' ELSE r.status END AS status,
  r.tested, r.judged, r.failing, r.could_not_judge, r.changed
FROM rule_results AS r
JOIN runs AS u ON u.run_id = r.run_id AND u.command <> 'train'
JOIN rule_versions AS v ON v.rule_id = r.rule_id AND v.from_run <= r.run_id
  AND (v.to_run IS NULL OR v.to_run > r.run_id)
JOIN named AS n ON n.rule_id = v.rule_id AND n.from_run = v.from_run
WHERE r.status NOT IN ('skipped', 'error') OR (r.status = 'skipped' AND NOT v.enabled)
UNION ALL
SELECT n.rule, v.rule_id, v.version, NULL, v.dataset, v.kind, v.severity, v.text, NULL, NULL, NULL,
  'who took it out says git log', v.why, v.owner, u.run_id, u.as_of, u.finished, 'removed',
  NULL, NULL, NULL, NULL, NULL
FROM named AS n
JOIN rule_versions AS v ON v.rule_id = n.rule_id AND v.from_run = n.from_run
JOIN runs AS u ON u.run_id = n.removed_run
""",
)

VIEWS = (*(e.view for e in EPISODES), JUDGEMENTS)
