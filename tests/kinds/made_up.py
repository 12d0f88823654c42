"""A kind that is not of cdmq: a folder in a test, in the list of kinds while the test runs."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

import cdmq.kinds
from cdmq.kinds.kind import _files, _part
from cdmq.manual.pages import pages

WORDS = """\
    from pydantic import Field

    from cdmq.kinds.words import Named


    class PraiseRule(Named):
        \"\"\"Praises records.\"\"\"

        column: str = Field(description="What is praised.")


    RULE = PraiseRule
    BUILT = True
"""


def praise(folder: Path, patch: pytest.MonkeyPatch, files: Mapping[str, str]) -> None:
    """The kind `praise` with these files; `words.py` is there anyway."""
    made = folder / "praise"
    made.mkdir(parents=True)
    for file, text in {"__init__.py": "", "words.py": WORDS, **files}.items():
        (made / file).write_text(textwrap.dedent(text), "utf-8")
    patch.setattr(cdmq.kinds, "__path__", [*cdmq.kinds.__path__, str(folder)])
    patch.setattr(cdmq.kinds, "KINDS", (*cdmq.kinds.KINDS, "praise"))
    forget()


def forget() -> None:
    """What is known of kinds is asked anew."""
    for module in [
        m for m in sys.modules if m.removeprefix("cdmq.kinds.").split(".")[0] == "praise"
    ]:
        del sys.modules[module]
    cdmq.kinds.kinds.cache_clear()
    _part.cache_clear()
    _files.cache_clear()
    pages.cache_clear()
