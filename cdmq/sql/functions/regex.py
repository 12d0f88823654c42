"""Regular expressions that mean the same on every engine.

A small subset is parsed and written anew for each engine: characters, `.`, `[ ]`, `\\d \\w \\s`
(ASCII) and their negations, `\\b`, `^ $`, `( )`, `(?: )`, `|`, `* + ? {m,n}` and their lazy
forms, and `(?i)` at the very start. `$` is the very end of the text, `.` is no line end.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from cdmq.sql.functions.charset import LAST, Ranges, negate
from cdmq.sql.functions.regex_nodes import (
    Anchor,
    Chars,
    Either,
    Group,
    Node,
    RegexProblem,
    Repeat,
    Sequence,
)
from cdmq.sql.functions.regex_once import ambiguous, may_be_empty
from cdmq.sql.functions.regex_parse import parse

__all__ = ["RegexProblem", "groups", "understood", "written"]

#: How start and end of the text and a border of a word are written.
Anchors = tuple[str, str, str]
_SPECIAL = set("\\.[]{}()*+?^$|-")


def _char(code: int) -> str:
    char = chr(code)
    return "\\" + char if char in _SPECIAL else char


def _set(ranges: Ranges) -> str:
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _char(ranges[0][0])
    negated = ranges[-1][1] == LAST and ranges[0][0] == 1
    inner = "".join(
        _char(low) if low == high else _char(low) + ("" if high == low + 1 else "-") + _char(high)
        for low, high in (negate(ranges) if negated else ranges)
    )
    return f"[{'^' if negated else ''}{inner}]"


def _repeat(node: Repeat, anchors: Anchors, capture: bool) -> str:
    body = _write(node.body, anchors, capture)
    if not body:
        return ""
    if not isinstance(node.body, (Chars, Group)):
        body = f"(?:{body})"
    bounds = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((node.least, node.most))
    if bounds is None:
        most = "" if node.most is None else str(node.most)
        bounds = f"{{{node.least}}}" if node.least == node.most else f"{{{node.least},{most}}}"
    return body + bounds


def _write(node: Node, anchors: Anchors, capture: bool) -> str:
    if isinstance(node, Chars):
        return _set(node.ranges)
    if isinstance(node, Anchor):
        return anchors["^$b".index(node.sign)]
    if isinstance(node, Sequence):
        return "".join(
            f"(?:{_write(p, anchors, capture)})"
            if isinstance(p, Either)
            else _write(p, anchors, capture)
            for p in node.parts
        )
    if isinstance(node, Either):
        return "|".join(_write(o, anchors, capture) for o in node.options)
    if isinstance(node, Group):
        body = _write(node.body, anchors, capture)
        if capture and node.number:
            return f"({body})"
        return f"(?:{body})" if body else ""  # engines differ in what an empty group is
    return _repeat(node, anchors, capture)


@lru_cache(maxsize=4096)
def matches_everything(pattern: str) -> bool:
    """Whether it is found in every text, as `[0-9]*` is: in what has no digit, too."""
    return _everywhere(parse(pattern)[0])


def _everywhere(node: Node) -> bool:
    if isinstance(node, Sequence):
        anchors = sum(isinstance(p, Anchor) for p in node.parts)
        return anchors < 2 and all(_everywhere(p) for p in node.parts)
    if isinstance(node, Either):
        return any(_everywhere(o) for o in node.options)
    if isinstance(node, Group):
        return _everywhere(node.body)
    if isinstance(node, Repeat):
        return node.least == 0 or _everywhere(node.body)
    return isinstance(node, Anchor) and node.sign in "^$"


def groups(pattern: str) -> int:
    """How many groups `( )` the pattern has."""
    return parse(pattern)[1]


@lru_cache(maxsize=4096)
def written(pattern: str, anchors: Anchors, groups: bool = False) -> str:
    """The pattern for the engines that have these anchors; RegexProblem outside the subset.

    Without `groups` it is good for asking whether there is a match (then greed changes nothing
    and every group is written without capture). With `groups` what is matched counts, and engines
    take different ways through a pattern that can match in several; such a pattern is refused.
    The text goes by code point (`texts.by_code_point`), for a word border to be an ASCII one.
    """
    return _write(understood(pattern, groups), anchors, groups)


@lru_cache(maxsize=4096)
def understood(pattern: str, groups: bool = False) -> Node:
    """The pattern, as it can be said to every engine; RegexProblem outside the subset."""
    node, _ = parse(unicodedata.normalize("NFC", pattern))
    if groups and may_be_empty(node):
        raise RegexProblem(
            0,
            "the pattern also matches nothing at all, and engines differ in how often",
            "write + instead of *, or begin with ^",
        )
    if groups:
        problem = ambiguous(node)
        if problem:
            raise RegexProblem(0, problem, "write what must not be in it: [^@]* instead of .*")
    return node
