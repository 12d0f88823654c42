"""Lines of a page of the manual."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cdmq.manual.keys import Key

if TYPE_CHECKING:
    from cdmq.sql.functions import Arg, Function


def argument(arg: Arg) -> str:
    from cdmq.sql.functions import ANY

    words = "any type" if arg.types >= ANY else " or ".join(sorted(arg.types))
    return words + (", written out" if arg.constant else "")


def result(row: Function) -> str:
    return "the common type of its arguments" if row.result == "same" else row.result


def key_lines(keys: tuple[Key, ...]) -> Iterator[str]:
    width = max(len(k.name) for k in keys)
    for key in keys:
        more = "; required" if key.required else f"; default {key.default}" if key.default else ""
        about = f"  {key.about}" if key.about else ""
        yield from wrapped(
            f"{key.type}{more}.{about}", f"    {key.name:<{width}}  ", " " * (width + 6)
        )


def wrapped(text: str, first: str, indent: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 96, initial_indent=first, subsequent_indent=indent)
