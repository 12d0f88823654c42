"""The marks that a test has by what it is and asks for; `slow` is written at the test itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
#: Where tests run projects from their files to their audit tables, many of them, or large ones, or
#: in processes of their own.
PROJECTS = (
    "cases/",
    "cli/test_explain",
    "cli/test_history",
    "cli/test_running",
    "cli/test_terminal",
    "cli/test_unit_mistakes",
    "cli/test_unit_parties",
    "examples/",
    "kinds/test_kind_runs",
    "matching/",
    "parties/",
    "test_reference",
    "tiering/test_tiering_cdnow",
    "trust/",
)


def of(item: pytest.Item) -> Iterator[str]:
    place = item.path.relative_to(TESTS).as_posix() if TESTS in item.path.parents else ""
    if place.startswith("laws/") or getattr(
        getattr(item, "obj", None), "is_hypothesis_test", False
    ):
        yield "laws"
    asked = getattr(item, "fixturenames", ())
    given = getattr(getattr(item, "callspec", None), "params", {}).values()
    if (
        {"postgres_uri", "server", "ran_on_server"} & set(asked)
        or ("postgres" in map(str, given))
        or place == "warehouses/test_servers.py"
    ):
        yield "server"
    if place == "test_docs.py":
        yield "pages"
    if place.startswith(PROJECTS):
        yield "projects"
