"""What is wrong with links, and which are followed: as plain Python says it, whatever their order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
from depth import depth
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds.relationships.test_loops import knots

from cdmq.kinds.relationships.judging import judge
from cdmq.kinds.relationships.loops import Link
from cdmq.kinds.relationships.words import RelationshipsRule

Row = tuple[str, str | None, str | None, str | None, str | None, str | None]
AS_OF = dt.datetime(2020, 1, 3)
TYPES = {
    "parent_of": {"from": "company", "to": "company", "loops": "refused"},
    "pays_for": {"to_at_most": 1},
    "works_at": {"from": "person", "dated": "true"},
    "knows": {},
}
SPEC = RelationshipsRule.model_validate({"id": "r", "links": "l", "types": TYPES})
#: What an end may be called -> its party; `?` is of two.
CALLED = {"a1": "A", "a2": "A", "b": "B", "c": "C", "p": "P", "A": "A"}
SORTS = {"A": {"company"}, "B": {"company", "person"}, "P": {"person"}}
EVER, NEVER = dt.datetime.min, dt.datetime.max

end = st.sampled_from(["a1", "a2", "b", "c", "p", "A", "?", "nobody", None])
day = st.sampled_from([None, None, "soon", *(f"2020-01-0{d}" for d in range(1, 7))])
some_rows = st.lists(
    st.tuples(end, end, st.sampled_from([*TYPES, "other", None]), day, day), max_size=9
).map(lambda rows: [(f"L{i}", *row) for i, row in enumerate(rows)])


def fill(at: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[str | None, ...]]) -> None:
    if rows:
        marks = ", ".join(f"({', '.join('?' * len(row))})" for row in rows)
        at.execute(f"INSERT INTO {table} VALUES {marks}", [cell for row in rows for cell in row])


def judged(rows: Sequence[Row]) -> tuple[dict[str, dict[str, str]], set[tuple[Any, ...]]]:
    """Key -> what is said of a link, by column; and the links that are followed."""
    with duckdb.connect() as at:
        at.execute(
            "CREATE TABLE links (key TEXT, from_id TEXT, to_id TEXT, type TEXT, starts TEXT, ends TEXT)"
        )
        at.execute("CREATE TABLE names (name TEXT, party TEXT, how TEXT)")
        at.execute("CREATE TABLE sorts (party TEXT, sort TEXT)")
        names = [*CALLED.items(), ("?", "A"), ("?", "B")]
        sorts = [("C", None), *((p, sort) for p, found in SORTS.items() for sort in found)]
        fill(at, "links", rows)
        fill(at, "names", [(*pair, "0") for pair in names])
        fill(at, "sorts", sorts)
        since = AS_OF - dt.datetime(1970, 1, 1)
        judge(at, SPEC, since // dt.timedelta(microseconds=1))
        found = at.execute("SELECT * FROM faults").fetchall()
        columns = [column[0] for column in at.description or ()]
        kept = at.execute("SELECT from_party, to_party, type, starts, ends FROM kept").fetchall()
    told = {
        row[0]: {n: v for n, v in zip(columns[1:], row[1:], strict=True) if v is not None}
        for row in found
    }
    return told, set(kept)


class Oracle:
    """The same, link by link, and pair by pair."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.alone = {row[0]: self.by_itself(row) for row in rows}
        self.followed = sorted(
            (r for r in rows if self.follows(r)), key=lambda r: (self.time(r)[0], r[0])
        )

    def by_itself(self, row: Row) -> set[str]:
        _, from_, to, type_, starts, ends = row
        spec = TYPES.get(str(type_), {})
        found = {"type_wrong"} if type_ not in TYPES else set[str]()
        for side, name in (("from", from_), ("to", to)):
            sorts = SORTS.get(CALLED.get(str(name), ""), set[str]())
            if name not in CALLED:
                found.add(f"{side}_wrong")
            elif side in spec and not sorts:
                found.add(f"{side}_unread")
            elif side in spec and spec[side] not in sorts:
                found.add(f"{side}_wrong")
        if starts is None and spec.get("dated"):
            found.add("start_wrong")
        found |= {f"{n}_unread" for n, v in (("start", starts), ("end", ends)) if v == "soon"}
        if "soon" not in (starts, ends) and starts and ends and starts > ends:
            found.add("dates_wrong")
        return found

    def follows(self, row: Row) -> bool:
        stops = {
            "type_wrong",
            "from_wrong",
            "to_wrong",
            "dates_wrong",
            "start_unread",
            "end_unread",
        }
        return not self.alone[row[0]] & stops and self.ends(row)[0] != self.ends(row)[1]

    def ends(self, row: Row) -> tuple[str, str]:
        return CALLED[str(row[1])], CALLED[str(row[2])]

    def time(self, row: Row) -> tuple[dt.datetime, dt.datetime]:
        starts, ends = row[4:]
        return (
            dt.datetime.fromisoformat(starts) if starts else EVER,
            dt.datetime.fromisoformat(ends) if ends else NEVER,
        )

    def holds(self, row: Row, at: dt.datetime) -> bool:
        begin, until = self.time(row)
        return begin <= at < until

    def faults(self) -> dict[str, set[str]]:
        found = {key: set(said) for key, said in self.alone.items()}
        for i, row in enumerate(self.followed):
            begin, until = self.time(row)
            before = [r for r in self.followed[:i] if begin < until and self.holds(r, begin)]
            if any(r[1:4] == row[1:4] for r in before):
                found[row[0]].add("overlapped")
            payers = {
                self.ends(r)[0]
                for r in before
                if r[3] == row[3] and self.ends(r)[1] == self.ends(row)[1]
            }
            if row[3] == "pays_for" and payers and self.ends(row)[0] not in payers:
                found[row[0]].add("to_many")
        return found

    def kept(self) -> set[tuple[Any, ...]]:
        """Links of one pair and type that touch are one."""
        found: set[tuple[Any, ...]] = set()
        open_: dict[tuple[Any, ...], tuple[dt.datetime, dt.datetime]] = {}
        for row in self.followed:
            of, (begin, until) = (*self.ends(row), row[3]), self.time(row)
            if of in open_ and begin <= open_[of][1]:
                open_[of] = open_[of][0], max(until, open_[of][1])
                continue
            if of in open_:
                found.add((*of, *open_[of]))
            open_[of] = begin, until
        found |= {(*of, *time) for of, time in open_.items()}
        return {
            (*of, None if begin == EVER else begin, None if until == NEVER else until)
            for *of, begin, until in found
        }

    def knotted(self) -> set[frozenset[int]]:
        """Those who reach each other by links that are refused, at some time."""
        number = {party: i for i, party in enumerate("ABCP")}
        parents = [r for r in self.followed if r[3] == "parent_of"]
        found: set[frozenset[int]] = set()
        for at in {self.time(r)[0] for r in parents}:
            now = [r for r in parents if self.holds(r, at)]
            pairs = (self.ends(r) for r in now)
            links = [Link(i, number[a], number[b], 0, 1) for i, (a, b) in enumerate(pairs)]
            found |= knots(links)
        return found


@settings(max_examples=depth(80), deadline=None)
@given(some_rows)
def test_as_plain_python_says(rows: list[Row]) -> None:
    told, kept = judged(rows)
    oracle = Oracle(rows)
    loops = {key for key, said in told.items() if "loop" in said}
    assert {k: set(said) - {"loop"} for k, said in told.items()} == oracle.faults()
    assert kept == oracle.kept()
    assert bool(loops) == bool(oracle.knotted())
    assert all(row[3] == "parent_of" for row in rows if row[0] in loops)


@settings(max_examples=depth(25), deadline=None)
@given(some_rows, st.randoms())
def test_the_order_of_rows_does_not_matter(rows: list[Row], chance: Any) -> None:
    mixed = list(rows)
    chance.shuffle(mixed)
    assert judged(mixed) == judged(rows)


def test_ten_thousand_links_of_one_party() -> None:
    """A crowd is walked through once, not each link beside each other."""
    import time

    began = time.perf_counter()
    names: Mapping[str, str] = {f"n{i}": f"N{i}" for i in range(10_000)}
    with duckdb.connect() as at:
        at.execute(
            "CREATE TABLE names AS SELECT 'n' || i AS name, 'N' || i AS party, '0' AS how "
            "FROM range(10001) AS r(i)"
        )
        at.execute(
            "CREATE TABLE links AS SELECT i::TEXT AS key, 'n' || i AS from_id, 'n10000' AS to_id, "
            "'pays_for' AS type, '2020-01-01' AS starts, NULL::TEXT AS ends FROM range(10000) AS r(i)"
        )
        counts = judge(at, SPEC, 0)
        ((crowded,),) = at.execute("SELECT count(to_many) FROM faults").fetchall()
    assert (counts.followed, crowded) == (len(names), len(names) - 1)
    assert time.perf_counter() - began < 20
