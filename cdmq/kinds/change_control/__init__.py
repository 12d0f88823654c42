"""The kind change_control: a section of a rule file."""

from cdmq.kinds.change_control.words import BUILT, NAME, RULE

__all__ = ["BUILT", "NAME", "RULE"]
