"""What is wrong with a YAML text, said so that a steward can mend it."""

from __future__ import annotations

import yaml

from cdmq.problems import Problem, Span


def in_quotes(value: str) -> str:
    """The text in the quotes that change nothing in it."""
    if '"' not in value and "\\" not in value:
        return f'"{value}"'
    return "'" + value.replace("'", "''") + "'"


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
    if "mapping values are not allowed" in said:
        if ": " not in line[: mark.column]:
            return Problem(span, "CDMQ101", "the key does not stand where a key can stand",
                           "keys of one mapping must stand in the same column")
        key, _, value = line.strip().partition(": ")
        return Problem(
            span, "CDMQ105", "a second ': ' on the line: YAML would cut the value in two",
            "put the value in quotes", f"{key}: {in_quotes(value)}" if value else "",
        )
    context = str(getattr(error, "context", "") or "")
    opened = getattr(error, "context_mark", None)
    if opened is not None and opened.line < mark.line:
        begin = Span(file, opened.line + 1, opened.column + 1)
        if "quoted scalar" in context:
            return Problem(begin, "CDMQ101", "the quote that opens here is not closed",
                           "close the quote")
        if "flow" in context:
            return Problem(begin, "CDMQ101", "the bracket that opens here is not closed",
                           "close the bracket")
    if "another document" in said:
        return Problem(span, "CDMQ101", "a second document (---) in one file",
                       "write one file for each")
    if "undefined alias" in said:
        return Problem(span, "CDMQ101", "the alias (*name) has no anchor (&name) above it",
                       "write it out, or put text that begins with * in quotes")
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
