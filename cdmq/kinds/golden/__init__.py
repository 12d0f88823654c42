"""The kind golden: a section of a rule file."""

from cdmq.kinds.golden.words import BUILT, NAME, RULE

__all__ = ["BUILT", "NAME", "RULE"]
