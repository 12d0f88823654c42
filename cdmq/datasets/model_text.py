"""The SQL of a model as text: rendered, its references marked, and what its config() said."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cdmq.problems import Problem, Span, did_you_mean
from cdmq.project.templates import renderer, variables_reader
from cdmq.values import Dataset, Documents, Materialization

#: What config() can say.
CONFIG = ("dialect", "materialized")
_MATERIALIZATIONS: Mapping[str, Materialization] = {"view": "view", "table": "table"}
#: How a model's SQL says which dataset it reads, once rendered: unlikely text, replaced by nodes.
REFERENCE = re.compile(r'"__cdmq_ref__(\w+?)__(.+?)"')


def render_model(dataset: Dataset, variables: Mapping[str, object], macros: str) -> ModelText:
    """The SQL of a model with its references marked, and what config() said."""
    config: dict[str, object] = {}

    def configure(**said: object) -> str:
        for word in said:
            if word not in CONFIG:
                raise ValueError(f"config({word}=) is not known; {did_you_mean(word, CONFIG)}")
        config.update(said)
        return ""

    def ref(name: str) -> str:
        return _marked("clean", name)

    def source(*name: str) -> str:
        return _marked("source", ".".join(name))

    names = {"var": variables_reader(variables), "ref": ref, "source": source, "config": configure}
    assert dataset.model is not None
    return ModelText(renderer(names, macros)(dataset.model.text), config)


def configured(
    dataset: Dataset, documents: Documents, problems: list[Problem]
) -> Materialization | None:
    """What the SQL of a model says of the relation that it makes."""
    if dataset.model is None:
        return None
    try:
        said = render_model(dataset, documents.variables, documents.macros).config
    except ValueError:
        return None  # told where it is asked what it reads
    how = str(said.get("materialized", ""))
    if how and how not in _MATERIALIZATIONS:
        problems.append(
            Problem(
                Span(dataset.model.path),
                "CDMQ332",
                f"materialized='{how}' is not known",
                "write view or table",
            )
        )
    return _MATERIALIZATIONS.get(how)


def _marked(how: str, name: str) -> str:
    if not name or '"' in name:
        raise ValueError(f"'{name}' is no name; write ref('name') or source('schema', 'name')")
    return f'"__cdmq_ref__{how}__{name}"'


class ModelText:
    """A rendered model: `sql`, and `config` as given by config()."""

    def __init__(self, sql: str, config: Mapping[str, object]) -> None:
        self.sql, self.config = sql, config

    def references(self) -> list[tuple[str, str]]:
        """(`clean` or `source`, name) of each ref() and source(), in order."""
        return [(m[1], m[2]) for m in REFERENCE.finditer(self.sql)]
