"""Files as others deliver them: lines above the header, sep=, no header, any encoding."""

from __future__ import annotations

import csv
import io
import itertools
import random
from pathlib import Path

import duckdb
import pytest
from runner import World

import cdmq.api
from cdmq.files import reading as files

COLUMNS = ["id", "name", "town"]
ROWS = [["1", "Jörg Maß", "Köln"], ["2", "Ana", ""], ["007", "Eve, the 1st", 'a "b" c']]


@pytest.fixture
def duck(tmp_path: Path) -> World:
    return World("duckdb", tmp_path / "w")


def read(
    world: World, content: bytes, file: str = "", name: str = "p.csv", more: str = ", key: id"
) -> tuple[list[str], list[list[str | None]]]:
    """The columns and rows that a file gives."""
    (world.root / "data").mkdir(exist_ok=True)
    (world.root / "data" / name).write_bytes(content)
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: p, file: {path: data/"
            f"{name}{file}}}{more}}}\n"
        }
    )
    dataset = cdmq.api.parse(world.root).datasets["p"]
    found = files.reading(dataset, world.root)
    assert found.bad == ()
    table = duckdb.connect().execute(found.query)
    rows = [list(r) for r in table.fetchall()]
    found.close()
    assert len(rows) == found.records
    return list(files.file_columns(dataset, world.root)), rows


def text(sign: str = ",", end: str = "\n", last: str | None = None) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=sign, lineterminator=end)
    writer.writerow(COLUMNS)
    writer.writerows(ROWS)
    return out.getvalue().removesuffix(end) + (end if last is None else last)


EXPECTED = (
    COLUMNS,
    [["1", "Jörg Maß", "Köln"], ["2", "Ana", None], ["007", "Eve, the 1st", 'a "b" c']],
)
MARKS = {"utf-8-sig": "utf-8", "utf-16": "utf-16"}


@pytest.mark.parametrize(
    ("end", "sign", "encoding", "declared"),
    [
        c
        for c in itertools.product(
            ["\n", "\r\n", "\r"],
            [",", ";", "\t", "|"],
            ["utf-8", "utf-8-sig", "utf-16", "cp1252"],
            [True, False],
        )
        if c[3] or c[2] != "cp1252"
    ],
)
def test_every_way_to_write_a_csv(
    duck: World, end: str, sign: str, encoding: str, declared: bool
) -> None:
    """A file that begins with a mark of its encoding need not say it."""
    said = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    file = f", encoding: {said}" if declared else ""
    if sign != ",":
        file += ', delimiter: "' + ("\\t" if sign == "\t" else sign) + '"'
    assert read(duck, text(sign, end).encode(encoding), file) == EXPECTED
    assert read(duck, text(sign, end, last="").encode(encoding), file) == EXPECTED


def test_a_tsv_has_tabs(duck: World) -> None:
    assert read(duck, text("\t").encode(), name="p.tsv") == EXPECTED
    assert read(duck, text(";").encode(), ', delimiter: ";"', name="p.txt") == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_line_of_excel_says_the_delimiter(duck: World, encoding: str) -> None:
    content = ("sep=;\r\n" + text(";", "\r\n")).encode(encoding)
    assert read(duck, content) == EXPECTED
    assert read(duck, content, ', delimiter: ";"') == EXPECTED
    assert read(duck, b'"sep=\t"\n' + text("\t").encode()) == EXPECTED


def test_lines_above_the_header(duck: World) -> None:
    above = 'Customers, as of "today\n\n2026-11-01;x\n'
    assert read(duck, (above + text(";")).encode(), ', delimiter: ";", skip: 3') == EXPECTED
    assert read(duck, ("\n\n" + text()).encode()) == EXPECTED


def test_no_header(duck: World) -> None:
    rows = text().split("\n", 1)[1]
    more = ", key: id, columns: {id: text, name: text, town: text}"
    assert read(duck, rows.encode(), ", header: no", more=more) == EXPECTED
    assert read(duck, ("A title\n" + rows).encode(), ", header: no, skip: 1", more=more) == EXPECTED
    # Names of the file that cannot be taken: they are passed over.
    assert read(duck, ("n,n,N\n" + rows).encode(), ", header: no, skip: 1", more=more) == EXPECTED


def test_empty_columns_and_rows_at_the_end(duck: World) -> None:
    wide = "\n".join(line + ",,  ," for line in text().splitlines()) + "\n,,,,,\n,,,,,\n\n"
    assert read(duck, wide.encode()) == EXPECTED
    assert read(duck, (text() + ",,\n,,\n").encode()) == EXPECTED
    columns, rows = read(duck, b"id,a\n1,x\n,\n2,y\n,\n", more="")
    assert rows == [["1", "x"], [None, None], ["2", "y"]]  # in the middle it is a record


def test_names_with_quotes_blanks_and_line_breaks(duck: World) -> None:
    content = b'id,"Street\r\nand  No"," a ""b"" "\r\n1,x,y\r\n2,"z\nz",\r\n'
    assert read(duck, content) == (
        ["id", "Street and No", 'a "b"'],
        [["1", "x", "y"], ["2", "z\nz", None]],
    )


def test_nul_and_mixed_line_ends(duck: World) -> None:
    assert read(duck, b"id,a\r\n1,x\0y\n2,b\r\n3,c\r4,d") == (
        ["id", "a"],
        [["1", "x\u2400y"], ["2", "b"], ["3", "c"], ["4", "d"]],
    )


def test_one_column(duck: World) -> None:
    assert read(duck, b"id\n1\n\n2\n\n\n") == (["id"], [["1"], [None], ["2"]])


@pytest.mark.parametrize("seed", range(40))
def test_what_a_writer_wrote_is_read(duck: World, seed: int) -> None:
    """Any texts, by the csv module of Python; NULL for the empty ones."""
    chance = random.Random(seed)
    sign, end = chance.choice(",;\t|"), chance.choice(["\n", "\r\n"])
    names = [f"c{i}" for i in range(chance.randint(2, 6))]
    signs = ['"', ",", ";", "\t", "|", "\n", "\r\n", " ", "a", "ß", "'", "#", "1", "\\", "x y"]
    rows = [
        ["".join(chance.choices(signs, k=chance.randint(0, 6))) for _ in names]
        for _ in range(chance.randint(1, 60))
    ]
    for n, row in enumerate(rows):
        row[0] = f"k{n}"
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=sign,
        lineterminator=end,
        quoting=chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    )
    writer.writerow(names)
    writer.writerows(rows)
    written = "\\t" if sign == "\t" else sign
    found = read(duck, out.getvalue().encode(), f', delimiter: "{written}"', more="")
    assert found == (names, [[c or None for c in row] for row in rows])


@pytest.mark.parametrize("seed", range(6))
def test_a_broken_line_costs_no_other_line(duck: World, seed: int) -> None:
    """Lines without quotes, some of them spoilt: what was not is read, what was is flagged."""
    chance = random.Random(seed)
    good = [f"{n},Anna,a{n}@example.com" for n in range(400)]
    spoilt = dict.fromkeys(chance.sample(range(400), 4))
    for n in spoilt:
        spoilt[n] = chance.choice(
            [
                f"{n},Anna",
                f"{n}",
                f"{n},Weiler, Anna,x@example.com",
                f'{n},"Anna,x@example.com',
                f'"{n},Anna,x@example.com',
                f'{n},"An"na,x@example.com',
                f'{n},Anna,"x@example.com',
            ]
        )
    lines = [spoilt.get(n) or line for n, line in enumerate(good)]
    (duck.root / "data").mkdir()
    (duck.root / "data/p.csv").write_text("id,name,email\n" + "\n".join(lines) + "\n")
    duck.write(
        {"models/m.yml": "version: 1\ndatasets:\n  - {name: p, file: data/p.csv, key: id}\n"}
    )
    assert cdmq.api.run(duck.root).exit_code == 1
    kept = {int(r[0]) for r in duck.sql("SELECT id FROM p")}
    assert kept == set(range(400)) - set(spoilt)
    flags = {r[0] for r in duck.sql("SELECT value FROM cdmq.flags WHERE rule_id = 'p.lines'")}
    assert {int(f.split(" ")[1]) for f in flags} == {n + 2 for n in spoilt}
    assert all(f.endswith(": " + str(spoilt[int(f.split(" ")[1]) - 2])) for f in flags)
