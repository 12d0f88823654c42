"""Plain data -> pydantic models, with every error told at the place of its key or value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cdmq.problems import Problem, closest
from cdmq.project.model_places import known_keys, model_at, place_of, shown
from cdmq.project.typed_problems import Told
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
                    f"{what} must be keys with values, here is {shown(data)}",
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
        found += _wrong(error, Told(model, data, source, path, what, tuple(also)))
    problems += dict.fromkeys(found)
    return None if found else value


def _wrong(error: ValidationError, told: Told) -> Iterator[Problem]:
    """All that is wrong, but for what was told where the file was read."""
    details = error.errors(include_url=False)
    meant = _meant(told.model, details)
    for detail in details:
        place = (*told.base, *place_of(told.source, told.base, tuple(detail["loc"])))
        missing = detail["type"] == "missing"
        if told.source.is_told(place[:-1] if missing else place):
            continue
        if detail["input"] is None and not missing:
            yield _no_value(told.source, place, told.what)
        elif not (missing and detail["loc"] in meant) and detail["input"] is not None:
            yield told.problem(detail)


def _with_a_list(model: type[BaseModel], data: Any) -> str:
    """Where a list stands in place of keys: the key that takes one."""
    for key in known_keys(model) if isinstance(data, list) and data else ():
        try:
            model.model_validate({key: data})
        except ValidationError:
            continue
        return f"write {{{key}: [{', '.join(map(str, data[:2]))}{', ...' * (len(data) > 2)}]}}"
    return ""


def _no_value(source: Source, path: Path, what: str) -> Problem:
    key, at = path[-1], source.at_key(path)
    if isinstance(key, int):
        around = next(k for k in reversed(path) if isinstance(k, str))
        cause = f"entry {key + 1} of '{around}' has no value in {what}"
        return Problem(at, "CDMQ112", cause, "give it one, or remove it")
    cause = f"'{key}' has no value in {what}"
    return Problem(at, "CDMQ112", cause, "give it one, or remove the key")


def _meant(model: type[BaseModel], details: Sequence[Any]) -> set[Any]:
    """Places of keys that are missing because another word stands there."""
    found = set()
    for detail in details:
        *around, key = detail["loc"] or ("",)
        if detail["type"] == "extra_forbidden":
            near = closest(str(key), known_keys(model_at(model, tuple(around))))
            found.add((*around, near))
    return found
