"""What a unit test expects of a rule is what its kind says; of a kind that says nothing, nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import made_up
import pytest

import cdmq
from cdmq.problems import CdmqError
from cdmq.unit_tests.tests import UnitTestRun, unit_test

EXPECT = """\
    from pydantic import Field

    from cdmq.kinds.expecting import Expect
    from cdmq.project.fields import Model


    class Words(Model):
        word: str = Field(description="A praised word.")


    class Praises(Model):
        praises: list[Words] | None = Field(None, description="Every word that is praised.")


    def found(ran):
        (rule,) = (r for r in ran.rules if r.kind == "praise")
        relation = ran.done.names.staged[f"source:{rule.dataset}"]
        return [{"word": word} for (word,) in ran.rows(relation, [rule.spec.column])]


    def compared(expect, wanted, found, told):
        from cdmq.kinds.expected import differences

        return differences(expect.what, ("word",), [{"word": w.word} for w in wanted], found)


    EXPECTS = {"praises": Expect(Praises, "praise", "praises: []", found, compared)}
"""
USES = """\
    from cdmq.values import Uses


    def uses(rule, at):
        own = {f"rows:{rule.dataset}": frozenset({rule.spec.column})}
        return Uses({**own, "rows:firms": frozenset({"name"})})
"""
FILES = {
    "cdmq_project.yml": "name: small\n",
    "models/m.yml": "datasets:\n  - {name: people, table: raw.people, key: id}\n"
    "  - {name: firms, table: raw.firms, key: id}\n",
    "rules/people.yml": "dataset: people\npraise:\n  - {id: well_done, column: name}\n"
    "validation:\n  - {id: named, column: name, check: not_null}\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        file = tmp_path / "project" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "project"


@pytest.fixture
def telling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A kind with a word of its own."""
    made_up.praise(tmp_path / "kinds", monkeypatch, {"expect.py": EXPECT})
    yield
    monkeypatch.undo()
    made_up.forget()


@pytest.fixture
def reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A kind whose rules read another dataset than their own, which it praises."""
    files = {"expect.py": EXPECT.replace("{rule.dataset}", "firms"), "uses.py": USES}
    made_up.praise(tmp_path / "kinds", monkeypatch, files)
    yield
    monkeypatch.undo()
    made_up.forget()


@pytest.fixture
def flagging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A kind without a word of its own, whose rules say that they flag."""
    uses = USES.replace("})})", '})}, {"flags:people": frozenset({"name"})})')
    made_up.praise(tmp_path / "kinds", monkeypatch, {"uses.py": uses})
    yield
    monkeypatch.undo()
    made_up.forget()


@pytest.fixture
def silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A kind of which no word tells."""
    made_up.praise(tmp_path / "kinds", monkeypatch, {})
    yield
    monkeypatch.undo()
    made_up.forget()


def run(root: Path, rules: str, expect: str, more: str = "") -> UnitTestRun:
    (root / "unit_tests").mkdir(exist_ok=True)
    (root / "unit_tests" / "t.yml").write_text(
        f"unit_tests:\n  - name: t\n    rules: [{rules}]\n"
        f"    given: {{people: [{{id: 1, name: Ann}}, {{id: 2, name: Bo}}]{more}}}\n"
        f"    expect: {{{expect}}}\n"
    )
    return unit_test(root)


def said(root: Path, rules: str, expect: str) -> list[str]:
    (result,) = run(root, rules, expect).results
    return [*map(str, result.differences), *result.message.splitlines()]


@pytest.mark.usefixtures("telling")
def test_a_kind_brings_a_word(root: Path) -> None:
    assert run(root, "well_done", "praises: [{word: Bo}, {word: Ann}]").exit_code == 0
    assert (
        run(root, "well_done, named", "praises: [{word: Bo}, {word: Ann}], flags: []").exit_code
        == 0
    )
    assert said(root, "well_done", "praises: [{word: Bo}, {word: Cy}]") == [
        "missing praise: word 'Cy'",
        "unexpected praise: word 'Ann'",
    ]


@pytest.mark.usefixtures("telling")
def test_its_words_are_read_as_it_says(root: Path) -> None:
    with pytest.raises(CdmqError) as caught:
        run(root, "well_done", "praises: [{words: Bo}]")
    assert "unknown key 'words' in unit test t" in str(caught.value)
    assert "did you mean 'word'?" in str(caught.value)
    with pytest.raises(CdmqError, match="did you mean 'praises'"):
        run(root, "well_done", "praise: []")
    (page,) = cdmq.explain("unit_test")
    assert "expect.praises" in {k.name for k in page.keys}


@pytest.mark.usefixtures("telling")
def test_its_word_is_of_its_rules_alone(root: Path) -> None:
    (message,) = said(root, "named", "flags: [], praises: []")[:1]
    assert "praises are made by praise rules, the unit test t names none" in message
    assert "name one of them in rules: well_done" in said(root, "named", "praises: []")[0]
    assert "add expect: {praises: []}" in said(root, "well_done", "flags: []")[0]
    assert [r.id for r in run(root, "named", "flags: []").uncovered] == ["well_done"]


@pytest.mark.usefixtures("reading")
def test_a_test_runs_on_what_the_rule_says_it_reads(root: Path) -> None:
    firms = ", firms: [{id: 1, name: Acme}]"
    assert run(root, "well_done", "praises: [{word: Acme}]", firms).exit_code == 0
    assert run(root, "well_done", "praises: []").exit_code == 0  # not given: empty


@pytest.mark.usefixtures("flagging")
def test_flags_are_expected_of_a_rule_of_any_kind_that_flags(root: Path) -> None:
    assert run(root, "well_done", "flags: []").exit_code == 0
    assert said(root, "well_done", "flags: [{key: 1}]") == ["missing flag: key '1'"]
    assert "add expect: {flags: []}" in said(root, "well_done", "changes: []")[0]


@pytest.mark.usefixtures("silent")
def test_a_kind_of_which_no_word_tells_is_refused(root: Path) -> None:
    (message,) = said(root, "well_done", "flags: []")
    assert "no word of expect is about rules of praise" in message
    assert "take the unit test out" in message
    (message,) = said(root, "well_done, named", "flags: []")
    assert "take well_done out of its rules" in message
    assert run(root, "named", "flags: [{key: 3}]").uncovered == ()


def test_the_word_of_no_kind_is_unknown(root: Path) -> None:
    with pytest.raises(CdmqError, match="unknown key 'praises' in unit test t"):
        run(root, "named", "praises: []")
