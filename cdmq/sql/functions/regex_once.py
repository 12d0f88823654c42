"""Whether a pattern has one way only through every text.

Engines agree on whether there is a match, but not on which: RE2 takes the first alternative,
PostgreSQL the longest. Where each next character leaves one way on, all take the same.
(The positions and followers are those of Glushkov's automaton.)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from cdmq.sql.functions.charset import Ranges, overlap
from cdmq.sql.functions.regex_nodes import Anchor, Chars, Either, Group, Node, Repeat, Sequence

_MOST = 1200


@dataclass(frozen=True)
class _Piece:
    empty: bool
    first: frozenset[int]
    last: frozenset[int]


_NOTHING = _Piece(True, frozenset(), frozenset())


@dataclass
class _Positions:
    sets: list[Ranges] = field(default_factory=list)
    follow: list[set[int]] = field(default_factory=list)
    lazy: bool = False

    def link(self, before: frozenset[int], after: frozenset[int]) -> None:
        for position in before:
            self.follow[position] |= after

    def then(self, a: _Piece, b: _Piece) -> _Piece:
        self.link(a.last, b.first)
        return _Piece(
            a.empty and b.empty,
            a.first | b.first if a.empty else a.first,
            a.last | b.last if b.empty else b.last,
        )

    def piece(self, node: Node) -> _Piece:
        if isinstance(node, Chars):
            self.sets.append(node.ranges)
            self.follow.append(set())
            here = frozenset({len(self.sets) - 1})
            return _Piece(False, here, here)
        if isinstance(node, Anchor):
            return _NOTHING
        if isinstance(node, Group):
            return self.piece(node.body)
        if isinstance(node, Sequence):
            whole = _NOTHING
            for part in node.parts:
                whole = self.then(whole, self.piece(part))
            return whole
        if isinstance(node, Either):
            pieces = [self.piece(o) for o in node.options]
            return _Piece(
                any(p.empty for p in pieces),
                frozenset().union(*(p.first for p in pieces)),
                frozenset().union(*(p.last for p in pieces)),
            )
        return self.repeat(node)

    def repeat(self, node: Repeat) -> _Piece:
        self.lazy = self.lazy or node.lazy
        whole = _NOTHING
        for _ in range(node.least):
            whole = self.then(whole, self.piece(node.body))
        if node.most is None:
            loop = self.piece(node.body)
            self.link(loop.last, loop.first)
            return self.then(whole, _Piece(True, loop.first, loop.last))
        return self.then(whole, self.optional(node, node.most - node.least))

    def optional(self, node: Repeat, times: int) -> _Piece:
        """Up to `times` more, each only after the one before it."""
        pieces = [self.piece(node.body) for _ in range(times)]
        if not pieces:
            return _NOTHING
        for one, following in pairwise(pieces):
            self.link(one.last, following.first)
        return _Piece(True, pieces[0].first, frozenset().union(*(p.last for p in pieces)))


def _has_anchor_inside(node: Node, repeated: bool = False) -> bool:
    """An anchor under a repeat or an alternative: there it chooses the way."""
    if isinstance(node, Anchor):
        return repeated
    if isinstance(node, Chars):
        return False
    if isinstance(node, Group):
        return _has_anchor_inside(node.body, repeated)
    if isinstance(node, Sequence):
        return any(_has_anchor_inside(p, repeated) for p in node.parts)
    if isinstance(node, Either):
        return any(_has_anchor_inside(o, True) for o in node.options)
    return _has_anchor_inside(node.body, True)


def _repeats_empty(node: Node) -> bool:
    if isinstance(node, (Chars, Anchor)):
        return False
    if isinstance(node, Sequence):
        return any(map(_repeats_empty, node.parts))
    if isinstance(node, Either):
        empty = [_Positions().piece(o).empty for o in node.options]
        return any(empty) or any(map(_repeats_empty, node.options))
    if isinstance(node, Group):
        return _repeats_empty(node.body)
    return _Positions().piece(node.body).empty or _repeats_empty(node.body)


def may_be_empty(node: Node) -> bool:
    """Whether it matches the empty text at other places than the start."""
    bound = isinstance(node, Sequence) and node.parts[:1] == (Anchor("^"),)
    return not bound and _Positions().piece(node).empty


def ambiguous(node: Node) -> str | None:
    """None when there is one way only, else what is wrong with the pattern."""
    positions = _Positions()
    whole = positions.piece(node)
    if positions.lazy:
        return "a lazy repeat takes different text on different engines"
    if _repeats_empty(node) or _has_anchor_inside(node):
        return "a part of the pattern that may be empty is repeated or an alternative"
    if len(positions.sets) > _MOST:
        return "the pattern's repeats multiply to too much"
    for ways in [set(whole.first), *positions.follow]:
        ordered = sorted(ways)
        for i, one in enumerate(ordered):
            if any(overlap(positions.sets[one], positions.sets[o]) for o in ordered[i + 1 :]):
                return "the pattern can match one text in several ways, and engines differ in which"
    return None
