"""Dates that a system writes where it knows none, and dates that are still to come."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node
from cdmq.sql.types import Type

#: No record of a customer was changed on these days or before the first: they are the zero of a
#: calendar, of a database, of a spreadsheet, of Unix. Ends that lie ahead (9999-12-31, 2262-04-11)
#: are after as_of, as slips are.
EARLIEST = "1900-01-01"
ZEROS = ("1970-01-01",)


def in_time(moment: exp.Expr, type_: Type) -> exp.Expr:
    """The moment; NULL where it is after as_of, or an end of time. A day counts as a whole."""
    moment_type = "date" if type_ == "date" else "timestamp"
    conditions: list[exp.Expr] = [
        exp.GT(this=moment.copy(), expression=nodes.cast(nodes.text(EARLIEST), moment_type)),
        exp.LTE(this=moment.copy(), expression=nodes.cast(as_of_node(), moment_type)),
        *(
            exp.NEQ(this=moment.copy(), expression=nodes.cast(nodes.text(z), moment_type))
            for z in ZEROS
        ),
    ]
    return nodes.when(nodes.every(conditions), moment)
