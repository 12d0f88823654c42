"""The columns of a golden dataset."""

from __future__ import annotations

from collections.abc import Mapping

from cdmq.kinds.golden.layout import layout
from cdmq.sql.types import Type
from cdmq.values import Dataset, Rule


def columns(rule: Rule, of: Dataset, known: Mapping[str, Type]) -> dict[str, Type]:
    """party_id; the columns of the matched dataset without its key; how many records the party
    has; when values were verified."""
    return layout(rule, of, known).types()
