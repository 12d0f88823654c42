"""The tree of a portable regular expression."""

from __future__ import annotations

from dataclasses import dataclass

from cdmq.sql.functions.charset import Ranges


class RegexProblem(Exception):
    """A pattern outside the portable subset. `position` counts from 0 inside the pattern."""

    def __init__(self, position: int, cause: str, remedy: str = "") -> None:
        self.position, self.cause, self.remedy = position, cause, remedy
        super().__init__(f"{cause}; {remedy}" if remedy else cause)


@dataclass(frozen=True)
class Chars:
    ranges: Ranges


@dataclass(frozen=True)
class Anchor:
    """`^`, `$` or `b` (a word border)."""

    sign: str


@dataclass(frozen=True)
class Sequence:
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Either:
    options: tuple[Node, ...]


@dataclass(frozen=True)
class Group:
    body: Node
    number: int | None


@dataclass(frozen=True)
class Repeat:
    body: Node
    least: int
    most: int | None
    lazy: bool


Node = Chars | Anchor | Sequence | Either | Group | Repeat


def size(node: Node) -> int:
    """How many places for one character the pattern has when its repeats are written out."""
    if isinstance(node, (Chars, Anchor)):
        return 1
    if isinstance(node, Sequence):
        return sum(map(size, node.parts))
    if isinstance(node, Either):
        return sum(map(size, node.options))
    if isinstance(node, Group):
        return size(node.body)
    return size(node.body) * max(1, node.least, node.most or 0)
