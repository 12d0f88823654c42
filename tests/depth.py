"""How many examples the laws draw: few by default, many with --hypothesis-profile=deep.

`make test` draws a quarter of what a law names, `make test-slow` four times as many.
"""

from __future__ import annotations

from hypothesis import settings

#: Profile -> examples of a law that names none, and percent of what the others name.
PROFILES = {"quick": 25, "full": 100, "deep": 400}


def register() -> None:
    for name, examples in PROFILES.items():
        settings.register_profile(name, max_examples=examples)
    settings.load_profile("quick")


def depth(examples: int) -> int:
    """The examples to draw in this session where 100 percent are `examples`."""
    return max(2, examples * settings.default.max_examples // 100)
