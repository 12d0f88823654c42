"""What `cdmq explain --pair` says, without what a trained model decides."""

from __future__ import annotations

import re

from people_project import steady
from small_project import Small


def told_pair(project: Small, *words: str) -> str:
    told = project.told("explain", "--pair", *words)
    assert (told.code, told.err) == (0, "")
    return unweighed(steady(told.out))


def unweighed(text: str) -> str:
    """Figures of the model are none of this test's business; their signs are."""
    text = re.sub(r"([+-])\d+\.\d", r"\1W", text)
    text = re.sub(r"[\d,]+ to 1|more than a million to 1", "N to 1", text)
    text = re.sub(r"(strongly|slightly) (for|against)", r"\2", text)
    text = re.sub(r">?\d+\.\d+% sure", "S% sure", text)
    return re.sub(r" {2,}", "  ", text)
