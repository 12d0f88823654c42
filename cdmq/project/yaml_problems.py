"""What is wrong with a YAML text, said so that a steward can mend it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import yaml

from cdmq.problems import Problem, Span


def in_quotes(value: str) -> str:
    """The text in the quotes that change nothing in it."""
    if '"' not in value and "\\" not in value:
        return f'"{value}"'
    return "'" + value.replace("'", "''") + "'"


CURLY = "“”„‘’‚«»"
#: Blanks before a key, one of them no plain space or tab.
BLANK = re.compile(r"[ \t]*[^\S \t\r\n]\s*(?=\S)")
_TEXT_BEHIND = re.compile(
    r"""(?P<key>\s*(?:- )?[\w.-]+:)\s+(?P<value>(["'])[^"']*\3\s*[^\s#,].*)"""
)


def odd_blank(span: Span, line: str, blanks: str) -> Problem:
    """A blank before a key that YAML does not take for one."""
    odd = next(c for c in blanks if c not in " \t")
    name = unicodedata.name(odd, f"U+{ord(odd):04X}").lower()
    return Problem(
        span,
        "CDMQ142",
        f"a blank that is no space ({name}) stands before the key",
        "take it out, and write plain spaces",
        line.strip(),
    )


def _inside_of(lines: list[str], at: int) -> str:
    """The remedy where the keys of a file stand below `file: x.csv`, which is a whole value."""
    above = re.match(r"(\s*(?:- )?)file:\s+([^\s{\[|>&*#][^#]*)", lines[at - 1] if at else "")
    if above is None or len(lines[at]) - len(lines[at].lstrip()) <= len(above[1]):
        return ""
    path = above[2].strip()
    return f"file: has the value {path} already; write file: {{path: {path}, {lines[at].strip()}}}"


def _without_escapes(line: str, column: int) -> str:
    """The line with the text in double quotes around `column` in single quotes."""
    for found in re.finditer(r'"((?:[^"\\]|\\.)*)"', line):
        if found.start() < column < found.end() and "'" not in found[1]:
            return f"{line[: found.start()]}'{found[1]}'{line[found.end() :]}".strip()
    return ""


def straightened(line: str, value: str) -> str:
    """The line where curly quotes stand around values, with straight ones: around all of `value`
    where there are more in it."""
    if set(value[1:-1]) & {*CURLY, '"'} or value[-1] not in CURLY:
        return line.replace(value, in_quotes(value))
    pair = re.compile(f'[{CURLY}]([^{CURLY}"]*)[{CURLY}]')
    return pair.sub(lambda found: in_quotes(found[1]), line)


def syntax_problem(error: yaml.YAMLError, file: str, text: str) -> Problem:
    """What PyYAML says of a text, at its place and in a steward's words."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:  # a character YAML does not allow: the reader knows only its index
        index = getattr(error, "position", 0)
        before = text[:index]
        span = Span(file, before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)
        return Problem(span, "CDMQ101", "a character that YAML does not allow", "remove it")
    wrong = _Wrong(
        file,
        text.splitlines(),
        mark,
        str(getattr(error, "problem", "") or error),
        str(getattr(error, "context", "") or ""),
        getattr(error, "context_mark", None),
    )
    return next(found for look in _LOOKS if (found := look(wrong)))


@dataclass(frozen=True)
class _Wrong:
    """Where PyYAML stopped, what it says, and what it was reading since when."""

    file: str
    lines: list[str]
    mark: yaml.Mark
    said: str
    context: str
    opened: yaml.Mark | None

    @property
    def span(self) -> Span:
        return Span(self.file, self.mark.line + 1, self.mark.column + 1)

    @property
    def line(self) -> str:
        return self.lines[self.mark.line] if self.mark.line < len(self.lines) else ""

    def problem(self, cause: str, remedy: str, fix: str = "", code: str = "CDMQ101") -> Problem:
        return Problem(self.span, code, cause, remedy, fix)


def _tab(at: _Wrong) -> Problem | None:
    if "\t" not in at.line[: at.mark.column + 1]:
        return None
    fix = at.line.replace("\t", "  ").strip()
    return at.problem("a tab: YAML is indented with spaces", "use spaces", fix)


def _blank(at: _Wrong) -> Problem | None:
    for row in (at.mark.line, at.mark.line - 1):  # it may be the next line that does not fit
        if 0 <= row < len(at.lines) and (blank := BLANK.match(at.lines[row])):
            column = 1 if row < at.mark.line else at.span.column
            return odd_blank(Span(at.file, row + 1, column), at.lines[row], blank[0])
    return None


def _key_astray(at: _Wrong) -> Problem | None:
    if "mapping values are not allowed" not in at.said:
        return None
    if ": " not in at.line[: at.mark.column]:
        return at.problem(
            "the key does not stand where a key can stand",
            _inside_of(at.lines, at.mark.line)
            or "keys of one mapping must stand in the same column",
        )
    key, _, value = at.line.strip().partition(": ")
    return at.problem(
        "a second ': ' on the line: YAML would cut the value in two",
        "put the value in quotes",
        f"{key}: {in_quotes(value)}" if value else "",
        "CDMQ105",
    )


def _escape(at: _Wrong) -> Problem | None:
    if "unknown escape character" not in at.said:
        return None
    fix = _without_escapes(at.line, at.mark.column)
    cause = 'inside " " YAML reads \\ as the begin of a sign of its own'
    return at.problem(cause, "put the text in single quotes", fix) if fix else None


def _text_behind(at: _Wrong) -> Problem | None:
    torn = _TEXT_BEHIND.match(at.line)
    if not torn or "expected" not in at.said:
        return None
    return at.problem(
        "text stands behind the quote that closes here: YAML takes the quoted part alone for the "
        "value",
        "put the whole value in quotes",
        f"{torn['key'].strip()} {in_quotes(torn['value'].strip())}",
        "CDMQ105",
    )


def _not_closed(at: _Wrong) -> Problem | None:
    if at.opened is None or at.opened.line >= at.mark.line:
        return None
    for words, what in (("quoted scalar", "quote"), ("flow", "bracket")):
        if words in at.context:
            begin = Span(at.file, at.opened.line + 1, at.opened.column + 1)
            cause = f"the {what} that opens here is not closed"
            return Problem(begin, "CDMQ101", cause, f"close the {what}")
    return None


def _other(at: _Wrong) -> Problem:
    if "another document" in at.said:
        return at.problem("a second document (---) in one file", "write one file for each")
    if "undefined alias" in at.said:
        return at.problem(
            "the alias (*name) has no anchor (&name) above it",
            "write it out, or put text that begins with * in quotes",
        )
    remedy = "look at the line and the one above it"
    if "flow" in at.context:
        remedy = "close the bracket, and put text or SQL inside { } in quotes"
    elif "block" in at.said or "block" in at.context:
        remedy = "keys of one mapping must stand in the same column"
    elif "quoted scalar" in at.context:
        remedy = "close the quote"
    elif "token" in at.said or "character" in at.said:
        remedy = "put text that begins with a sign in quotes"
    return at.problem(f"this is not YAML: {at.said}", remedy)


#: The first that finds what is wrong tells it.
_LOOKS = (_tab, _blank, _key_astray, _escape, _text_behind, _not_closed, _other)
