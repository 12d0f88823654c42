"""What is wrong with an expression, said so that a steward can mend it."""

from __future__ import annotations

from sqlglot import exp

SYNTAX = "CDMQ301"
EMPTY = "CDMQ302"
SEVERAL = "CDMQ303"
COMMENT = "CDMQ304"
STATEMENT = "CDMQ305"
CONSTRUCT = "CDMQ306"
FUNCTION = "CDMQ307"
CLOCK = "CDMQ308"
QUALIFIED = "CDMQ309"
MOMENT = "CDMQ310"
REGEX = "CDMQ311"
COLUMN = "CDMQ312"
TYPES = "CDMQ313"
ARGUMENTS = "CDMQ314"
ORDER = "CDMQ316"
NULLS = "CDMQ317"
CONSTANT = "CDMQ318"
THOUSANDS = "CDMQ319"
OF_TYPE = "CDMQ320"


class SqlProblem(Exception):
    """One thing that is wrong in an expression. `column` counts from 1 inside its text."""

    def __init__(self, code: str, cause: str, remedy: str = "", column: int = 1) -> None:
        self.code, self.cause, self.remedy, self.column = code, cause, remedy, column
        super().__init__(f"{cause}; {remedy}" if remedy else cause)


def start(node: exp.Expr) -> int:
    """Where the node begins in its text, counted from 1."""
    places = [n.meta["start"] for n in node.walk() if "start" in n.meta]
    return min(places) + 1 if places else 1


def spot(node: exp.Expr) -> int:
    """The node's own place, or else where it begins."""
    return int(node.meta["start"]) + 1 if "start" in node.meta else start(node)


def say(node: exp.Expr) -> str:
    """The node as the steward wrote it, shortened."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Column):
        return str(node.name)
    if isinstance(node, exp.Literal):
        return f"'{node.name}'" if node.is_string else str(node.name)
    if isinstance(node, exp.Anonymous):
        return f"{node.name}(...)" if node.expressions else f"{node.name}()"
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        return f"-{node.this.name}"
    written = node.sql(dialect="duckdb", normalize_functions="lower")
    return written if len(written) <= 40 else written[:37] + "..."
