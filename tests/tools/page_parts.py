"""Parts of a page of the manual: paragraphs, examples, tables."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

#: Words that begin a paragraph of a docstring, with what stands behind them.
_LEADS = ("When to use", "Example", "Passes", "Fails", "Cause", "Remedy", "In the warehouse")


def said(text: str) -> list[str]:
    """A paragraph of these pages, with an empty line behind it."""
    return [*textwrap.wrap(text, 110, break_on_hyphens=False, break_long_words=False), ""]


def prose(text: str, language: str) -> Iterator[str]:
    """A docstring as Markdown: what is indented by four becomes a block of code."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        if lines[at].startswith("    "):
            block = []
            while at < len(lines) and (lines[at].startswith("    ") or not lines[at].strip()):
                block.append(lines[at][4:])
                at += 1
            while block and not block[-1].strip():
                block.pop()
            yield from ("", f"```{language}", *block, "```", "")
            continue
        line = lines[at]
        lead = next((w for w in _LEADS if line.startswith((f"{w}:", f"{w}."))), None)
        if lead:
            if at and lines[at - 1].strip():
                yield ""
            line = f"**{line[: len(lead) + 1]}**{line[len(lead) + 1 :]}"
        yield line
        at += 1


def keys_table(keys: Iterable[object]) -> Iterator[str]:
    yield from rows_table(
        ("key", "value", "default", "what"),
        ((f"`{k.name}`", k.type, "required" if k.required else k.default, k.about) for k in keys),
    )


def rows_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    found = [tuple(_cell(c) for c in row) for row in rows]
    if not found:
        return
    kept = [i for i in range(len(head)) if any(row[i] for row in found)]
    yield "| " + " | ".join(head[i] for i in kept) + " |"
    yield "|" + "---|" * len(kept)
    for row in found:
        yield ("| " + " | ".join(row[i] for i in kept) + " |").replace("|  |", "| |")


def _cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", r"\|")


def paragraphs(text: str | None) -> list[str]:
    import inspect

    return inspect.cleandoc(text or "").splitlines()


def listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
