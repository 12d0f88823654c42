"""Which of a party's records wins a unit: the words of `pick` as an order of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.dialects import dialect_of

VALID, OWN, FULLER, KEY, ONLY = "valid", "own value", "fuller", "key", "only value"
#: The words that compare whole records: one order of the rows serves every unit.
OF_RECORDS = frozenset({"trusted", "newest", "oldest", "most_complete"})
#: What may decide, by the number it has within a statement.
DECIDING = (
    OWN,
    FULLER,
    "trusted",
    "newest",
    "oldest",
    "verified",
    "most_complete",
    "most_common",
    "longest",
    "shortest",
    "largest",
    "smallest",
    KEY,
    VALID,
    "strictest",
)


@dataclass(frozen=True)
class Term:
    """One step of an order. `alike` is a text that is equal where the step does not separate
    two records; None where it separates any two values."""

    word: str
    nodes: tuple[exp.Expr, ...]
    desc: bool
    alike: exp.Expr | None
    width: int = 12

    def ordered(self) -> list[exp.Expr]:
        return [ordered(n.copy(), self.desc) for n in self.nodes]


def ordered(node: exp.Expr, desc: bool = False) -> exp.Expr:
    """NULL comes last, up or down."""
    return exp.Ordered(this=node, desc=desc, nulls_first=False)


def number_term(word: str, node: exp.Expr, desc: bool) -> Term:
    return Term(word, (node,), desc, nodes.cast(node.copy(), "text"))


def both(first: Term, second: Term) -> Term:
    """One step of two: the second counts where the first is equal."""
    assert first.alike is not None
    assert second.alike is not None
    return Term(
        first.word,
        (*first.nodes, *second.nodes),
        first.desc,
        nodes.concat([_padded(first), _padded(second)]),
        first.width + second.width,
    )


def moment_term(word: str, node: exp.Expr, desc: bool) -> Term:
    return Term(word, (node,), desc, nodes.cast(node.copy(), "text"), 32)


def flag_term(word: str, condition: exp.Expr) -> Term:
    """A record of which the condition is true comes later."""
    flag = nodes.when(condition, nodes.number(1), nodes.number(0))
    return Term(word, (flag,), False, nodes.cast(flag.copy(), "text"), 1)


def first(value: exp.Expr, order: Sequence[exp.Expr], where: exp.Expr, dialect: str) -> exp.Expr:
    """The value of the first row by an order, of those for which a condition holds.

    An ordered aggregate of few rows a group: a fifth of a window a column on DuckDB.
    """
    by = exp.Order(this=value, expressions=list(order))
    return dialect_of(dialect).queries.first(by, exp.Where(this=where))


def window(
    function: exp.Expr, partition: Sequence[exp.Expr], order: Sequence[exp.Expr] = ()
) -> exp.Expr:
    by = exp.Order(expressions=list(order)) if order else None
    return exp.Window(this=function, partition_by=list(partition), order=by)


def alike(terms: Sequence[Term]) -> exp.Expr:
    """What separates a record from others, step by step, as one text of known widths."""
    return nodes.concat([nodes.cast(nodes.text(""), "text"), *(_padded(t) for t in _told(terms))])


def _padded(term: Term) -> exp.Expr:
    assert term.alike is not None
    known = exp.Coalesce(this=term.alike.copy(), expressions=[nodes.text("")])
    return nodes.call("rpad", known, nodes.number(term.width), nodes.text(" "))


@dataclass(frozen=True)
class Trace:
    """How the text of what separates records is read: the word of each step with where its part
    ends, the word that decides where all of that is equal, and where the key begins."""

    marks: tuple[tuple[str, int], ...]
    last: str
    key_at: int

    def key(self, told: exp.Expr) -> exp.Expr:
        return nodes.call("substr", told, nodes.number(self.key_at))

    def depth(self, winner: exp.Expr, other: exp.Expr) -> exp.Expr:
        """The step that separates two records with different values: 100 times its place, plus
        the number of its word. The largest of a party is that of the winner's nearest rival."""
        pairs: list[tuple[exp.Expr, exp.Expr]] = []
        for place, (word, end) in enumerate(self.marks):
            sides = [nodes.call("left", n.copy(), nodes.number(end)) for n in (winner, other)]
            pairs.append(
                (
                    exp.NEQ(this=sides[0], expression=sides[1]),
                    nodes.number(100 * place + DECIDING.index(word)),
                )
            )
        rest = nodes.number(100 * len(pairs) + DECIDING.index(self.last))
        return nodes.cases(pairs, rest) if pairs else rest


def trace(before: Sequence[Term], after: Sequence[Term]) -> Trace:
    """The trace of steps of a unit's own, with those of an order of records behind them."""
    marks: list[tuple[str, int]] = []
    end = 0
    for term in (*_told(before), *after):
        end += term.width
        if all(word != term.word for word, _ in marks):
            marks.append((term.word, end))
    cut = len(_told(before))
    if cut < len(before):
        return Trace(tuple(marks[:cut]), before[cut].word, end + 1)
    return Trace(tuple(marks), KEY, end + 1)


def _told(terms: Sequence[Term]) -> list[Term]:
    """The steps before one that separates any two values."""
    found: list[Term] = []
    for term in terms:
        if term.alike is None:
            break
        found.append(term)
    return found
