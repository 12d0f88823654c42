"""Datasets that rules make: known from the rule files before any rule is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cdmq.datasets.declared import Made
from cdmq.kinds import kinds
from cdmq.project.yaml_source import Source


def made_datasets(sources: Iterable[Source]) -> Iterator[Made]:
    """What the sections name, wrong or right: the rules are checked when they are read."""
    for source in sources:
        data: dict[str, Any] = source.data if isinstance(source.data, dict) else {}
        of = data.get("dataset")
        for section, kind in kinds().items() if isinstance(of, str) else ():
            items = data.get(section)
            for i, item in enumerate(items if isinstance(items, list) else ()):
                for place, name in kind.section.declares(item):
                    span = source.at((section, i, *place))
                    yield Made(name, str(of), str(item.get("id")), section, span, kind.section)
