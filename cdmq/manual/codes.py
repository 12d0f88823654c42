"""Every problem code with its title, cause, remedy and an example: codes.yml, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Code:
    """What a problem code means."""

    code: str
    title: str
    cause: str
    remedy: str
    example: str


@cache
def codes() -> Mapping[str, Code]:
    """The table, in the order of the codes."""
    from cdmq.project.yaml_source import read_yaml

    source = read_yaml(Path(__file__).with_suffix(".yml").read_text("utf-8"), "codes.yml")
    assert not source.problems, source.problems
    return {name: Code(name, **entry) for name, entry in source.data.items()}
