"""Unit tests as they are written: the words of `expect` are those of the kinds."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError, create_model

from cdmq.kinds import kinds
from cdmq.kinds.expecting import expects
from cdmq.kinds.kind import Kind
from cdmq.problems import Problem
from cdmq.project.fields import Model
from cdmq.project.typed import read_model
from cdmq.project.unit_test import Expected, UnitTest, UnitTestsFile
from cdmq.project.yaml_source import Path, Source


def model_of_test() -> type[UnitTest]:
    """UnitTest with the words that its `expect` may have."""
    return _models(tuple(kinds().values()))[0]


def model_of_file() -> type[UnitTestsFile]:
    """A file of such tests."""
    return _models(tuple(kinds().values()))[1]


@cache
def _models(of: tuple[Kind, ...]) -> tuple[type[UnitTest], type[UnitTestsFile]]:
    words = [e.model for kind in of for e in kind.expects.values()]
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
    item = _with_nulls(item, source, path)
    if test := _right(item):
        return test
    named = item.get("name") if isinstance(item, dict) else None
    what = f"unit test {named}" if named else "unit test"
    test = read_model(model_of_test(), item, source, path, problems, what)
    return None if test is None else _with(test, {w: getattr(test.expect, w) for w in expects()})


def _with_nulls(item: object, source: Source, path: Path) -> object:
    """A test whose rows, those given and those expected, have None where they say null."""
    if not source.nulls or not isinstance(item, dict):
        return item
    read = {
        part: {
            name: source.with_nulls(rows, (*path, part, name)) if isinstance(rows, list) else rows
            for name, rows in item[part].items()
        }
        for part in ("given", "expect")
        if isinstance(item.get(part), dict)
    }
    return {**item, **read}


def _right(item: object) -> UnitTest | None:
    """A test with which nothing is wrong, by the models of the words alone that it has: what is
    wrong with another needs all of them to be told."""
    expected = item.get("expect") if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(expected, dict):
        return None
    if None in (*item.values(), *expected.values()) or not expected.keys() <= expects().keys():
        return None
    try:
        words = {w: expects()[w].model.model_validate({w: rows}) for w, rows in expected.items()}
        test = UnitTest.model_validate(item)
    except ValidationError:
        return None
    return _with(test, {w: getattr(model, w) for w, model in words.items()})


def _with(test: UnitTest, words: Mapping[str, Any]) -> UnitTest:
    given = {name: getattr(test, name) for name in UnitTest.model_fields}
    expected = {w: rows for w, rows in words.items() if rows is not None}
    return UnitTest.model_construct(test.model_fields_set, **{**given, "expect": expected})
