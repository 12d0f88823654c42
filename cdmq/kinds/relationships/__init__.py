"""The kind relationships: a section of a rule file."""

from cdmq.kinds.relationships.words import BUILT, NAME, RULE

__all__ = ["BUILT", "NAME", "RULE"]
