"""A number such as 50.000: fifty to SQL and YAML, fifty thousand to many who write it."""

from __future__ import annotations

import re

from sqlglot import exp

from cdmq.sql.problem import THOUSANDS, SqlProblem, spot

_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+")


def ambiguous(text: str) -> str:
    """What to write for a number whose point may be of thousands; empty where it is clear."""
    if not _AMBIGUOUS.fullmatch(text):
        return ""
    small = text.rstrip("0")
    small += "0" if small.endswith(".") or small == text else ""
    return f"write {text.replace('.', '')}" + (f", or {small}" if text.count(".") == 1 else "")


def check_thousands(tree: exp.Expr) -> None:
    """Raise SqlProblem for a number that may be read in two ways."""
    for node in tree.find_all(exp.Literal):
        how = "" if node.is_string else ambiguous(str(node.name))
        if how:
            raise SqlProblem(
                THOUSANDS,
                f"{node.name} may be of thousands, or have three decimals",
                how,
                spot(node),
            )
