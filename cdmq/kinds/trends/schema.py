"""How a rule of trends looks in the JSON Schema of a rule file: of customers, or of a dataset."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from cdmq.kinds.trends.dataset_words import DatasetTrend
from cdmq.project.relaxed import Json


def models() -> Sequence[type[BaseModel]]:
    """The words of a trend of a dataset."""
    return (DatasetTrend,)


def item(model: type[BaseModel], defs: Json) -> Json:
    """Told apart by `of`."""
    return {
        "if": {"required": ["of"]},
        "then": {"$ref": f"#/$defs/{DatasetTrend.__name__}"},
        "else": {"$ref": f"#/$defs/{model.__name__}"},
    }
