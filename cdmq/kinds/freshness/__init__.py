"""The kind freshness: a section of a rule file."""

from cdmq.kinds.freshness.words import BUILT, NAME, RULE

__all__ = ["BUILT", "NAME", "RULE"]
