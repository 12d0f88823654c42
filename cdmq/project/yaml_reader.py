"""The nodes of a YAML document as plain data, with the place of each and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

from cdmq.problems import Problem, Span
from cdmq.project.yaml_problems import CURLY, in_quotes, odd_blank, straightened

Path = tuple[str | int, ...]
#: Plain words that are null in YAML.
_NULLS = frozenset({"~", "null", "Null", "NULL"})
_OPERATOR = re.compile(r"[=<>]")
#: Tags that say what every scalar and collection is anyway.
_TAGS = {
    f"tag:yaml.org,2002:{word}"
    for word in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge", "value")
}
#: What only an escape in double quotes can bring into a text.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f]")
#: More values than this by aliases (*name) are no rule file but a mistake, or a trap.
_ALIASED = 20_000


class TooMany(Exception):
    """Aliases that would never end, or hardly ever."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Reader:
    def __init__(self, file: str, text: str, render: Callable[[str], str] | None) -> None:
        self.file, self.text, self.render = file, text, render
        self.spans: dict[Path, Span] = {}
        self.keys: dict[Path, Span] = {}
        self.ends: dict[Path, int] = {}
        self.problems: list[Problem] = []
        self.cut: set[Path] = set()
        self.nulls: set[Path] = set()
        self.line = 0
        self.has_aliases = "*" in text
        self.seen: set[int] = set()
        self.aliased = 0
        self.around: set[int] = set()

    def span(self, node: yaml.Node) -> Span:
        return Span(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def problem(self, node: yaml.Node, code: str, cause: str, remedy: str, fix: str = "") -> None:
        self.problems.append(Problem(self.span(node), code, cause, remedy, fix))

    def plain(self, node: yaml.Node, path: Path, in_flow: bool = False) -> Any:
        self.spans[path] = self.span(node)
        if self.has_aliases:
            self._count(node)
        if node.tag not in _TAGS and node.tag != "!":
            self.cut.add(path)
            tag = str(node.tag).replace("tag:yaml.org,2002:", "!!")
            self.problem(
                node,
                "CDMQ104",
                f"tags ({tag}) are not part of the language",
                "remove the tag, or put the text in quotes",
            )
        if isinstance(node, yaml.ScalarNode):
            self.line = node.end_mark.line + 1
            return self.scalar(node, path, in_flow)
        if self.has_aliases and id(node) in self.around:
            raise TooMany(self._endless(node))
        self.around.add(id(node))
        data: Any
        if isinstance(node, yaml.SequenceNode):
            flow = in_flow or bool(getattr(node, "flow_style", False))
            data = [self.plain(item, (*path, i), flow) for i, item in enumerate(node.value)]
        else:
            data = self.mapping(node, path, in_flow)
        self.around.discard(id(node))
        self.ends[path] = self.line
        return data

    def _count(self, node: yaml.Node) -> None:
        """An alias gives the same node again: each time a little is right, without end is not."""
        self.aliased += id(node) in self.seen
        self.seen.add(id(node))
        if self.aliased > _ALIASED:
            raise TooMany(self._endless(node))

    def _endless(self, node: yaml.Node) -> Problem:
        return Problem(
            self.span(node),
            "CDMQ101",
            "aliases (*name) that hold themselves, or repeat this without end",
            "write it out",
        )

    def mapping(self, node: yaml.Node, path: Path, in_flow: bool) -> dict[str, Any]:
        data: dict[str, Any] = {}
        flow_here = bool(getattr(node, "flow_style", False))
        flow = in_flow or flow_here
        torn = self.torn(node) if flow_here else {}
        for at, (key_node, value_node) in enumerate(node.value):
            if not isinstance(key_node, yaml.ScalarNode):
                self.cut.add(path)
                self.problem(
                    key_node,
                    "CDMQ106",
                    "a key must be a word, this one is a list or mapping",
                    "put Jinja and SQL in quotes",
                    _quoted_jinja(self.text, key_node),
                )
                continue
            key = str(key_node.value)
            if key == "<<":
                self.cut.add(path)
                self.problem(
                    key_node,
                    "CDMQ104",
                    "merge keys (<<) are not part of the language",
                    "write the keys out",
                )
                continue
            if at in torn:
                self.cut.add(path)
                if torn[at]:
                    self.problem(*torn[at])
                continue
            if key != key.strip() and not key_node.style:
                self.cut.add(path)
                self.problems.append(
                    odd_blank(self.span(key_node), _line(self.text, key_node), key)
                )
                continue
            if key in data:
                first = self.keys[(*path, key)]
                self.problem(
                    key_node,
                    "CDMQ102",
                    f"the key '{key}' stands twice in one mapping",
                    f"keep one of them (the first is on line {first.line})",
                )
                continue
            self.keys[(*path, key)] = self.span(key_node)
            data[key] = self.plain(value_node, (*path, key), flow)
        return data

    def torn(self, node: yaml.Node) -> dict[int, Any]:
        """Entries of `{ }` that are pieces of one text: at the first stands what to say."""
        found: dict[int, Any] = {}
        pairs = node.value
        empty = [
            k.start_mark.index < k.end_mark.index == v.start_mark.index == v.end_mark.index
            and isinstance(k, yaml.ScalarNode)
            for k, v in pairs
        ]
        at = 0
        while at < len(pairs):
            end = at + 1
            while end < len(pairs) and empty[end]:
                end += 1
            key, value = pairs[at]
            if end > at + 1 and isinstance(value, yaml.ScalarNode) and not empty[at]:
                begin, last = value.start_mark, pairs[end - 1][0].end_mark
                whole = self.text[begin.index : last.index]
                line = _line(self.text, value)
                fix = line.replace(whole, in_quotes(whole)) if "\n" not in whole else ""
                found.update(dict.fromkeys(range(at + 1, end)))
                found[at] = (
                    value,
                    "CDMQ105",
                    f"inside {{ }} YAML cuts the value of '{key.value}' at the comma",
                    "put the whole value in quotes",
                    fix,
                )
            elif empty[at]:
                found[at] = (
                    key,
                    "CDMQ105",
                    f"'{key.value}' has no value: inside {{ }} YAML cuts at each comma",
                    "put text or SQL with a comma in quotes",
                    "",
                )
            at = end
        return found

    def scalar(self, node: yaml.ScalarNode, path: Path, in_flow: bool) -> str | None:
        value = str(node.value)
        if not node.style:  # libyaml says '', the Python parser None
            if value == "":
                return None
            if value in _NULLS:
                self.nulls.add(path)
            elif value[0] in CURLY:
                self.cut.add(path)
                self.problem(
                    node,
                    "CDMQ103",
                    f"curly quotes ({value[0]}) are not quotes in YAML",
                    "put the value in straight quotes",
                    straightened(_line(self.text, node), value),
                )
            elif in_flow and _OPERATOR.search(value):
                self.cut.add(path)
                self.problem(
                    node,
                    "CDMQ105",
                    "SQL or text with =, < or > inside { } or [ ] must stand in quotes",
                    "put the whole value in quotes",
                    _line(self.text, node).replace(value, in_quotes(value)),
                )
        control = _CONTROL.search(value) if node.style == '"' else None
        if control:
            self.cut.add(path)
            self.problem(
                node,
                "CDMQ101",
                f"a control character (\\x{ord(control[0]):02x}) in a text",
                "remove it; in a regex write it as the regex has it",
            )
        if self.render and ("{{" in value or "{%" in value or "{#" in value):
            try:
                return self.render(value)
            except ValueError as error:
                self.cut.add(path)
                self.problem(node, "CDMQ107", str(error), getattr(error, "remedy", ""))
        return value


def _line(text: str, node: yaml.Node) -> str:
    lines = text.splitlines()
    at = node.start_mark.line
    return lines[at].strip() if at < len(lines) else ""


def _quoted_jinja(text: str, node: yaml.Node) -> str:
    """The line with `{{ ... }}` in quotes."""
    line = _line(text, node)
    found = re.search(r"\{\{.*?\}\}", line)
    return line.replace(found[0], in_quotes(found[0])) if found else ""
