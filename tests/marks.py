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
    "cli/test_cache",
    "cli/test_explain",
    "cli/test_history",
    "cli/test_pipe",
    "cli/test_running",
    "cli/test_show",
    "cli/test_terminal",
    "cli/test_unit_mistakes",
    "cli/test_unit_nulls",
    "cli/test_unit_parties",
    "cli/test_unused",
    "decisions/test_count",
    "decisions/test_overrides",
    "decisions/test_queue",
    "decisions/test_waivers",
    "errors/test_hostile",
    "examples/",
    "kinds/change_control/",
    "kinds/completeness/",
    "kinds/freshness/",
    "kinds/relationships/",
    "kinds/segments/",
    "kinds/test_read_flags",
    "kinds/trends/",
    "kinds/test_given_columns",
    "kinds/test_kind_runs",
    "kinds/test_out_of_scope",
    "kinds/test_third_engine",
    "kinds/test_told_kinds",
    "kinds/test_unread",
    "kinds/validation/",
    "matching/",
    "parties/",
    "test_reference",
    "tiering/test_levels_of_rules",
    "tiering/test_money",
    "tiering/test_moves",
    "tiering/test_replay",
    "tiering/test_what_if",
    "tiering/test_tiering_cdnow",
    "trust/",
    "warehouses/test_no_transactions",
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
