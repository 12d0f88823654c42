"""How a kind stands in the manual, and in the JSON Schema that editors complete rule files by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

    from cdmq.project.relaxed import Json


@dataclass(frozen=True)
class InManual:
    """Its parts for readers. `part` gives those of its folder."""

    part: Callable[[str, str], Any]

    @property
    def notes(self) -> tuple[str, ...]:
        """What stands below its page."""
        return self.part("words", "NOTES")  # type: ignore[no-any-return]

    @property
    def models(self) -> Sequence[type[BaseModel]]:
        """The models that an item of it may hold, beside its rule's."""
        return self.part("schema", "models")()  # type: ignore[no-any-return]

    def item(self, defs: Json) -> Json:
        """The JSON Schema of an item. `defs`: those of the models, which it may change."""
        return self.part("schema", "item")(self.part("words", "RULE"), defs)  # type: ignore[no-any-return]
