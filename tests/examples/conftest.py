"""The examples, each run once a session, and their figures."""

from __future__ import annotations

from types import ModuleType

import cdnow_figures
import febrl_figures
import pytest
import ran as running
from ran import EXAMPLES, Figures, Ran

#: Project -> the module that works its figures out: `AS_OF` and `figures(root)`.
FIGURES: dict[str, ModuleType] = {"cdnow": cdnow_figures, "febrl": febrl_figures}
PROJECTS = sorted(p.parent.name for p in EXAMPLES.glob("*/cdmq_project.yml"))


class Examples:
    """The projects that were run so far."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory, self._folder = factory, factory.mktemp("examples")
        self._ran: dict[str, Ran] = {}

    def ran(self, name: str) -> Ran:
        if name not in self._ran:
            self._ran[name] = running.run(name, self._folder, FIGURES[name].AS_OF, self._factory)
        return self._ran[name]


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return Examples(tmp_path_factory)


@pytest.fixture(scope="session", params=PROJECTS)
def ran(request: pytest.FixtureRequest, examples: Examples) -> Ran:
    """A project after its run; a test that takes it runs once for each."""
    return examples.ran(request.param)


@pytest.fixture(scope="session")
def cdnow(examples: Examples) -> Ran:
    return examples.ran("cdnow")


@pytest.fixture(scope="session")
def febrl(examples: Examples) -> Ran:
    return examples.ran("febrl")


@pytest.fixture(scope="session")
def figures(ran: Ran) -> Figures:
    found: Figures = FIGURES[ran.name].figures(ran.root)
    return found
