"""Unit tests as they are written: the words of `expect` are those of the kinds."""

from __future__ import annotations

import inspect
from functools import cache

from pydantic import create_model

from cdmq.kinds import kinds
from cdmq.kinds.expecting import expects
from cdmq.problems import Problem
from cdmq.project.fields import Model
from cdmq.project.spec import Expected, UnitTest, UnitTestsFile
from cdmq.project.typed import read_model
from cdmq.project.yaml_source import Path, Source


def model_of_test() -> type[UnitTest]:
    """UnitTest with the words that its `expect` may have."""
    return _models(tuple(kinds()))[0]


def model_of_file() -> type[UnitTestsFile]:
    """A file of such tests."""
    return _models(tuple(kinds()))[1]


@cache
def _models(names: tuple[str, ...]) -> tuple[type[UnitTest], type[UnitTestsFile]]:
    words = [e.model for e in expects().values()]
    notes = [inspect.cleandoc(m.__doc__) for m in words if m.__doc__]
    bases: tuple[type[Model], ...] = (*reversed(words), Expected)
    expected = create_model(
        "Expected",
        __base__=bases,
        __doc__="\n\n".join([inspect.cleandoc(Expected.__doc__ or ""), *notes]),
    )
    test = create_model(
        "UnitTest",
        __base__=UnitTest,
        __doc__=UnitTest.__doc__,
        expect=(expected, UnitTest.model_fields["expect"]),
    )
    file = create_model(
        "UnitTestsFile",
        __base__=UnitTestsFile,
        __doc__=UnitTestsFile.__doc__,
        unit_tests=(list[test], UnitTestsFile.model_fields["unit_tests"]),
    )
    return test, file


def read_test(item: object, source: Source, path: Path, problems: list[Problem]) -> UnitTest | None:
    """A unit test with each word that it expects as the kind's model reads it, or None with what
    is wrong added to `problems`."""
    named = item.get("name") if isinstance(item, dict) else None
    what = f"unit test {named}" if named else "unit test"
    test = read_model(model_of_test(), item, source, path, problems, what)
    if test is None:
        return None
    words = {w: getattr(test.expect, w) for w in expects()}
    given = {name: getattr(test, name) for name in test.model_fields_set}
    expected = {w: rows for w, rows in words.items() if rows is not None}
    return UnitTest.model_construct(**{**given, "expect": expected})
