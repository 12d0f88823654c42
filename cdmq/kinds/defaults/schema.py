"""How a rule of defaults looks in the JSON Schema of a rule file."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from pydantic import BaseModel

from cdmq.project.relaxed import Json, about, relaxed
from cdmq.standards import FORMS


def models() -> Sequence[type[BaseModel]]:
    """The options of each standard form."""
    return tuple(form.OPTIONS for form in FORMS.values())


def item(model: type[BaseModel], defs: Json) -> Json:
    """The form's name from the list of forms; its options only with it."""
    forms = {name: form.OPTIONS for name, form in FORMS.items()}
    rule = defs[model.__name__]
    rule["properties"].pop("options", None)
    rule["properties"]["standardise"] = {
        "description": "Bring to a standard form.",
        "anyOf": [
            {"const": name, "description": about(inspect.getdoc(FORMS[name]))} for name in forms
        ],
    }
    owners: dict[str, list[str]] = {}
    for name, options in forms.items():
        own = defs.get(options.__name__, {})
        for option, entry in _options(options, own).items():
            owners.setdefault(option, []).append(name)
            seen = rule["properties"].get(option)
            rule["properties"][option] = entry if seen is None else _either(seen, entry)
    rule["dependentSchemas"] = {
        option: {"required": ["standardise"], "properties": {"standardise": {"enum": names}}}
        for option, names in sorted(owners.items())
    }
    means = ("map", "standardise", "fill_from", "set")
    rule["oneOf"] = [{"required": [m]} for m in means]
    for name in forms:  # a form's own required options
        needed = forms[name].model_json_schema().get("required", [])
        if needed:
            rule.setdefault("allOf", []).append(
                {
                    "if": {
                        "required": ["standardise"],
                        "properties": {"standardise": {"const": name}},
                    },
                    "then": {"required": needed},
                }
            )
    return {"$ref": f"#/$defs/{model.__name__}"}


def _options(options: type[BaseModel], own: Json) -> Json:
    found = own.get("properties") if own.get("title") == options.__name__ else None
    return dict(found or relaxed(options.model_json_schema()).get("properties", {}))


def _either(a: Json, b: Json) -> Json:
    return a if a == b else {"anyOf": [a, b]}
