"""How validation rules are told."""

HEADING = None
JUDGES = True
