"""JSON Schema of a project's YAML files, for editors that complete keys and show help.

Made from the models of kinds, checks, forms and datasets, so that an editor refuses what cdmq
refuses. An editor reads YAML 1.2: where cdmq reads text it may see a number or a boolean, and
any value may be Jinja.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdmq.manual.relaxed import Json, members_of, relaxed, relaxed_scalar
from cdmq.problems import CdmqError, Problem, Span, did_you_mean

if TYPE_CHECKING:
    from pydantic import BaseModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(of: str) -> Json:
    """The schema of one sort of file: rules, models, project or unit_tests."""
    if of not in SCHEMAS:
        raise CdmqError(
            Problem(
                Span("schema"),
                "CDMQ536",
                f"there is no schema of '{of}'",
                did_you_mean(of, SCHEMAS),
            )
        )
    made = SCHEMAS[of]()
    return {"$schema": DIALECT, "title": f"cdmq {of}", **made}


def write_schemas(folder: Path) -> dict[str, Path]:
    """Every schema as a file in `folder`; sort of file -> where it stands."""
    import json

    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for name in SCHEMAS:
        paths[name] = folder / f"{name}.json"
        paths[name].write_text(
            json.dumps(schema(name), indent=1, ensure_ascii=False) + "\n", "utf-8"
        )
    return paths


def modelines(root: Path, paths: Mapping[str, Path]) -> dict[str, str]:
    """Folder or file -> the line that its files begin with, so that an editor finds the schema."""
    from cdmq.project.walk import PROJECT_FILE, find_root
    from cdmq.stages.load import load

    documents = load(find_root(root))
    files = {PROJECT_FILE: "project"}
    files |= {source.file: "models" for _, source, _ in documents.datasets}
    files |= {source.file: "rules" for source in documents.rule_files}
    files |= {span.file: "unit_tests" for _, span in documents.unit_tests}
    found = {}
    for file, sort in sorted(files.items()):
        parent = Path(file).parent
        to = Path(os.path.relpath(paths[sort].resolve(), (documents.root / parent).resolve()))
        name = file if sort == "project" else f"{parent.as_posix()}/*.yml ({sort})"
        found[name] = f"# yaml-language-server: $schema={to.as_posix()}"
    return found


# the four sorts -----------------------------------------------------------------------------


def _project() -> Json:
    from cdmq.project.spec import ProjectFile

    return _of_models([ProjectFile])(ProjectFile)


def _models() -> Json:
    from cdmq.project.spec import DatasetSpec, ModelsFile

    made = _of_models([ModelsFile, DatasetSpec])(ModelsFile)
    spec = made["$defs"]["DatasetSpec"]["properties"]
    spec["file"]["anyOf"] = [{"type": "string"}, *members_of(spec["file"])]
    return made


def _unit_tests() -> Json:
    from cdmq.kinds.unit_tests import model_of_file

    return _of_models([model_of_file()])(model_of_file())


def _rules() -> Json:
    from cdmq.checks import checks
    from cdmq.kinds import kinds
    from cdmq.project.fields import Head
    from cdmq.standards import FORMS

    forms = {name: form.OPTIONS for name, form in FORMS.items()}
    known = checks()
    rules = {name: module.rule for name, module in kinds().items()}
    define = _of_models([Head, *rules.values(), *known.values(), *forms.values()])
    defs: Json = define(Head)["$defs"]
    sections: Json = {}
    for name, module in kinds().items():
        about = _about(module.rule.__doc__)
        sections[name] = {
            "type": "array",
            "description": about,
            "items": {"$ref": f"#/$defs/{module.rule.__name__}"},
        }
    _defaults(defs, forms, FORMS)
    sections["validation"]["items"] = _validation(defs, known)
    head = defs["Head"]["properties"]
    return {
        "type": "object",
        "description": "A rule file: one dataset, a section a kind.",
        "properties": {
            "version": relaxed_scalar({"type": "string"}),
            "dataset": {"type": "string", "description": "The dataset that the rules are about."},
            "owner": head["owner"],
            "tags": head["tags"],
            **sections,
        },
        "required": ["dataset"],
        "additionalProperties": False,
        "$defs": defs,
    }


SCHEMAS: Mapping[str, Callable[[], Json]] = {
    "rules": _rules,
    "models": _models,
    "project": _project,
    "unit_tests": _unit_tests,
}


def _defaults(defs: Json, forms: Mapping[str, type[BaseModel]], docs: Mapping[str, Any]) -> None:
    """The form's name from the list of forms; its options only with it."""
    rule = defs["DefaultRule"]
    rule["properties"].pop("options", None)
    rule["properties"]["standardise"] = {
        "description": "Bring to a standard form.",
        "anyOf": [
            {"const": name, "description": _about(inspect.getdoc(docs[name]))} for name in forms
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


def _options(options: type[BaseModel], own: Json) -> Json:
    found = own.get("properties") if own.get("title") == options.__name__ else None
    return dict(found or relaxed(options.model_json_schema()).get("properties", {}))


def _either(a: Json, b: Json) -> Json:
    return a if a == b else {"anyOf": [a, b]}


def _validation(defs: Json, checks: Mapping[str, type[BaseModel]]) -> Json:
    """A rule is `checks:` of a column, or `check:` with the keys of the check beside it."""
    rule = defs.pop("ValidationRule")
    shared: Json = rule["properties"]
    names = [{"const": n, "description": _about(c.__doc__)} for n, c in checks.items()]
    head = {k: v for k, v in shared.items() if k not in ("check", "checks")}
    for name, check in checks.items():
        defs[f"rule_{name}"] = _rule_of(name, check, defs[check.__name__], head)
    items = {
        "type": "object",
        "additionalProperties": False,
        "properties": {**head, **{n: _params(defs, c) for n, c in checks.items()}},
        "oneOf": [{"required": [n]} for n in checks],
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
                for n in checks
            ),
        ],
    }


def _rule_of(name: str, check: type[BaseModel], own: Json, head: Json) -> Json:
    """A rule of one check, with the check's keys beside those of every rule."""
    takes = getattr(check, "TAKES", "one")
    return {
        "type": "object",
        "description": _about(check.__doc__),
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


# from pydantic to what an editor sees -------------------------------------------------------


def _of_models(models: Iterable[type[BaseModel]]) -> Callable[[type[BaseModel]], Json]:
    """A function that gives the schema of one of some models, with the definitions of all."""
    from pydantic.json_schema import models_json_schema

    _, made = models_json_schema([(m, "validation") for m in dict.fromkeys(models)], by_alias=True)
    defs = {name: relaxed(entry) for name, entry in made["$defs"].items()}

    def define(model: type[BaseModel]) -> Json:
        return {**defs[model.__name__], "$defs": defs}

    return define


def _about(doc: str | None) -> str:
    return inspect.cleandoc(doc or "").replace("**", "")
