"""strictest: one no is no, and of two limits the smaller holds."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cdmq.kinds.golden.order import Term, number_term
from cdmq.sql import nodes
from cdmq.sql.text_form import text_of
from cdmq.sql.types import Type

#: Texts that refuse and that allow, without capitals and blanks around. Any other text is between:
#: what is not understood is no yes.
NO = (
    "no",
    "n",
    "false",
    "f",
    "0",
    "off",
    "never",
    "none",
    "nein",
    "non",
    "declined",
    "denied",
    "refused",
    "rejected",
    "revoked",
    "withdrawn",
    "blocked",
    "opt-out",
    "opt_out",
    "optout",
    "opted out",
    "unsubscribed",
)
YES = (
    "yes",
    "y",
    "true",
    "t",
    "1",
    "on",
    "ja",
    "j",
    "oui",
    "accepted",
    "agreed",
    "allowed",
    "granted",
    "given",
    "confirmed",
    "opt-in",
    "opt_in",
    "optin",
    "opted in",
    "subscribed",
)


def strictest(cells: Sequence[tuple[exp.Expr, Type]]) -> Term:
    """The step of an order by which refusals and small limits come first."""
    words = [_rank(cell, type_) for cell, type_ in cells if type_ in ("text", "unknown", "boolean")]
    if words:
        return number_term(
            "strictest", words[0] if len(words) == 1 else nodes.call("least", *words), desc=False
        )
    return Term("strictest", tuple(cell for cell, _ in cells), False, None)


def _rank(cell: exp.Expr, type_: Type) -> exp.Expr:
    """0 a no, 1 what is neither, 2 a yes, 3 nothing."""
    said = nodes.call("lower", nodes.call("trim", text_of(cell.copy(), type_)))

    def among(words: Sequence[str]) -> exp.Expr:
        return exp.In(this=said.copy(), expressions=[nodes.text(w) for w in words])

    return nodes.cases(
        [
            (nodes.is_null(cell.copy()), nodes.number(3)),
            (among(NO), nodes.number(0)),
            (among(YES), nodes.number(2)),
        ],
        nodes.number(1),
    )
