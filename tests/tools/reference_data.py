"""Writes the reference project's bundled data and the truth beside it.

    python tests/tools/reference_data.py [FOLDER]

Three departments' extracts of one population of 12,000 persons and companies, their orders and logs
go to FOLDER/models/data, the truth to FOLDER/tests/truth/reference; FOLDER is the repository's root
unless given. No clock and no library: the same bytes on every run and machine.

The truth:
    entities.csv  a person or company as it truly is, with its household or concern
    records.csv   which entity each record of a department is
    planted.csv   each error: where it stands, its kind, the value written and the true one.
                  `certain` is yes where a rule can know it (`rule`, by a flag or a change;
                  `expected` where the change is not to the true value), later where the rule is
                  of a kind not built yet
    levels.csv    the tier of each entity at 2026-11-01 by the example of the language page, with
                  the sum of its orders over 24 months, their number and the first of them
"""

from __future__ import annotations

import sys
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent))

from reference.build import build

ROOT = Path(__file__).resolve().parents[2]


def main(folder: Path = ROOT) -> None:
    for path, content in build().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        print(f"{len(content):>9,} {target}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
