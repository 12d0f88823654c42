"""profiles.yml: which warehouse a run goes to. Secrets stand only here, by env_var()."""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.project.secret_words import starred
from cdmq.project.templates import renderer
from cdmq.project.typed import read_model
from cdmq.project.yaml_source import Path as Path_
from cdmq.project.yaml_source import Source, read_yaml
from cdmq.warehouses._secrets import GIVEN, scrubbed
from cdmq.warehouses.connecting import module_of

if TYPE_CHECKING:
    from cdmq.project.spec import ProjectFile


#: Of this folder, what is no warehouse.
_SHARED = ("base", "connecting", "embedded", "profiles", "scratch", "temporary")
#: Keys of a target that are secret wherever their value comes from.
_HIDDEN = ("password", "pass", "pii_secret")


@dataclass(frozen=True)
class Target:
    """One output of a profile, ready to connect. `secrets` are scrubbed from all output."""

    profile: str
    name: str
    type: str
    options: Any
    span: Span
    secrets: tuple[str, ...] = ()

    @property
    def throwaway(self) -> bool:
        return bool(self.options.throwaway)

    def scrub(self, text: str) -> str:
        """`text` with every secret replaced by stars, however it is written there."""
        return scrubbed(text, self.secrets)

    def scrub_all(self, value: Any) -> Any:
        """The same of every text in lists and mappings: before JSON writes it in its own way."""
        if isinstance(value, Mapping):
            return {k: self.scrub_all(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.scrub_all(v) for v in value]
        return self.scrub(value) if isinstance(value, str) else value

    def scrub_problem(self, problem: Problem) -> Problem:
        return replace(
            problem,
            cause=self.scrub(problem.cause),
            remedy=self.scrub(problem.remedy),
            should_be=self.scrub(problem.should_be),
        )


def warehouse_types() -> list[str]:
    """The warehouses that a profile can name: one module each."""
    import cdmq.warehouses as package

    return sorted(
        m.name
        for m in pkgutil.iter_modules(package.__path__)
        if m.name not in _SHARED and not m.name.startswith("_")
    )


def read_target(
    root: Path,
    config: ProjectFile,
    *,
    profiles_dir: str | None = None,
    profile: str | None = None,
    target: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Target:
    """The chosen output. Raises CdmqError with place and remedy where there is none."""
    environment = os.environ if environment is None else environment
    secrets: list[str] = []
    source = _read(_find(root, profiles_dir, environment), root)
    render = renderer({"env_var": _env_var(environment, secrets)})
    wanted = profile or config.profile or config.name
    outputs, place = _profile(source, wanted)
    named = source.data[wanted].get("target") or "default"
    name = target or _word(named, source, (*place, "target"), render)
    if name not in outputs:
        cause = f"the profile '{wanted}' has no target '{name}'"
        where = source.at((*place, "outputs"))
        raise CdmqError(Problem(where, "CDMQ402", cause, did_you_mean(name, outputs)))
    at = (*place, "outputs", name)
    written = outputs[name] if isinstance(outputs[name], dict) else {}
    data = {k: _rendered(v, source, (*at, k), render) for k, v in written.items()}
    type_ = _type(data, name, source, at, render)
    options_model = module_of(type_, source.at(at)).Options
    secrets += [str(data[key]) for key in _HIDDEN if data.get(key)]
    GIVEN.update(secrets)
    found = Target(wanted, name, type_, None, source.at(at), tuple(s for s in secrets if s))
    problems: list[Problem] = []
    options = read_model(options_model, data, source, at, problems, f"target {name}")
    if options is None:
        raise CdmqError(map(found.scrub_problem, problems))
    return replace(found, options=options)


def _read(path: Path, root: Path) -> Source:
    place = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = Span(place, error.object[: error.start].count(b"\n") + 1, 1)
        problem = Problem(at, "CDMQ101", "the file is not utf-8", "save it as utf-8")
        raise CdmqError(problem) from None
    except OSError as error:
        cause, remedy = f"the file cannot be read: {error.strerror}", "look at its permissions"
        raise CdmqError(Problem(Span(place), "CDMQ121", cause, remedy)) from None
    source = read_yaml(text, place)
    if source.problems:
        raise CdmqError(starred(p, _unread(source, p.span)) for p in source.problems)
    return source


def _unread(source: Source, at: Span) -> str:
    """What stands at the place of a problem, but for what env_var() keeps out of the file."""
    line = source.line(at)
    return "" if "env_var" in line else line


def _type(
    data: Mapping[str, Any], name: str, source: Source, at: Path_, render: Callable[[str], str]
) -> str:
    """The warehouse that an output names."""
    if data.get("type") is None:
        known = f"known here: {', '.join(warehouse_types())}"
        cause = f"'type' is missing in target {name}"
        raise CdmqError(Problem(source.at(at), "CDMQ111", cause, known))
    type_ = _word(data["type"], source, (*at, "type"), render)
    if type_ not in warehouse_types():
        cause, remedy = f"unknown warehouse type '{type_}'", did_you_mean(type_, warehouse_types())
        raise CdmqError(Problem(source.at((*at, "type")), "CDMQ402", cause, remedy))
    return type_


def _find(root: Path, given: str | None, environment: Mapping[str, str]) -> Path:
    folders = [Path(f) for f in (given, environment.get("CDMQ_PROFILES_DIR")) if f] or [
        root,
        Path.home() / ".cdmq",
    ]
    for folder in folders:
        if (folder / "profiles.yml").is_file():
            return folder / "profiles.yml"
    raise CdmqError(
        Problem(
            Span(str(folders[0] / "profiles.yml")),
            "CDMQ401",
            "no profiles.yml was found",
            "write one, or say where it is with --profiles-dir",
        )
    )


def _profile(source: Source, wanted: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    data = source.data if isinstance(source.data, dict) else {}
    if wanted not in data:
        raise CdmqError(
            Problem(
                Span(source.file), "CDMQ402", f"no profile '{wanted}'", did_you_mean(wanted, data)
            )
        )
    outputs = data[wanted].get("outputs") if isinstance(data[wanted], dict) else None
    if not isinstance(outputs, dict) or not outputs:
        raise CdmqError(
            Problem(
                source.at((wanted,)),
                "CDMQ402",
                f"the profile '{wanted}' has no outputs",
                "add outputs:",
            )
        )
    return outputs, (wanted,)


def _rendered(value: Any, source: Source, path: Path_, render: Callable[[str], str]) -> Any:
    """Only the chosen output is rendered: the others may need variables that are not set."""
    if not isinstance(value, str) or "{" not in value:
        return value
    try:
        return render(value)
    except ValueError as error:
        remedy = (
            "set it, or give a default: env_var('NAME', 'default')"
            if ("is not set" in str(error))
            else "write {{ env_var('NAME') }}"
        )
        raise CdmqError(Problem(source.at(path), "CDMQ406", str(error), remedy)) from None


def _word(value: Any, source: Source, path: Path_, render: Callable[[str], str]) -> str:
    found = _rendered(value, source, path, render)
    if not isinstance(found, str):
        raise CdmqError(
            Problem(
                source.at(path),
                "CDMQ112",
                f"'{path[-1]}' must be a word",
                "write one name, without brackets",
            )
        )
    return found


def _env_var(environment: Mapping[str, str], secrets: list[str]) -> Any:
    def env_var(name: str, *default: str) -> str:
        if name in environment:
            given = environment[name]
            if given not in warehouse_types():  # a word of ours, such as a user called postgres
                secrets.append(given)
                GIVEN.add(given)
            return given
        if default:
            return default[0]
        raise ValueError(f"the environment variable {name} is not set")

    return env_var
