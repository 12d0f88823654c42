"""Cells as values: what a type does not hold is unreadable."""

from __future__ import annotations

from typing import Any

import pytest
from clocks import BERLIN
from runner import World

from cdmq.files.plain_values import typed
from cdmq.problems import CdmqError

#: Type -> text of a cell -> its value; None: it cannot be read.
CELLS: dict[str, dict[str, str | None]] = {
    "decimal": {
        "0.1": "0.1",
        "0.0000000001": None,
        "0.1000000004": None,
        "0.100000000000": "0.1",
        "1e-9": "0.000000001",
        "1e-10": None,
        "1.23456789e-5": None,
        "1.5E3": "1500",
        "0E-10": "0",
        "9999999999999999999999999999": "9999999999999999999999999999",
        "100000000000000000000000000000": None,
        "1e400": None,
        "inf": None,
        "nan": None,
        "\u00a07\u00a0": "7",
        "1_000": None,
    },
    "double": {
        "0.1000000004": "0.1000000004",
        "1e400": None,
        "-1e400": None,
        "1e-400": None,
        "0e-400": "0",
        "inf": None,
        "Infinity": None,
        "nan": None,
        "9007199254740993": None,
        "9007199254740992": "9007199254740992",
        "0.30000000000000004": "0.30000000000000004",
        "1e22": "10000000000000000000000",
    },
    "integer": {
        "9223372036854775807": "9223372036854775807",
        "9223372036854775808": None,
        "1.0": None,
        "1e3": None,
        "-5": "-5",
    },
    "timestamp": {
        "2024-12-31T23:30:00Z": "2024-12-31 23:30:00",
        "2024-12-31 23:30:00.000z": "2024-12-31 23:30:00",
        "2025-01-01T00:30:00+02:00": "2024-12-31 22:30:00",
        "2025-01-01 00:30:00+0200": "2024-12-31 22:30:00",
        "2025-01-01 00:30 +02": "2024-12-31 22:30:00",
        "2024-12-31T20:30:00-08:00": "2025-01-01 04:30:00",
        "2024-12-31 23:30:00 UTC": "2024-12-31 23:30:00",
        "2024-12-31T23:30:00.123456789Z": "2024-12-31 23:30:00.123456",
        "2024-12-31 23:30": "2024-12-31 23:30:00",
        "2024-12-31": "2024-12-31 00:00:00",
        "2024-02-30 10:00": None,
        "2024-12-31 25:00": None,
        "2024-12-31 23:30 CEST": None,
    },
    "date": {
        "2024-12-31": "2024-12-31",
        "2024-12-31 00:00:00": "2024-12-31",
        "2024-12-31T00:00:00.000Z": "2024-12-31",
        "2024-12-31 00:00": "2024-12-31",
        "2024-12-31 13:00:00": None,
        "2024-02-30 00:00:00": None,
    },
    "boolean": {"yes": "true", "0": "false", "on": None},
}


def cells(world: World, files: dict[str, str] | None = None, file: str = "", **given: Any) -> Any:
    """Type -> text -> what it was read as, and the texts that were flagged."""
    kinds: dict[str, list[str]] = given["kinds"]
    datasets = ""
    for kind, texts in kinds.items():
        lines = "".join(f'{n},"{t}"\n' for n, t in enumerate(texts))
        world.write({f"data/{kind}.csv": f"id,v\n{lines}"})
        datasets += (
            f"  - {{name: c_{kind}, file: {{path: data/{kind}.csv{file}}}, key: id, "
            f"columns: {{v: {kind}}}}}\n"
        )
    world.write({"models/m.yml": f"version: 1\ndatasets:\n{datasets}", **(files or {})})
    world.run()
    flagged = {(f[0].split(".")[0][2:], f[3]) for f in world.flags()}
    read = {
        kind: {texts[int(r["id"])]: r["v"] for r in world.view(f"c_{kind}__clean")}
        for kind, texts in kinds.items()
    }
    return read, flagged


def test_a_cell_that_its_type_does_not_hold_is_unreadable(world: World) -> None:
    read, flagged = cells(world, kinds={k: list(v) for k, v in CELLS.items()})
    for kind, expected in CELLS.items():
        found = {t: None if v is None else str(v) for t, v in read[kind].items()}
        assert found == expected, kind
    wanted = {(k, t) for k, v in CELLS.items() for t, value in v.items() if value is None}
    assert flagged == wanted


@pytest.mark.parametrize("kind", [k for k in CELLS if k != "boolean"])
def test_a_seed_is_read_as_a_file_is(kind: str) -> None:
    """But for what only files bring: words for UTC, nanoseconds."""
    for text, expected in CELLS[kind].items():
        if "UTC" in text or "456789" in text:
            continue
        value = typed(text, kind)  # type: ignore[arg-type]
        assert (value is None) == (expected is None), text


def test_a_seed_that_cannot_be_read_is_told(world: World) -> None:
    world.table("c_src", {"id": "integer"}, [[1]])
    world.write(
        {
            "seeds/ranks.csv": "name,rank\na,1\nb,first\n",
            "models/m.yml": "version: 1\ndatasets:\n  - {name: c, table: c_src, key: id}\n"
            "  - {name: ranks, key: name, columns: {rank: integer}}\n",
        }
    )
    with pytest.raises(CdmqError, match="CDMQ343 the seed ranks has 'first' in its column rank"):
        world.run()


def test_days_and_times_as_a_file_writes_them(world: World) -> None:
    read, flagged = cells(
        world,
        BERLIN,
        ", dates: DD.MM.YYYY",
        kinds={
            "timestamp": [
                "31.12.2024 23:30",
                "2024-12-31T22:30:00Z",
                "1.7.2024",
                "2024-07-01 12:00:00+00:00",
                "12/31/2024 10:00",
                "28.9.2026 9:05",
                "01.01.0000",
            ],
            "date": [
                "31.12.2024 00:00:00",
                "2024-12-30T23:00:00Z",
                "2024-12-31T00:00:00Z",
                "2024-12-31",
                "31.12.2024 10:00",
                "0000-01-01",
                "01.01.0000",
                "31.12.2024 0:00",
            ],
        },
    )
    assert list(read["timestamp"].values()) == [
        "2024-12-31 23:30:00",
        "2024-12-31 23:30:00",
        "2024-07-01 00:00:00",
        "2024-07-01 14:00:00",
        None,
        "2026-09-28 09:05:00",
        None,
    ]  # offsets as clocks in Berlin
    assert list(read["date"].values()) == ["2024-12-31"] * 4 + [None, None, None, "2024-12-31"]
    assert flagged == {
        ("timestamp", "12/31/2024 10:00"),
        ("timestamp", "01.01.0000"),
        ("date", "31.12.2024 10:00"),
        ("date", "0000-01-01"),
        ("date", "01.01.0000"),
    }
