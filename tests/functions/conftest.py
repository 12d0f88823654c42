from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def engines(postgres_uri: str):  # type: ignore[no-untyped-def]
    from engines import Engines

    return Engines(postgres_uri)
