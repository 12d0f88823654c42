"""The kind validation: a section of a rule file."""

from cdmq.kinds.validation.words import BUILT, NAME, RULE

__all__ = ["BUILT", "NAME", "RULE"]
