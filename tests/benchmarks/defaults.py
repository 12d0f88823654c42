"""Defaults on five columns and the rules behind them, against SQL by hand, whole process.

python tests/benchmarks/defaults.py --rows 1000000 --rounds 3
"""

from __future__ import annotations

import by_hand
import cleaning_by_hand
import measure
import project
from customers import COUNTRY_NAMES
from validation import Benchmark, main

SEED = "seeds/country_names.csv"
DEFAULTS = (
    {
        "id": "country_code",
        "column": "country",
        "map": {"seed": "country_names", "from": "name", "to": "code"},
    },
    {"id": "email_tidy", "column": "email", "standardise": "email"},
    {"id": "city_tidy", "column": "city", "standardise": "whitespace"},
    {"id": "company_by_trade_name", "column": "company", "fill_from": ["trade_name"]},
    {"id": "phone_missing", "column": "phone", "set": "unavailable", "reason": "not_asked"},
)


class DefaultsBenchmark(Benchmark):
    """As validation; the rules read the cleaned table, and changed cells are written too."""

    def write(self) -> None:
        pairs = [f"{name},{code}" for name, code in COUNTRY_NAMES.items()]
        seeds = {SEED: "\n".join(["name,code", *pairs, ""])}
        folder = self.work / "project"
        project.write(folder, self.cdmq_file, self.rules, self.given.threads, DEFAULTS, seeds)
        seed = str(folder / SEED)
        flags = by_hand.flags(self.rules, table="cleaned")
        again = by_hand.again(self.rules, table="cleaned")
        self.sql("first", cleaning_by_hand.first(seed) + flags)
        self.sql("second", cleaning_by_hand.again(seed) + again)

    def checked(self) -> list[str]:
        found = measure.same(
            "changes",
            measure.digest(self.cdmq_file, project.CHANGES),
            measure.digest(self.hand_file, cleaning_by_hand.CHANGES),
        )
        return [found, *super().checked()]


if __name__ == "__main__":
    main(DefaultsBenchmark, __doc__ or "")
