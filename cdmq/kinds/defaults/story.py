"""How defaults are told."""

HEADING = None
CHANGES = True
