"""profiles.yml: which warehouse a run goes to. Secrets stand only here, by env_var()."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cdmq.problems import CdmqError, Problem, Span, did_you_mean, printable
from cdmq.project.templates import renderer
from cdmq.project.typed import read_model
from cdmq.project.yaml_source import Path as Path_
from cdmq.project.yaml_source import Source, read_yaml

if TYPE_CHECKING:
    from cdmq.project.spec import ProjectFile
    from cdmq.warehouses.base import Warehouse


#: Of this folder, what is no warehouse.
_SHARED = ("base", "profiles", "scratch")
#: Keys of a target that are secret wherever their value comes from.
_HIDDEN = ("password", "pass", "pii_secret")
#: A secret of fewer letters may be a part of any word, of still fewer any word of a text.
_LONG, _MIDDLING = 8, 6
#: What profiles gave in this process.
_GIVEN: set[str] = set()


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
        return _scrubbed(text, self.secrets)

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


def scrub_given(text: str) -> str:
    """`text` without what any profile gave in this process: what cdmq says of its own failure."""
    return _scrubbed(text, _GIVEN)


def _scrubbed(text: str, secrets: Iterable[str]) -> str:
    written = {form for secret in secrets for form in _forms(secret) if form}
    for form in sorted(written, key=len, reverse=True):
        text = _starred(text, form)
    return text


def _forms(secret: str) -> Iterator[str]:
    """How a text is written: as it is, in an address, in SQL, in JSON, in Python, in a message."""
    yield secret
    yield quote(secret, safe="")
    yield secret.replace('"', '""')
    yield secret.replace("'", "''")
    yield from (json.dumps(secret, ensure_ascii=ascii)[1:-1] for ascii in (True, False))
    yield repr(secret)[1:-1]
    yield printable(secret)
    yield " ".join(secret.split())


def _starred(text: str, secret: str) -> str:
    """A short secret only as a whole word; a very short one where it is a value: in quotes, behind
    =, or between : and @."""
    if len(secret) >= _LONG:
        return text.replace(secret, "*****")
    alone = re.escape(secret)
    if len(secret) >= _MIDDLING:
        return re.sub(rf"(?<!\w){alone}(?!\w)", "*****", text)
    around = rf"(?<=[\"'`=])({alone})(?![\w-])|(?<=:)({alone})(?=@)"
    return re.sub(around, "*****", text)


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
    path = _find(root, profiles_dir, environment)
    secrets: list[str] = []
    problems: list[Problem] = []
    place_of_file = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise CdmqError(
            Problem(
                Span(place_of_file, line, 1), "CDMQ101", "the file is not utf-8", "save it as utf-8"
            )
        ) from None
    except OSError as error:
        raise CdmqError(
            Problem(
                Span(place_of_file),
                "CDMQ121",
                f"the file cannot be read: {error.strerror}",
                "look at its permissions",
            )
        ) from None
    source = read_yaml(text, place_of_file)
    if source.problems:
        raise CdmqError(source.problems)
    render = renderer({"env_var": _env_var(environment, secrets)})
    wanted = profile or config.profile or config.name
    outputs, place = _profile(source, wanted)
    named = source.data[wanted].get("target") or "default"
    name = target or _word(named, source, (*place, "target"), render)
    if name not in outputs:
        raise CdmqError(
            Problem(
                source.at((*place, "outputs")),
                "CDMQ402",
                f"the profile '{wanted}' has no target '{name}'",
                did_you_mean(name, outputs),
            )
        )
    at = (*place, "outputs", name)
    written = outputs[name] if isinstance(outputs[name], dict) else {}
    data = {k: _rendered(v, source, (*at, k), render) for k, v in written.items()}
    if data.get("type") is None:
        raise CdmqError(
            Problem(
                source.at(at),
                "CDMQ111",
                f"'type' is missing in target {name}",
                f"known here: {', '.join(warehouse_types())}",
            )
        )
    type_ = _word(data["type"], source, (*at, "type"), render)
    if type_ not in warehouse_types():
        raise CdmqError(
            Problem(
                source.at((*at, "type")),
                "CDMQ402",
                f"unknown warehouse type '{type_}'",
                did_you_mean(str(type_), warehouse_types()),
            )
        )
    module = _module(type_, source.at(at))
    secrets += [str(data[key]) for key in _HIDDEN if data.get(key)]
    _GIVEN.update(secrets)
    found = Target(wanted, name, type_, None, source.at(at), tuple(s for s in secrets if s))
    options = read_model(module.Options, data, source, at, problems, f"target {name}")
    if options is None:
        raise CdmqError(map(found.scrub_problem, problems))
    return replace(found, options=options)


def connect(
    target: Target, root: Path, *, threads: int | None = None, wait: float = 0.0
) -> Warehouse:
    """A connection. `wait` is how many seconds to wait for a lock that another run holds."""
    from cdmq.warehouses.base import Locked, StatementError

    module = _module(target.type, target.span)
    until = time.monotonic() + wait
    while True:
        try:
            warehouse: Warehouse = module.connect(target.options, root, threads)
            return warehouse
        except Locked as error:
            if time.monotonic() >= until:
                raise CdmqError(locked(target, str(error))) from None
            time.sleep(0.2)
        except (StatementError, OSError) as error:
            raise CdmqError(
                Problem(
                    target.span,
                    "CDMQ403",
                    "the warehouse cannot be reached: " + target.scrub(_said(error)),
                    "look at the target, then try: cdmq debug",
                )
            ) from None


@contextmanager
def waited(lock: Callable[[], AbstractContextManager[None]], seconds: float) -> Iterator[None]:
    """Hold a lock, or wait for it. Raises Locked when the time is over."""
    from cdmq.warehouses.base import Locked

    until = time.monotonic() + seconds
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(lock())
                break
            except Locked:
                if time.monotonic() >= until:
                    raise
                time.sleep(0.2)
        yield


@contextmanager
def scrubbing(target: Target) -> Iterator[None]:
    """What is wrong is told without the target's secrets."""
    try:
        yield
    except CdmqError as error:
        raise CdmqError(map(target.scrub_problem, error.problems), error.exit_code) from None


def locked(target: Target, cause: str) -> Problem:
    return Problem(
        target.span,
        "CDMQ404",
        "another run holds the warehouse, or a program that reads it: " + target.scrub(cause),
        "wait for it to end, or say --wait",
    )


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _module(type_: str, span: Span) -> Any:
    try:
        return importlib.import_module(f"cdmq.warehouses.{type_}")
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("cdmq"):
            raise
        raise CdmqError(
            Problem(
                span,
                "CDMQ405",
                f"the package '{error.name}' for {type_} is not installed",
                f"install it with: pip install 'cdmq[{type_}]'",
            )
        ) from None


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
                _GIVEN.add(given)
            return given
        if default:
            return default[0]
        raise ValueError(f"the environment variable {name} is not set")

    return env_var
