"""Where in a pydantic model a key of a YAML file stands, and what keys stand beside it."""

from __future__ import annotations

import types
import typing
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from cdmq.project.yaml_source import Path, Source


def known_keys(model: type[BaseModel]) -> list[str]:
    return [f.alias or name for name, f in model.model_fields.items()]


def words_of(model: type[BaseModel], key: str) -> str:
    """`upper, lower, title or sentence`, where a key takes one of a few words."""
    field = next((f for n, f in model.model_fields.items() if (f.alias or n) == key), None)
    words = (
        [str(w) for w in get_args(field.annotation)]
        if field and (get_origin(field.annotation) is Literal)
        else []
    )
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "..."


def place_of(source: Source, base: Path, loc: Path) -> Path:
    """`loc` without the segments that pydantic adds for the members of a union."""
    kept: list[str | int] = []
    for i, segment in enumerate(loc):
        last = i == len(loc) - 1
        path = (*base, *kept, segment)
        if (
            path in source.spans
            or path in source.keys
            or (last and isinstance(segment, str) and not _is_tag(segment))
        ):
            kept.append(segment)
    return tuple(kept)


def _is_tag(segment: str) -> bool:
    return (
        "[" in segment
        or segment in {"str", "int", "float", "bool", "dict", "list"}
        or (segment[:1].isupper() and segment.isidentifier())
    )


def model_at(model: type[BaseModel], loc: Path) -> type[BaseModel]:
    for segment in loc:
        field = next((f for n, f in model.model_fields.items() if segment in (n, f.alias)), None)
        inner = inner_model(field.annotation) if field else None
        if inner:
            model = inner
    return model


def inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (typing.Union, types.UnionType, list, dict, typing.Annotated):
        for part in get_args(annotation):
            found = inner_model(part)
            if found:
                return found
    return None


def in_mapping(model: type[BaseModel], loc: Path) -> bool:
    """The last word of `loc` is no key of the language but one of the steward's own."""
    around = model_at(model, loc[:-1])
    return len(loc) > 1 and isinstance(loc[-1], str) and loc[-1] not in known_keys(around)


def shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "keys with values"
    if isinstance(value, list):
        return "a list"
    return f"'{value}'"
