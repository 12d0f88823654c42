# ruff: noqa: T201
"""What became of the levels: run `cdmq run --as-of 1997-09-30` first, then `python after.py`.

Two tables: the levels of September 1997 and what their customers did in the nine months after;
and how often customers came back in the first nine months, beside the published numbers.
"""

from pathlib import Path

import duckdb

WAREHOUSE = Path(__file__).parent / "target" / "cdnow.duckdb"
AFTER = """
WITH later AS (
    SELECT customer_id, count(*) AS purchases, sum(dollars) AS dollars
    FROM purchases WHERE bought_on > DATE '1997-09-30' GROUP BY customer_id
)
SELECT l.level, count(*) AS customers,
    round(100 * avg(CASE WHEN later.purchases > 0 THEN 1 ELSE 0 END), 1) AS came_back,
    round(avg(coalesce(later.purchases, 0)), 2) AS purchases,
    round(avg(coalesce(later.dollars, 0)), 2) AS spend,
    round(100 * sum(later.dollars) / sum(sum(later.dollars)) OVER (), 1) AS share
FROM cdmq.tier_history AS l LEFT JOIN later ON later.customer_id = l.key
WHERE l.rule_id = 'customer_class' AND l.from_review <= '1997-09-01'
    AND coalesce(l.to_review, '9999') > '1997-09-01'
GROUP BY l.level ORDER BY spend DESC
"""
FREQUENCIES = """
SELECT least(repeat_purchases, 7) AS times, count(*) AS found,
    (SELECT count(*) FROM sampled WHERE least(published_purchases, 7) = times) AS published
FROM sampled GROUP BY times ORDER BY times
"""


def main() -> None:
    with duckdb.connect(str(WAREHOUSE), read_only=True) as warehouse:
        print(
            f"{'level':<10}{'customers':>10}{'came back':>11}{'purchases':>11}{'spend':>10}"
            f"{'of all':>9}"
        )
        for level, people, back, purchases, spend, share in warehouse.sql(AFTER).fetchall():
            print(f"{level:<10}{people:>10,}{back:>10}%{purchases:>11}{spend:>10}{share:>8}%")
        print(f"\n{'came back':<10}{'customers':>10}{'published':>11}")
        for times, found, published in warehouse.sql(FREQUENCIES).fetchall():
            print(f"{f'{times}+' if times == 7 else times:<10}{found:>10,}{published:>11,}")


if __name__ == "__main__":
    main()
