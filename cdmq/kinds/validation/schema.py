"""How a rule of validation looks in the JSON Schema of a rule file."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from cdmq.checks import checks
from cdmq.project.relaxed import Json, about


def models() -> Sequence[type[BaseModel]]:
    """The keys of each check."""
    return tuple(checks().values())


def item(model: type[BaseModel], defs: Json) -> Json:
    """A rule is `checks:` of a column, or `check:` with the keys of the check beside it."""
    known = checks()
    rule = defs.pop(model.__name__)
    shared: Json = rule["properties"]
    names = [{"const": n, "description": about(c.__doc__)} for n, c in known.items()]
    head = {k: v for k, v in shared.items() if k not in ("check", "checks")}
    for name, check in known.items():
        defs[f"rule_{name}"] = _rule_of(name, check, defs[check.__name__], head)
    items = {
        "type": "object",
        "additionalProperties": False,
        "properties": {**head, **{n: _params(defs, c) for n, c in known.items()}},
        "oneOf": [{"required": [n]} for n in known],
    }
    defs["check_item"] = {"anyOf": [{"type": "string", "anyOf": names}, items]}
    defs["rule_checks"] = {
        "type": "object",
        "description": rule["description"],
        "additionalProperties": False,
        "properties": {
            **head,
            "checks": {
                "type": "array",
                "description": "The checks.",
                "items": {"$ref": "#/$defs/check_item"},
            },
        },
        "required": ["checks"],
    }
    return {
        "type": "object",
        "description": rule["description"],
        "properties": {
            **head,
            "check": {"anyOf": names, "description": "The check."},
            "checks": {"type": "array", "description": "The checks of the column."},
        },
        "oneOf": [{"required": ["check"]}, {"required": ["checks"]}],
        "allOf": [
            {"if": {"required": ["checks"]}, "then": {"$ref": "#/$defs/rule_checks"}},
            *(
                {
                    "if": {"required": ["check"], "properties": {"check": {"const": n}}},
                    "then": {"$ref": f"#/$defs/rule_{n}"},
                }
                for n in known
            ),
        ],
    }


def _rule_of(name: str, check: type[BaseModel], own: Json, head: Json) -> Json:
    """A rule of one check, with the check's keys beside those of every rule."""
    takes = getattr(check, "TAKES", "one")
    return {
        "type": "object",
        "description": about(check.__doc__),
        "additionalProperties": False,
        "properties": {**own["properties"], **head, "check": {"const": name}},
        "required": [
            "check",
            *(["column"] if takes == "one" else []),
            *own.get("required", ()),
        ],
    }


def _params(defs: Json, check: type[BaseModel]) -> Json:
    ref = {"$ref": f"#/$defs/{check.__name__}"}
    own = defs[check.__name__]
    return (
        ref
        if own.get("required")
        else {"anyOf": [ref, {"type": "null"}], "description": own.get("description", "")}
    )
