"""How digits are read by their start: all numbers of a length walked at once."""

from __future__ import annotations

import re
from typing import NamedTuple

from phone_automaton import DEAD, DIGITS, Automaton
from phone_rules import AS_IS, Reading, international, metadata, national, plan
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE as REGIONS

#: Starts are told apart up to this many digits; carrier codes of a few countries need more.
DEEPEST = 9

Track = tuple[Reading, int]
#: Where a national prefix began (which metadata, offset, first or second), and its state.
Prefix = tuple[int, int, int, int]


class View(NamedTuple):
    """All that the digits so far decide: two starts with one view have the same future."""

    prefixes: tuple[Prefix, ...]
    code: str | bool | None
    tracks: tuple[Track, ...]


class Reader:
    """Every way to read numbers by their start: national with a region, else international."""

    def __init__(self, code: int, region: str | None = None) -> None:
        self._code, self._region, self._head = code, region, str(code)
        self._automaton = plan(code).automaton
        main = metadata(code, REGIONS[code][0])
        own = metadata(code, region) if region else main
        both = [own] if own is main else [own, main]
        self._data = [d for d in both if d.national_prefix_for_parsing]
        self._own = [i for i, d in enumerate(self._data) if d is own]
        self._starts = [_prefix_automaton(d.national_prefix_for_parsing) for d in self._data]
        self._memo: dict[tuple[View, int, int], frozenset[Reading | None]] = {}

    def start(self) -> View:
        tracks: dict[Reading, int] = {AS_IS: self._automaton.start}
        prefixes = [(i, 0, 1, self._begin(i, 0, tracks)) for i in self._own]
        return View(tuple(prefixes), "" if self._region else None, tuple(sorted(tracks.items())))

    def _begin(self, which: int, offset: int, tracks: dict[Reading, int]) -> int:
        """A national prefix may begin here; some rules put an area code before short numbers."""
        data = self._data[which]
        if data.national_prefix_transform_rule and "$" in data.national_prefix_for_parsing:
            put = data.national_prefix_transform_rule.split("\\")[0]
            state = self._automaton.walk(self._automaton.start, put)
            tracks.setdefault(Reading(put, offset), state)
        return self._starts[which].start

    def step(self, view: View, start: str, digit: str) -> View:
        """The view behind one more digit."""
        start += digit
        size, code = len(start), view.code
        if isinstance(code, str):
            done = size == len(self._head)
            code = (True if done else start) if self._head.startswith(start) else False
        tracks = {r: self._automaton.step(state, digit) for r, state in view.tracks}
        prefixes: dict[tuple[int, int, int], int] = {}
        for which, offset, turn, state in view.prefixes:
            state = self._starts[which].step(state, digit)
            if state == DEAD:
                continue
            prefixes[which, offset, turn] = state
            if any(tag.startswith("start") for tag in self._starts[which].accepted[state]):
                reading, at = self._accepted(which, start, offset)
                tracks.setdefault(reading, at)
                if offset and turn == 1 and reading == Reading("", size):
                    for other in range(len(self._data)):
                        prefixes[other, size, 2] = self._begin(other, size, tracks)
        if self._region and code is True and size == len(self._head):
            tracks.setdefault(Reading("", size), self._automaton.start)
            for which in range(len(self._data)):
                prefixes[which, size, 1] = self._begin(which, size, tracks)
        ordered = tuple((*key, state) for key, state in sorted(prefixes.items()))
        return View(ordered, code, tuple(sorted(tracks.items())))

    def _accepted(self, which: int, start: str, offset: int) -> Track:
        """The reading where a national prefix ends here."""
        pattern = self._data[which].national_prefix_for_parsing
        rule = self._data[which].national_prefix_transform_rule
        written = start[offset:]
        match = re.match(pattern, written)
        if not (match and rule and match.groups()[-1] is not None and match.end() == len(written)):
            return Reading("", len(start)), self._automaton.start
        changed = re.sub(pattern, rule, written, count=1)
        state = self._automaton.walk(self._automaton.start, changed)
        if written.endswith(changed):
            return Reading("", len(start) - len(changed)), state
        put = rule.split("\\")[0]
        kept = changed[len(put) :]
        place = written.index(kept)
        if "$" in pattern:
            return Reading(put, offset + place), state
        jump = len(written) - place - len(kept)
        return Reading(put, offset + place, len(kept), jump), state

    def _read(self, view: View, digits: str) -> Reading | None:
        result = (
            national(self._region, digits) if self._region else international(self._code, digits)
        )
        if result is None:
            return None
        return next(r for r, _ in view.tracks if r.apply(digits) == result)

    def outcomes(self, view: View, start: str, left: int) -> frozenset[Reading | None]:
        """The readings of all numbers with this start and so many digits left; None: not valid."""
        key = (view, left, len(start) + left)
        if key not in self._memo:
            hopeless = not view.prefixes and not isinstance(view.code, str)
            if hopeless and all(state == DEAD for _, state in view.tracks):
                self._memo[key] = frozenset([None])
            elif left == 0:
                self._memo[key] = frozenset([self._read(view, start)])
            else:
                found: set[Reading | None] = set()
                for digit in DIGITS:
                    after = self.step(view, start, digit)
                    found |= self.outcomes(after, start + digit, left - 1)
                self._memo[key] = frozenset(found)
        return self._memo[key]

    def readings(self, length: int) -> dict[str, Reading]:
        """The reading of each start behind which all valid numbers are read alike.

        A start is at least as long as what its reading skips, so that it knows the prefix. At
        `DEEPEST` digits the reading that skips least stands for all.
        """
        found: dict[str, Reading] = {}

        def go(view: View, start: str) -> None:
            ways = sorted(r for r in self.outcomes(view, start, length - len(start)) if r)
            if not ways:
                return
            known = ways[0].skip + ways[0].keep + ways[0].jump + (1 if ways[0].put else 0)
            if len(start) == DEEPEST or (len(ways) == 1 and len(start) >= known):
                found[start] = min(ways, key=lambda r: r.skip)
                return
            for digit in DIGITS:
                go(self.step(view, start, digit), start + digit)

        go(self.start(), "")
        return found

    def trunks(self, length: int) -> list[tuple[str, int]]:
        """Starts behind which every number is valid without its first one or two digits."""
        found: list[tuple[str, int]] = []

        def go(view: View, start: str) -> None:
            ways = self.outcomes(view, start, length - len(start))
            short = [r for r in ways if r in (Reading("", 1), Reading("", 2))]
            if len(ways) == 1 and short:
                found.append((start, short[0].skip))
            elif short and len(start) < DEEPEST:
                for digit in DIGITS:
                    go(self.step(view, start, digit), start + digit)

        go(self.start(), "")
        return found


def _prefix_automaton(pattern: str) -> Automaton:
    """Each alternative by itself: those that hold for a whole number only, and the others."""
    parts, depth = [""], 0
    for sign in pattern:
        if sign == "|" and depth == 0:
            parts.append("")
            continue
        depth += {"(": 1, ")": -1}.get(sign, 0)
        parts[-1] += sign
    return Automaton({("whole" if p.endswith("$") else "start") + str(i): p
                      for i, p in enumerate(parts)})  # fmt: skip
