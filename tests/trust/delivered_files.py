"""Files as users have them, and what `init --from` makes of one."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
from pathlib import Path

import duckdb
import openpyxl
import yaml

from cdmq.commands.init import init


def people(rows: int = 40) -> list[list[str]]:
    chance = random.Random(5)
    return [
        ["Customer No", "Name", "E-Mail", "Birthday", "Revenue", "PLZ", "Active"],
        *(
            [
                f"K{n:04}",
                chance.choice(["Jörg Maß", "Ana Núñez", "Eve"]),
                f"p{n}@example.com" if n % 9 else "n/a",
                f"{n % 28 + 1:02}.{n % 12 + 1:02}.1980",
                f"{n % 7 + 1}.{n:03},50",
                f"0{n % 900 + 100}9",
                ["yes", "no"][n % 2],
            ]
            for n in range(1, rows)
        ),
    ]


def lines(rows: list[list[str]], sign: str, end: str = "\n") -> str:
    return "".join(sign.join(r) + end for r in rows)


def german(folder: Path) -> Path:
    path = folder / "Kunden (neu).csv"
    path.write_bytes(
        ("sep=;\r\nExport vom heute\r\n" + lines(people(), ";", "\r\n")).encode("cp1252")
    )
    return path


def unicode_text(folder: Path) -> Path:
    path = folder / "book.txt"
    path.write_bytes(lines(people(), "\t", "\r\n").encode("utf-16"))
    return path


def workbook(folder: Path) -> Path:
    made = openpyxl.Workbook()
    first = made.worksheets[0]
    first.title = "Orders"
    for row in [
        ["All orders"],
        [],
        ["Order", "On", "Amount", "Customer"],
        *([n, dt.date(2024, n % 12 + 1, 3), n * 1.5, f"c{n % 9}"] for n in range(1, 60)),
    ]:
        first.append(row)
    other = made.create_sheet("Umsätze 2024")
    for row in [["a", "b", "b"], [1, 2, 3], [1, 2, 3], [2, 2, 4]]:
        other.append(row)
    made.create_sheet("Empty")
    made.create_sheet("Secret").sheet_state = "hidden"
    made.save(folder / "orders.xlsx")
    return folder / "orders.xlsx"


def without_header(folder: Path) -> Path:
    path = folder / "2024-dump.csv"
    path.write_text(
        "".join(f"{n},Anna,a{n}@example.com,2024-01-{n % 28 + 1:02},{n}.5\n" for n in range(1, 50))
    )
    return path


def odd_names(folder: Path) -> Path:
    path = folder / "yes.csv"
    path.write_text(
        'no,No,"the ""x""",,null\n'
        + "".join(f'{n},a,"b, c",d,{"" if n % 2 else "NULL"}\n' for n in range(20))
    )
    return path


def one_column(folder: Path) -> Path:
    path = folder / "ids.csv"
    path.write_text("id\n" + "".join(f"{n}\n" for n in range(30)))
    return path


def no_key(folder: Path) -> Path:
    path = folder / "clicks.csv"
    path.write_text("page,when\n" + "/a,2024-01-01 10:00:00\n/b,2024-01-01 10:00:01\n" * 20)
    return path


def wide(folder: Path) -> Path:
    path = folder / "wide.csv"
    path.write_text(
        ",".join(f"c{n}" for n in range(300))
        + "\n"
        + "".join(",".join(str(r * n % 97) for n in range(300)) + "\n" for r in range(1, 30))
    )
    return path


def only_a_header(folder: Path) -> Path:
    (folder / "none.csv").write_text("id,name,email\n")
    return folder / "none.csv"


def broken_lines(folder: Path) -> Path:
    (folder / "torn.csv").write_text(
        "id|name|age\n"
        + "".join(f"{n}|Bo|{n}\n" if n % 10 else f"{n}|Bo|x|{n}\n" for n in range(1, 90))
    )
    return folder / "torn.csv"


def american(folder: Path) -> Path:
    (folder / "us.csv").write_text(
        "id,signed up,score,zip\n"
        + "".join(f"{n},{n % 12 + 1}/{n % 28 + 1}/2020,{n % 5}.25,0{n}2134\n" for n in range(1, 60))
    )
    return folder / "us.csv"


def ndjson(folder: Path) -> Path:
    (folder / "shop.ndjson").write_text(
        "".join(
            json.dumps({"uid": f"u{n}", "mail": f"m{n}@example.com", "n": n}) + "\n"
            for n in range(30)
        )
    )
    return folder / "shop.ndjson"


def parquet(folder: Path) -> Path:
    path = folder / "facts.parquet"
    duckdb.connect().execute(
        "COPY (SELECT range AS id, range * 1.5 AS x, DATE '2024-01-01' AS d "
        f"FROM range(30)) TO '{path}' (FORMAT parquet)"
    )
    return path


def packed(folder: Path) -> Path:
    path = folder / "big.export.csv.gz"
    path.write_bytes(gzip.compress(("id;a\n" + "".join(f"{n};x\n" for n in range(30))).encode()))
    return path


MAKERS = [
    packed,
    german,
    unicode_text,
    workbook,
    without_header,
    odd_names,
    one_column,
    no_key,
    wide,
    only_a_header,
    broken_lines,
    american,
    ndjson,
    parquet,
]


def declared(tmp_path: Path, file: Path, name: str) -> tuple[dict[str, object], str]:
    init(tmp_path / "p", from_files=[file])
    text = (tmp_path / f"p/models/{name}.yml").read_text("utf-8")
    found = yaml.load(text, yaml.BaseLoader)["datasets"][0]
    assert found["name"] == name
    return found, text
