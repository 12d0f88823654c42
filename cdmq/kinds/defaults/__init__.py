"""The kind defaults: a section of a rule file."""

from cdmq.kinds.defaults.words import BUILT, NAME, RULE

__all__ = ["BUILT", "NAME", "RULE"]
