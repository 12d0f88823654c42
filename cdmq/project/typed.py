"""Plain data -> pydantic models, with every error told at the place of its key or value."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from cdmq.problems import Problem, closest, did_you_mean
from cdmq.project.other_words import remedy as remedy_of
from cdmq.project.yaml_source import Path, Source

M = TypeVar("M", bound=BaseModel)


def read_model(
    model: type[M],
    data: Any,
    source: Source,
    path: Path,
    problems: list[Problem],
    what: str,
    also: Iterable[str] = (),
) -> M | None:
    """`data` as a `model`, or None with what is wrong added to `problems`.

    `what` names the thing for the reader, such as "check accepted_range"; `also` are keys that are
    read elsewhere, and may have been meant by an unknown one.
    """
    if not isinstance(data, dict):
        if not source.is_told(path):
            problems.append(
                Problem(
                    source.at(path),
                    "CDMQ112",
                    f"{what} must be keys with values, here is {_shown(data)}",
                    _with_a_list(model, data) or f"known keys: {', '.join(known_keys(model))}",
                )
            )
        return None
    found = []
    if None in data.values():
        found = [
            _no_value(source, (*path, key), what)
            for key in known_keys(model)
            if key in data and data[key] is None
        ]
    value = None
    try:
        value = model.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        meant = _meant(model, details)
        for detail in details:
            place = (*path, *_place(source, path, tuple(detail["loc"])))
            missing = detail["type"] == "missing"
            if source.is_told(place[:-1] if missing else place):
                value = None
            elif not (missing and detail["loc"] in meant) and detail["input"] is not None:
                found.append(_problem(model, detail, data, source, path, what, also))
            elif detail["input"] is None and not missing:
                found.append(_no_value(source, place, what))
        if not found:
            return None
    problems += dict.fromkeys(found)
    return None if found else value


def _with_a_list(model: type[BaseModel], data: Any) -> str:
    """Where a list stands in place of keys: the key that takes one."""
    for key in known_keys(model) if isinstance(data, list) and data else ():
        try:
            model.model_validate({key: data})
        except ValidationError:
            continue
        return f"write {{{key}: [{', '.join(map(str, data[:2]))}{', ...' * (len(data) > 2)}]}}"
    return ""


def _words_of(model: type[BaseModel], key: str) -> str:
    """`upper, lower, title or sentence`, where a key takes one of a few words."""
    field = next((f for n, f in model.model_fields.items() if (f.alias or n) == key), None)
    words = (
        [str(w) for w in get_args(field.annotation)]
        if field and (get_origin(field.annotation) is Literal)
        else []
    )
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "..."


def known_keys(model: type[BaseModel]) -> list[str]:
    return [f.alias or name for name, f in model.model_fields.items()]


def _no_value(source: Source, path: Path, what: str) -> Problem:
    return Problem(
        source.at_key(path),
        "CDMQ112",
        f"'{path[-1]}' has no value in {what}",
        "give it one, or remove the key",
    )


def _meant(model: type[BaseModel], details: Sequence[Any]) -> set[Any]:
    """Places of keys that are missing because another word stands there."""
    found = set()
    for detail in details:
        *around, key = detail["loc"] or ("",)
        if detail["type"] == "extra_forbidden":
            near = closest(str(key), known_keys(_model_at(model, tuple(around))))
            found.add((*around, near))
    return found


def _fits(
    model: type[BaseModel], data: Any, place: Path, key: str, source: Source, base: Path
) -> bool:
    """Whether what stands at an unknown `key` could stand at the known one of `place`."""

    def renamed(value: Any, rest: Path) -> Any:
        if len(rest) > 1 and isinstance(value, dict):
            return {k: renamed(v, rest[1:]) if k == rest[0] else v for k, v in value.items()}
        if len(rest) > 1 and isinstance(value, list):
            return [renamed(v, rest[1:]) if i == rest[0] else v for i, v in enumerate(value)]
        if not isinstance(value, dict) or rest[0] in value:
            return None  # it stands there already
        return {rest[0] if k == key else k: v for k, v in value.items()}

    try:
        model.model_validate(renamed(data, place))
    except ValidationError as error:
        return not any(
            place[: len(loc)] == loc[: len(place)]
            for e in error.errors()
            if (loc := _place(source, base, tuple(e["loc"])))
        )
    return True


def _holder(model: type[BaseModel], key: str) -> str | None:
    """The key of `model` whose own keys `key` is one of."""
    for name, field in model.model_fields.items():
        inner = _inner_model(field.annotation)
        if inner and key in known_keys(inner):
            return field.alias or name
    return None


def _problem(
    model: type[BaseModel],
    error: Any,
    data: Any,
    source: Source,
    base: Path,
    what: str,
    also: Iterable[str],
) -> Problem:
    loc = _place(source, base, tuple(error["loc"]))
    names = [str(s) for s in loc if isinstance(s, str)]
    error_type, key = error["type"], ".".join(names[-2:] if _in_mapping(model, loc) else names[-1:])
    path, given = (*base, *loc), error["input"]
    if error_type == "extra_forbidden":
        key = names[-1]
        keys = [*known_keys(_model_at(model, loc[:-1])), *(also if len(loc) == 1 else ())]
        span = source.at_key(path)
        inner = _holder(_model_at(model, loc[:-1]), key)
        remedy, meant = remedy_of(key, keys, "keys")
        if meant and not (
            _fits(model, data, (*loc[:-1], meant), key, source, base)
            if meant in known_keys(_model_at(model, loc[:-1]))
            else isinstance(given, str)
        ):
            remedy, meant = did_you_mean("", keys), None
        if inner and key not in keys and not meant:
            remedy = f"it stands inside of {inner}: {{ }}"
        return Problem(
            span,
            "CDMQ110",
            f"unknown key '{key}' in {what}",
            remedy,
            source.with_word(span, key, meant),
        )
    if error_type == "missing":
        return Problem(
            source.at(path[:-1]),
            "CDMQ111",
            f"'{key}' is missing in {what}",
            f"add {key}: {_words_of(_model_at(model, loc[:-1]), names[-1])}",
        )
    span = source.at(path)
    said = str(error["msg"]).removeprefix("Value error, ")
    if error_type == "literal_error":
        listed = error["ctx"]["expected"].replace(" or ", ", ")
        expected = [w.strip("'") for w in listed.split(", ")]
        remedy, meant = remedy_of(str(given), expected, "values")
        return Problem(
            span,
            "CDMQ112",
            f"'{key}' in {what} cannot be {_shown(given)}",
            remedy,
            source.with_word(span, str(given), meant),
        )
    if error_type == "value_error" and not said.startswith("write "):
        cause, _, remedy = said.partition("; ")
        cause = f"'{key}' in {what}: {cause}" if key else f"{what}: {cause}"
        return Problem(span, "CDMQ112", cause, remedy)
    if error_type in ("too_short", "too_long"):
        least, has = error["ctx"].get("min_length"), error["ctx"]["actual_length"]
        return Problem(
            span,
            "CDMQ112",
            f"'{key}' in {what} has {has} {'entry' if has == 1 else 'entries'}",
            f"write at least {least}" if least else f"write at most {error['ctx']['max_length']}",
        )
    remedy = (
        said
        if error_type == "value_error"
        else _REMEDIES.get(error_type)
        or said.replace("Input should be", "it must be").replace("String should", "it should")
    )
    return Problem(span, "CDMQ112", f"'{key}' in {what} cannot be {_shown(given)}", remedy)


#: What to write, by the type of a pydantic error.
_REMEDIES = {
    "string_type": "write one text",
    "list_type": "write a list: [a, b], or a line with '- ' for each",
    "dict_type": "write keys with values",
    "model_type": "write keys with values",
    "int_parsing": "write a whole number",
    "bool_parsing": "write true or false",
    "string_pattern_mismatch": "write letters, digits and _, with a letter first",
    "string_too_long": "write one character",
    "string_too_short": "write one character",
}


def _place(source: Source, base: Path, loc: Path) -> Path:
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


def _model_at(model: type[BaseModel], loc: Path) -> type[BaseModel]:
    for segment in loc:
        field = next((f for n, f in model.model_fields.items() if segment in (n, f.alias)), None)
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


def _in_mapping(model: type[BaseModel], loc: Path) -> bool:
    """The last word of `loc` is no key of the language but one of the steward's own."""
    around = _model_at(model, loc[:-1])
    return len(loc) > 1 and isinstance(loc[-1], str) and loc[-1] not in known_keys(around)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "keys with values"
    if isinstance(value, list):
        return "a list"
    return f"'{value}'"
