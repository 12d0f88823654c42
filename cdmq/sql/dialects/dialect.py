"""What an engine states of its SQL. No field has a default: a new engine states each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from cdmq.sql.functions.build import collated
from cdmq.sql.types import Type

if TYPE_CHECKING:
    from sqlglot import exp

    from cdmq.sql.functions import Render

    Made = Callable[["exp.Expr"], "exp.Expr"]


class Collations(NamedTuple):
    """The one that orders text by code point, and the one that a column has by itself."""

    code_points: str
    usual: str


class Texts(NamedTuple):
    """Texts: how they are ordered, measured, changed and taken apart."""

    #: None: text is ordered by code point anyway.
    collations: Collations | None
    #: A text can hold the character NUL.
    holds_nul: bool
    #: LIKE takes a backslash for an escape where none is named.
    backslash_escapes: bool
    #: The function that counts the bytes of a text.
    octets: str
    #: The function that gives Unicode's NFC.
    nfc: str
    #: A text in NFC, quick where it is plain ASCII.
    composed: Made
    #: `lower` or `upper` of a text, by Unicode's simple mapping.
    cased: Callable[[str, exp.Expr], exp.Expr]
    #: Small letters that `upper` leaves as they are, and their capitals.
    not_raised: tuple[str, str]
    #: The first and the last character of a text, or what is ordered as they are.
    ends: Callable[[exp.Expr], tuple[exp.Expr, exp.Expr]]
    #: A text cut at a separator, each piece changed, and joined again. Of the two names, which
    #: the change speaks of, one is the piece, the other its place.
    pieces: Callable[[exp.Expr, exp.Expr, exp.Expr, tuple[str, str]], exp.Expr]

    def by_code_point(self, value: exp.Expr) -> exp.Expr:
        """A text that is compared by code point, whatever the collation of its column."""
        return collated(value, self.collations.code_points) if self.collations else value


class Anchors(NamedTuple):
    """Start and end of the text, and a border of a word of ASCII, in a regular expression."""

    start: str
    end: str
    border: str


class Patterns(NamedTuple):
    """Regular expressions."""

    #: The function that is true where a pattern is found in a text.
    found: str
    anchors: Anchors
    #: A code point within a bracket expression.
    escaped: Callable[[int], str]
    #: The first match of a pattern in a text, or its group of that number; nothing or an empty
    #: text where there is none. The pattern has no other group.
    extract: Callable[[exp.Expr, exp.Expr, int], exp.Expr]


class Casts(NamedTuple):
    """Casts, and what a value does that cannot be cast or reckoned with."""

    #: TRY_CAST gives NULL for what cannot be cast. Without, nothing may be cast that raises.
    tries: bool
    #: The function that gives NULL where what it is about raises; None: nothing is put there.
    guard: str | None
    #: Functions that raise on no value, and need no guard.
    never_raise: frozenset[str]
    #: A double is cast to a decimal with all of its digits.
    all_digits: bool
    #: A text as a type (its name for DuckDB), where it has the form of it (cast_types.FORMS).
    from_text: Callable[[exp.Expr, Type, str], exp.Expr]


class Numbers(NamedTuple):
    """Numbers and moments."""

    #: The types, by DuckDB's names, in which whole numbers are reckoned with: as they stand, and
    #: where they are calculated.
    whole: str
    calculated: str
    #: Both hold fractions.
    hold_fractions: bool
    #: Division of whole numbers, toward zero.
    quotient: Callable[[exp.Expr, exp.Expr], exp.Expr]
    #: An infinite date moves by an interval, and stays what it is.
    infinity_moves: bool


class Queries(NamedTuple):
    """Queries, aggregates and what is taken out of a row."""

    #: Columns of a subquery are computed each time that they are spoken of, but behind OFFSET.
    flattens: bool
    #: `body` of a value that is computed once, under a name.
    once: Callable[[exp.Expr, Callable[[exp.Expr], exp.Expr], str], exp.Expr]
    #: The value (with ORDER BY) of the first row of those for which a condition holds.
    first: Callable[[exp.Order, exp.Where], exp.Expr]
    #: `first` gives a list as it stands.
    first_of_lists: bool
    #: A function that makes a number of texts, by which they are grouped sooner; None: none does.
    quick_hash: str | None
    #: The text of a key of a JSON object.
    json_text: Callable[[exp.Expr, str], exp.Expr]


class Digests(NamedTuple):
    """Bytes and their digests."""

    #: The bytes that a text of hex digits stands for.
    unhex: Made
    #: HMAC-SHA-256 in hex, of the inner and the outer pad of the key (bytes), and a text.
    hmac: Callable[[exp.Expr, exp.Expr, exp.Expr], exp.Expr]


class Dialect(NamedTuple):
    """What one engine says for all that cdmq asks. `name` is that of sqlglot."""

    name: str
    texts: Texts
    patterns: Patterns
    casts: Casts
    numbers: Numbers
    queries: Queries
    digests: Digests
    #: How each function that rules may call is written, but those of one writing for all.
    functions: Mapping[str, Render]
