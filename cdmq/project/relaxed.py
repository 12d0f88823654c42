"""A schema of what a model takes, as YAML may write it."""

from __future__ import annotations

import inspect
from typing import Any

Json = dict[str, Any]
#: What is written where a macro or a variable will stand.
JINJA: Json = {"type": "string", "pattern": r"\{[{%]"}


def relaxed(entry: Any) -> Any:
    """Text may look like a number or a boolean, a value may be Jinja, a key must have a value."""
    if isinstance(entry, list):
        return [relaxed(e) for e in entry]
    if not isinstance(entry, dict):
        return entry
    found = {k: relaxed(v) for k, v in entry.items() if k not in ("default", "title", "cdmq")}
    if isinstance(entry.get("title"), str) and "properties" in entry:
        found["title"] = entry["title"]
    if "properties" in entry:
        found["properties"] = {k: _with_value(relaxed(v)) for k, v in entry["properties"].items()}
    return relaxed_scalar(found)


def _with_value(entry: Json) -> Json:
    members = [m for m in members_of(entry) if m.get("type") != "null"]
    if "anyOf" not in entry or len(members) == len(entry["anyOf"]):
        return entry
    rest = {k: v for k, v in entry.items() if k != "anyOf"}
    return (
        {**rest, **members[0]}
        if len(members) == 1 and "$ref" not in members[0]
        else {**rest, "anyOf": members}
    )


def members_of(entry: Json) -> list[Json]:
    return list(entry.get("anyOf", [entry]))


def relaxed_scalar(entry: Json) -> Json:
    type_ = entry.get("type")
    if type_ == "string" and not {"enum", "const", "pattern", "minLength"} & set(entry):
        return {**entry, "type": ["string", "number", "boolean"]}
    shape = {k: v for k, v in entry.items() if k not in ("description", "examples")}
    about = {k: v for k, v in entry.items() if k in ("description", "examples")}
    if type_ == "boolean":
        return {**about, "anyOf": [shape, {"enum": ["true", "false"]}, JINJA]}
    if type_ in ("integer", "number"):
        written = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
        return {**about, "anyOf": [shape, written, JINJA]}
    if type_ == "string" or "enum" in entry or isinstance(type_, list):
        return {**about, "anyOf": [shape, JINJA]} if type_ != "null" else entry
    return entry


def about(doc: str | None) -> str:
    """A docstring as an editor shows it."""
    return inspect.cleandoc(doc or "").replace("**", "")
