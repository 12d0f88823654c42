"""YAML text -> plain data and the place of every key and value.

Every plain scalar is text: `NO`, `012`, `12:30` and `2024-01-01` stay what the steward wrote, and
`null` is one of `Source.nulls`. An empty value is None. Data is made of dict, list, str and None; a
path such as `("validation", 0, "column")` finds its place in `Source.spans`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from cdmq.problems import Problem, Span
from cdmq.project.yaml_problems import syntax_problem
from cdmq.project.yaml_reader import Path, Reader, TooMany

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

#: More brackets than this that are open at once.
_DEEPEST = 500


@dataclass(frozen=True)
class Source:
    """A YAML file, read. `keys` holds the place of each mapping key, `spans` of each value."""

    file: str
    text: str
    data: Any
    spans: dict[Path, Span] = field(repr=False)
    keys: dict[Path, Span] = field(repr=False)
    #: The last line of each mapping and list.
    ends: dict[Path, int] = field(default_factory=dict, repr=False)
    problems: tuple[Problem, ...] = ()
    #: Values and mappings that are not what the steward meant: `problems` says why.
    cut: frozenset[Path] = frozenset()
    #: Values that are `null` or `~` without quotes. Of a rule that is a word; where rows are
    #: written, such as in a unit test, it is NULL.
    nulls: frozenset[Path] = frozenset()

    def at(self, path: Path) -> Span:
        """The place of `path`: its own, or that of the nearest thing around it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.spans:
                return self.spans[path[:end]]
        return Span(self.file)

    def at_key(self, path: Path) -> Span:
        return self.keys.get(path) or self.at(path)

    def is_told(self, path: Path) -> bool:
        """What is wrong at `path` may only be a consequence of a problem that is told already."""
        return any(path[:end] in self.cut for end in range(len(path) + 1))

    def with_nulls(self, data: Any, path: Path) -> Any:
        """`data`, which stands at `path`, with None for each null that is written in it."""
        if path in self.nulls:
            return None
        if isinstance(data, dict):
            return {k: self.with_nulls(v, (*path, k)) for k, v in data.items()}
        if isinstance(data, list):
            return [self.with_nulls(v, (*path, i)) for i, v in enumerate(data)]
        return data

    def with_word(self, span: Span, old: str, new: str | None) -> str:
        """The line at `span` with `new` in place of the `old` that stands there, or nothing."""
        lines = self.text.splitlines()
        line = lines[span.line - 1] if 0 < span.line <= len(lines) else ""
        before, after = line[: span.column - 1], line[span.column - 1 :]
        quote = after[:1] if after[:1] in ("'", '"') else ""
        if not new or not after.startswith(quote + old):
            return ""
        return (before + quote + new + after[len(quote) + len(old) :]).strip()

    def line(self, span: Span) -> str:
        lines = self.text.splitlines()
        return lines[span.line - 1].strip() if 0 < span.line <= len(lines) else ""


def read_yaml(text: str, file: str, render: Callable[[str], str] | None = None) -> Source:
    """Read one YAML document. `render` is called with every scalar that holds Jinja.

    All that is wrong is in `Source.problems`; then `data` is what could be read.
    """
    reader = Reader(file, text, render)
    if _looks_too_deep(text):  # libyaml would end the process
        return Source(file, text, None, {}, {}, {}, (_too_deep(file),))
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        reader.problems.append(syntax_problem(error, file, text))
        return Source(file, text, None, {}, {}, {}, tuple(reader.problems))
    except RecursionError:
        reader.problems.append(_too_deep(file))
        return Source(file, text, None, {}, {}, {}, tuple(reader.problems))
    try:
        data = reader.plain(node, ()) if node is not None else None
    except RecursionError:
        reader.problems.append(_too_deep(file))
        data = None
    except TooMany as error:
        reader.problems.append(error.problem)
        data = None
    return Source(
        file,
        text,
        data,
        reader.spans,
        reader.keys,
        reader.ends,
        tuple(reader.problems),
        frozenset(reader.cut),
        frozenset(reader.nulls),
    )


def _looks_too_deep(text: str) -> bool:
    """More than 500 brackets that are open at once, or as many lists on one line."""
    depth = 0
    if text.count("[") + text.count("{") > _DEEPEST:
        for bracket in re.findall(r"[\[\]{}]", text):
            depth += 1 if bracket in "[{" else -1
            if depth > _DEEPEST:
                return True
            depth = max(depth, 0)
    return re.search(r"(?:[-?:][ \t]+){200}", text) is not None


def _too_deep(file: str) -> Problem:
    return Problem(
        Span(file, 1, 1),
        "CDMQ101",
        "lists and mappings stand too deep in each other",
        "look for brackets that are not closed",
    )


__all__ = ["Path", "Source", "read_yaml"]
