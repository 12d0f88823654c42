"""How validation rules are told."""

HEADING = None


def judges(said: str) -> bool:
    """Each of them does."""
    return True
