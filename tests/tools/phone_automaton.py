"""Regular expressions over digits as one deterministic automaton, built as it is walked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

DIGITS = "0123456789"
DEAD = 0


class Automaton:
    """The patterns of `tags` side by side: a state knows which of them match the digits so far.

    States are whole numbers; `DEAD` is the one from which nothing matches any more.
    """

    def __init__(self, tags: Mapping[str, str]) -> None:
        self._silent: list[list[int]] = []
        self._moves: list[tuple[frozenset[str], int] | None] = []
        self._final: dict[int, str] = {}
        self._ids: dict[frozenset[int], int] = {frozenset(): DEAD}
        self._sets: list[frozenset[int]] = [frozenset()]
        self._steps: dict[tuple[int, str], int] = {}
        self.accepted: list[frozenset[str]] = [frozenset()]
        starts = []
        for tag, pattern in tags.items():
            start = self._node()
            starts.append(start)
            self._final[self._sequence(parser.parse(pattern), start)] = tag
        self.start = self._state(starts)

    def step(self, state: int, digit: str) -> int:
        """The state behind one more digit."""
        key = (state, digit)
        found = self._steps.get(key)
        if found is None:
            targets = []
            for node in self._sets[state]:
                move = self._moves[node]
                if move and digit in move[0]:
                    targets.append(move[1])
            found = self._steps[key] = self._state(targets)
        return found

    def walk(self, state: int, digits: str) -> int:
        """The state behind several digits."""
        for digit in digits:
            state = self.step(state, digit)
        return state

    def _state(self, nodes: Iterable[int]) -> int:
        seen = set(nodes)
        todo = list(seen)
        while todo:
            for node in self._silent[todo.pop()]:
                if node not in seen:
                    seen.add(node)
                    todo.append(node)
        kept = frozenset(n for n in seen if self._moves[n] or n in self._final)
        if kept not in self._ids:
            self._ids[kept] = len(self._sets)
            self._sets.append(kept)
            self.accepted.append(frozenset(self._final[n] for n in kept if n in self._final))
        return self._ids[kept]

    def _node(self) -> int:
        self._silent.append([])
        self._moves.append(None)
        return len(self._moves) - 1

    def _sequence(self, items: Any, node: int) -> int:
        for kind, value in items:
            node = self._item(kind, value, node)
        return node

    def _item(self, kind: Any, value: Any, node: int) -> int:
        if kind is op.LITERAL:
            return self._digit(node, frozenset(chr(value)))
        if kind is op.IN:
            return self._digit(node, frozenset().union(*map(_members, value)))
        if kind is op.SUBPATTERN:
            return self._sequence(value[3], node)
        if kind is op.AT and value is op.AT_END:
            return node
        if kind is op.BRANCH:
            end = self._node()
            for branch in value[1]:
                start = self._node()
                self._silent[node].append(start)
                self._silent[self._sequence(branch, start)].append(end)
            return end
        if kind is op.MAX_REPEAT:
            return self._repeat(*value, node)
        raise ValueError(f"{kind} in a pattern of the metadata")

    def _repeat(self, least: int, most: Any, body: Any, node: int) -> int:
        for _ in range(least):
            node = self._sequence(body, node)
        end = self._node()
        if most is op.MAXREPEAT:
            self._silent[node].append(end)
            self._silent[self._sequence(body, end)].append(end)
            return end
        for _ in range(most - least):
            self._silent[node].append(end)
            node = self._sequence(body, node)
        self._silent[node].append(end)
        return end

    def _digit(self, node: int, digits: frozenset[str]) -> int:
        before, end = self._node(), self._node()
        self._silent[node].append(before)
        self._moves[before] = (digits, end)
        return end


def _members(item: tuple[Any, Any]) -> frozenset[str]:
    kind, value = item
    if kind is op.LITERAL:
        return frozenset(chr(value))
    if kind is op.RANGE:
        return frozenset(map(chr, range(value[0], value[1] + 1)))
    if kind is op.CATEGORY and value is op.CATEGORY_DIGIT:
        return frozenset(DIGITS)
    raise ValueError(f"{kind} in a class of the metadata")
