"""What all kinds share: the head of a rule and the small types its fields are made of.

Values come from YAML as text; each field says how its text is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from cdmq.project.column_names import composed

Severity = Literal["error", "warn", "info"]
Dimension = Literal[
    "accuracy", "completeness", "conformity", "consistency", "coverage", "timeliness", "uniqueness"
]
Reason = Literal[
    "unknown", "asked_unknown", "not_asked", "declined", "not_applicable", "masked", "invalid"
]


class SqlText:
    """Marks a field as one SQL expression: it is parsed, and its digest is that of its tokens."""


class SeedName:
    """Marks a field as the name of a seed: the seed's content is part of the rule's meaning."""


class ColumnName:
    """Marks a field as the name of a column of the rule's dataset."""


class DatasetName:
    """Marks a field as the name of a dataset."""


def _bool(value: Any) -> Any:
    if isinstance(value, str):
        if value in ("true", "false"):
            return value == "true"
        raise ValueError("write true or false")
    return value


def one_or_many(value: Any) -> Any:
    """One text stands for a list of it."""
    return [value] if isinstance(value, str) else value


def _threshold(value: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?\s*%|\d+", value):
        share = f"{float(value) * 100:g}%" if re.fullmatch(r"0?\.\d+", value) else "1%"
        raise ValueError(f"write a count such as 10 or a share such as {share}")
    if value.endswith("%") and float(value.rstrip("% ")) > 100:
        raise ValueError("write a share of at most 100%")
    return value.replace(" ", "")


def _percent(value: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?\s*%", value):
        raise ValueError("write a share such as 99%")
    return value.replace(" ", "")


def _whole(value: Any) -> Any:
    """Python reads `5.000` as 5; who wrote it may mean five thousand."""
    if isinstance(value, str) and not re.fullmatch(r"[+-]?\d+", value):
        raise ValueError("write a whole number, such as 5000")
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
Bool = Annotated[bool, BeforeValidator(_bool)]
Sql = Annotated[str, SqlText()]
Seed = Annotated[str, SeedName()]
Column = Annotated[str, AfterValidator(composed), ColumnName()]
Dataset = Annotated[str, DatasetName()]
Texts = Annotated[list[str], BeforeValidator(one_or_many, json_schema_input_type=str | list[str])]
Columns = Annotated[
    list[Column], BeforeValidator(one_or_many, json_schema_input_type=str | list[str])
]


def _tags(values: list[str]) -> list[str]:
    for value in values:
        parts = re.findall(r"[^\s,]+", value)
        if parts != [value]:
            raise ValueError(f"write [{', '.join(parts)}]: a tag has no blank and no comma")
    return values


Tags = Annotated[Texts, AfterValidator(_tags)]
Threshold = Annotated[str, AfterValidator(_threshold)]
Percent = Annotated[str, AfterValidator(_percent)]


@cache
def fields_marked(model: type[BaseModel], marker: type) -> tuple[str, ...]:
    """The names of the fields whose type carries a marker such as SqlText."""
    return tuple(
        name
        for name, field in model.model_fields.items()
        if any(isinstance(m, marker) for m in field.metadata) or _carries(field.annotation, marker)
    )


@cache
def keys_marked(model: type[BaseModel], marker: type) -> frozenset[str]:
    """The keys whose type carries a marker, as they are written, and those of the models inside."""
    own = fields_marked(model, marker)
    found = {f.alias or n for n, f in model.model_fields.items() if n in own}
    for field in model.model_fields.values():
        found.update(*(keys_marked(m, marker) for m in _models(field.annotation)))
    return frozenset(found)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _carries(annotation: Any, marker: type) -> bool:
    if any(isinstance(m, marker) for m in getattr(annotation, "__metadata__", ())):
        return True
    return any(_carries(part, marker) for part in get_args(annotation))


def _version(value: str) -> str:
    if value != "1":
        raise ValueError("write version: 1, the only one that this cdmq reads")
    return value


Version = Annotated[str, AfterValidator(_version)]


class Model(BaseModel):
    """Strict about keys, frozen once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Head(Model):
    """The head of every rule."""

    id: str | None = Field(None, description="Unique in the project; its history hangs on it.")
    why: str | None = Field(None, description="Why this rule exists, in a sentence.")
    owner: str | None = Field(None, description="Who answers for it.")
    tags: Tags = Field(default_factory=list, description="Words to select it by.")
    severity: Severity | None = Field(None, description="error, warn or info. Default: error.")
    dimension: Dimension | None = Field(None, description="The data-quality dimension.")
    where: Sql | None = Field(None, description="Only rows for which this SQL condition is true.")
    enabled: Bool = Field(
        True,
        description="false: skipped. Its open flags stay; a cell that it changed is as it came.",
    )
    meta: dict[str, Any] = Field(default_factory=dict, description="Anything of your own.")
    formerly: str | None = Field(None, description="The id it had before it was renamed.")

    HEAD: ClassVar[frozenset[str]] = frozenset(
        {
            "id",
            "why",
            "owner",
            "tags",
            "severity",
            "dimension",
            "where",
            "enabled",
            "meta",
            "formerly",
        }
    )


class Otherwise(Model):
    """What a default sets where its first means finds nothing."""

    set: str = Field(description="The placeholder.")
    reason: Reason = Field(description="Why the value is missing.")
