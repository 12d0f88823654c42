"""What changed between two texts of a rule, line by line and word by word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator


def changed(old: str, new: str) -> Iterator[str]:
    """The lines that differ; in a changed line the words that do."""
    a, b = old.splitlines(), new.splitlines()
    for op, i, j, k, m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if op == "equal":
            continue
        gone, come = a[i:j], b[k:m]
        for line in gone:
            twin = next((c for c in come if _key(c) == _key(line)), None)
            if twin is None:
                yield f"- {line}"
            else:
                come.remove(twin)
                yield f"~ {_words(line, twin)}"
        yield from (f"+ {line}" for line in come)


def _key(line: str) -> str:
    return line.partition(":")[0]


def _words(old: str, new: str) -> str:
    """`max: [-100-]{+200+}`"""
    a, b = (re.findall(r"\s+|\w+|[^\w\s]", t) for t in (old, new))
    out = []
    for op, i, j, k, m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        gone, come = "".join(a[i:j]), "".join(b[k:m])
        if op == "equal":
            out.append(gone)
        else:
            out.append((f"[-{gone}-]" if gone else "") + (f"{{+{come}+}}" if come else ""))
    return "".join(out)
