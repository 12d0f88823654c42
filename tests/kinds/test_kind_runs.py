"""The contract of a kind that runs: what its `cases.yml` says is so on both engines, and stays so
while nothing changes; a rule that is gone, renamed or switched off is told from each other.

A new kind writes cases, not tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import kind_cases as of
import pytest
from runner import AS_OF, ENGINES, Twin, World
from sqlglot import exp

import cdmq
from cdmq.audit.episode_tables import CHANGES, FLAGS
from cdmq.audit.tables import QUEUE, RULE_RESULTS, RULE_VERSIONS
from cdmq.datasets.catalog import declared
from cdmq.datasets.remembered import stored_catalog
from cdmq.explaining.history import histories, history
from cdmq.explaining.story import stories
from cdmq.explaining.story_text import told
from cdmq.kinds import kinds
from cdmq.sql.logical import LOGICAL
from cdmq.sql.shape import Table
from cdmq.stages.compile import compile_rules
from cdmq.steps import DatasetSteps
from cdmq.unit_tests.tests import TestResult, unit_test
from cdmq.values import ALL

#: What is another thing in each run, or on each engine.
OF_A_RUN = {
    "run_id",
    "from_run",
    "to_run",
    "seconds",
    "statement",
    "fingerprint",
    "first_run",
    "made_run",
}

BUILT = tuple(name for name, kind in kinds().items() if kind.built)
every_kind = pytest.mark.parametrize("kind", BUILT)
on_one_engine = pytest.mark.parametrize("twin", ["duckdb"], indirect=True)


def tables(kind: str) -> Iterable[Table]:
    return (FLAGS, CHANGES, QUEUE, *kinds()[kind].tables)


def open_rows(world: World, kind: str, rule: str, *others: str) -> dict[str, list[Any]]:
    """Table -> the open rows of a rule, whole but for its name and version."""
    found = {}
    names = ", ".join(f"'{r}'" for r in (rule, *others))
    for table in tables(kind):
        if "to_run" in table.names:
            shown = [c for c in table.names if c not in ("rule_id", "version")]
            where = f"rule_id IN ({names}) AND to_run IS NULL"
            found[table.name] = world.audit_rows(table.name, shown, where)
    return found


def moved(result: cdmq.RunResult) -> dict[str, int]:
    """What a run opened and closed."""
    both = [*result.opened.items(), *result.closed.items()]
    return {name: count for name, count in both if count}


# what a run leaves ------------------------------------------------------------------------------


@pytest.fixture(params=[(k, e) for k in BUILT for e in ENGINES], ids="-".join)
def case(request: pytest.FixtureRequest, made_once: Twin) -> tuple[World, of.Data]:
    """The project of a kind after its run, only looked at."""
    kind, engine = request.param
    return made_once(engine, of.begin, kind), of.cases(kind)


def test_it_leaves_what_its_case_says(case: tuple[World, of.Data]) -> None:
    world, said = case
    assert said["leaves"]
    for table, rows in said["leaves"].items():
        columns = list(rows[0])
        where = f"rule_id = '{said['rule']}' AND to_run IS NULL"
        found = world.audit_rows(table, columns, where)
        assert [tuple(None if v is None else str(v) for v in row) for row in found] == [
            tuple(map(of.null, row.values())) for row in rows
        ]


def test_its_result_is_told(case: tuple[World, of.Data]) -> None:
    world, said = case
    columns, wanted = list(said["result"]), tuple(map(of.null, said["result"].values()))
    (row,) = world.audit_rows("rule_results", columns, f"rule_id = '{said['rule']}'")
    assert tuple(None if v is None else str(v) for v in row) == wanted
    results = json.loads((world.root / "target/run_results.json").read_text("utf-8"))["results"]
    (result,) = [r for r in results if r["unique_id"].endswith(f".{said['rule']}")]
    assert result["status"] == said["result"]["status"]
    assert result["message"] == row[columns.index("message")] if "message" in columns else True


def test_the_story_of_a_record_tells_it(case: tuple[World, of.Data]) -> None:
    world, said = case
    record = said["record"]
    (story,) = stories(cdmq.parse(world.root), record["key"], record["dataset"])
    text = "\n".join(told(story))
    assert said["rule"] in text
    for words in record["says"]:
        assert words in text


def test_history_tells_it(case: tuple[World, of.Data]) -> None:
    world, said = case
    (line,) = [r for r in histories(world.root) if r.rule == said["rule"]]
    assert line.versions == 1
    (version,) = history(world.root, said["rule"]).versions
    assert version.first_run is not None


def test_its_sql_is_written(case: tuple[World, of.Data], tmp_path: Path) -> None:
    world, said = case
    cdmq.compile(world.root, target_path=tmp_path)
    files = [p for p in tmp_path.rglob("*.sql") if said["rule"] in p.read_text("utf-8") + p.stem]
    assert files


def test_what_one_may_expect_of_it(case: tuple[World, of.Data]) -> None:
    world, said = case
    test = {"name": "right", "rule": said["rule"], **said["unit_test"]}
    wrong = {**test, "name": "wrong", "expect": said["wrong"]["expect"]}
    world.write({"unit_tests/t.yml": of.text({"unit_tests": [test, wrong]})})
    results: list[TestResult] = []
    unit_test(world.root, listen=results.append)
    (world.root / "unit_tests/t.yml").unlink()
    (world.root / "unit_tests").rmdir()
    assert [(r.status, r.message, list(map(str, r.differences))) for r in results[:1]] == [
        ("pass", "", [])
    ]
    assert results[1].status == "fail"
    text = "\n".join(map(str, results[1].differences))
    for words in said["wrong"]["says"]:
        assert words in text


@every_kind
def test_engines_agree(kind: str, made_once: Twin) -> None:
    one, other = (made_once(engine, of.begin, kind) for engine in ENGINES)
    for table in (*tables(kind), RULE_RESULTS, RULE_VERSIONS):
        shown = [c for c in table.names if c not in OF_A_RUN]
        assert one.audit_rows(table.name, shown) == other.audit_rows(table.name, shown)


# what it reads ----------------------------------------------------------------------------------


def statements(steps: DatasetSteps, rule: str) -> Iterator[tuple[str, Sequence[exp.Expr]]]:
    """What is sent for a rule: the relation that it is over, where it names none, and its nodes."""
    for work in (*steps.works, *([steps.maker] if steps.maker else [])):
        if work.rule.id == rule:
            yield work.reads, [query for _, query in work.shown]
    for j in steps.judgements:
        if j.rule.id == rule:
            found = (j.failing, j.could_not_judge, j.tested, j.judged)
            yield j.relation, [node for node in found if node is not None]
    for change in steps.stage.changes if steps.stage else ():
        if change.rule.id == rule:
            yield "", [change.changed, change.old, change.new, change.judged]


@every_kind
def test_its_statements_name_what_it_says_it_reads(kind: str, made_once: Twin) -> None:
    world, said = made_once("duckdb", of.begin, kind), of.cases(kind)
    project = cdmq.parse(world.root)
    catalog, _ = stored_catalog(project)
    rule, uses = said["rule"], project.uses[said["rule"]]
    own = {project.rules[rule].dataset, *(n.partition(":")[2] for n in uses.makes)}
    sent = [
        s
        for steps in compile_rules(project, catalog, "duckdb").values()
        for s in statements(steps, rule)
    ]
    assert sent
    nodes = [node for _, found in sent for node in found]
    tables = (t.name for n in nodes for t in n.find_all(exp.Table) if t.db == LOGICAL)
    for name in {*tables, *(over for over, _ in sent if over)}:
        what, _, of_whom = name.partition(":")
        if what in ("source", "stage", "clean", "defaulted"):
            assert of_whom in uses.datasets | own, name
        elif what == "rows":  # with columns that other rules give
            over, _, given = of_whom.partition("|")
            assert set(given.split(",")) <= uses.columns(over), name
        elif what == "seed":
            assert name in uses.reads, name
        elif what == "flagged":
            assert any(n.startswith("flags:") for n in uses.reads), name
        elif what not in ("ref", "made"):
            assert of_whom == rule or f"kept:{of_whom}" in uses.reads, name
    read = {c.lower() for d in project.datasets for c in uses.columns(d)}
    read |= {c.lower() for d in project.datasets.values() for c in declared(d)}
    known = {c.lower() for d in uses.datasets & set(catalog) for c in catalog[d]}
    named = {c.name.lower() for n in nodes for c in n.find_all(exp.Column)}
    assert ALL in read or named & known <= read


@on_one_engine
@every_kind
def test_what_no_rule_reads_can_go(kind: str, twin: Twin) -> None:
    """Without the columns that no rule says it reads, all is found as before."""
    world, said = twin(of.begin, kind), of.cases(kind)
    project = cdmq.parse(world.root)
    read = {c for uses in project.uses.values() for d in project.datasets for c in uses.columns(d)}
    read |= {c for d in project.datasets.values() for c in declared(d)}
    all_ = {c for table in said["tables"].values() for c in table["columns"]}
    assert all_ - read or ALL in read, "the case needs a column that no rule reads"
    if ALL not in read:
        of.fill(world, said, without=all_ - read)
        assert moved(world.run()) == {}


@on_one_engine
@every_kind
def test_what_it_reads_must_be_there(kind: str, twin: Twin) -> None:
    """Without a column that it says it reads, or the rule that gives it, it cannot be compiled; nor
    without what it names."""
    world, said = twin(of.begin, kind), of.cases(kind)
    project = cdmq.parse(world.root)
    reads = project.uses[said["rule"]].reads
    keys = {c for d in project.datasets.values() for c in d.key}
    for column in sorted({c for columns in reads.values() for c in columns} - keys - {ALL}):
        of.put(world, of.taken_out({**said, "rule": column, "readers": []}))
        of.fill(world, said, without=[column])
        with pytest.raises(cdmq.CdmqError, match=column):
            cdmq.compile(world.root)
    for kept in sorted(name.removeprefix("kept:") for name in reads if name.startswith("kept:")):
        of.put(world, of.taken_out({**said, "rule": kept, "readers": []}))
        with pytest.raises(cdmq.CdmqError, match=kept):
            cdmq.parse(world.root)


# what a later run does to it --------------------------------------------------------------------


@every_kind
def test_a_second_run_moves_no_row(kind: str, twin: Twin) -> None:
    world, said = twin(of.begin, kind), of.cases(kind)
    before = open_rows(world, kind, said["rule"])
    assert moved(world.run(as_of=AS_OF + timedelta(seconds=1))) == {}
    assert open_rows(world, kind, said["rule"]) == before


@every_kind
def test_a_rule_that_is_removed_closes_its_rows(kind: str, twin: Twin) -> None:
    world, said = twin(of.begin, kind), of.cases(kind)
    before = open_rows(world, kind, said["rule"])
    of.put(world, of.taken_out(said))
    world.run()
    after = open_rows(world, kind, said["rule"])
    for table in said["leaves"]:
        assert after[table] == []
        closed = world.audit_rows(table, ["to_run"], f"rule_id = '{said['rule']}'")
        assert len(closed) == len(before[table]) > 0


@every_kind
def test_a_rule_that_is_renamed_keeps_its_rows(kind: str, twin: Twin) -> None:
    world, said = twin(of.begin, kind), of.cases(kind)
    before = open_rows(world, kind, said["rule"])
    of.put(world, of.renamed(said, "another_name"))
    assert moved(world.run()) == {}
    assert open_rows(world, kind, said["rule"], "another_name") == before
    assert said["rule"] in str(history(world.root, "another_name"))


@every_kind
def test_a_rule_that_is_switched_off_leaves_what_it_made(kind: str, twin: Twin) -> None:
    world, said = twin(of.begin, kind), of.cases(kind)
    before, relations = open_rows(world, kind, said["rule"]), world.relations()
    of.put(world, of.switched_off(said))
    changed = before["changes"]  # but for cells: none is changed by it any more
    assert moved(world.run()) == ({"changes": len(changed)} if changed else {})
    assert open_rows(world, kind, said["rule"]) == {**before, "changes": []}
    assert world.relations() == relations
    results = world.results()
    assert said["rule"] not in results or results[said["rule"]]["status"] == "skipped"
    for reader in said.get("readers", ()):
        assert results[reader]["status"] == "skipped"
