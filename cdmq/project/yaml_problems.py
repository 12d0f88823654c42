"""What is wrong with a YAML text, said so that a steward can mend it."""

from __future__ import annotations

import re
import unicodedata

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
    for at in (mark.line, mark.line - 1):  # it may be the next line that does not fit
        if 0 <= at < len(lines) and (blank := BLANK.match(lines[at])):
            return odd_blank(
                Span(file, at + 1, 1 if at < mark.line else span.column), lines[at], blank[0]
            )
    if "mapping values are not allowed" in said:
        if ": " not in line[: mark.column]:
            return Problem(
                span,
                "CDMQ101",
                "the key does not stand where a key can stand",
                _inside_of(lines, mark.line) or "keys of one mapping must stand in the same column",
            )
        key, _, value = line.strip().partition(": ")
        return Problem(
            span,
            "CDMQ105",
            "a second ': ' on the line: YAML would cut the value in two",
            "put the value in quotes",
            f"{key}: {in_quotes(value)}" if value else "",
        )
    if "unknown escape character" in said and (fix := _without_escapes(line, mark.column)):
        return Problem(
            span,
            "CDMQ101",
            'inside " " YAML reads \\ as the begin of a sign of its own',
            "put the text in single quotes",
            fix,
        )
    if (torn := _TEXT_BEHIND.match(line)) and "expected" in said:
        return Problem(
            span,
            "CDMQ105",
            "text stands behind the quote that closes here: YAML takes "
            "the quoted part alone for the value",
            "put the whole value in quotes",
            f"{torn['key'].strip()} {in_quotes(torn['value'].strip())}",
        )
    context = str(getattr(error, "context", "") or "")
    opened = getattr(error, "context_mark", None)
    if opened is not None and opened.line < mark.line:
        begin = Span(file, opened.line + 1, opened.column + 1)
        if "quoted scalar" in context:
            return Problem(
                begin, "CDMQ101", "the quote that opens here is not closed", "close the quote"
            )
        if "flow" in context:
            return Problem(
                begin, "CDMQ101", "the bracket that opens here is not closed", "close the bracket"
            )
    if "another document" in said:
        return Problem(
            span, "CDMQ101", "a second document (---) in one file", "write one file for each"
        )
    if "undefined alias" in said:
        return Problem(
            span,
            "CDMQ101",
            "the alias (*name) has no anchor (&name) above it",
            "write it out, or put text that begins with * in quotes",
        )
    remedy = "look at the line and the one above it"
    if "flow" in context:
        remedy = "close the bracket, and put text or SQL inside { } in quotes"
    elif "block" in said or "block" in context:
        remedy = "keys of one mapping must stand in the same column"
    elif "quoted scalar" in context:
        remedy = "close the quote"
    elif "token" in said or "character" in said:
        remedy = "put text that begins with a sign in quotes"
    return Problem(span, "CDMQ101", f"this is not YAML: {said}", remedy)
