"""YAML text -> plain data and the place of every key and value.

Every plain scalar is text: `NO`, `012`, `12:30` and `2024-01-01` stay what the steward wrote. An
empty value is None. Data is made of dict, list, str and None; a path such as
`("validation", 0, "column")` finds its place in `Source.spans`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from cdmq.problems import Problem, Span

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

Path = tuple[str | int, ...]
_CURLY = "“”„‘’‚«»"
_SQL_IN_BRACES = re.compile(r"[=<>()']")


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

    def at(self, path: Path) -> Span:
        """The place of `path`: its own, or that of the nearest thing around it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.spans:
                return self.spans[path[:end]]
        return Span(self.file)

    def at_key(self, path: Path) -> Span:
        return self.keys.get(path) or self.at(path)

    def line(self, span: Span) -> str:
        lines = self.text.splitlines()
        return lines[span.line - 1].strip() if 0 < span.line <= len(lines) else ""


def read_yaml(text: str, file: str, render: Callable[[str], str] | None = None) -> Source:
    """Read one YAML document. `render` is called with every scalar that holds Jinja.

    All that is wrong is in `Source.problems`; then `data` is what could be read.
    """
    reader = _Reader(file, text, render)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        reader.problems.append(_syntax_problem(error, file, text))
        return Source(file, text, None, {}, {}, {}, tuple(reader.problems))
    data = reader.plain(node, ()) if node is not None else None
    return Source(
        file, text, data, reader.spans, reader.keys, reader.ends, tuple(reader.problems)
    )


class _Reader:
    def __init__(self, file: str, text: str, render: Callable[[str], str] | None) -> None:
        self.file, self.text, self.render = file, text, render
        self.spans: dict[Path, Span] = {}
        self.keys: dict[Path, Span] = {}
        self.ends: dict[Path, int] = {}
        self.problems: list[Problem] = []
        self.line = 0

    def span(self, node: yaml.Node) -> Span:
        return Span(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def problem(self, node: yaml.Node, code: str, cause: str, remedy: str, fix: str = "") -> None:
        self.problems.append(Problem(self.span(node), code, cause, remedy, fix))

    def plain(self, node: yaml.Node, path: Path, in_flow: bool = False) -> Any:
        self.spans[path] = self.span(node)
        if isinstance(node, yaml.ScalarNode):
            self.line = node.end_mark.line + 1
            return self.scalar(node, in_flow)
        data: Any
        if isinstance(node, yaml.SequenceNode):
            flow = in_flow or bool(getattr(node, "flow_style", False))
            data = [self.plain(item, (*path, i), flow) for i, item in enumerate(node.value)]
        else:
            data = self.mapping(node, path, in_flow)
        self.ends[path] = self.line
        return data

    def mapping(self, node: yaml.Node, path: Path, in_flow: bool) -> dict[str, Any]:
        data: dict[str, Any] = {}
        flow_here = bool(getattr(node, "flow_style", False))
        flow = in_flow or flow_here
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.problem(
                    key_node, "CDMQ106", "a key must be a word, this one is a list or mapping",
                    "put Jinja and SQL in quotes", _quoted_line(self.text, key_node),
                )
                continue
            key = str(key_node.value)
            if key == "<<":
                self.problem(
                    key_node, "CDMQ104", "merge keys (<<) are not part of the language",
                    "write the keys out",
                )
                continue
            if key in data:
                first = self.keys[(*path, key)]
                self.problem(
                    key_node, "CDMQ102", f"the key '{key}' stands twice in one mapping",
                    f"keep one of them (the first is on line {first.line})",
                )
                continue
            self.keys[(*path, key)] = self.span(key_node)
            if flow_here and value_node.start_mark.index == value_node.end_mark.index:
                self.problem(
                    key_node, "CDMQ105", f"'{key}' has no value: YAML cuts at a comma inside {{ }}",
                    "put SQL or text with commas in quotes", _quoted_line(self.text, key_node),
                )
            data[key] = self.plain(value_node, (*path, key), flow)
        return data

    def scalar(self, node: yaml.ScalarNode, in_flow: bool) -> str | None:
        value = str(node.value)
        if not node.style:  # libyaml says '', the Python parser None
            if value == "":
                return None
            if value[0] in _CURLY:
                self.problem(
                    node, "CDMQ103", f"curly quotes ({value[0]}) are not quotes in YAML",
                    "use straight quotes",
                    _line(self.text, node).translate({ord(c): '"' for c in _CURLY})
                    if value[-1] in _CURLY else "",
                )
            elif in_flow and _SQL_IN_BRACES.search(value):
                self.problem(
                    node, "CDMQ105", "SQL inside { } or [ ] must be quoted",
                    "put the value in double quotes",
                    _line(self.text, node).replace(value, f'"{value}"'),
                )
        if self.render and ("{{" in value or "{%" in value or "{#" in value):
            try:
                return self.render(value)
            except ValueError as error:
                self.problem(node, "CDMQ107", str(error), "only var() and macros are known here")
        return value


def _line(text: str, node: yaml.Node) -> str:
    lines = text.splitlines()
    at = node.start_mark.line
    return lines[at].strip() if at < len(lines) else ""


def _quoted_line(text: str, node: yaml.Node) -> str:
    """The line with what stands after its first `key:` in quotes."""
    line = _line(text, node)
    key, colon, value = line.partition(": ")
    if not colon:
        return ""
    if value.startswith("{") and not value.startswith("{{"):
        inner_key, inner_colon, inner = value[1:].partition(": ")
        if inner_colon:
            return f'{key}: {{{inner_key}: "{inner.rstrip("} ")}"}}'
    return f'{key}: "{value}"'


def _syntax_problem(error: yaml.YAMLError, file: str, text: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:  # a character YAML does not allow: the reader knows only its index
        index = getattr(error, "position", 0)
        before = text[:index]
        span = Span(file, before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)
        return Problem(span, "CDMQ101", "a character that YAML does not allow", "remove it")
    span = Span(file, mark.line + 1, mark.column + 1)
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    said = str(getattr(error, "problem", "") or error)
    if "\t" in line[: mark.column + 1]:
        fix = line.replace("\t", "  ").rstrip()
        return Problem(
            span, "CDMQ101", "a tab: YAML is indented with spaces", "use spaces", fix.strip()
        )
    if "mapping values are not allowed" in said:
        key, _, value = line.strip().partition(": ")
        fix = f'{key}: "{value}"' if value else ""
        return Problem(
            span, "CDMQ105", "a second ': ' on the line: YAML would cut the value in two",
            "put the value in quotes", fix,
        )
    remedy = "look at the line and the one above it"
    if "'}'" in said or "']'" in said or "flow" in str(getattr(error, "context", "")):
        remedy = "close the bracket, and put SQL inside { } in quotes"
    elif "block end" in said or "block" in str(getattr(error, "context", "")):
        remedy = "keys of one mapping must stand in the same column"
    elif "quoted scalar" in str(getattr(error, "context", "")):
        remedy = "close the quote"
    return Problem(span, "CDMQ101", f"this is not YAML: {said}", remedy)
