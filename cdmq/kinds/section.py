"""How the section of a kind is read: the parts `read` and `own` of its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cdmq.kinds.kind import Known
    from cdmq.kinds.reading import Reading
    from cdmq.problems import Problem
    from cdmq.project.spec import DatasetSpec, Pii
    from cdmq.project.yaml_source import Path
    from cdmq.sql.types import Type
    from cdmq.values import Dataset, Documents, Rule, Uses


class Section:
    """What stands in rule files below the word of a kind."""

    def __init__(self, part: Callable[[str, str], Any]) -> None:
        self._part = part

    def read(self, item: Any, at: Reading) -> Iterator[Rule]:
        """The rules of an item. What is wrong goes to `at.problems`."""
        return self._part("read", "read")(item, at)  # type: ignore[no-any-return]

    def declares(self, item: Any) -> Iterator[tuple[Path, str]]:
        """The datasets that an item makes, by place in it and name: asked before any rule is read,
        of items wrong or right."""
        return self._part("read", "declares")(item)  # type: ignore[no-any-return]

    def declared(self, said: DatasetSpec, of: Dataset | None) -> DatasetSpec:
        """The declaration of a dataset that a rule makes out of another: `said` in models/*.yml."""
        return self._part("read", "declared")(said, of)  # type: ignore[no-any-return]

    def columns(self, rule: Rule, of: Dataset, known: Mapping[str, Type]) -> dict[str, Type]:
        """The columns of a dataset that a rule makes of another with these columns."""
        return self._part("columns", "columns")(rule, of, known)  # type: ignore[no-any-return]

    def hidden(self, made: Dataset, of: Dataset) -> dict[str, Pii]:
        """What pii: of the dataset that it is made of says of its columns."""
        return self._part("read", "hidden")(made, of)  # type: ignore[no-any-return]

    def carries(self, rule: Rule) -> Iterator[tuple[str, str, str]]:
        """Whose values a rule may write into a column of its dataset: that column, the dataset or
        seed, and its column."""
        return self._part("uses", "carries")(rule)  # type: ignore[no-any-return]

    def own(self, at: Known, documents: Documents) -> Iterator[Rule]:
        """The rules that datasets have of themselves, and no rule file says more of."""
        return self._part("own", "own")(at, documents)  # type: ignore[no-any-return]

    def own_problems(self, at: Known, documents: Documents) -> Iterator[Problem]:
        """What is wrong where a rule file says more of such a rule."""
        return self._part("own", "own_problems")(at, documents)  # type: ignore[no-any-return]

    def problems(self, at: Known, uses: Mapping[str, Uses]) -> Iterator[Problem]:
        """What is wrong with the rules, seen beside the others and what they use."""
        return self._part("read", "problems")(at, uses)  # type: ignore[no-any-return]

    def above(self, rule: Rule) -> tuple[str, str]:
        """How many of what a rule found bad it may have: above that it warns, and fails."""
        return self._part("read", "above")(rule)  # type: ignore[no-any-return]
