"""The projects in examples/: run as a user runs them, their figures computed another way.

Each project has a function here that reads its files with plain Python and says which records every
rule must flag and which cells every default must change. Nothing is compared with a stored copy of
our own output.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

import cdmq.api

EXAMPLES = Path(__file__).parents[1] / "examples"
PROJECTS = sorted(p.parent.name for p in EXAMPLES.glob("*/cdmq_project.yml"))
AS_OF = dt.datetime(2026, 11, 1)
Row = dict[str, str]


@dataclass(frozen=True)
class Figures:
    """What a run must find: rule -> key -> the value in the flag; rule -> key -> (old, new)."""

    flags: Mapping[str, Mapping[str, str | None]]
    changes: Mapping[str, Mapping[str, tuple[str | None, str | None]]]


@dataclass(frozen=True)
class Ran:
    """A project that was run, in a folder of its own."""

    name: str
    root: Path
    result: Any

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        (file,) = self.root.glob("target/*.duckdb")
        with duckdb.connect(str(file), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def flags(self) -> dict[str, dict[str, str | None]]:
        found: dict[str, dict[str, str | None]] = {}
        for rule, key, value in self.rows("SELECT rule_id, key, value FROM cdmq.flags "
                                          "WHERE to_run IS NULL"):
            found.setdefault(rule, {})[key] = value
        return found

    def changes(self) -> dict[str, dict[str, tuple[str | None, str | None]]]:
        found: dict[str, dict[str, tuple[str | None, str | None]]] = {}
        for rule, key, old, new in self.rows("SELECT rule_id, key, old_value, new_value "
                                             "FROM cdmq.changes WHERE to_run IS NULL"):
            found.setdefault(rule, {})[key] = (old, new)
        return found


# febrl ----------------------------------------------------------------------------------------

SETS = ("1", "2", "3", "4a", "4b")
SIZES = {"1": 1000, "2": 5000, "3": 5000, "4a": 5000, "4b": 5000}
STATES = ("ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA")
TIDIED = {"given_name": "given_name_form", "surname": "surname_form", "suburb": "suburb_form",
          "address_1": "address_1_form", "address_2": "address_2_form", "state": "state_form"}


def febrl_rows(root: Path) -> dict[str, Row]:
    """Key -> record, names and cells without the blank that stands before them in the file."""
    rows = {}
    for name in SETS:
        with (root / f"data/dataset{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                clean = {k.strip(): v.strip() for k, v in row.items()}
                rows[f"set_{name}/{clean['rec_id']}"] = clean
    return rows


def febrl_day(text: str) -> dt.date | None:
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def febrl_state(text: str) -> str:
    """The code, mended where swapping two neighbours makes one and only one state's code."""
    code = text.upper()
    swaps = {code[:i] + code[i + 1] + code[i] + code[i + 2:] for i in range(len(code) - 1)}
    meant = swaps.intersection(STATES)
    return code if code in STATES or len(meant) != 1 else meant.pop()


def febrl_cut(text: str) -> bool:
    return "(" in text and ")" not in text[text.rindex("("):]


def febrl_form(column: str, text: str) -> str:
    """A cell as the defaults should leave it; names are compared but for their capitals."""
    tidy = " ".join(text.split())
    if column in ("suburb", "address_1", "address_2"):
        return re.sub(r"(?:^|[ '’./&(-])[a-z]", lambda m: m.group().upper(), tidy.lower())
    return tidy.upper() if column == "state" else tidy


def febrl_changes(column: str, text: str) -> bool:
    """All stands in small letters, so each name that begins with a letter changes."""
    if column in ("given_name", "surname"):
        return bool(re.search(r"(?:^|[ '-])[a-z]", text))
    return febrl_form(column, text) != text


def febrl(root: Path) -> Figures:
    rows = febrl_rows(root)
    cells = {k: {c: v or None for c, v in r.items()} for k, r in rows.items()}
    numbers = Counter((k.split("/")[0], r["soc_sec_id"]) for k, r in cells.items())
    days = {k: febrl_day(r["date_of_birth"] or "") for k, r in cells.items()}

    def where(fails: Callable[[str, Row], Any], column: str | None = None
              ) -> dict[str, str | None]:
        """The failing keys; `column`: its tidied cell is the value in the flag."""
        found: dict[str, str | None] = {}
        for key, record in cells.items():
            filled = {c: v or "" for c, v in record.items()}
            if fails(key, filled):
                text = filled[column] if column else ""
                found[key] = febrl_form(column, text) if column and text else None
        return found

    def missing(column: str) -> dict[str, str | None]:
        return where(lambda _, r: not r[column])

    def odd(text: str) -> bool:
        return bool(text) and not all(c.isalpha() or c in " '-" for c in text)

    flags: dict[str, Mapping[str, str | None]] = {
        f"persons.{c}.not_null": missing(c) for c in
        ("given_name", "surname", "soc_sec_id", "suburb", "address_1", "state", "postcode")
    }
    flags |= {
        f"persons.{c}.regex": where(lambda _, r, c=c: odd(r[c]), c)
        for c in ("given_name", "surname", "suburb")
    }
    flags |= {
        f"persons.{c}.regex": where(lambda _, r, c=c: febrl_cut(r[c]), c)
        for c in ("address_1", "address_2")
    }
    flags |= {
        "person_key": {},
        "person_has_a_name": where(lambda _, r: not r["given_name"] and not r["surname"]),
        "persons.date_of_birth.not_null": where(lambda k, _: days[k] is None),
        "persons.date_of_birth.accepted_range": where(
            lambda k, _: days[k] and not dt.date(1900, 1, 1) <= days[k] <= AS_OF.date()),
        "persons.soc_sec_id.regex": where(
            lambda _, r: not 1_000_000 <= int(r["soc_sec_id"]) <= 9_999_999, "soc_sec_id"),
        "soc_sec_id_once": where(lambda k, r: numbers[k.split("/")[0], r["soc_sec_id"]] > 1),
        "persons.street_number.regex": where(
            lambda _, r: r["street_number"] and str(int(r["street_number"])) != r["street_number"]
            or r["street_number"] and not 1 <= int(r["street_number"]) <= 9999, "street_number"),
        "street_has_number": where(lambda _, r: r["address_1"] and not r["street_number"]),
        "persons.state.accepted_values": where(
            lambda _, r: r["state"] and febrl_state(r["state"]) not in STATES, "state"),
        "persons.postcode.regex": where(
            lambda _, r: not (r["postcode"].isdecimal() and len(r["postcode"]) == 4), "postcode"),
        "postcode_in_use": where(
            lambda _, r: int(r["postcode"]) < 1000
            and int(r["postcode"]) // 100 not in (2, 8, 9), "postcode"),
    }
    for name in SETS:
        own = {k.split("/")[1]: r for k, r in rows.items() if k.startswith(f"set_{name}/")}
        assert len(own) == SIZES[name]
        flags |= {f"set_{name}.rec_id.{check}": {} for check in ("not_null", "unique", "regex")}
        flags[f"set_{name}_is_whole"] = {}
        flags[f"set_{name}.date_of_birth.readable"] = {
            k: r["date_of_birth"] for k, r in own.items()
            if r["date_of_birth"] and febrl_day(r["date_of_birth"]) is None
        }
    changes: dict[str, dict[str, tuple[str | None, str | None]]] = {
        rule: {k: (r[column], febrl_form(column, r[column]))
               for k, r in rows.items() if febrl_changes(column, r[column])}
        for column, rule in TIDIED.items()
    }
    upper = {k: r["state"].upper() for k, r in rows.items()}
    changes["state_slip"] = {
        k: (s, febrl_state(s)) for k, s in upper.items() if febrl_state(s) != s
    }
    changes["state_unknown"] = {k: (None, "unknown") for k, s in upper.items() if not s}
    return Figures(flags, changes)


FIGURES: dict[str, Callable[[Path], Figures]] = {"febrl": febrl}


# all projects ---------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=PROJECTS)
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    root = tmp_path_factory.mktemp("examples") / request.param
    shutil.copytree(EXAMPLES / request.param, root, ignore=shutil.ignore_patterns("target"))
    return Ran(request.param, root, cdmq.api.run(root, as_of=AS_OF))


@pytest.fixture(scope="module")
def figures(ran: Ran) -> Figures:
    return FIGURES[ran.name](ran.root)


def test_every_example_has_its_figures() -> None:
    assert set(PROJECTS) == set(FIGURES)


def test_the_run_ends_well(ran: Ran) -> None:
    assert ran.result.exit_code in (0, 1)
    assert ran.rows("SELECT rule_id FROM cdmq.rule_results WHERE status IN ('error', 'skipped')"
                    ) == []


def test_no_rule_goes_uncomputed(ran: Ran, figures: Figures) -> None:
    rules = {r[0] for r in ran.rows("SELECT DISTINCT rule_id FROM cdmq.rule_results")}
    assert rules == set(figures.flags) | set(figures.changes)


def test_flags_are_those_computed_another_way(ran: Ran, figures: Figures) -> None:
    found = ran.flags()
    for rule, expected in figures.flags.items():
        flagged = found.get(rule, {})
        assert set(flagged) == set(expected), rule
        for key, value in expected.items():
            assert value is None or flagged[key] == value, (rule, key)
    assert set(found) <= set(figures.flags)


def test_counts_are_those_computed_another_way(ran: Ran, figures: Figures) -> None:
    counted = dict(ran.rows("SELECT rule_id, failing FROM cdmq.rule_results"))
    assert {r: counted[r] for r in figures.flags} == {r: len(f) for r, f in figures.flags.items()}


def test_changes_are_those_computed_another_way(ran: Ran, figures: Figures) -> None:
    found = ran.changes()
    for rule, expected in figures.changes.items():
        changed = found.get(rule, {})
        assert set(changed) == set(expected), rule
        for key, (old, new) in expected.items():
            given = changed[key]
            if rule in ("given_name_form", "surname_form"):
                assert given[1] is not None
                assert given[1][0].isupper(), (rule, key)
                given = (given[0], given[1].lower())
            assert given == (old, new), (rule, key)
    assert set(found) <= set(figures.changes)


def test_every_rule_says_why(ran: Ran) -> None:
    project = cdmq.api.parse(ran.root)
    assert [r.id for r in project.rules.values() if not r.why or not r.owner] == []


def test_unit_tests_pass_and_cover_every_rule(ran: Ran) -> None:
    from cdmq import unit_tests

    run = unit_tests.unit_test(ran.root)
    assert [(r.test.name, r.message, [str(d) for d in r.differences])
            for r in run.results if r.status != "pass"] == []
    assert run.results
    assert [r.id for r in run.uncovered] == []


def test_figures_in_the_readme_are_right(ran: Ran, figures: Figures) -> None:
    readme = (ran.root / "README.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `([^`/]+)` \| ([\d,]+) \|", readme, re.MULTILINE))
    assert told
    counts = {r: len(f) for r, f in (*figures.flags.items(), *figures.changes.items())}
    assert {r: int(n.replace(",", "")) for r, n in told.items()} == {r: counts[r] for r in told}


def test_febrl_agrees_with_the_truth(ran: Ran) -> None:
    """A record's number says whose duplicate it is: what was mended is what the original has."""
    if ran.name != "febrl":
        pytest.skip("febrl only")
    rows = febrl_rows(ran.root)

    def original(key: str) -> str:
        source, number = key.replace("set_4b", "set_4a").split("/")
        return rows[f"{source}/rec-{number.split('-')[1]}-org"]["state"].upper()

    mended = ran.changes()["state_slip"]
    assert len(mended) > 50
    assert {k: new for k, (_, new) in mended.items()} == {k: original(k) for k in mended}
    suggested = ran.rows("SELECT key, suggestion FROM cdmq.flags WHERE suggestion IS NOT NULL "
                         "AND rule_id = 'persons.state.accepted_values'")
    assert len(suggested) > 50
    assert sum(s == original(k) for k, s in suggested) >= .95 * len(suggested)
    # What only a slip can make stands on no original.
    flags = ran.flags()
    slips = ["persons.state.accepted_values", "persons.soc_sec_id.regex", "postcode_in_use",
             *(f"set_{n}.date_of_birth.readable" for n in SETS)]
    assert [(r, k) for r in slips for k in flags.get(r, {}) if k.endswith("-org")] == []


def test_a_second_run_opens_nothing(ran: Ran) -> None:
    again = cdmq.api.run(ran.root, as_of=AS_OF)
    assert again.exit_code == ran.result.exit_code
    assert set(again.opened.values()) == {0}
    assert set(again.closed.values()) == {0}
    assert tuple(again.new_versions) == ()
