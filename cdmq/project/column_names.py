"""When two names of columns are one. Nothing heavy is imported: the parse cache must be quick."""

from __future__ import annotations

import unicodedata


def composed(name: str) -> str:
    """A name with its accents composed (NFC): nobody sees how they are written."""
    return unicodedata.normalize("NFC", name)


def folded(name: str) -> str:
    """What is the same of names that differ only by case, or by how accents are written."""
    return composed(name).lower()
