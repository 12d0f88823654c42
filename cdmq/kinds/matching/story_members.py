"""Who is in which party: from the audit tables, by each matching rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cdmq.audit.reading import Row, same
from cdmq.audit.telling import Telling, one_of, still
from cdmq.kinds.matching.story_values import Event, Fate, Makes, Membership
from cdmq.kinds.matching.tables import PARTY_EVENTS, XREF
from cdmq.kinds.matching.words import MatchingRule
from cdmq.sql import nodes

#: How many other members of a party are named.
NAMED = 5
#: The event of a party that takes records along -> what became of the one they were in.
_APART: dict[str, Fate] = {"split": "split", "return": "returned"}


def spec_of(telling: Telling, rule: str) -> MatchingRule | None:
    """A matching rule as the project has it now."""
    found = telling.project.rules.get(telling.now(rule))
    return found.spec if found is not None and isinstance(found.spec, MatchingRule) else None


def makes(telling: Telling, rule: str) -> Makes:
    spec = spec_of(telling, rule)
    return spec.makes if spec else "party"


def first_members(telling: Telling, rule: str, party: str, most: int) -> tuple[list[Row], int]:
    """The first members of a party by key, as rows of xref, and how many there are."""
    where = nodes.every(
        [one_of("rule_id", telling.names_of(rule)), same("party_id", party), still()]
    )
    rows = telling.rows(XREF, where, [telling.by_code_point("key")], most)
    return list(rows), telling.count(XREF, where) if len(rows) == most else len(rows)


def parties_now(telling: Telling, rules: Sequence[str], keys: Iterable[str]) -> dict[str, str]:
    """Key -> its party now, of the keys that have one."""
    wanted = sorted(set(keys))
    if not wanted or not rules:
        return {}
    rows = telling.rows(
        XREF, nodes.every([one_of("rule_id", rules), one_of("key", wanted), still()])
    )
    return {r["key"]: r["party_id"] for r in rows}


def memberships(
    telling: Telling, dataset: str, key: str, through: bool = False
) -> list[Membership]:
    """The parties and groups that a record is in, then those that it was in, newest first.

    `through`: the key is a party's, and only what it is in now is told.
    """
    rules = telling.rules_on(dataset, "matching")
    if not rules:
        return []
    about = [same("key", key), one_of("rule_id", rules)]
    rows = telling.rows(XREF, nodes.every([*about, still()] if through else about))
    rows.sort(key=lambda r: r["from_run"], reverse=True)
    now = sorted((r for r in rows if r["to_run"] is None), key=lambda r: _order(telling, r))
    found = [_now(telling, dataset, r, key if through else None) for r in now]
    return found + [_former(telling, r, rows) for r in rows if r["to_run"] is not None]


def _order(telling: Telling, row: Row) -> tuple[bool, str]:
    """Parties before groups."""
    rule = telling.now(row["rule_id"])
    return makes(telling, rule) == "group", rule


def _now(telling: Telling, dataset: str, row: Row, through: str | None) -> Membership:
    rule, party = row["rule_id"], row["party_id"]
    first, count = first_members(telling, rule, party, NAMED + 1)
    others = [telling.shown_key(dataset, r["key"]) for r in first if r["key"] != row["key"]][:NAMED]
    return Membership(
        telling.now(rule),
        makes(telling, rule),
        party,
        telling.when(row["from_run"]),
        tuple(others),
        count - 1 - len(others),
        through=through,
    )


def _former(telling: Telling, row: Row, own: Sequence[Row]) -> Membership:
    rule, party, end = row["rule_id"], row["party_id"], row["to_run"]
    next_ = next(
        (r["party_id"] for r in own if r["rule_id"] == rule and r["from_run"] == end), None
    )
    fate, into = _fate(telling, rule, party, end, next_)
    return Membership(
        telling.now(rule),
        makes(telling, rule),
        party,
        telling.when(row["from_run"]),
        until=telling.when(end),
        because=row["closed_because"],
        fate=fate,
        into=into,
    )


def _fate(
    telling: Telling, rule: str, party: str, run: str, next_: str | None
) -> tuple[Fate | None, str | None]:
    """What happened to a party in the run in which a record left it."""
    either = nodes.any_of([same("party_id", party), same("other", party)])
    rows = telling.rows(
        PARTY_EVENTS, nodes.every([same("rule_id", rule), same("run_id", run), either])
    )
    for row in rows:
        if row["event"] == "merge" and row["party_id"] == party and next_ in (None, row["other"]):
            return "merged", row["other"]
    for row in rows:
        if row["event"] in _APART and next_ is not None and row["party_id"] == next_:
            return _APART[row["event"]], next_
    if any(r["event"] == "retire" and r["party_id"] == party for r in rows):
        return "ended", next_
    return ("moved", next_) if next_ else (None, None)


def events(telling: Telling, rule: str, parties: Iterable[str]) -> list[Event]:
    """What happened to some parties, in the order of the runs."""
    wanted = sorted(set(parties))
    rows = telling.rows(
        PARTY_EVENTS,
        nodes.every(
            [
                one_of("rule_id", telling.names_of(rule)),
                nodes.any_of([one_of("party_id", wanted), one_of("other", wanted)]),
            ]
        ),
    )
    order = {"mint": 0, "split": 1, "return": 2, "merge": 3, "retire": 4}
    rows.sort(key=lambda r: (r["run_id"], order.get(r["event"], 9), r["party_id"]))
    return [
        Event(r["event"], r["party_id"], r["other"], int(r["records"]), telling.when(r["run_id"]))
        for r in rows
    ]
