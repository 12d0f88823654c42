"""Waves: what `cdmq export` freezes and hands out, and whom `--recall` takes back."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kinds.segments import campaign as c
from kinds.segments.oracle import Event, members, permitted
from runner import AS_OF, Twin, World

import cdmq
from cdmq.cli import main
from cdmq.explaining.story import stories
from cdmq.explaining.story_text import told as text_of
from cdmq.problems import CdmqError
from cdmq.runs.exporting import Asked, export

WAVE = "2026-11"


def begin(world: World) -> None:
    c.write(world)
    c.drawn(random.Random(11), 60).deliver(world)
    world.run()


def given() -> c.Campaign:
    return c.drawn(random.Random(11), 60)


def take(world: World, wave: str = WAVE, recall: bool = False, **words: Any) -> Any:
    day = words.pop("as_of", AS_OF)
    return export(Asked("news", wave, recall, day), world.root, **words)


def command(world: World, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["export", "news", "--project-dir", str(world.root), "--as-of", str(AS_OF), *words])
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out + told.err


def test_a_wave_is_who_the_oracle_says(twin: Twin) -> None:
    world = twin(begin)
    told = given().project(world)
    wanted = members(told)
    found = take(world)
    people = {p.key: p for p in told.people}
    assert found.columns == ("party_id", "email")
    assert list(found.rows) == sorted(
        (k, people[k].address)
        for k, (part, _) in wanted.items()
        if part in ("contact", "comparison")
    )
    rows = world.audit_rows("exports", ["key", "part", "channel", "purpose"], "wave = '2026-11'")
    inside = {k: part for k, (part, _) in wanted.items() if part != "out"}
    assert {k: part for k, part, *_ in rows} == inside
    assert {tuple(r[2:]) for r in rows} == {("email", "news")}
    assert any(part == "holdout" for part in inside.values())
    assert len(found.rows) == sum(part != "holdout" for part in inside.values()) > 0


def test_the_same_wave_is_the_same_bytes_whatever_happened(
    twin: Twin, capsys: pytest.CaptureFixture[str]
) -> None:
    world = twin(begin)
    assert command(world, capsys, "--wave", WAVE)[0] == 0
    file = world.root / "target/exports/news_2026-11.csv"
    before = file.read_bytes()
    file.unlink()
    for p in (changed := given()).people:
        p.email = f"new-{p.email}"
    changed.events.clear()
    changed.deliver(world)
    world.run()
    rows = world.audit_rows("exports", ["wave", "key", "part"])
    code, said = command(world, capsys, "--wave", WAVE)
    assert code == 0
    assert "as before" in said
    assert file.read_bytes() == before
    assert world.audit_rows("exports", ["wave", "key", "part"]) == rows
    assert len(world.audit_rows("waves", ["wave"])) == 1


def test_what_was_changed_or_dropped_is_not_handed_out_as_the_same(twin: Twin) -> None:
    world = twin(begin)
    take(world)
    world.sql(f"UPDATE {world.schema}.\"news__wave_2026-11\" SET email = 'x@x.org'")
    with pytest.raises(CdmqError, match="CDMQ452"):
        take(world)
    world.sql(f'DROP TABLE {world.schema}."news__wave_2026-11"')
    with pytest.raises(CdmqError, match="CDMQ451"):
        take(world)


def test_each_export_is_a_run(twin: Twin) -> None:
    world = twin(begin)
    take(world)
    take(world)
    with pytest.raises(CdmqError):
        take(world, "2027", recall=True)
    rows = world.audit_rows("runs", ["command", "status", "exit_code"], "command = 'export'")
    assert rows == [("export", "pass", 0), ("export", "pass", 0), ("export", "refused", 2)]
    assert world.run().exit_code in (0, 1)


def test_who_was_written_to_rests(twin: Twin) -> None:
    world = twin(begin)
    world.write({"rules/s.yml": c.SEGMENT + "    rest: 14 days\n"})
    world.run()
    first = take(world)
    later = AS_OF + dt.timedelta(days=13)
    world.run(as_of=later)
    resting = {k for k, (part, why) in c.found(world).items() if why == "rest"}
    fits = {k for k, (part, _) in c.found(world).items()}
    assert resting == {row[0] for row in first.rows} & fits
    again = {row[0] for row in take(world, "again", as_of=later).rows}
    assert again.isdisjoint(row[0] for row in first.rows)
    world.run(as_of=AS_OF + dt.timedelta(days=15))
    assert {k for k, (_, why) in c.found(world).items() if why == "rest"} <= again


def test_a_recall_names_who_withdrew_and_who_is_gone(twin: Twin) -> None:
    world = twin(begin)
    first = take(world)
    assert take(world, recall=True).rows == ()
    told = given().project(world)
    records = {}
    for record, party in told.parties.items():
        records.setdefault(party, record)
    a, b, *_ = (row[0] for row in first.rows)
    now = given()
    now.events.append(Event(records[a], None, "withdrawn", dt.date(2026, 10, 31), None))
    now.people = [p for p in now.people if told.parties[p.id] != b]
    now.deliver(world)
    world.run()
    found = {row[0]: row[-1] for row in take(world, recall=True).rows}
    assert found[a] == "no permission: said no on 2026-10-31"
    assert found[b] == "no longer there"


def test_the_file_is_safe_and_named(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    world = twin(begin)
    people = given()
    for p in people.people:
        p.street = f"=cmd|' /C calc'!A{p.id}"
    people.deliver(world)
    world.write({"rules/s.yml": c.SEGMENT + "    columns: [street, birth_date, amount]\n"})
    world.run()
    code, said = command(world, capsys, "--wave", WAVE, "--out", "-")
    assert code == 0
    rows = list(csv.reader(io.StringIO(said)))
    assert rows[0] == ["party_id", "email", "street", "birth_date", "amount"]
    assert len(rows) > 1
    assert all(r[2].startswith("'=cmd|' /C calc'!A") for r in rows[1:])
    assert not any(cell.startswith("=") for r in rows for cell in r)
    code, said = command(world, capsys, "--wave", WAVE, "--format", "parquet")
    assert code == 0
    import duckdb

    file = world.root / "target/exports/news_2026-11.parquet"
    read = duckdb.read_parquet(str(file))
    assert read.columns == rows[0]
    assert len(read.fetchall()) == len(rows) - 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--wave", "a/b"], "CDMQ453"),
        (["--recall", "never"], "CDMQ454"),
        ([], "--wave WAVE"),
        (["--wave", "x", "--format", "pdf"], "csv"),
    ],
)
def test_what_cannot_be_asked(
    twin: Twin, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    code, told = command(twin(begin), capsys, *words)
    assert code == 2
    assert said in told


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_file_that_stands_there_is_not_replaced(
    twin: Twin, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    world, out = twin(begin), tmp_path / "mine"
    words = ["--wave", WAVE, "--format", form, "--out", str(out)]
    assert command(world, capsys, *words)[0] == 0
    first = out.read_bytes()
    assert command(world, capsys, *words)[0] == 0, "the same wave is the same bytes"
    assert out.read_bytes() == first
    out.write_text("mine")
    code, said = command(world, capsys, *words)
    assert (code, out.read_text()) == (2, "mine")
    assert "CDMQ553" in said


def test_other_rules_have_no_waves(twin: Twin, tmp_path: Path) -> None:
    world = twin(begin)
    with pytest.raises(CdmqError, match="CDMQ450"):
        export(Asked("best", WAVE), world.root)
    with pytest.raises(CdmqError, match="no segment is named 'new'; did you mean 'news'"):
        export(Asked("new", WAVE), world.root)


def test_before_the_first_run_nothing_is_handed_out(world: World) -> None:
    c.write(world)
    given().deliver(world)
    with pytest.raises(CdmqError, match="CDMQ430"):
        take(world)


def test_what_was_withdrawn_before_the_last_run_is_not_handed_out(twin: Twin) -> None:
    """Though that run was about the segment alone."""
    world = twin(begin)
    told = given().project(world)
    inside = sorted(k for k, (part, _) in members(told).items() if part == "contact")
    party = inside[0]
    record = next(r for r, of in told.parties.items() if of == party)
    now = given()
    now.events.append(Event(record, None, "no", None, None))
    now.deliver(world)
    world.run(select="news")
    found = take(world)
    assert party not in {row[0] for row in found.rows}
    people = {p.key: p for p in told.people}
    later = replace(told, events=now.events)
    assert all(permitted(later, people[row[0]]) for row in found.rows)


def test_the_story_tells_why_in_why_out_and_which_waves(twin: Twin) -> None:
    world = twin(begin)
    told = given().project(world)
    take(world)
    project = cdmq.parse(world.root)
    wanted = members(told)

    def story(key: str) -> str:
        return "\n".join(line for s in stories(project, key) for line in text_of(s))

    by_part = {part: k for k, (part, _) in sorted(wanted.items())}
    contact, held, out = (by_part[p] for p in ("contact", "holdout", "out"))
    assert f"segment news  to be written to: {contact}" in story(contact)
    assert "wave    news 2026-11  written to on 2026-11-01, taken by " in story(contact)
    assert "wave    news 2026-11  held out on 2026-11-01" in story(held)
    assert f"segment news  fits, and is left out: {out}" in story(out)
    assert f"    because {wanted[out][1]}" in story(out)
    others = {p.key for p in told.people if not p.fits} - wanted.keys()
    assert f"segment news  not in it: {min(others)}" in story(min(others))


def test_a_wave_of_nobody_is_a_wave(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    world = twin(begin)
    world.write(
        {
            "rules/s.yml": c.SEGMENT.replace("amount >= 10", "amount >= 1000").replace(
                "    compare_with: 30%\n", ""
            )
        }
    )
    world.run()
    for form in ("csv", "parquet"):
        code, said = command(world, capsys, "--wave", "none", "--format", form)
        assert code == 0, said
        assert "0 rows in" in said
    assert (world.root / "target/exports/news_none.csv").read_text() == "party_id,email\n"
    assert world.audit_rows("exports", ["key"]) == []
    assert world.audit_rows("waves", ["wave"]) == [("none",)]
    assert command(world, capsys, "--recall", "none")[0] == 0
