"""`pytest tests/errors --update-errors` writes what the cases print; without, it is compared."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-errors", action="store_true", help="write tests/errors/*.txt anew")


@pytest.fixture(scope="session")
def update_errors(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("update_errors", False))
