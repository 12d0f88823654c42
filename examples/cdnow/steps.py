# ruff: noqa: T201
"""What became of the steps: run `buying_less` month by month first (see README), then `python steps.py`.

Three tables: the steps of the end of September 1997, and what their customers did in the nine months
after; who would come back, told by the steps and by other ways; and how long before or after the
last purchase those who left were flagged.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

WAREHOUSE = Path(__file__).parent / "target" / "cdnow.duckdb"
#: From who is least to who is most likely to come back.
ORDER = ("dormant", "falling", "new", "back", "active")
#: Of BG/NBD, in weeks, as published for the sample: Fader, Hardie and Lee, Marketing Science 24, 2005.
R, ALPHA, A, B = 0.243, 4.414, 0.793, 2.426
NOW = """
CREATE TEMP TABLE now AS
WITH early AS (
    SELECT customer_id, count(*) - 1 AS repeats, max(bought_on) AS last,
        date_diff('day', min(bought_on), max(bought_on)) / 7.0 AS last_week,
        date_diff('day', min(bought_on), DATE '1997-09-30') / 7.0 AS weeks
    FROM purchases WHERE bought_on < DATE '1997-10-01' GROUP BY customer_id
), later AS (
    SELECT customer_id, sum(dollars) AS dollars FROM purchases
    WHERE bought_on >= DATE '1997-10-01' GROUP BY customer_id
)
SELECT s.key, s.step, s.judged_by, date_diff('day', early.last, DATE '1997-10-01') AS silent,
    early.repeats, early.last_week, early.weeks, coalesce(later.dollars, 0) AS spend,
    later.customer_id IS NOT NULL AS back
FROM cdmq.trend_steps AS s
JOIN early ON early.customer_id = s.key LEFT JOIN later ON later.customer_id = s.key
WHERE s.rule_id = 'buying_less' AND s.to_run IS NULL
"""
SCORED = """
SELECT step, silent, repeats, CAST(last_week AS double), CAST(weeks AS double), back FROM now ORDER BY key
"""
STEPS = """
SELECT step, judged_by, count(*), round(100 * avg(back::integer), 1), round(avg(spend), 2)
FROM now GROUP BY ALL ORDER BY 5 DESC
"""
LEADS = """
WITH flagged AS (
    SELECT key, step, judged_by, min(since) AS since FROM cdmq.trend_steps
    WHERE rule_id = 'buying_less' AND step IN ('falling', 'dormant') GROUP BY ALL
), last AS (SELECT customer_id, max(bought_on) AS day FROM purchases GROUP BY customer_id)
SELECT step, judged_by, count(*),
    round(100 * avg((day < DATE '1998-04-01')::integer), 1),
    median(date_diff('day', since, day)) FILTER (WHERE day < DATE '1998-04-01'),
    round(100 * avg((day >= since)::integer) FILTER (WHERE day < DATE '1998-04-01'), 1)
FROM flagged JOIN last ON customer_id = key GROUP BY ALL ORDER BY step DESC, judged_by
"""


def alive(repeats: int, last_week: float, weeks: float) -> float:
    """P(alive) of BG/NBD: who bought once is sure to be, as nobody drops out before a repeat."""
    if not repeats:
        return 1.0
    silent = ((ALPHA + weeks) / (ALPHA + last_week)) ** (R + repeats)
    return float(1 / (1 + A / (B + repeats - 1) * silent))


def to_come(repeats: int, last_week: float, weeks: float, ahead: float = 39) -> float:
    """The purchases that BG/NBD expects in so many weeks."""
    z = ahead / (ALPHA + weeks + ahead)
    term = total = 1.0
    for n in range(400):  # Gauss's series
        term *= (R + repeats + n) * (B + repeats + n) / (A + B + repeats - 1 + n) / (n + 1) * z
        total += term
    share = ((ALPHA + weeks) / (ALPHA + weeks + ahead)) ** (R + repeats) * total
    most = (A + B + repeats - 1) / (A - 1) * (1 - share)
    return float(most * alive(repeats, last_week, weeks))


def sorted_right(scores: Sequence[float], back: Sequence[bool]) -> float:
    """How often, of one who came back and one who did not, the score tells which is which; ties
    count half (the area under the ROC curve)."""
    ranked = sorted(zip(scores, back, strict=True))
    right = below = start = 0
    total = 0.0
    while start < len(ranked):
        end = start
        while end < len(ranked) and ranked[end][0] == ranked[start][0]:
            end += 1
        came = sum(b for _, b in ranked[start:end])
        stayed = end - start - came
        total += came * (below + stayed / 2)
        below += stayed
        right += came
        start = end
    return total / (right * below)


def table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    widths = [max(len(str(r[i])) for r in (titles, *rows)) for i in range(len(titles))]
    for row in (titles, *rows):
        first, *others = (str(c) for c in row)
        print(
            first.ljust(widths[0]),
            *(c.rjust(w) for c, w in zip(others, widths[1:], strict=True)),
            sep="  ",
        )
    print()


def ways(rows: Sequence[tuple[Any, ...]]) -> dict[str, float]:
    """Each way of telling who comes back, and how often it sorts two of them right."""
    scores = {
        "days since the last purchase": [-silent for _, silent, *_ in rows],
        "more than 90 days": [-(silent > 90) for _, silent, *_ in rows],
        "BG/NBD, alive": [alive(*seen) for _, _, *seen, _ in rows],
        "BG/NBD, purchases to come": [to_come(*seen) for _, _, *seen, _ in rows],
        "steps": [ORDER.index(step) for step, *_ in rows],
    }
    back = [row[-1] for row in rows]
    return {way: sorted_right(score, back) for way, score in scores.items()}


def main() -> None:
    with duckdb.connect(str(WAREHOUSE), read_only=True) as warehouse:
        warehouse.execute(NOW)
        told = [
            (f"{step}, by {how}" if how else step, f"{n:,}", f"{back}%", f"{spend:.2f}")
            for step, how, n, back, spend in warehouse.sql(STEPS).fetchall()
        ]
        table(("step", "customers", "came back", "dollars a head"), told)
        rows = warehouse.sql(SCORED).fetchall()
        every, repeated = ways(rows), ways([row for row in rows if row[2]])
        table(
            ("way", "everyone", "who had come back before"),
            [(way, f"{every[way]:.2f}", f"{repeated[way]:.2f}") for way in every],
        )
        leads = [
            (f"{step}, by {how}", f"{n:,}", f"{left}%", f"{days:+.0f}", f"{still}%")
            for step, how, n, left, days, still in warehouse.sql(LEADS).fetchall()
        ]
        table(("flag", "customers", "left", "days ahead", "flagged before the last"), leads)


if __name__ == "__main__":
    main()
