"""Compressed files are read as they are; a broken one is told."""

from __future__ import annotations

import gzip

import pytest
from runner import World

from cdmq.problems import CdmqError


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_csv_may_be_compressed(world: World, encoding: str) -> None:
    (world.root / "data").mkdir()
    text = "id,name\n1,Zoë\n2,Bo\n"
    (world.root / "data/c.csv.gz").write_bytes(gzip.compress(text.encode(encoding)))
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: c, key: id, file: {path: "
            f"data/c.csv.gz, encoding: {encoding}}}}}\n"
        }
    )
    world.run()
    assert [r["name"] for r in world.view("c__clean")] == ["Zoë", "Bo"]


def test_json_may_be_compressed(world: World) -> None:
    (world.root / "data").mkdir()
    lines = '{"id": 1, "name": "Zo\u00eb"}\n{"id": 2, "name": "Bo"}\n'
    (world.root / "data/c.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    world.write(
        {"models/m.yml": "version: 1\ndatasets:\n  - {name: c, key: id, file: data/c.jsonl.gz}\n"}
    )
    world.run()
    assert [r["name"] for r in world.view("c__clean")] == ["Zo\u00eb", "Bo"]


@pytest.mark.parametrize("cut", ["no gzip", "half"])
def test_a_compressed_file_that_is_broken_is_told(world: World, cut: str) -> None:
    whole = gzip.compress(b"id,name\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(9999)))
    (world.root / "data").mkdir()
    (world.root / "data/c.csv.gz").write_bytes(whole[:2000] if cut == "half" else b"id,name\n1,x\n")
    world.write(
        {"models/m.yml": "version: 1\ndatasets:\n  - {name: c, key: id, file: data/c.csv.gz}\n"}
    )
    try:
        told = str(world.run().failed)
    except CdmqError as error:
        told = str(error)
    assert "CDMQ126" in told or "cannot be read" in told
    assert "internal" not in told
