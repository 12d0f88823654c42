"""The kind matching: a section of a rule file."""

from cdmq.kinds.matching.words import BUILT, NAME, RULE

__all__ = ["BUILT", "NAME", "RULE"]
