"""Writes the phone tables from the metadata in the `phonenumbers` package.

    python tests/tools/phone_tables.py            (minutes; two processes)

phone_plans     a region and a count of digits: how the digits are read, by their longest start
phone_readings  a reading: what is put before, skipped, kept, jumped over
phone_numbers   the first digits of an E.164 number: which lengths and further digits are valid

`phonenumbers` (Apache-2.0) carries Google's libphonenumber metadata (Apache-2.0). cdmq itself does
not import it.
"""

from __future__ import annotations

import collections
import csv
import itertools
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from string import ascii_uppercase

import phonenumbers
from phone_automaton import DEAD, DIGITS, Automaton
from phone_reader import DEEPEST, Reader
from phone_rules import Reading, metadata, plan
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE as REGIONS

FOLDER = Path(__file__).parents[2] / "cdmq" / "standards" / "tables"
#: As cdmq/standards/phone.py has them.
HEAD, FURTHEST = 4, 7
#: Written digits with a national or international prefix; E.164 has at most 15.
LENGTHS = range(3, 22)
#: Carrier codes before the number (China 5 digits, Luxembourg and Korea 4 and 5) would need starts
#: of 12 and more: there the commonest reading of a start stands for all.
SHALLOW = {"CN": 6, "KR": 7, "LU": 6}
NONE = Reading("none", 0)
Entry = tuple[str, str]


def international_prefixes(region: str) -> list[str]:
    """The prefixes dialled before a calling code; without China's 2,100 carrier codes."""
    if region == "CN":
        return ["00"]
    automaton = Automaton({"x": metadata(0, region).international_prefix})
    found: list[str] = []

    def go(state: int, digits: str) -> None:
        if automaton.accepted[state]:
            found.append(digits)
        for digit in DIGITS:
            after = automaton.step(state, digit)
            if after != DEAD:
                go(after, digits + digit)

    go(automaton.start, "")
    return found


def fewest(starts: Mapping[str, Reading], as_is: Reading) -> dict[str, Reading]:
    """The fewest starts that give the same readings when the longest one decides.

    Optimal routing table construction (Draves et al., INFOCOM 1999): up the tree the readings
    that would do for most branches, down the tree the ones that differ from those above. Where
    no number is valid, reading as is does as well as none.
    """
    found: dict[str, Reading] = {}
    Node = tuple[frozenset[Reading], list["Node"]]  # type: ignore[misc]

    def up(items: list[tuple[str, Reading]]) -> Node:
        if not items:
            return frozenset((NONE, as_is)), []
        if len(items) == 1 and not items[0][0]:
            return frozenset((items[0][1],)), []
        branches: list[list[tuple[str, Reading]]] = [[] for _ in DIGITS]
        for start, reading in items:
            branches[int(start[0])].append((start[1:], reading))
        nodes = [up(branch) for branch in branches]
        votes = collections.Counter(r for node in nodes for r in node[0])
        most = max(votes.values())
        return frozenset(r for r in votes if votes[r] == most), nodes

    def down(node: Node, start: str, above: Reading) -> None:
        if above not in node[0]:
            above = found[start] = min(node[0])
        for digit, branch in zip(DIGITS, node[1], strict=False):
            down(branch, start + digit, above)

    down(up(list(starts.items())), "", NONE)
    return found


def shallow(starts: Mapping[str, Reading], most: int) -> dict[str, Reading]:
    """Starts of at most so many digits: the reading of the largest part stands for a longer one."""
    found = {s: r for s, r in starts.items() if len(s) <= most}
    votes: dict[str, collections.Counter[Reading]] = collections.defaultdict(collections.Counter)
    for start, reading in starts.items():
        if len(start) > most:
            votes[start[:most]][reading] += 10 ** (DEEPEST - len(start))
    found.update({s: c.most_common(1)[0][0] for s, c in votes.items()})
    return found


def with_prefix(starts: dict[str, Reading], prefix: str) -> None:
    """Digits behind an international prefix are a calling code and number, unless a 0 follows."""
    for start in [s for s in starts if prefix.startswith(s)]:
        reading = starts.pop(start)
        for size in range(len(start), len(prefix)):
            for digit in DIGITS:
                if digit != prefix[size]:
                    starts.setdefault(prefix[:size] + digit, reading)
        starts.setdefault(prefix + "0", reading)
    for start in [s for s in starts if s.startswith(prefix) and s[len(prefix) :][:1] not in "0"]:
        del starts[start]
    for digit in DIGITS[1:]:
        starts[prefix + digit] = Reading("", len(prefix))


def plans_of(region: str) -> list[tuple[str, int, dict[str, Reading]]]:
    """The readings of a region, a row a count of digits."""
    code = metadata(0, region).country_code
    reader, rows = Reader(code, region), []
    for length in LENGTHS:
        starts = {s: r._replace(put=f"{code}{r.put}") for s, r in reader.readings(length).items()}
        starts = shallow(starts, SHALLOW.get(region, DEEPEST))
        for prefix in sorted(international_prefixes(region), key=len):
            if length - len(prefix) >= 4:
                with_prefix(starts, prefix)
        if starts:
            rows.append((region, length, fewest(starts, Reading(str(code), 0))))
    return rows


def numbers_of(code: int) -> list[tuple[str, str, str, int]]:
    """Entries of a calling code: head, kind, length letter and further digits, digits dropped."""
    found: list[tuple[str, str, str, int]] = []

    def add(start: str, length: int, kind: str, drop: int) -> None:
        whole = f"{code}{start}"
        letter = ascii_uppercase[length + len(str(code)) - 1]
        for tail in itertools.product(DIGITS, repeat=max(0, HEAD - len(whole))):
            number = whole + "".join(tail)
            assert len(number) <= HEAD + FURTHEST, number
            found.append((number[:HEAD], kind, letter + number[HEAD:], drop))

    reader = Reader(code)
    for length in range(2, 19):
        for start in plan(code).starts(length):
            add(start, length, "valid", 0)
        for start, drop in reader.trunks(length):
            add(start, length, "trunk", drop)
    return found


def write(name: str, header: str, rows: Iterable[Iterable[object]]) -> None:
    """One table."""
    with (FOLDER / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(rows)


def write_plans(rows: Iterable[tuple[str, int, dict[str, Reading]]]) -> None:
    """phone_plans and phone_readings."""
    codes: dict[Reading, int] = {NONE: 0, Reading("", 1): 1}
    plans: list[tuple[object, ...]] = [("+", 1, 0, "")]
    for region, length, starts in rows:
        for reading in starts.values():
            codes.setdefault(reading, len(codes))
        others = {s: codes[r] for s, r in sorted(starts.items()) if s}
        entries = "".join(f"|{start}:{code}:" for start, code in others.items())
        usual = codes[starts.get("", NONE)]
        plans.append((f"{region}:{length}", usual, max(map(len, others), default=0), entries))
    write("phone_plans", "plan usual depth others", plans)
    readings = [(code, *reading) for reading, code in codes.items() if code]
    write("phone_readings", "reading put skip keep jump", readings)


def write_numbers(entries: Iterable[tuple[str, str, str, int]]) -> None:
    """phone_numbers."""
    lists: dict[str, dict[str, set[str]]] = collections.defaultdict(
        lambda: {"valid": set(), "trunk": set()}
    )
    drops: dict[str, set[int]] = collections.defaultdict(set)
    for head, kind, entry, drop in entries:
        lists[head][kind].add(entry)
        if drop:
            drops[head].add(drop)
    rows = []
    for head in sorted(lists):
        code = next(size for size in (1, 2, 3) if int(head[:size]) in REGIONS)
        valid, trunk = (
            "".join(f"{e}|" for e in sorted(lists[head][k])) for k in ("valid", "trunk")
        )
        deepest = max(len(e) - 1 for kind in lists[head].values() for e in kind)
        rows.append((head, code, valid, trunk, min(drops[head], default=""), deepest))
        if len(drops[head]) > 1:
            print("two trunk prefixes behind", head)
    write("phone_numbers", "head calling valid trunk drop deepest", rows)


def main() -> None:
    """Write the three tables."""
    with ProcessPoolExecutor(2) as pool:
        numbers = pool.map(numbers_of, sorted(REGIONS))
        plans = pool.map(plans_of, sorted(phonenumbers.SUPPORTED_REGIONS))
        write_numbers(itertools.chain.from_iterable(numbers))
        write_plans(itertools.chain.from_iterable(plans))
    print("phonenumbers", phonenumbers.__version__)


if __name__ == "__main__":
    main()
