"""examples/cdnow, worked out another way. Its levels: tests/tiering/test_tiering_cdnow.py."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

from kinds.trends.oracle import Spec, Step, steps
from ran import EXAMPLES, Figures, Row

AS_OF = dt.datetime(1997, 9, 30)
FIRST_DAYS = (dt.date(1997, 1, 1), dt.date(1997, 3, 31))
LAST_DAY = dt.date(1998, 6, 30)


def read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def bought(rows: list[Row]) -> dict[str, list[dt.date]]:
    """Customer -> the days on which something was bought, each once, in order."""
    days: dict[str, set[dt.date]] = {}
    for row in rows:
        days.setdefault(row["customer_id"], set()).add(dt.date.fromisoformat(row["bought_on"]))
    return {customer: sorted(found) for customer, found in days.items()}


@cache
def steps_of(as_of: dt.date) -> dict[str, Step]:
    """The steps of everyone by the oracle of trends."""
    spent: dict[tuple[str, dt.date], Fraction] = {}
    for row in read_csv(EXAMPLES / "cdnow" / "data" / "transactions.csv"):
        on = row["customer_id"], dt.date.fromisoformat(row["bought_on"])
        spent[on] = spent.get(on, Fraction(0)) + Fraction(row["dollars"])
    everyone: dict[str, list[tuple[dt.date, Fraction]]] = {}
    for (customer, day), dollars in spent.items():
        everyone.setdefault(customer, []).append((day, dollars))
    return steps(Spec("month", 3, 3, Fraction("0.3")), everyone, as_of)


def differing(root: Path, days: dict[str, list[dt.date]]) -> dict[str, dict[str, None]]:
    """Rule -> the sampled customers whose published figure is another."""
    found: dict[str, dict[str, None]] = {
        f"{what}_as_published": {} for what in ("purchases", "last_purchase", "time")
    }
    for row in read_csv(root / "seeds" / "published.csv"):
        early = [d for d in days[row["customer_id"]] if d <= AS_OF.date()]
        counted = (len(early) - 1, (early[-1] - early[0]).days, (AS_OF.date() - early[0]).days)
        published = (
            int(row["repeat_purchases"]),
            round(float(row["last_week"]) * 7),
            round(float(row["weeks"]) * 7),
        )
        for rule, ours, theirs in zip(found, counted, published, strict=True):
            if ours != theirs:
                found[rule][row["customer_id"]] = None
    return found


def figures(root: Path) -> Figures:
    rows = read_csv(root / "data" / "transactions.csv")
    days = bought(rows)
    assert (len(rows), len(days)) == (69659, 23570)
    assert len(read_csv(root / "seeds" / "published.csv")) == 2357
    assert len({r["transaction_id"] for r in rows}) == len(rows)
    assert all(len(r["customer_id"]) == 5 and int(r["cds"]) >= 1 for r in rows)
    assert all(FIRST_DAYS[0] <= d[0] <= FIRST_DAYS[1] and d[-1] <= LAST_DAY for d in days.values())
    flags: dict[str, dict[str, str | None]] = {
        rule: {}
        for rule in (
            "all_transactions",
            "transactions.transaction_id.not_null",
            "transactions.transaction_id.unique",
            "transactions.customer_id.regex",
            "transactions.bought_on.not_null",
            "transactions.bought_on.accepted_range",
            "transactions.cds.accepted_range",
            "all_customers",
            "customers.first_bought_on.accepted_range",
            "sample_is_whole",
        )
    }
    flags |= {f"transactions.{c}.readable": {} for c in ("bought_on", "cds", "dollars")}
    flags["not_for_nothing"] = {
        r["transaction_id"]: None for r in rows if Decimal(r["dollars"]) <= 0
    }
    low = ("falling", "dormant")
    flags["buying_less"] = {k: None for k, s in steps_of(AS_OF.date()).items() if s.step in low}
    return Figures({**flags, **differing(root, days)}, {})
