"""A history in which all that can happen to rules happens, looked at after each run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from laws.small import MODELS, ROWS, people, small
from runner import World

import cdmq.api
from cdmq.problems import CdmqError

PAGE = (Path(__file__).parents[2] / "docs/auditor.md").read_text()
DAYS = [datetime(2026, 11, d) for d in range(1, 30)]


def asked(world: World, heading: str, **words: str) -> list[tuple[Any, ...]]:
    """The rows of the SQL below a heading of the page, asked of this world."""
    part = PAGE[PAGE.index(f"## {heading}") :]
    query = re.search(r"```sql\n(.*?)```", part, re.DOTALL)
    assert query
    text = query[1].replace("cdmq.", f"{world.audit}.").replace(" LIMIT 3", "")
    for old, new in {"'customers'": "'people'", "customers__": "people__", **words}.items():
        assert old in text or old in ("'customers'", "customers__"), old
        text = text.replace(old, new)
    return world.sql(text)


@dataclass
class Rules:
    """What stands in the rule file, and what may be said of it."""

    limit: int = 120
    why: str = "People live so long."
    id: str = "age_range"
    formerly: str | None = None
    off: bool = False
    gone: bool = False
    others: list[str] = field(default_factory=list)

    def text(self) -> str:
        said = """
version: 1
dataset: people
validation:
  - column: email
    checks: [not_null]
"""
        if not self.gone:
            said += f"""
  - id: {self.id}
    column: age
    check: accepted_range
    min: 0
    max: {self.limit}
    why: {self.why}
    enabled: {str(not self.off).lower()}
""" + (f"    formerly: {self.formerly}\n" if self.formerly else "")
        return said + "".join(
            f"\n  - {{id: {o}, column: country, check: not_null}}\n" for o in self.others
        )


@dataclass
class Told:
    """What a run judged by, and what was open after it."""

    as_of: datetime
    #: Rule -> status, version, and (tested, judged, failing).
    judged: dict[str, tuple[str, str, tuple[int, int, int]]]
    open: set[tuple[str, str, str]]
    removed: frozenset[str]


class History:
    """Runs, each after something happened; `renamed`: former id -> the id of today."""

    def __init__(self, world: World, orders: bool = True) -> None:
        self.world, self.rules, self.told = small(world), Rules(), list[Told]()
        self.renamed: dict[str, str] = {}
        self.renaming = False
        if not orders:
            world.write(
                {"rules/orders.yml": "", "models/m.yml": MODELS[: MODELS.index("  - name: orders")]}
            )

    def run(self, as_of: datetime, **words: Any) -> None:
        if self.renaming and not (words or self.rules.gone):  # it is used in this run
            name, self.renaming = f"age_{len(self.told)}", False
            self.renamed[self.rules.id] = name
            self.rules.formerly, self.rules.id = self.rules.id, name
        self.world.write({"rules/people.yml": self.rules.text()})
        before = (
            {
                r
                for (r,) in self.world.sql(
                    f"SELECT rule_id FROM {self.world.audit}.rule_versions WHERE to_run IS NULL"
                )
            }
            if self.told
            else set()
        )
        result = self.world.run(as_of=as_of, **words)
        judged = {}
        for r in result.results:
            if r.status not in ("skipped", "error") or not r.rule.enabled:
                judged[r.rule.id] = (
                    "off" if r.status == "skipped" else r.status,
                    result.versions[r.rule.id],
                    (r.outcome.tested, r.outcome.judged, r.outcome.failing),
                )
        still = {
            r
            for (r,) in self.world.sql(
                f"SELECT rule_id FROM {self.world.audit}.rule_versions WHERE to_run IS NULL"
            )
        }
        moved = {self.rules.formerly} if self.rules.id in judged else set()
        found = self.world.audit_rows(
            "flags", ("rule_id", "key", "value"), "to_run IS NULL AND dataset = 'people'"
        )
        self.told.append(Told(as_of, judged, set(found), frozenset(before - still - moved)))

    def now(self, rule: str) -> str:
        while rule in self.renamed:
            rule = self.renamed[rule]
        return rule

    def last(self, day: datetime) -> dict[str, tuple[str, int]]:
        """Rule of today -> its id then, and the number of the run that judged by it last."""
        found: dict[str, tuple[str, int]] = {}
        for n, told in enumerate(self.told):
            if told.as_of <= day:
                found.update({self.now(r): (r, n) for r in told.judged})
                for rule in told.removed:
                    found.pop(self.now(rule), None)
        return found

    def check(self, day: datetime) -> None:
        moment, last = f"'{day:%Y-%m-%d}'", self.last(day)
        rows = asked(self.world, "Which rules judged the dataset", **{"'2026-11-05'": moment})
        assert {r[0]: (r[2], r[1], r[3:6]) for r in rows} == {
            rule: (status, version[:10], counts)
            for rule, n in last.values()
            for status, version, counts in [self.told[n].judged[rule]]
            if status != "off" and self.of_people(rule)
        }
        assert len(rows) == len({r[0] for r in rows})
        for key in ("2", "3"):
            rows = asked(
                self.world,
                "Which rules failed this customer",
                **{"'2026-11-05'": moment, "'crm/0010274'": f"'{key}'"},
            )
            expected = sorted(
                (rule, self.told[n].judged[rule][1][:10], self.told[n].judged[rule][0], value)
                for rule, n in last.values()
                if self.of_people(rule)
                for r, k, value in self.told[n].open
                if self.now(r) == self.now(rule) and k == key
            )
            assert sorted(rows) == expected
        rule = self.now("age_range")
        rows = asked(
            self.world,
            "Which version of the rule judged",
            **{"'2026-11-05'": moment, "'old_enough'": f"'{rule}'"},
        )
        if rule in last:
            then, n = last[rule]
            assert [r[:2] for r in rows] == [
                (self.told[n].judged[then][1][:10], self.told[n].judged[then][0])
            ]
        else:
            assert [r[1] for r in rows] in ([], ["removed"])

    def check_new(self) -> int:
        """What the newest version of the rule flagged that the one before it had not; how many."""
        rule = self.now("age_range")
        runs = [
            (n, t.judged[r][1])
            for n, t in enumerate(self.told)
            for r in t.judged
            if self.now(r) == rule and t.judged[r][0] != "off"
        ]
        came = [n for (_, before), (n, version) in pairwise(runs) if version != before]
        expected = []
        if came:
            now, before = (
                {(k, v) for r, k, v in self.told[n].open if self.now(r) == rule}
                for n in (came[-1], came[-1] - 1)
            )
            expected = sorted(row for row in now if row[0] not in {k for k, _ in before})
        assert (
            asked(
                self.world,
                "Which records did the new version flag",
                **{"'old_enough'": f"'{rule}'"},
            )
            == expected
        )
        return len(expected)

    @staticmethod
    def of_people(rule: str) -> bool:
        return not rule.startswith(("orders", "countries"))

    # what happens ----------------------------------------------------------------------------

    def words(self) -> None:
        self.rules.why = f"Said anew, {len(self.told)}."

    def meaning(self) -> None:
        self.rules.limit = 100 if self.rules.limit == 120 else 120  # it returns

    def rename(self) -> None:
        self.renaming = not self.rules.gone

    def switch(self) -> None:
        self.rules.off = not self.rules.off

    def drop(self) -> None:
        self.rules.gone, self.renaming = not self.rules.gone, False

    def other(self) -> None:
        self.rules.others.append(f"country_{len(self.told)}")

    def data(self) -> None:
        ages = [200, 110, 7, -1]
        people(
            self.world,
            [
                [*r[:3], ages[(len(self.told) + r[0]) % 4] if r[0] in (2, 3) else r[3], r[4]]
                for r in ROWS
            ],
        )

    def nothing_judged(self) -> None:
        cdmq.api.undo_reviews("2026-11-01", self.world.root)
        with pytest.raises(CdmqError):
            self.world.run(select="no_such_rule")
