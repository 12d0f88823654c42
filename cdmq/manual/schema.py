"""JSON Schema of a project's YAML files, for editors that complete keys and show help.

Made from the models of kinds, checks, forms and datasets, so that an editor refuses what cdmq
refuses. An editor reads YAML 1.2: where cdmq reads text it may see a number or a boolean, and
any value may be Jinja.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.project.relaxed import Json, about, members_of, relaxed, relaxed_scalar

if TYPE_CHECKING:
    from pydantic import BaseModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(of: str) -> Json:
    """The schema of one sort of file: rules, models, project, unit_tests, people or decisions."""
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
    files |= {span.file: "decisions" for _, span in documents.decisions}
    found = {}
    for file, sort in sorted(files.items()):
        parent = Path(file).parent
        to = Path(os.path.relpath(paths[sort].resolve(), (documents.root / parent).resolve()))
        name = file if sort == "project" else f"{parent.as_posix()}/*.yml ({sort})"
        found[name] = f"# yaml-language-server: $schema={to.as_posix()}"
    return found


# the sorts ----------------------------------------------------------------------------------


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


def _people() -> Json:
    from cdmq.project.people import Person

    return _list_of(Person)


def _decisions() -> Json:
    from cdmq.project.people import DecisionSpec

    return _list_of(DecisionSpec)


def _list_of(model: type[BaseModel]) -> Json:
    made = _of_models([model])(model)
    defs = made.pop("$defs")
    return {"type": "array", "items": made, "$defs": defs}


def _rules() -> Json:
    from cdmq.kinds import kinds
    from cdmq.project.fields import Head

    models = [m for kind in kinds().values() for m in (kind.rule, *kind.manual.models)]
    defs: Json = _of_models([Head, *models])(Head)["$defs"]
    sections: Json = {
        name: {
            "type": "array",
            "description": about(kind.rule.__doc__),
            "items": kind.manual.item(defs),
        }
        for name, kind in kinds().items()
    }
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
    "people": _people,
    "decisions": _decisions,
}


# from pydantic to what an editor sees -------------------------------------------------------


def _of_models(models: Iterable[type[BaseModel]]) -> Callable[[type[BaseModel]], Json]:
    """A function that gives the schema of one of some models, with the definitions of all."""
    from pydantic.json_schema import models_json_schema

    _, made = models_json_schema([(m, "validation") for m in dict.fromkeys(models)], by_alias=True)
    defs = {name: relaxed(entry) for name, entry in made["$defs"].items()}

    def define(model: type[BaseModel]) -> Json:
        return {**defs[model.__name__], "$defs": defs}

    return define
