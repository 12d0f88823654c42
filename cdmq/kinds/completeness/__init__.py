"""The kind completeness: a section of a rule file."""

from cdmq.kinds.completeness.words import BUILT, NAME, RULE

__all__ = ["BUILT", "NAME", "RULE"]
