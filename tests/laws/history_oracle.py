"""What a project of `histories.py` must hold after each run, in plain Python.

Nothing of cdmq is read: the words are those of the docs. Of what was published only the ids of new
parties are taken.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from laws.histories import PEOPLE, Delivery, Row
from parties.party_oracle import Clusters, Oracle

#: (rule, key, column, value): what a flag is about, and which value it found.
Finding = tuple[str, str | None, str, str | None]
_STANDS_ON = {
    "crm": ("crm.key", "crm.age.readable"),
    "orders": ("orders.key",),
    "shop": (),
    "people": (
        "people.key",
        "people.email.not_null",
        "people.email.unique",
        "age_range",
        "city_default",
        "same",
        "best",
        "customers.key",
        "class",
    ),
}


def digest(row: Row, columns: Sequence[str]) -> str:
    """Names a record that has no key."""
    cells = "".join(f"{chr(1) if row[c] is None else row[c]}{chr(2)}" for c in columns)
    return "no key: " + hashlib.md5(cells.encode()).hexdigest()


def names(rows: Sequence[Row], columns: Sequence[str], key: Sequence[str]) -> list[str]:
    """The key of each record, or what stands for it."""
    return [
        "/".join(row[k] for k in key)
        if all(row[k] is not None for k in key)
        else digest(row, columns)
        for row in rows
    ]


def own_names(rows: Sequence[Row], columns: Sequence[str], keys: Sequence[str]) -> list[str]:
    """A name for each record, where a key stands twice: the first by its digest has the key alone,
    others their digest beside it, and those that are equal in all a number."""
    found = [""] * len(rows)
    for key in set(keys):
        mine = sorted((digest(rows[i], columns), i) for i, k in enumerate(keys) if k == key)
        seen: Counter[str] = Counter()
        for place, (mark, i) in enumerate(mine):
            seen[mark] += 1
            number = f" ({seen[mark]})" if seen[mark] > 1 else ""
            found[i] = key if place == 0 else f"{key} #{mark[8:18]}{number}"
    return found


def clusters_of(rows: Sequence[Row], called: Sequence[str]) -> Clusters:
    """Who shares an address or a card, and all that hang together so."""
    clusters: Clusters = []
    values: list[set[tuple[str, str]]] = []
    for row, name in zip(rows, called, strict=True):
        mine = {(c, row[c]) for c in ("email", "card") if row[c] is not None}
        cluster = {name}
        for i in [i for i, seen in enumerate(values) if seen & mine][::-1]:
            mine |= values.pop(i)
            cluster |= clusters.pop(i)
        clusters.append(cluster)
        values.append(mine)
    return clusters


@dataclass
class Episodes:
    """Rows that last from a run to a run. `about`: how much of a row says what it is about."""

    about: int
    rows: list[list[Any]] = field(default_factory=list)  # [row, from_run, to_run, because]

    def open(self) -> list[list[Any]]:
        return [r for r in self.rows if r[2] is None]

    def publish(
        self,
        run: str,
        now: Iterable[tuple[Any, ...]],
        mine: Callable[[Any], bool] = bool,
        why: Callable[[Any, bool], str] = lambda row, there: "changed" if there else "gone",
    ) -> None:
        """`now` is so: what is not any more, of what is `mine`, ends; what is new begins."""
        found = set(now)
        there = {row[: self.about] for row in found}
        for episode in self.open():
            if mine(episode[0]) and episode[0] not in found:
                episode[2:] = run, why(episode[0], episode[0][: self.about] in there)
        known = {e[0] for e in self.open()}
        self.rows += [[row, run, None, None] for row in sorted(found - known, key=repr)]

    def all(self) -> list[tuple[Any, ...]]:
        return sorted(((*row, *rest) for row, *rest in self.rows), key=repr)


@dataclass
class Levels:
    """A monthly review: big from 100 on, kept above 50, and lost when missed twice below."""

    #: (key, level, missed, uncounted) with the review of its beginning and that of its end.
    rows: list[dict[str, Any]] = field(default_factory=list)
    reviews: list[dict[str, Any]] = field(default_factory=list)

    def review(self, run: str, as_of: dt.date, volumes: Mapping[str, tuple[int, int]]) -> bool:
        """`volumes`: party: (its volume, facts without an amount). Whether levels were looked at:
        history before the last review is not rewritten."""
        label = as_of.replace(day=1).isoformat()
        made = [r["label"] for r in self.reviews if r["undone"] is None]
        if made and label < made[-1]:
            return False
        due = not made or label > made[-1]
        if due:
            self.reviews.append({"label": label, "run": run, "undone": None})
        before = self._before()
        now = {}
        for party, (volume, lost) in volumes.items():
            was = before.get(party)
            state = (
                was["state"]
                if was and not due
                else (party, *_next(was["state"] if was else None, volume), lost or None)
            )
            now[state] = was["since"] if was and was["state"] == state else label
        there = {state[0] for state in now}
        for row in self.rows:
            if row["to_run"] is None and row["state"] not in now:
                because = "changed" if row["state"][0] in there else "gone"
                row |= {"to_run": run, "because": because, "until": label}
        known = {r["state"] for r in self.rows if r["to_run"] is None}
        self._begin(run, {s: since for s, since in now.items() if s not in known})
        return True

    def _begin(self, run: str, states: Mapping[tuple[Any, ...], str]) -> None:
        self.rows += [
            {
                "state": state,
                "since": since,
                "until": None,
                "from_run": run,
                "to_run": None,
                "because": None,
            }
            for state, since in states.items()
        ]

    def _before(self) -> dict[str, dict[str, Any]]:
        """The level that each party has, or had when it was last there; none that was undone."""
        found: dict[str, dict[str, Any]] = {}
        for row in sorted(self.rows, key=lambda r: (r["to_run"] is None, r["from_run"])):
            if not any(
                t["undone"]
                and t["label"] == row["since"]
                and t["run"] <= row["from_run"] < t["undone"]
                for t in self.reviews
            ):
                found[row["state"][0]] = row
        return found

    def undo(self, run: str, day: str) -> None:
        """Reviews after a day never were: what they gave ends, what they took is there again."""
        undone = [r for r in self.reviews if r["undone"] is None and r["label"] > day]
        for review in undone:
            review["undone"] = run
        labels = {r["label"]: r["run"] for r in undone}
        for row in self.rows:
            if row["to_run"] is None and labels.get(row["since"], run) <= row["from_run"]:
                row |= {"to_run": run, "because": "review_undone", "until": row["since"]}
        have = {r["state"][0] for r in self.rows if r["to_run"] is None}
        again: dict[str, dict[str, Any]] = {}
        for row in sorted(self.rows, key=lambda r: r["from_run"]):
            if (
                row["because"] == "changed"
                and row["since"] not in labels
                and row["until"] in labels
                and row["to_run"] >= labels[row["until"]]
                and row["state"][0] not in have
            ):
                again[row["state"][0]] = row
        self._begin(run, {r["state"]: r["since"] for r in again.values()})

    def all(self) -> list[tuple[Any, ...]]:
        return sorted(
            (
                (*r["state"], r["since"], r["until"], r["from_run"], r["to_run"], r["because"])
                for r in self.rows
            ),
            key=repr,
        )


def _next(was: tuple[Any, ...] | None, volume: int) -> tuple[str, int]:
    fits = "big" if volume >= 100 else "small"
    if was is None or was[1] == "small" or fits == "big":
        return fits, 0
    if volume >= 50:
        return "big", 0
    return ("small", 0) if was[2] + 1 >= 2 else ("big", was[2] + 1)


class World:
    """All that the audit tables hold of a project, run by run."""

    def __init__(self) -> None:
        self.flags, self.changes = Episodes(3), Episodes(2)
        self.xref = Episodes(1)
        self.parties, self.levels = Oracle(), Levels()
        #: How many rows of a source the last delivery held that was taken.
        self.taken: dict[str, int] = {}
        self.rows: dict[str, list[Row]] = {}
        self.skipped: set[str] = set()
        self.failing: dict[str, int] = {}

    def run(self, run: str, delivery: Delivery, published: Mapping[str, str]) -> None:
        found: Counter[Finding] = Counter(
            {
                (f"{name}.delivered", None, "", "0"): 1
                for name in ("crm", "orders")
                if not delivery.rows[name] and self.taken.get(name)
            }
        )
        if len(delivery.rows["crm"]) < 3:
            found["crm_is_whole", None, "", str(len(delivery.rows["crm"]))] = 1
        held = {"orders" if rule == "orders.delivered" else "crm" for rule, *_ in found}
        fresh = {"crm", "shop", "orders"} - held
        for name in fresh:
            self.rows[name] = delivery.rows[name]
            self.taken[name] = len(delivery.rows[name])
        lost = held | ({"people"} if "crm" in held else set())
        self.skipped = {r for name in lost for r in _STANDS_ON[name]}
        self.skipped |= {"class"} if lost else set()
        keys: dict[str, set[str]] = {}
        out: dict[str, set[str]] = {}
        for name in sorted(fresh):
            self._source(name, found, keys)
        if "people" not in lost:
            self._people(run, found, keys, out, published)
            if "class" not in self.skipped and not self.levels.review(
                run, delivery.as_of, self._volumes(delivery.as_of)
            ):
                self.skipped.add("class")
        self._publish(run, found, keys, out)

    def _source(self, name: str, found: Counter[Finding], keys: dict[str, set[str]]) -> None:
        rows, columns = self.rows[name], PEOPLE if name != "orders" else ("no",)
        key = "no" if name == "orders" else "id"
        typed = [
            {**r, "age": None if r["age"] == "x" else r["age"]} if "age" in r else r for r in rows
        ]
        called = names(typed, columns, [key])
        keys[name] = set(called)
        _twice(name, (key,), typed, called, found, lambda row: row[key])
        for row, mine in zip(rows, called, strict=True):
            if row.get("age") == "x":
                found["crm.age.readable", mine, "age", "x"] += 1

    def _people(
        self,
        run: str,
        found: Counter[Finding],
        keys: dict[str, set[str]],
        out: dict[str, set[str]],
        published: Mapping[str, str],
    ) -> None:
        columns = ("source", *PEOPLE)
        rows: list[Row] = [
            {**r, "source": s, "age": None if r["age"] == "x" else r["age"]}
            for s in ("crm", "shop")
            for r in self.rows[s]
        ]
        called = names(rows, columns, ("source", "id"))
        keys["people"] = set(called)
        _twice(
            "people",
            ("source", "id"),
            rows,
            called,
            found,
            lambda row: f"source={row['source']}, id={row['id'] or 'NULL'}",
        )
        emails = Counter(r["email"] for r in rows)
        changes: Counter[tuple[str, str]] = Counter()
        for row, mine in zip(rows, called, strict=True):
            if row["email"] is None:
                found["people.email.not_null", mine, "email", None] += 1
            elif emails[row["email"]] > 1:
                found["people.email.unique", mine, "email", row["email"]] += 1
            if row["city"] == "Bonn" and row["age"] is not None and not 0 <= row["age"] <= 120:
                found["age_range", mine, "age", str(row["age"])] += 1
            if row["city"] is None:
                changes[mine, "city"] += 1
        out["age_range"] = {k for r, k in zip(rows, called, strict=True) if r["city"] != "Bonn"}
        self.changes.publish(
            run,
            {(*at, n) for at, n in changes.items()},
            why=lambda row, there: (
                "gone" if row[0] not in keys["people"] else "changed" if there else "fixed"
            ),
        )
        own = own_names(rows, columns, called)
        self.xref.publish(run, self.parties.run(clusters_of(rows, own), published).items())

    def _volumes(self, as_of: dt.date) -> dict[str, tuple[int, int]]:
        """Party: (sum of the amounts of its orders until then, how many have none)."""
        found = dict.fromkeys(self.parties.now.values(), (0, 0))
        for order in self.rows["orders"]:
            party = self.parties.now.get(f"{order['source']}/{order['customer']}")
            if party is not None and order["day"] <= as_of:
                volume, lost = found[party]
                amount = order["amount"]
                found[party] = volume + (amount or 0), lost + (amount is None)
        return found

    def _publish(
        self,
        run: str,
        found: Counter[Finding],
        keys: Mapping[str, set[str]],
        out: Mapping[str, set[str]],
    ) -> None:
        def why(row: Any, there: bool) -> str:
            rule, key = row[:2]
            dataset = rule.split(".")[0] if "." in rule else "people"
            if key is not None and key not in keys[dataset]:
                return "gone"
            return "changed" if there else "out_of_scope" if key in out.get(rule, ()) else "fixed"

        self.failing = Counter()
        for (rule, *_), records in found.items():
            self.failing[rule] += records
        self.flags.publish(
            run,
            {(*what, n) for what, n in found.items()},
            lambda row: row[0] not in self.skipped,
            why,
        )


def _twice(
    name: str,
    key: Sequence[str],
    rows: Sequence[Row],
    called: Sequence[str],
    found: Counter[Finding],
    shown: Callable[[Row], str | None],
) -> None:
    """Flags of keys that are NULL or stand more than once."""
    stands = Counter(tuple(r[k] for k in key) for r in rows)
    for row, mine in zip(rows, called, strict=True):
        at = tuple(row[k] for k in key)
        if None in at or stands[at] > 1:
            found[f"{name}.key", mine, ", ".join(key), shown(row)] += 1
