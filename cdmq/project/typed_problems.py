"""What pydantic finds wrong in a YAML file, told so that a steward can mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from cdmq.problems import Problem, did_you_mean
from cdmq.project.model_places import (
    in_mapping,
    inner_model,
    known_keys,
    model_at,
    place_of,
    shown,
    words_of,
)
from cdmq.project.other_words import remedy as remedy_of
from cdmq.project.yaml_source import Path, Source

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


@dataclass(frozen=True)
class Told:
    """How what is wrong in `data`, read as a `model`, is told. `what` names it for the reader;
    `also` are keys that are read elsewhere."""

    model: type[BaseModel]
    data: Any
    source: Source
    base: Path
    what: str
    also: Sequence[str]

    def problem(self, error: Any) -> Problem:
        """One error of pydantic at the place of its key or value."""
        loc = place_of(self.source, self.base, tuple(error["loc"]))
        names = [str(s) for s in loc if isinstance(s, str) and not s.startswith("(")]
        if error["type"] == "extra_forbidden":
            return self._unknown(loc, names[-1], error["input"])
        key = ".".join(names[-2:] if in_mapping(self.model, loc) else names[-1:])
        path = (*self.base, *loc)
        if error["type"] == "missing":
            words = words_of(model_at(self.model, loc[:-1]), names[-1])
            cause = f"'{key}' is missing in {self.what}"
            return Problem(self.source.at(path[:-1]), "CDMQ111", cause, f"add {key}: {words}")
        if error["type"] == "literal_error":
            return self._no_such_word(path, key, error)
        cause, remedy = self._value(key, error)
        return Problem(self.source.at(path), "CDMQ112", cause, remedy)

    def _unknown(self, loc: Path, key: str, given: Any) -> Problem:
        around = model_at(self.model, loc[:-1])
        keys = [*known_keys(around), *(self.also if len(loc) == 1 else ())]
        span = self.source.at_key((*self.base, *loc))
        inner = _holder(around, key)
        remedy, meant = remedy_of(key, keys, "keys")
        if meant and not (
            self._fits((*loc[:-1], meant), key)
            if meant in known_keys(around)
            else isinstance(given, str)
        ):
            remedy, meant = did_you_mean("", keys), None
        if inner and key not in keys and not meant:
            remedy = f"it stands inside of {inner}: {{ }}"
        cause = f"unknown key '{key}' in {self.what}"
        return Problem(span, "CDMQ110", cause, remedy, self.source.with_word(span, key, meant))

    def _no_such_word(self, path: Path, key: str, error: Any) -> Problem:
        span, given = self.source.at(path), error["input"]
        listed = error["ctx"]["expected"].replace(" or ", ", ")
        expected = [w.strip("'") for w in listed.split(", ")]
        remedy, meant = remedy_of(str(given), expected, "values")
        cause = f"'{key}' in {self.what} cannot be {shown(given)}"
        fix = self.source.with_word(span, str(given), meant)
        return Problem(span, "CDMQ112", cause, remedy, fix)

    def _value(self, key: str, error: Any) -> tuple[str, str]:
        """Cause and remedy of a value that does not fit."""
        kind, what = error["type"], self.what
        said = str(error["msg"]).removeprefix("Value error, ")
        if kind == "value_error" and not said.startswith("write "):
            cause, _, remedy = said.partition("; ")
            return f"'{key}' in {what}: {cause}" if key else f"{what}: {cause}", remedy
        if kind in ("too_short", "too_long"):
            least, has = error["ctx"].get("min_length"), error["ctx"]["actual_length"]
            most = error["ctx"].get("max_length")
            entries = "entry" if has == 1 else "entries"
            remedy = f"write at least {least}" if least else f"write at most {most}"
            return f"'{key}' in {what} has {has} {entries}", remedy
        plain = said.replace("Input should be", "it must be").replace("String should", "it should")
        remedy = said if kind == "value_error" else _REMEDIES.get(kind) or plain
        return f"'{key}' in {what} cannot be {shown(error['input'])}", remedy

    def _fits(self, place: Path, key: str) -> bool:
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
            self.model.model_validate(renamed(self.data, place))
        except ValidationError as error:
            return not any(
                place[: len(loc)] == loc[: len(place)]
                for e in error.errors()
                if (loc := place_of(self.source, self.base, tuple(e["loc"])))
            )
        return True


def _holder(model: type[BaseModel], key: str) -> str | None:
    """The key of `model` whose own keys `key` is one of."""
    for name, field in model.model_fields.items():
        inner = inner_model(field.annotation)
        if inner and key in known_keys(inner):
            return field.alias or name
    return None
