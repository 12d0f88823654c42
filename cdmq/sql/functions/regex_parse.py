"""The parser of the portable regular expressions."""

from __future__ import annotations

from cdmq.sql.functions.charset import ANY, DIGIT, SPACE, WORD, Ranges, fold, negate, union
from cdmq.sql.functions.regex_nodes import (
    Anchor,
    Chars,
    Either,
    Group,
    Node,
    RegexProblem,
    Repeat,
    Sequence,
    size,
)

MOST_REPEATS = 255
MOST_POSITIONS = 2000

_ESCAPED = {"n": 10, "t": 9, "r": 13, "f": 12}
_CLASSES = {"d": DIGIT, "w": WORD, "s": SPACE}
_PUNCTUATION = set("\\.[]{}()*+?^$|/-#&~@%!\"',:;<=>_` ")


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.groups = 0
        self.ignore_case = False

    def peek(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.pattern[place] if place < len(self.pattern) else ""

    def fail(self, cause: str, remedy: str = "", at: int | None = None) -> RegexProblem:
        return RegexProblem(self.at if at is None else at, cause, remedy)

    def either(self, depth: int) -> Node:
        if depth > 50:
            raise self.fail("the brackets are nested too deep")
        options = [self.sequence(depth)]
        while self.peek() == "|":
            self.at += 1
            options.append(self.sequence(depth))
        return options[0] if len(options) == 1 else Either(tuple(options))

    def sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self.peek() not in ("", "|", ")"):
            start = self.at
            parts.append(self.repeated(self.atom(depth), start))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def atom(self, depth: int) -> Node:
        char = self.peek()
        if char == "(":
            return self.group(depth)
        if char == "[":
            return Chars(self.set_())
        if char == "\\":
            return self.escape()
        if char in "*+?":
            raise self.fail(
                f"there is nothing before '{char}' to repeat",
                f"write \\{char} for the character itself",
            )
        if char == "{":
            raise self.fail(
                "there is nothing before '{' to repeat", "write \\{ for the character itself"
            )
        self.at += 1
        if char == ".":
            return Chars(ANY)
        if char in "^$":
            return Anchor(char)
        return self.literal(char)

    def literal(self, char: str) -> Chars:
        ranges: Ranges = ((ord(char), ord(char)),)
        return Chars(fold(ranges) if self.ignore_case else ranges)

    def group(self, depth: int) -> Node:
        start = self.at
        self.at += 1
        number: int | None = None
        if self.peek() == "?":
            self.group_begins(start)
        else:
            self.groups += 1
            number = self.groups
        body = self.either(depth + 1)
        if self.peek() != ")":
            raise self.fail("this '(' is never closed", at=start)
        self.at += 1
        return Group(body, number)

    def group_begins(self, start: int) -> None:
        following = self.pattern[self.at + 1 : self.at + 3]
        if following.startswith(":"):
            self.at += 2
            return
        if following[:1] in ("=", "!") or following in ("<=", "<!"):
            raise self.fail(
                "looking ahead or behind is not possible on every engine",
                "use two checks, or AND in an expression",
                at=start,
            )
        if following.startswith(("P", "<")):
            raise self.fail(
                "named groups are not possible on every engine",
                "write ( ) and count the groups",
                at=start,
            )
        raise self.fail(
            "this kind of group is not possible on every engine",
            "only (?i) at the very start, ( ) and (?: )",
            at=start,
        )

    def escape(self) -> Node:
        start = self.at
        char = self.peek(1)
        self.at += 2
        if char == "b":
            return Anchor(char)
        if char.lower() in _CLASSES and char:
            return Chars(self.escaped_class(char))
        return self.literal(chr(self.escaped_char(char, start)))

    def escaped_class(self, char: str) -> Ranges:
        ranges = _CLASSES[char.lower()]
        return negate(ranges) if char.isupper() else ranges

    def escaped_char(self, char: str, start: int) -> int:
        if not char:
            raise self.fail("a backslash ends the pattern", "write \\\\ for a backslash", at=start)
        if char in _ESCAPED:
            return _ESCAPED[char]
        if char.isdigit():
            raise self.fail(
                f"\\{char} refers back to a group, which not every engine can do", at=start
            )
        if char in "pP":
            raise self.fail(
                f"\\{char} is not known here",
                "for letters, with accents too, write [A-Za-zÀ-ÖØ-öø-ɏ]",
                at=start,
            )
        if char not in _PUNCTUATION:
            raise self.fail(
                f"\\{char} is not known here",
                "known: \\d \\w \\s \\D \\W \\S \\b \\n \\t \\r \\f",
                at=start,
            )
        return ord(char)

    def set_(self) -> Ranges:
        start = self.at
        self.at += 1
        negated = self.peek() == "^"
        self.at += negated
        ranges: list[tuple[int, int]] = []
        while self.peek() != "]":
            if not self.peek():
                raise self.fail("this '[' is never closed", at=start)
            ranges.extend(self.set_item())
        self.at += 1
        if not ranges:
            raise self.fail("this [ ] is empty", "write \\] for the character itself", at=start)
        whole = union(ranges)
        if self.ignore_case:
            whole = fold(whole)
        whole = negate(whole) if negated else whole
        if not whole:
            raise self.fail("this [ ] can match nothing", at=start)
        return whole

    def set_item(self) -> Ranges:
        start = self.at
        low = self.set_char()
        if isinstance(low, tuple):
            return low
        if self.peek() != "-" or self.peek(1) == "]":
            return ((low, low),)
        self.at += 1
        high = self.set_char()
        if isinstance(high, tuple) or high < low:
            raise self.fail(
                f"the range {self.pattern[start : self.at]} is the wrong way round"
                if not isinstance(high, tuple)
                else "a range ends with a class",
                at=start,
            )
        return ((low, high),)

    def set_char(self) -> int | Ranges:
        start = self.at
        char = self.peek()
        if not char:
            raise self.fail("a '[' is never closed")
        if char == "[":
            raise self.fail(
                "a '[' inside [ ] means different things on different engines",
                "write \\[ for the character itself; \\d \\w \\s for classes",
            )
        if char == "\\":
            char = self.peek(1)
            self.at += 2
            if char and char.lower() in _CLASSES:
                return self.escaped_class(char)
            if char == "b":
                raise self.fail("\\b has no meaning inside [ ]", at=start)
            return self.escaped_char(char, start)
        if self.pattern[self.at : self.at + 2] in ("&&", "--", "~~", "||"):
            raise self.fail("set operations inside [ ] are not possible on every engine")
        self.at += 1
        return ord(char)

    def repeated(self, body: Node, start: int) -> Node:
        bounds = self.bounds()
        if bounds is None:
            return body
        least, most = bounds
        if isinstance(body, Anchor):
            raise self.fail("an anchor cannot be repeated", at=start)
        lazy = self.peek() == "?"
        self.at += lazy
        if self.peek() and self.peek() in "*+?":
            raise self.fail(
                f"'{self.peek()}' after a repeat is not possible on every engine",
                "put the first repeat in brackets: (?: )",
            )
        if self.peek() == "{":
            raise self.fail("a repeat of a repeat", "put the first one in brackets: (?: )")
        return Repeat(body, least, most, lazy)

    def bounds(self) -> tuple[int, int | None] | None:
        char = self.peek()
        if char and char in "*+?":
            self.at += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
        if char != "{":
            return None
        start = self.at
        end = self.pattern.find("}", start)
        low, comma, high = self.pattern[start + 1 : end].partition(",") if end > 0 else ("", "", "")
        well = low.isascii() and low.isdigit() and (not high or (high.isascii() and high.isdigit()))
        if not well:
            raise self.fail(
                "this '{' begins no repeat",
                "write {2}, {2,} or {2,5}; \\{ for the character itself",
            )
        least, most = int(low), int(high) if high else (None if comma else int(low))
        if max(least, most or 0) > MOST_REPEATS:
            raise self.fail(f"a repeat of more than {MOST_REPEATS}", "use length() for long text")
        if most is not None and most < least:
            raise self.fail("the repeat is the wrong way round", f"write {{{most},{least}}}")
        self.at = end + 1
        return least, most


def parse(pattern: str) -> tuple[Node, int]:
    """The pattern's tree and the number of its groups; RegexProblem outside the subset."""
    if "\0" in pattern:
        raise RegexProblem(pattern.index("\0"), "the pattern holds a NUL character")
    parser = _Parser(pattern)
    if pattern.startswith("(?i)"):
        parser.ignore_case, parser.at = True, 4
    node = parser.either(0)
    if parser.peek():
        raise parser.fail("this ')' was never opened", "write \\) for the character itself")
    if size(node) > MOST_POSITIONS:
        raise RegexProblem(
            0, "the pattern's repeats multiply to too much", "make the counts smaller"
        )
    return node, parser.groups
