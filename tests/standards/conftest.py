"""The two engines, once for all tests of the forms."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from form_engines import Engines


@pytest.fixture(scope="session")
def engines(postgres_uri: str) -> Engines:
    """Both engines with the reference tables loaded."""
    return Engines(postgres_uri)
