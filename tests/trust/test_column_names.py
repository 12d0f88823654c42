"""Names of columns: how accents are composed is nothing that anybody sees."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from runner import World

NFC, NFD = "L\u00e4nder", "La\u0308nder"
RULES = """version: 1
dataset: p
validation:
  - {column: NAME, checks: [not_null, {accepted_values: {values: [DE]}}]}
  - {id: by_sql, check: expression, must: "\\"NAME\\" = 'DE'"}
"""


def write(root: Path, kind: str, name: str) -> None:
    data = root / "data"
    data.mkdir(exist_ok=True)
    rows = [("1", "DE"), ("2", "XX")]
    if kind == "csv":
        (data / "p.csv").write_text(f"id,{name}\n" + "".join(f"{a},{b}\n" for a, b in rows))
    elif kind == "json":
        (data / "p.json").write_text(json.dumps([{"id": a, name: b} for a, b in rows]))
    elif kind == "parquet":
        import duckdb

        duckdb.sql(f"select * from (values ('1','DE'),('2','XX')) t(id, \"{name}\")").write_parquet(
            str(data / "p.parquet")
        )
    else:
        book = openpyxl.Workbook()
        for row in [("id", name), *rows]:
            book.active.append(row)
        book.save(data / "p.xlsx")


@pytest.mark.parametrize(
    ("kind", "rule"),
    [("csv", NFC), ("csv", NFD), ("json", NFC), ("parquet", NFD), ("xlsx", NFC)],
    ids=ascii,
)
def test_a_name_with_an_accent_is_one_in_file_declaration_and_rule(
    kind: str, rule: str, tmp_path: Path
) -> None:
    world = World("duckdb", tmp_path / "w")
    other = NFC if rule == NFD else NFD
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: p, file: data/p."
            + kind
            + f", key: id, columns: {{{rule}: text}}, missing_values: "
            + f"{{{rule}: [n/a]}}, pii: {{{rule}: plain}}}}\n",
            "rules/r.yml": RULES.replace("NAME", rule),
        }
    )
    write(world.root, kind, NFC)
    world.run()
    write(world.root, kind, other)  # the next delivery comes from another system
    world.run()
    assert sorted((f[0], f[1]) for f in world.flags()) == [
        ("by_sql", "2"),
        (f"p.{NFC}.accepted_values", "2"),
    ]


def test_a_table_may_have_the_name_in_another_form(tmp_path: Path) -> None:
    world = World("duckdb", tmp_path / "w")
    world.table("src", {"id": "text", NFD: "text"}, [["1", "DE"], ["2", "XX"]])
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: p, table: src, key: id}\n",
            "rules/r.yml": RULES.replace("NAME", NFC),
        }
    )
    world.run()
    assert {f[1] for f in world.flags()} == {"2"}
