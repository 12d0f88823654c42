"""The keys that a steward may write, from the fields of the models that read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True)
class Key:
    """One key that a steward may write. `default` is empty where there is none to show."""

    name: str
    type: str
    required: bool
    default: str
    about: str


def keys_of(model: type[BaseModel], only: set[str]) -> tuple[Key, ...]:
    """The fields of a model as a steward writes them."""
    schema = model.model_json_schema(by_alias=True)
    found = []
    for name, field in model.model_fields.items():
        written = field.alias or name
        entry = schema.get("properties", {}).get(written)
        if name not in only or entry is None or field.exclude:
            continue
        defs = schema.get("$defs", {})
        found.append(
            Key(
                written,
                _type(model, name, entry, defs),
                field.is_required(),
                _default(field),
                field.description or entry.get("description", ""),
            )
        )
        found += _inner_keys(written, entry, defs)
    return tuple(found)


def _inner_keys(name: str, entry: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[Key]:
    """The keys of a mapping that is itself a value, such as `map.seed`."""
    members = entry.get("anyOf", [entry])
    for ref in (m["$ref"].rsplit("/", 1)[-1] for m in members if "$ref" in m):
        inner = defs[ref]
        for key, own in inner.get("properties", {}).items():
            default = own.get("default")
            yield Key(
                f"{name}.{key}",
                type_words(own, defs),
                key in inner.get("required", ()),
                _shown(default) if isinstance(default, str) else "",
                own.get("description", ""),
            )


def _default(field: Any) -> str:
    value = field.get_default(call_default_factory=True) if not field.is_required() else None
    if value is None or value in ([], {}):
        return ""
    return str(value).lower() if isinstance(value, bool) else _shown(value)


def _shown(value: Any) -> str:
    """A default as one would write it."""
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    return str(value) if any(c.isalnum() for c in str(value)) else f'"{value}"'


def _type(
    model: type[BaseModel], name: str, entry: Mapping[str, Any], defs: Mapping[str, Any]
) -> str:
    from cdmq.project import fields as base

    marks = {base.SqlText: "SQL", base.SeedName: "seed", base.DatasetName: "dataset"}
    for mark, word in marks.items():
        if name in base.fields_marked(model, mark) and not _is_many(entry):
            return word
    if name in base.fields_marked(model, base.ColumnName):
        return "columns" if _is_many(entry) else "column"
    return type_words(entry, defs)


def _is_many(entry: Mapping[str, Any]) -> bool:
    many = entry.get("type") in ("array", "object")
    return many or any(map(_is_many, entry.get("anyOf", ())))


def type_words(entry: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    """A JSON Schema in words: `text`, `list of text`, `pass or fail`, `{seed, from, to}`."""
    if "$ref" in entry:
        return type_words(defs[entry["$ref"].rsplit("/", 1)[-1]], defs)
    if "anyOf" in entry:
        words = dict.fromkeys(
            type_words(e, defs) for e in entry["anyOf"] if e.get("type") != "null"
        )
        return " or ".join(words) or "anything"
    if "enum" in entry:
        *others, last = map(str, entry["enum"])
        return f"{', '.join(others)} or {last}" if others else last
    if "const" in entry:
        return str(entry["const"])
    if entry.get("cdmq") == "column":
        return "column"
    if entry.get("examples") and entry.get("pattern"):
        return f"such as {entry['examples'][0]}"
    if entry.get("type") == "array":
        return f"list of {type_words(entry.get('items', {}), defs)}"
    if entry.get("type") == "object":
        if entry.get("properties"):
            return "{" + ", ".join(entry["properties"]) + "}"
        return "keys with values"
    plain = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
    }
    return plain.get(str(entry.get("type")), "anything")
