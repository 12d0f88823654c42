"""load: the files of a project, read and typed; nothing is resolved yet."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from cdmq.datasets.seeds import read_seed
from cdmq.kinds import kinds
from cdmq.kinds.unit_tests import read_test
from cdmq.kinds.unread import empty_file, missing_folders, not_read, passed_over, usable
from cdmq.problems import CdmqError, Problem, Span
from cdmq.project.other_words import other_file
from cdmq.project.people_files import DECISIONS, PEOPLE, apart, decisions_of, people_of
from cdmq.project.spec import DatasetSpec, ModelsFile, ProjectFile
from cdmq.project.templates import renderer, syntax_problem, variables_reader
from cdmq.project.typed import read_model
from cdmq.project.unit_test import UnitTest, UnitTestsFile
from cdmq.project.walk import PROJECT_FILE, Files, hidden_endings, leads_out
from cdmq.project.walk import YAML as _YAML
from cdmq.project.yaml_source import Source, read_yaml
from cdmq.values import Documents, Seed, SqlModel

#: What may be the name of a dataset, in the text of a file that cannot be read as YAML.
_NAMES = re.compile(r"""\bname:\s*["']?([^"',}\n]+?)["']?\s*(?:[,}#\n]|$)""")


def load(
    root: Path, overrides: Mapping[str, Any] | None = None, files: Files | None = None
) -> Documents:
    """Read every file of the project at `root`. `overrides` are the `--vars`; `files` are the
    files of the project at another time.

    Raises CdmqError only when cdmq_project.yml or a macro cannot be read; all else that is
    wrong is in `Documents.problems`.
    """
    problems: list[Problem] = []
    files = files or Files()
    config = _config(root, files)
    variables = {**config.vars, **(overrides or {})}
    macros = _macros(root, config, files, problems)
    render = renderer({"var": variables_reader(variables)}, macros)

    read, plain = (partial(_read, root, jinja, problems, files) for jinja in (render, None))

    datasets, broken = _dataset_files(root, config, read, problems, files)
    for folders, endings in folders_of(root, files):
        problems += not_read(root, folders, endings, files)
        problems += (p for p in passed_over(root, folders, endings, files) if p not in problems)
    who, what = (usable(root, folders, _YAML, problems, files) for folders in apart(config))
    people, decisions = people_of(who, plain, problems), decisions_of(what, plain, problems)
    rule_files, unit_tests, unread = _rule_files(root, config, read, problems, files)
    return Documents(
        root=root,
        config=config,
        variables=variables,
        datasets=datasets,
        rule_files=rule_files,
        unit_tests=unit_tests,
        models=tuple(
            SqlModel(p.stem, _relative(root, p), _text(root, p, problems, files))
            for p in usable(root, config.model_paths, (".sql",), problems, files, named=True)
        ),
        seeds=tuple(
            seed
            for p in usable(root, config.seed_paths, (".csv",), problems, files, named=True)
            if (seed := _seed(root, p, problems, files))
        ),
        macros=macros,
        problems=tuple(problems),
        broken=broken,
        unread=unread,
        overrides=dict(overrides or {}),
        people=people,
        decisions=decisions,
        files=dict(files.read),
    )


def _dataset_files(
    root: Path,
    config: ProjectFile,
    read: Callable[[Path], Source],
    problems: list[Problem],
    files: Files,
) -> tuple[tuple[tuple[DatasetSpec, Source, int], ...], frozenset[str]]:
    """What models/*.yml declares, and the names of which it declares something wrongly."""
    datasets: list[tuple[DatasetSpec, Source, int]] = []
    broken: set[str] = set()
    for path in usable(root, config.model_paths, _YAML, problems, files):
        before = len(problems)
        source = read(path)
        datasets += _datasets(source, problems, broken)
        if len(problems) == before:
            problems += empty_file(source)
        if len(problems) > before:
            broken.update(_NAMES.findall(files.content(path).decode("utf-8", "replace")))
    return tuple(datasets), frozenset(broken - {spec.name for spec, _, _ in datasets})


def _rule_files(
    root: Path,
    config: ProjectFile,
    read: Callable[[Path], Source],
    problems: list[Problem],
    files: Files,
) -> tuple[tuple[Source, ...], tuple[tuple[UnitTest, Span], ...], tuple[str, ...]]:
    """The files of rules, the unit tests, and the texts that could not be read."""
    rule_files: list[Source] = []
    unit_tests: list[tuple[UnitTest, Span]] = []
    unread: list[str] = []
    for path in usable(root, config.rule_paths, _YAML, problems, files):
        before = len(problems)
        source = read(path)
        if len(problems) > before:
            unread.append(files.content(path).decode("utf-8", "replace"))
        if isinstance(source.data, dict) and "unit_tests" in source.data:
            unit_tests += _unit_tests(source, problems)
        elif source.data is not None:
            rule_files.append(source)
        if len(problems) == before:
            problems += empty_file(source)
    return tuple(rule_files), tuple(unit_tests), tuple(unread)


def _macros(root: Path, config: ProjectFile, files: Files, problems: list[Problem]) -> str:
    """All macro files as one text. A broken one ends the reading: every template may need it."""
    texts = []
    for path in usable(root, config.macro_paths, (".sql",), problems, files):
        text = _text(root, path, problems, files)
        wrong = syntax_problem(text)
        if wrong:
            problems.append(
                Problem(
                    Span(_relative(root, path), wrong.line, 1), "CDMQ107", str(wrong), wrong.remedy
                )
            )
        texts.append(text)
    if problems:
        raise CdmqError(problems)
    return "\n".join(texts)


def folders_of(root: Path, files: Files | None = None) -> list[tuple[list[str], list[str]]]:
    """Folders, and the endings of the files that `load` reads in them: a cache is keyed by them."""
    config = _config(root, files or Files())
    read = [
        (config.macro_paths, (".sql",)),
        (config.model_paths, (*_YAML, ".sql")),
        (config.rule_paths, _YAML),
        (config.seed_paths, (".csv",)),
    ]
    return [(folders, [*endings, *hidden_endings(endings)]) for folders, endings in read] + [
        ([*PEOPLE, DECISIONS], [*_YAML])
    ]


def _config(root: Path, files: Files) -> ProjectFile:
    problems: list[Problem] = []
    source = _read(root, None, problems, files, root / PROJECT_FILE)
    config = None
    if not problems:
        config = read_model(ProjectFile, source.data, source, (), problems, PROJECT_FILE)
    for key, folders in _folders(config).items() if config else ():
        problems += [
            leads_out(source.at((key,)), f"the {key[:-1] if key.endswith('s') else key} '{folder}'")
            for folder in folders
            if not _is_inside(root, folder, files)
        ]
        # Nothing outside is looked for, so that no message tells what is there.
        inside = [folder for folder in folders if _is_inside(root, folder, files)]
        problems += missing_folders(root, key, inside, source)
    if config is None or problems:
        raise CdmqError(problems)
    return config


def _folders(config: ProjectFile) -> dict[str, list[str]]:
    return {
        "model-paths": config.model_paths,
        "rule-paths": config.rule_paths,
        "seed-paths": config.seed_paths,
        "macro-paths": config.macro_paths,
        "target-path": [config.target_path],
    }


def _is_inside(root: Path, said: str, files: Files) -> bool:
    path = Path(said)
    return not path.is_absolute() and ".." not in path.parts and files.is_within(root, path)


def _relative(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _text(root: Path, path: Path, problems: list[Problem], files: Files) -> str:
    if not files.is_within(root, path):
        problems.append(leads_out(Span(_relative(root, path)), "the link"))
        return ""
    try:
        return files.content(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].rpartition(b"\n")
        line, column = before[0].count(b"\n") + bool(before[1]) + 1, len(before[2]) + 1
        problems.append(
            Problem(
                Span(_relative(root, path), line, column),
                "CDMQ101",
                f"the file is not utf-8: byte 0x{error.object[error.start]:02x}",
                "save it as utf-8",
            )
        )
    except OSError as error:
        problems.append(
            Problem(
                Span(_relative(root, path)),
                "CDMQ121",
                f"the file cannot be read: {error.strerror}",
                "look at its permissions",
            )
        )
    return ""


def _read(
    root: Path,
    render: Callable[[str], str] | None,
    problems: list[Problem],
    files: Files,
    path: Path,
) -> Source:
    source = read_yaml(_text(root, path, problems, files), _relative(root, path), render)
    problems += source.problems
    return source


def _datasets(
    source: Source, problems: list[Problem], broken: set[str]
) -> list[tuple[DatasetSpec, Source, int]]:
    if source.data is None:
        return []
    if other := other_file(source.data, kinds()):
        problems.append(
            Problem(
                source.at(()),
                "CDMQ141" if "rule" in other[0] else "CDMQ140",
                f"this is {other[0]}, not a file of datasets",
                other[1],
            )
        )
        return []
    if isinstance(source.data, dict) and isinstance(source.data.get("datasets"), list):
        found = []
        for i, item in enumerate(source.data["datasets"]):
            named = item.get("name") if isinstance(item, dict) else None
            spec = read_model(
                DatasetSpec,
                item,
                source,
                ("datasets", i),
                problems,
                f"dataset {named}" if named else "dataset",
            )
            if spec:
                found.append((spec, source, i))
            elif named:
                broken.add(str(named))
        rest = {k: v for k, v in source.data.items() if k != "datasets"}
        read_model(ModelsFile, rest, source, (), problems, "models file")
        return found
    read_model(ModelsFile, source.data, source, (), problems, "models file")
    return []


def _unit_tests(source: Source, problems: list[Problem]) -> list[tuple[UnitTest, Span]]:
    found = []
    items = source.data["unit_tests"]
    for i, item in enumerate(items if isinstance(items, list) else []):
        path = ("unit_tests", i)
        test = read_test(item, source, path, problems)
        if test:
            found.append((test, source.at(path)))
    rest = {k: v for k, v in source.data.items() if k != "unit_tests" or not isinstance(v, list)}
    read_model(UnitTestsFile, rest, source, (), problems, "unit tests file")
    return found


def _seed(root: Path, path: Path, problems: list[Problem], files: Files) -> Seed | None:
    before = len(problems)
    text = _text(root, path, problems, files)
    return read_seed(text, _relative(root, path), problems) if len(problems) == before else None
