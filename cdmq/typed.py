"""Plain data -> pydantic models, with every error told at the place of its key or value."""

from __future__ import annotations

import types
import typing
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from cdmq.problems import Problem, closest, did_you_mean
from cdmq.yaml_source import Path, Source

M = TypeVar("M", bound=BaseModel)


def read_model(
    model: type[M], data: Any, source: Source, path: Path, problems: list[Problem], what: str
) -> M | None:
    """`data` as a `model`, or None with what is wrong added to `problems`.

    `what` names the thing for the reader, such as "check accepted_range".
    """
    if not isinstance(data, dict):
        if source.is_told(path):
            return None
        found = "nothing" if data is None else "a list" if isinstance(data, list) else f"'{data}'"
        problems.append(
            Problem(
                source.at(path), "CDMQ112", f"{what} must be keys with values, here is {found}",
                f"known keys: {', '.join(known_keys(model))}",
            )
        )
        return None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            place = (*path, *_place(source, path, tuple(detail["loc"])))
            if not source.is_told(place if detail["type"] != "missing" else place[:-1]):
                problems.append(_problem(model, detail, source, path, what))
        return None


def known_keys(model: type[BaseModel]) -> list[str]:
    return [f.alias or name for name, f in model.model_fields.items()]


def _problem(model: type[BaseModel], error: Any, source: Source, base: Path, what: str) -> Problem:
    loc = _place(source, base, tuple(error["loc"]))
    names = [str(s) for s in loc if isinstance(s, str)]
    kind, key = error["type"], names[-1] if names else ""
    path = (*base, *loc)
    if kind == "extra_forbidden":
        keys = known_keys(_model_at(model, loc[:-1]))
        near = closest(key, keys)
        span = source.at_key(path)
        fix = source.line(span).replace(key, near, 1) if near else ""
        return Problem(
            span, "CDMQ110", f"unknown key '{key}' in {what}", did_you_mean(key, keys), fix
        )
    if kind == "missing":
        return Problem(
            source.at(path[:-1]), "CDMQ111", f"'{key}' is missing in {what}", f"add {key}: ..."
        )
    cause = str(error["msg"]).removeprefix("Value error, ")
    if kind == "literal_error":
        expected = [w.strip("'") for w in error["ctx"]["expected"].replace(" or ", ", ").split(", ")]
        near = closest(str(error["input"]), expected)
        remedy = did_you_mean(str(error["input"]), expected)
        span = source.at(path)
        fix = source.line(span).replace(str(error["input"]), near, 1) if near else ""
        return Problem(
            span, "CDMQ112", f"'{error['input']}' is no {key} in {what}", remedy, fix
        )
    if error["input"] is None:
        return Problem(source.at_key(path), "CDMQ112", f"'{key}' has no value in {what}",
                       "give it one, or remove the key")
    if kind == "value_error":
        where = f"'{key}' in {what}" if key else what
        return Problem(source.at(path), "CDMQ112", f"{where}: {cause}")
    return Problem(
        source.at(path), "CDMQ112", f"'{key}' in {what}: {_plain(cause)}, here is "
        f"{_shown(error['input'])}"
    )


def _place(source: Source, base: Path, loc: Path) -> Path:
    """`loc` without the segments that pydantic adds for the members of a union."""
    kept: list[str | int] = []
    for i, segment in enumerate(loc):
        last = i == len(loc) - 1
        path = (*base, *kept, segment)
        if path in source.spans or path in source.keys or (last and isinstance(segment, str)
                                                           and not _is_tag(segment)):
            kept.append(segment)
    return tuple(kept)


def _is_tag(segment: str) -> bool:
    return "[" in segment or segment in {"str", "int", "float", "bool", "dict", "list"} or (
        segment[:1].isupper() and segment.isidentifier()
    )


def _model_at(model: type[BaseModel], loc: Path) -> type[BaseModel]:
    for segment in loc:
        field = next(
            (f for n, f in model.model_fields.items() if segment in (n, f.alias)), None
        )
        inner = _inner_model(field.annotation) if field else None
        if inner:
            model = inner
    return model


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (typing.Union, types.UnionType, list, dict, typing.Annotated):
        for part in get_args(annotation):
            found = _inner_model(part)
            if found:
                return found
    return None


def _plain(cause: str) -> str:
    said = {
        "Input should be a valid string": "must be text",
        "Input should be a valid list": "must be a list",
        "Input should be a valid dictionary": "must be keys with values",
        "Input should be a valid integer, unable to parse string as an integer":
            "must be a whole number",
    }
    return said.get(cause, cause.replace("Input should be", "must be"))


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "keys with values"
    if isinstance(value, list):
        return "a list"
    return f"'{value}'"
