"""How validation rules are told."""

JUDGES = True
