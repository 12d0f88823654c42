"""Every case shows what its expected.yml says; `make cases` prints the table."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

sys.path.append(str(Path(__file__).parents[1] / "tools"))
from cases_report import CASES, Case, names  # noqa: E402


def case(name: str) -> object:
    """A case that is being mended must fail: who mends it takes the line `being_mended` away."""
    why = yaml.safe_load((CASES / name / "expected.yml").read_text("utf-8")).get("being_mended")
    marks = [pytest.mark.xfail(strict=True, reason=f"being mended: {why}")] if why else []
    return pytest.param(name, marks=marks, id=name)


@pytest.mark.parametrize("name", [case(name) for name in names()])
def test_case(name: str, tmp_path: Path) -> None:
    lines = list(Case(name, tmp_path).show())
    assert lines
    assert [f"step {x.step}: {x.expected}; seen: {x.seen}" for x in lines if not x.ok] == []
