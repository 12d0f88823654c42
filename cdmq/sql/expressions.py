"""The SQL that stewards write in rules: one expression in DuckDB's dialect.

`parse` reads it and refuses what no rule may hold, `bind` gives it the columns and types of a
dataset, `lower` writes it for one engine, `could_not_judge` says when a value could not be
judged, `tokens` is its meaning for digests.

`as_of` is the run's time, a timestamp. A dataset's column of that name is hidden by it; rename
the column to reach it. `raw(c)`, `filled(c)` and `reason(c)` reach behind the defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as SqlglotDialect
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.parser import Parser
from sqlglot.tokens import Tokenizer

from cdmq.sql import refusals, statements, words
from cdmq.sql.calls import miscounted
from cdmq.sql.fitting import clone
from cdmq.sql.functions.build import both, is_null
from cdmq.sql.infer import Typer
from cdmq.sql.lower import Lowering, typed
from cdmq.sql.normal import Normaliser
from cdmq.sql.null_words import check_nulls
from cdmq.sql.problem import CONSTRUCT, EMPTY, SEVERAL, SYNTAX, SqlProblem
from cdmq.sql.risks import risks
from cdmq.sql.thousands import check_thousands
from cdmq.sql.tokens import tokens
from cdmq.sql.types import Type

__all__ = [
    "Bound",
    "Expression",
    "SqlProblem",
    "bind",
    "could_not_judge",
    "lower",
    "parse",
    "tokens",
]

MOST_CHARACTERS = 100_000


@dataclass(frozen=True)
class Expression:
    """One parsed expression.

    `columns` are the names it reads, in order of first use, as written. Those that stand only
    in raw(), filled() or reason() are in `behind`, with the function.
    """

    text: str
    tree: exp.Expr
    columns: tuple[str, ...]
    behind: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Bound:
    """An expression whose names are a dataset's, and its type."""

    expression: Expression
    type: Type


@cache
def _duckdb() -> SqlglotDialect:
    return SqlglotDialect.get_or_raise("duckdb")


@cache
def _tokenizer() -> Tokenizer:
    return _duckdb().tokenizer()


@cache
def _parser() -> Parser:
    return _duckdb().parser()


def parse(text: str) -> Expression:
    """Read one expression; SqlProblem, with its place, for anything a rule may not hold."""
    if not text.strip():
        raise SqlProblem(
            EMPTY, "the expression is empty", "write a condition, for example: amount > 0"
        )
    if len(text) > MOST_CHARACTERS:
        raise SqlProblem(
            CONSTRUCT,
            f"the expression is longer than {MOST_CHARACTERS} characters",
            "use a seed and the check accepted_values",
        )
    try:
        reader = Normaliser(text)
        tree = reader.node(_parsed(text))
        check_nulls(tree)
        check_thousands(tree)
    except RecursionError:
        raise SqlProblem(
            CONSTRUCT,
            "the expression is nested too deep",
            "split it into two rules, or use IN (...)",
        ) from None
    return Expression(text, tree, tuple(reader.columns), tuple(reader.behind))


def _parsed(text: str) -> exp.Expr:
    statements.column(text)
    try:
        found = _tokenizer().tokenize(text)
    except SqlglotError:
        words.unfinished(text)
    words.look(text, found)
    try:
        trees = _parser().parse(found, text)
    except ParseError as error:
        raise _syntax(text, found, error) from None
    except SqlglotError:
        raise SqlProblem(SYNTAX, "this cannot be read as one expression", "") from None
    tree = trees[0] if trees else None
    if len(trees) != 1:
        raise SqlProblem(SEVERAL, "there is more than one expression", "join them with AND")
    if tree is None:
        raise SqlProblem(
            EMPTY, "the expression is empty", "write a condition, for example: amount > 0"
        )
    if isinstance(tree, exp.Alias):
        raise words.gap(found) or refusals.alias(tree, text)
    return tree


def _syntax(text: str, found: list[Any], error: ParseError) -> SqlProblem:
    """sqlglot's complaint in a steward's words, at the word it stopped at."""
    problem = words.gap(found)
    if problem is not None:
        return problem
    first = error.errors[0] if error.errors else {}
    line, col = first.get("line") or 1, first.get("col") or 1
    end = sum(len(part) + 1 for part in text.split("\n")[: line - 1]) + col
    index = next((i for i, t in enumerate(found) if t.end + 1 >= end), len(found) - 1)
    token = found[index]
    problem = words.several(found, index) or miscounted(found, index)
    if problem is not None:
        return problem
    description = str(first.get("description") or "")
    if not ("missing for" in description or "Expect" in description):
        return SqlProblem(
            SYNTAX,
            f"'{token.text}' is not expected here",
            "look at what stands before it",
            token.start + 1,
        )
    if index + 1 == len(found):
        return SqlProblem(
            SYNTAX,
            f"something is missing after '{token.text}'",
            "finish the expression",
            token.end + 2,
        )
    following = found[index + 1]
    return SqlProblem(
        SYNTAX,
        f"something is missing between '{token.text}' and '{following.text}'",
        "write what stands between them",
        following.start + 1,
    )


def bind(e: Expression, columns: Mapping[str, Type]) -> Bound:
    """The expression with a dataset's names and types; SqlProblem for what does not fit.

    A name is looked up exactly, else without regard to case if only one column answers to it.
    A text that is compared with a date has to be an ISO date, and becomes one.
    """
    tree, typer = clone(e.tree), Typer(columns)
    type_ = typer.type(tree)
    return Bound(Expression(e.text, tree, tuple(typer.used), tuple(typer.behind)), type_)


def lower(
    tree: exp.Expr,
    dialect: str,
    column: Callable[[str], exp.Expr],
    behind: Callable[[str, str], exp.Expr],
    as_of: exp.Expr,
) -> exp.Expr:
    """The tree as one engine's SQL, to be rendered with `.sql(dialect=dialect)`.

    Give it the tree of `bind`: types decide collations, casts and arithmetic. Casts and division
    give NULL where they cannot give a value. The caller guards the whole (Binder.guarded).
    """
    return Lowering(dialect, column, behind, as_of).node(typed(tree))


def could_not_judge(
    tree: exp.Expr,
    dialect: str,
    column: Callable[[str], exp.Expr],
    behind: Callable[[str, str], exp.Expr],
    as_of: exp.Expr,
) -> exp.Expr | None:
    """The condition that the whole is NULL because a cast or division failed on a value.

    None when nothing in the tree can fail. TRY_CAST asks for NULL in words and does not count.
    """
    tree = typed(tree)
    low = Lowering(dialect, column, behind, as_of)
    found = risks(low, tree)
    return None if found is None else both(is_null(low.node(tree)), found)
