"""How a personal value is stored and shown: plain, mask, hash or omit.

In the warehouse `stored` says what the audit tables hold of it. `hides` is the one rule for what
leaves the warehouse, on a screen or in a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cdmq.sql.types import OPAQUE, Type

if TYPE_CHECKING:
    from sqlglot import exp

    from cdmq.project.spec import DatasetSpec, Pii

#: From what everybody may see to what nobody can.
_STRICTER: tuple[Pii, ...] = ("plain", "mask", "hash", "omit")
#: A shorter text is masked whole, and so is a boolean: its first letter is all of it.
_SHORT, _TWO = 4, ("true", "false")
_DIGEST = re.compile("[0-9a-f]{32}|[0-9a-f]{64}")


def stored(value: exp.Expr, how: Pii) -> exp.Expr:
    """`value` (a text) as the audit tables hold it."""
    from sqlglot import exp

    from cdmq.sql import nodes
    from cdmq.sql.keyed import keyed

    if how == "omit":
        return nodes.cast(nodes.null(), "text")
    if how == "hash":
        return keyed(value)
    if how == "mask":
        first = nodes.call("left", value, nodes.number(1))
        short = nodes.any_of(
            [
                exp.LT(this=exp.Length(this=value.copy()), expression=nodes.number(_SHORT)),
                exp.In(
                    this=exp.Lower(this=value.copy()),
                    expressions=[nodes.text(word) for word in _TWO],
                ),
            ]
        )
        stars = nodes.concat([first, nodes.text("***")])
        hidden = nodes.when(short, nodes.text("***"), stars)
        return nodes.when(nodes.present(value.copy()), hidden)
    return value


def hides(spec: DatasetSpec, column: str, type_: Type) -> bool:
    """Whether the values of a column are masked outside the warehouse.

    Only where the dataset declares `pii:`: then what it does not call plain, and every text column
    that it does not name, its key apart.
    """
    if not spec.pii:
        return False
    if column in spec.pii:
        return spec.pii[column] != "plain"
    return type_ in OPAQUE | {"text", "unknown", "uuid"} and column not in spec.key


def strictest(words: Iterable[Pii]) -> Pii:
    """The word that hides most; `plain` of none."""
    return max(words, key=_STRICTER.index, default="plain")


def hides_key(spec: DatasetSpec) -> bool:
    """Whether `pii:` names a part of the key: then no key leaves the warehouse unmasked."""
    return any(spec.pii.get(column, "plain") != "plain" for column in spec.key)


def masked(value: str) -> str:
    """A hidden value as it is shown."""
    if not value:
        return value
    return "***" if len(value) < _SHORT or value.lower() in _TWO else value[0] + "***"


def masked_again(value: str, how: Pii) -> str:
    """A hidden value of the audit tables, which may be stored masked or as a digest already."""
    return value if how == "hash" and _DIGEST.fullmatch(value) else masked(value)
