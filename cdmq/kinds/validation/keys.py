"""Words that stand at the wrong place of a rule, or are nearly a key of its head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from cdmq.checks import checks
from cdmq.kinds.validation.words import OWN_KEYS
from cdmq.problems import closest
from cdmq.project.other_words import remedy


def misspelt(words: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Words beside one check that are nearly keys of the head: cause and remedy of each."""
    named_checks = [w for w in words if w in checks()]
    near = {w: closest(w, OWN_KEYS) for w in words if w not in named_checks}
    if len(named_checks) != 1 or not all(near.values()):
        return {}
    return {
        word: (f"unknown key '{word}' in check {named_checks[0]}", f"did you mean '{meant}'?")
        for word, meant in near.items()
    }


def foreign(item: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """A key of a rule without a check that is none of ours: it, the cause and the remedy."""
    for key in item:
        if key not in OWN_KEYS and "check" not in item:
            said = remedy(key, OWN_KEYS, "keys")
            if said[1] in ("check", "checks"):
                return key, f"unknown key '{key}' in validation rule", said[0]
    return None


def inside(check: type[BaseModel], values: Any) -> dict[str, tuple[str, str]]:
    """Keys of the head that stand among the values of a check: cause and remedy of each."""
    head = OWN_KEYS - set(check.model_fields)
    name = getattr(check, "NAME", "")
    return {
        key: (
            f"the key '{key}' stands inside the values of check {name}",
            f"put it below {name}:, in the same column",
        )
        for key in (values if isinstance(values, dict) else ())
        if key in head
    }
