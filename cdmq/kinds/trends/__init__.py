"""The kind trends: a section of a rule file."""

from cdmq.kinds.trends.words import BUILT, NAME, RULE

__all__ = ["BUILT", "NAME", "RULE"]
