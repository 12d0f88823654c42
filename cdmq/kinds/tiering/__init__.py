"""The kind tiering: a section of a rule file."""

from cdmq.kinds.tiering.words import BUILT, NAME, RULE

__all__ = ["BUILT", "NAME", "RULE"]
